//! A tree on disk, whose content is not trusted: read without following anything out of it, and held against its
//! manifest.
//!
//! The one place where trees are read, and where it is decided what is not as it was planned. `output` asks before it
//! replaces files, and `launch` before anything starts from them.

mod reader;
mod unlisted;
mod verify;

pub use reader::{Tree, TreeError};
pub use unlisted::{Scope, unlisted};
pub use verify::{Deviation, DeviationKind, SideFiles, verify};
