//! The only integration test binary.

mod federation;
mod pages;
