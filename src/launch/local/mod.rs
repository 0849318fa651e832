//! The socket by which commands on this machine talk to a running launcher, and what a launcher says of itself there.

mod socket;
pub mod status;

pub use socket::{ClientRequest, Problem, Reply, Request, RunEnd, ask, ask_once, serve};
