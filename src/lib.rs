//! `sfgen`: a declarative config compiler and launcher for multi-party privacy computing.

pub mod catalogue;
pub mod check;
pub mod compile;
pub mod diag;
pub mod fs;
pub mod keys;
pub mod launch;
pub mod lockfile;
pub mod model;
pub mod pki;
pub mod plan;
pub mod syntax;
pub mod types;
