//! Plans in, files out: every artifact of the tree, as bytes in memory.
//!
//! Pure: no disk, no clock, no environment. It decides nothing that the plan could have said; what it adds is the
//! spelling of each format. JSON is serialised; text for people and shells comes from `templates/`, which users can
//! override. A value that a format cannot carry is a [`RenderError`].
//!
//! A new artifact is a file here with its `ARTIFACT`, and a line in one of the three tables of `tables.rs`.

#![expect(clippy::unnecessary_wraps, reason = "the tables hold functions of one signature")]

mod artifact;
mod cluster_config;
mod command;
mod engine;
mod env;
mod error;
mod federation;
mod firewall;
mod firewall_forms;
mod mistakes;
mod party_plan;
mod ports;
mod quote;
mod reach;
mod runbook;
mod scene;
mod source;
mod spell;
mod tables;
mod targets;
mod templates;
mod tls;
mod tree;
mod variables;

#[cfg(test)]
pub(crate) mod samples;

pub use error::RenderError;
pub use mistakes::Mistake;
pub use quote::sh as shell_word;
pub use source::Readers;
pub use tables::{Input, render, verify};
pub use templates::{Template, helpers, templates};
pub use tree::{Artifact, ArtifactTree, FILE_MODE};
pub use variables::{Shape, Variable};
