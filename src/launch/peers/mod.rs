//! The other parties: [`admission`] decides which connections of strangers and peers are looked at, [`identity`] makes
//! sure who they are, [`rendezvous`] tells the launchers of each other's state, and [`lockstep`] decides which requests
//! for a job make a run.

pub mod admission;
pub mod identity;
pub mod lockstep;
pub mod rendezvous;
