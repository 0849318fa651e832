//! Topology files as spanned trees of nodes.
//!
//! In goes text, KDL or TOML by the file's ending, out come [`Node`]s whose names, arguments and properties are
//! known to the [`language`], each with its place. This layer knows shapes, not meaning: it cannot say whether a party
//! exists or a port is free. It reads no files itself; [`load()`] asks a [`Workspace`] for them.

mod crowded;
mod cursor;
mod foreign;
mod format;
mod include;
mod kdl;
pub mod language;
mod limits;
mod literal;
mod load;
mod mentions;
mod near;
mod node;
mod pages;
mod removal;
mod spelling;
mod toml;
mod toml_excess;
mod toml_keys;
mod toml_mistakes;
mod validate;
mod workspace;

pub use cursor::{Cursor, absent, or_absent};
pub use format::format;
pub use include::normalise;
pub use limits::MAX_FILE;
pub use load::{Loaded, load, load_those, parse};
pub use mentions::{Mention, Part, mentions};
pub use near::{misspelt, nearest};
pub use node::{Ancestor, Node, Property, Value};
pub use pages::PAGES;
pub use removal::{entry_removal, node_removal};
pub use spelling::{in_toml, spell, spell_helps};
pub use toml::is_toml;
pub use toml_excess::toml_excess;
pub use workspace::{MemoryWorkspace, Overlay, Workspace};
