//! What is wrong with a KDL text at one place.

use std::ops::Range;

/// How KDL is written, for mistakes that have no better help.
pub(super) const HELP: &str =
    "strings are quoted, properties are `key=value`, `#true` and `#false` have a `#`";

/// What is wrong, and where.
#[derive(Debug, PartialEq)]
pub(in crate::syntax) struct Mistake(Box<Inner>);

/// The parts of a [`Mistake`].
#[derive(Debug, PartialEq)]
pub(super) struct Inner {
    /// Where.
    pub(super) range: Range<usize>,
    /// What is wrong.
    pub(super) message: String,
    /// What stands there.
    pub(super) label: &'static str,
    /// What to do.
    pub(super) help: String,
    /// Whether nothing after it can be read, as after a quote that is never closed.
    pub(super) is_last: bool,
}

impl Mistake {
    pub(super) fn new(
        range: Range<usize>,
        message: impl Into<String>,
        label: &'static str,
        help: impl Into<String>,
    ) -> Self {
        let (message, help) = (message.into(), help.into());
        Self(Box::new(Inner { range, message, label, help, is_last: false }))
    }

    /// The same, and nothing after it can be read.
    pub(super) fn last(mut self) -> Self {
        self.0.is_last = true;
        self
    }

    /// Whether nothing after it can be read.
    pub(super) fn is_last(&self) -> bool {
        self.0.is_last
    }

    /// Its parts.
    pub(super) fn into_inner(self) -> Inner {
        *self.0
    }
}
