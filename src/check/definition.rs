//! What a check is.

use crate::diag::{Code, Findings, Page};

use super::Context;

/// One check: a pure function from [`Context`] to findings, and the page that explains them.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The code of its findings and its page.
    pub page: Page,
    /// What it does.
    pub run: fn(Context<'_>, &mut Findings),
}

impl Check {
    pub(super) const fn new(
        code: Code,
        text: &'static str,
        run: fn(Context<'_>, &mut Findings),
    ) -> Self {
        Self { page: Page { code, text }, run }
    }
}
