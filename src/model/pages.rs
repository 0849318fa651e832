//! The pages of the findings about names and what they stand for.

use crate::diag::{Page, page};

/// The pages, sorted by code.
pub const PAGES: &[Page] = &[
    page!("SF0010"),
    page!("targets", "SF0012"),
    page!("SF0013"),
    page!("SF0101"),
    page!("SF0102"),
    page!("SF0103"),
    page!("SF0155"),
    page!("SF0215"),
    page!("SF1001"),
    page!("targets", "SF1100"),
];
