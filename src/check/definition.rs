//! What a check is, and to whom checks apply.

use crate::{
    diag::{Code, Findings, Page},
    types::TargetName,
};

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

/// The checks of one subject.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The target that they are about; `None` for those that every topology has to pass.
    pub target: Option<TargetName>,
    /// The checks.
    pub checks: &'static [Check],
}

impl Subject {
    /// Checks that every topology has to pass.
    pub(super) const fn of_all(checks: &'static [Check]) -> Self {
        Self { target: None, checks }
    }

    /// Checks that apply where a party deploys so.
    pub(super) const fn of_target(target: TargetName, checks: &'static [Check]) -> Self {
        Self { target: Some(target), checks }
    }
}
