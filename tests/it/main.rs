//! The only integration test binary.

mod generated;
