//! Runs one party's plan: its identity, the meeting with the other parties, the agreement on job runs.

pub mod embedded;
pub mod identity;
pub mod muster;
pub mod rendezvous;
