//! The pages of the findings about the lock.

use crate::diag::{Page, page};

/// The pages, sorted by code.
pub const PAGES: &[Page] = &[
    page!("SF0210"),
    page!("SF0601"),
    page!("SF0602"),
    page!("SF0603"),
    page!("SF0604"),
    page!("SF0605"),
    page!("SF0606"),
    page!("SF0612"),
];
