//! The form in which each target says what it is.

use crate::{diag::Spanned, syntax::Cursor, types::TargetName};

use super::Deploy;

/// What a target is to a topology.
#[derive(Debug)]
pub struct Target {
    /// Its name in `deploy`.
    pub name: TargetName,
    /// The properties that `deploy` has for it.
    pub properties: &'static [&'static str],
    /// The nodes inside `deploy` that it has.
    pub children: &'static [&'static str],
    /// Reads them.
    pub(super) read: fn(Spanned<TargetName>, &mut Cursor<'_>) -> Option<Deploy>,
    /// Whether sfgen's launcher meets the peers on the party's first host, which then needs the listener `control`.
    pub has_launcher: bool,
    /// Whether the target brings Ray along. If not, the party's hosts have Ray nodes of their own, with planned ports.
    pub brings_ray: bool,
    /// Whether processes are containers, which can have images.
    pub has_containers: bool,
    /// What a kept-up process is called there, where its name is that of something on the machine: `unit`, `container`.
    pub process_is: Option<&'static str>,
    /// Whether env(1) starts the programs, which takes `-` in front of a name for an option and `=` for a variable.
    pub starts_by_env: bool,
}
