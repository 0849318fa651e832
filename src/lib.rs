//! `sfgen`: a declarative config compiler and launcher for multi-party privacy computing.

pub mod fs;
pub mod types;

pub mod keys;
pub mod pki;

pub mod diag;

pub mod catalogue;
pub mod syntax;

pub mod model;

pub mod check;
pub mod lockfile;

pub mod plan;

pub mod render;

pub mod compile;

pub mod launch;
pub mod output;

pub mod cli;

// Sample plans are shared with the integration tests, which know this crate by its name.
#[cfg(test)]
extern crate self as sfgen;
