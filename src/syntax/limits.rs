//! How much is read. `docs/fuzzing.md` lists it for users.
//!
//! Together the limits keep sfgen below 300 MB whatever a topology holds: 64 MiB of text, as much again for strings
//! that are copied out of it, about 200 bytes for each node and value, and what one TOML file needs while it is read.

use crate::diag::{Code, Finding, SourceSpan};

/// A file has more of something than sfgen reads.
pub(super) const TOO_MANY: Code = Code("SF0020");

/// The largest file that is read, in bytes.
pub const MAX_FILE: usize = 8 << 20;
/// How many bytes are read in all.
pub(super) const MAX_TOTAL: usize = 64 << 20;
/// How deep a file may nest.
pub(super) const DEPTH: usize = 64;
/// After this many mistakes a file is read no further: it is something else than what its name says.
pub(super) const MISTAKES: usize = 1_000;
/// How many nodes of one name may stand in one place.
pub(super) const SAME_NAME: usize = 10_000;
/// How many nodes, arguments, properties and included files all files of a topology may hold together.
pub(super) const ITEMS: usize = 400_000;
/// How many tables a TOML file may hold.
pub(super) const TABLES: usize = 100_000;
/// How many tokens a TOML file may hold. The `toml` crate keeps them all, and every mistake that it finds.
pub(super) const TOKENS: usize = 1_000_000;

/// The finding that the limit is passed at this place.
pub(super) fn too_many(message: String, place: SourceSpan) -> Finding {
    Finding::error(TOO_MANY, message)
        .label(place, "this is one too many")
        .help("divide what the file describes among several topologies")
}

/// How many nodes and values may still be read.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    left: usize,
    /// Whether more was asked for than was left.
    pub(super) is_exceeded: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: ITEMS, is_exceeded: false }
    }
}

impl Budget {
    /// Takes `count` of what is left; a finding at that place where less is left.
    pub(super) fn take(&mut self, count: usize, place: SourceSpan) -> Result<(), Box<Finding>> {
        if let Some(left) = self.left.checked_sub(count) {
            self.left = left;
            return Ok(());
        }
        self.is_exceeded = true;
        let message = format!("the topology has more than {ITEMS} nodes and values");
        Err(Box::new(too_many(message, place)))
    }
}
