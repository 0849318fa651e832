//! The only integration test binary.

#![expect(clippy::disallowed_methods, reason = "tests look at the disk as a user would")]

mod cli_plan;
mod examples;
mod federation;
mod findings;
mod generated;
mod guard;
mod launch;
mod layers;
mod many_mistakes;
mod one_mistake;
mod pages;
mod python;
mod supervise;
mod support;
mod topologies;
mod validators;

// The unit tests of `render` use the rest of it.
#[allow(dead_code, reason = "shared with unit tests, which use other parts")]
#[path = "../../src/render/samples.rs"]
mod samples;
