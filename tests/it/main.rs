//! The only integration test binary.

mod validators;

// The unit tests of `render` use the rest of it.
#[allow(dead_code, reason = "shared with unit tests, which use other parts")]
#[path = "../../src/render/samples.rs"]
mod samples;
