//! `sfgen`: a declarative config compiler and launcher for multi-party privacy computing.

pub mod diag;
pub mod fs;
pub mod keys;
pub mod launch;
pub mod pki;
pub mod plan;
pub mod types;
