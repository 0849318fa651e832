//! The only integration test binary.

mod examples;
mod federation;
mod findings;
mod many_mistakes;
mod one_mistake;
mod pages;
