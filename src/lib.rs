//! `sfgen`: a declarative config compiler and launcher for multi-party privacy computing.

pub mod diag;
pub mod fs;
pub mod plan;
pub mod render;
pub mod types;

// Sample plans are shared with the integration tests, which know this crate by its name.
#[cfg(test)]
extern crate self as sfgen;
