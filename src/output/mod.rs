//! From a tree in memory to a tree on disk.
//!
//! [`compare()`] reads what is there and says what would change, as values; [`write()`] carries that out. Files that
//! sfgen did not write are never touched, and nothing outside the tree is.

mod compare;
mod effect;
mod pages;
mod remembered;
mod write;

pub use compare::{Comparison, FileChange, FileChangeKind, Obstacle, compare};
pub use effect::{Effect, effect};
pub use pages::PAGES;
pub use remembered::TreePorts;
pub use write::{WorkspaceLock, lock_workspace, write};
