//! The other parties: [`identity`] makes sure who they are, [`rendezvous`] tells the launchers of each other's state,
//! and [`muster`] decides which requests for a job make a run.

pub mod identity;
pub mod muster;
pub mod rendezvous;
