//! How the tree's JSON is written.

use serde::Serialize;

use crate::types::escape_display_controls;

/// A value as JSON for programs and reviewers: indented, a line feed at the end, and escapes for what an editor or a
/// terminal would act on instead of showing it.
#[must_use]
pub fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_string_pretty(value).expect("plans have text keys and no floats");
    let mut json = escape_display_controls(json);
    json.push('\n');
    json.into_bytes()
}
