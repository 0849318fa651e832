//! How the tree's JSON is written.

use serde::Serialize;

use crate::types::escape_display_controls;

/// A value as JSON for programs and reviewers: indented, a line feed at the end, and escapes for what an editor or a
/// terminal would act on instead of showing it.
#[must_use]
pub fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    json_bytes_in(Vec::new(), value)
}

/// The same in memory that is there: a text that grows piece by piece takes three times its length for a moment.
#[must_use]
pub fn json_bytes_in(mut memory: Vec<u8>, value: &impl Serialize) -> Vec<u8> {
    memory.clear();
    serde_json::to_writer_pretty(&mut memory, value).expect("plans have text keys and no floats");
    let json = String::from_utf8(memory).expect("JSON is UTF-8");
    let mut json = escape_display_controls(json);
    json.push('\n');
    json.into_bytes()
}
