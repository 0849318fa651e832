//! The pages of the findings that commands make themselves.

use crate::diag::{Page, page};

/// The pages, sorted by code.
pub(in crate::cli) const PAGES: &[Page] = &[
    page!("keys", "SF0557"),
    page!("SF0607"),
    page!("init", "SF0707"),
    page!("SF0887"),
    page!("SF0888"),
];
