//! `sfgen.lock`: every allotment of ports that was ever made, so that none moves.
//!
//! [`Lock`] is the file, [`allocate()`] the pure function from topology and lock to the next lock. It knows numbers and
//! machines; it does not know what the numbers are used for.

mod allocate;
mod allocation;
mod book;
mod format;
mod pages;
mod read;
mod report;
mod room;
mod spus;
mod taken;

pub use allocate::allocate;
pub use allocation::{Allocation, Move};
pub use format::{Key, Line, Lock, SpuKey};
pub use pages::PAGES;
