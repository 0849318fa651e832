//! The pages of the findings about renaming.

use crate::diag::{Page, page};

/// The pages, sorted by code.
pub const PAGES: &[Page] = &[page!("SF0608"), page!("SF0609"), page!("SF0610"), page!("SF0611")];
