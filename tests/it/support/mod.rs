//! What the tests of several areas use.

pub(crate) mod clusters;
pub(crate) mod docker;
pub(crate) mod engine;
pub(crate) mod field;
pub(crate) mod imports;
pub(crate) mod launcher;
pub(crate) mod machine;
pub(crate) mod mended;
pub(crate) mod middle_box;
pub(crate) mod networks;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod strangers;
pub(crate) mod toml;
pub(crate) mod workspace;
