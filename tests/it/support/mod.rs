//! What the tests of several areas use.

pub(crate) mod ports;
pub(crate) mod workspace;
