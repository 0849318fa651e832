//! A party's key where systemd shows it to a unit alone.

use camino::{Utf8Path, Utf8PathBuf};

/// What the credential is called that holds the party's key.
pub const KEY_CREDENTIAL: &str = "identity";

/// Names the folder of a unit's credentials (systemd.exec(5), `LoadCredential=`).
const FOLDER: &str = "CREDENTIALS_DIRECTORY";

/// The key as systemd shows it to the unit of this process; `None` where it does not.
#[must_use]
pub fn key_credential() -> Option<Utf8PathBuf> {
    let folder = std::env::var(FOLDER).ok().filter(|folder| !folder.is_empty())?;
    Some(Utf8PathBuf::from(folder).join(KEY_CREDENTIAL)).filter(|file| file.is_file())
}

/// Where this process reads the party's key, which the topology has at `key`, counted from `root`.
#[must_use]
pub fn own_key(root: &Utf8Path, key: &Utf8Path) -> Utf8PathBuf {
    key_credential().unwrap_or_else(|| root.join(key))
}
