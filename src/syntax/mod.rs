//! Topology files as spanned trees of nodes.
//!
//! In goes text, KDL or TOML by the file's ending, out come [`Node`]s whose names, arguments and properties are known to the [`grammar`], each with
//! its place. This layer knows shapes, not meaning: it cannot say whether a party exists or a port is free. It
//! reads no files itself; [`load()`] asks a [`Workspace`] for them.

mod crowd;
mod cursor;
mod foreign;
mod format;
pub mod grammar;
mod include;
mod kdl;
mod kind;
mod load;
mod mentions;
mod nesting;
mod node;
mod spelling;
mod toml;
mod toml_keys;
mod validate;
pub mod values;
mod workspace;

pub use cursor::{Cursor, nearest, slips};
pub use format::format;
pub use include::normalise;
pub use load::{Loaded, MAX_FILE, load, load_those, parse};
pub use mentions::{Ancestor, Mention, is_toml, mentions};
pub use nesting::toml_too_deep_at;
pub use node::{Node, Property, Value};
pub use spelling::spell_helps;
pub use workspace::{MemoryWorkspace, Overlay, Workspace};
