//! Connections between the job processes of the parties: [`door`] lets only TLS through to an SPU, and [`embedded`]
//! is the embedded runtime's sum with its own connections.

pub mod door;
pub mod embedded;
