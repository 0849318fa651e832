//! How systemd and Compose both write a length of time; neither knows the other's longer units.

use std::time::Duration;

use crate::types::Span;

/// A span, in seconds where it is whole ones, else in milliseconds.
pub(super) fn seconds(span: Span) -> String {
    let millis = span.millis();
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}

/// A time in whole seconds, rounded up.
pub(super) fn whole_seconds(time: Duration) -> String {
    format!("{}s", time.as_millis().div_ceil(1000))
}
