//! Runs one party's plan: works where no topology exists, and reads no other party's folder.
//!
//! Start reading at [`launcher`]. [`rendezvous`] tells the launchers of each other, [`muster`] decides which wishes for
//! jobs make a run, [`supervise`] keeps processes, [`guard`] sees to it that none of them outlives its launcher.

pub mod diagnose;
pub mod door;
pub mod embedded;
pub mod events;
pub mod guard;
pub mod identity;
pub mod launcher;
pub mod local;
pub mod muster;
mod pages;
pub mod preflight;
pub mod python;
pub mod rendezvous;
pub mod side;
pub mod specs;
pub mod state;
pub mod status;
pub mod supervise;

pub use pages::PAGES;
