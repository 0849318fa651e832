//! The other parties: [`identity`] makes sure who they are, [`rendezvous`] tells the launchers of each other's state,
//! and [`lockstep`] decides which requests for a job make a run.

pub mod identity;
pub mod lockstep;
pub mod rendezvous;
