//! The socket by which commands on this machine talk to a running launcher, and what a launcher says of itself there.

mod client;
mod messages;
mod server;
pub mod status;

pub use client::{ask, ask_once};
pub use messages::{ClientRequest, Printed, Problem, Reply, Request, RunEnd};
pub use server::serve;
