//! `sfgen.lock`: every allotment of ports that was ever made, so that none moves.
//!
//! [`Lock`] is the file, [`allocate()`] the pure function from topology and lock to the next lock. It knows numbers and
//! machines; it does not know what the numbers are used for.

mod allocate;
mod format;
mod pages;
mod read;
mod taken;

pub use allocate::{Allocation, Move, allocate};
pub use format::{Key, Lock};
pub use pages::PAGES;
