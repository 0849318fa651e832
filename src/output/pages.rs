//! The pages of the findings about the tree on disk.

use crate::diag::{Page, page};

/// The pages, sorted by code.
pub const PAGES: &[Page] = &[
    page!("SF0701"),
    page!("SF0702"),
    page!("SF0703"),
    page!("SF0704"),
    page!("SF0705"),
    page!("SF0708"),
];
