//! From a tree in memory to a tree on disk.
//!
//! [`compare()`] reads what is there and says what would change, as values; [`write()`] carries that out. Files that
//! sfgen did not write are never touched, and nothing outside the tree is.

mod compare;
mod listed;
mod obstacle;
mod pages;
mod remembered;
mod survey;
mod write;

pub use compare::{Comparison, FileChange, FileChangeKind, compare};
pub use obstacle::Obstacle;
pub use pages::PAGES;
pub use remembered::TreePorts;
pub use write::{WorkspaceLock, lock_workspace, write};
