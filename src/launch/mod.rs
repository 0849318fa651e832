//! Runs one party's plan: its identity, the meeting with the other parties, the agreement on job runs.

pub mod identity;
pub mod local;
pub mod rendezvous;
pub mod state;
pub mod status;
