//! The pages of the findings about files and their nodes.

use crate::diag::{Page, page};

/// The pages, sorted by code.
pub const PAGES: &[Page] = &[
    page!("SF0001"),
    page!("SF0002"),
    page!("SF0003"),
    page!("SF0004"),
    page!("SF0005"),
    page!("SF0006"),
    page!("SF0007"),
    page!("SF0008"),
    page!("SF0009"),
    page!("SF0011"),
    page!("SF0015"),
    page!("SF0020"),
];
