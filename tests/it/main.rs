//! The only integration test binary.

mod examples;
mod federation;
mod findings;
mod many_mistakes;
mod pages;
