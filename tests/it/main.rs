//! The only integration test binary.

#![expect(clippy::disallowed_methods, reason = "tests look at the disk as a user would")]

mod addresses;
mod allow;
mod bridges;
mod cli_plan;
mod docs;
mod examples;
mod federation;
mod findings;
mod fmt;
mod generated;
mod golden;
mod guard;
mod hostile;
mod kuscia;
mod launch;
mod layers;
mod many_mistakes;
mod one_mistake;
mod pages;
mod ports;
mod python;
mod sarif;
mod secretflow;
mod strangers;
mod supervise;
mod support;
mod toml;
mod topologies;
mod validators;

// The unit tests of `render` use the rest of it.
#[allow(dead_code, reason = "shared with unit tests, which use other parts")]
#[path = "../../src/render/samples.rs"]
mod samples;
