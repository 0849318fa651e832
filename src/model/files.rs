//! `mount`, `secret` and `env-file` at a party, host, service or job: what its machines have for its processes.

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, misspelt},
    types::{Access, MachinePath, Partial, SecretName},
};

/// A file or folder of the machine that processes work with.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Where it lies on the machine.
    pub path: Spanned<MachinePath>,
    /// What the processes do with it; at the node where it is not written.
    pub access: Spanned<Access>,
    /// Where they see it, if that is another path.
    pub seen_as: Option<Spanned<MachinePath>>,
}

/// A file of the machine with a secret.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name, unique in its node.
    pub name: Spanned<SecretName>,
    /// The file.
    pub file: Spanned<MachinePath>,
}

/// What a node says of the files of its machines.
#[derive(Clone, Debug)]
pub struct MachineFiles {
    /// Data.
    pub mounts: Partial<Vec<Mount>>,
    /// Secrets.
    pub secrets: Partial<Vec<Secret>>,
    /// Files with variables of services.
    pub env_files: Vec<Spanned<MachinePath>>,
}

impl Mount {
    /// Where processes see it.
    #[must_use]
    pub fn target(&self) -> &MachinePath {
        self.seen_as.as_ref().map_or(&self.path.value, |path| &path.value)
    }

    /// The place to point at where its target matters.
    #[must_use]
    pub fn target_span(&self) -> SourceSpan {
        self.seen_as.as_ref().map_or(self.path.span, |path| path.span)
    }

    /// The mounts of a process, from all that is said of it: of two lists that show something at one path, the first
    /// counts.
    #[must_use]
    pub fn visible<'a>(lists: &[&'a [Self]]) -> Vec<&'a Self> {
        let mut visible: Vec<&Self> = Vec::new();
        for list in lists {
            let known = visible.len();
            for mount in *list {
                let is_known = |other: &&Self| other.target() == mount.target();
                if !visible[..known].iter().any(is_known) {
                    visible.push(mount);
                }
            }
        }
        visible
    }

    /// Reads the mounts of a node.
    pub(super) fn all(cursor: &mut Cursor<'_>) -> Partial<Vec<Self>> {
        all(cursor, "mount", Self::read, |mount| mount.path.value.as_str())
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let path = cursor.arg(0);
        let access = cursor.prop_or_default("access");
        let seen_as = cursor.prop("as");
        if seen_as.is_none() && cursor.node.prop("as").is_some() {
            return None;
        }
        Some(Self { path: path?, access, seen_as })
    }
}

impl Secret {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (name, file) = (cursor.arg(0), cursor.required_prop("file"));
        Some(Self { name: name?, file: file? })
    }
}

impl MachineFiles {
    /// Reads those children of a node that are about files.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Self {
        let mounts = Mount::all(cursor);
        let secrets = all(cursor, "secret", Secret::read, |secret| secret.name.value.as_str());
        let node = cursor.node;
        let env_files = node.children_named("env-file");
        let env_files = env_files.flat_map(|child| cursor.at(child).args()).collect();
        Self { mounts, secrets, env_files }
    }

    /// The secret of that name.
    #[must_use]
    pub fn secret(&self, name: &SecretName) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.name.value == *name)
    }
}

/// Every child `name` that can be read; of several with one key the first, since the others were reported when the file
/// was read.
fn all<T>(
    cursor: &mut Cursor<'_>,
    name: &str,
    read: impl Fn(&mut Cursor<'_>) -> Option<T>,
    key: impl Fn(&T) -> &str,
) -> Partial<Vec<T>> {
    let node = cursor.node;
    let mut found: Vec<T> = Vec::new();
    let is_misspelt = misspelt(&node.name.value, &node.children).any(|(_, meant)| meant == name);
    let mut is_whole = !is_misspelt;
    for child in node.children_named(name) {
        match read(&mut cursor.at(child)) {
            Some(one) if found.iter().any(|other| key(other) == key(&one)) => {}
            Some(one) => found.push(one),
            None => is_whole = false,
        }
    }
    Partial::new(found, is_whole)
}
