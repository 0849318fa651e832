//! The only integration test binary.

mod cli_plan;
mod layers;
mod support;
