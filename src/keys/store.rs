//! Writing a party's new files where nothing is, or beside what is set aside.

use camino::{Utf8Path, Utf8PathBuf};

use crate::fs::{self, FsError, Kind};

use super::{KeyFiles, KeyMaterial, KeysError};

/// What is to become of files that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// They stay, and nothing is written.
    Keep,
    /// They get another name, and nothing is lost.
    SetAside,
}

/// Writes all four files, certificates 0644 and keys 0600, or none. What was set aside is returned, each with its new
/// name.
///
/// Refuses, before anything is written, where one of them exists and is to be kept. Folders that are missing are
/// created, those of keys with mode 0700. Where a later file fails, what this call did is undone.
pub fn write(
    material: &KeyMaterial,
    files: &KeyFiles,
    old: Old,
) -> Result<Vec<(Utf8PathBuf, Utf8PathBuf)>, KeysError> {
    files.are_distinct()?;
    let missing = files.missing().map_err(KeysError::Write)?;
    if old == Old::Keep && missing.len() < files.all().len() {
        return Err(KeysError::exists(files, &missing));
    }
    // Keys first: a folder that holds both kinds is then created for its owner alone.
    let planned = [
        (&files.ca_key, &material.ca_key_pem, 0o600, 0o700),
        (&files.key, &material.leaf_key_pem, 0o600, 0o700),
        (&files.ca, &material.ca_cert_pem, 0o644, 0o755),
        (&files.cert, &material.leaf_cert_pem, 0o644, 0o755),
    ];
    let mut created = Created::default();
    for (path, text, file_mode, folder_mode) in planned {
        let done =
            created.set_aside(path).and_then(|()| created.file(path, text, file_mode, folder_mode));
        done.map_err(|why| {
            created.undo();
            KeysError::Write(why)
        })?;
    }
    created.keep_out_of_git(files).map_err(|why| {
        created.undo();
        KeysError::Write(why)
    })?;
    Ok(created.aside)
}

/// What keeps all of a folder out of repositories, itself included.
const IGNORE: &str = "# What is here stays on this machine.\n*\n";

/// What one call brought into being, in its order.
#[derive(Default)]
pub(super) struct Created {
    folders: Vec<Utf8PathBuf>,
    files: Vec<Utf8PathBuf>,
    /// Files that were there, with the names that they have now.
    aside: Vec<(Utf8PathBuf, Utf8PathBuf)>,
}

impl Created {
    /// Gives a file that is there the first free name of `FILE.old`, `FILE.old2` and so on.
    fn set_aside(&mut self, path: &Utf8Path) -> Result<(), FsError> {
        if fs::kind(path)? == Kind::Absent {
            return Ok(());
        }
        let mut name = Utf8PathBuf::from(format!("{path}.old"));
        let mut count = 2;
        while fs::kind(&name)? != Kind::Absent {
            name = format!("{path}.old{count}").into();
            count += 1;
        }
        fs::rename(path, &name)?;
        self.aside.push((path.to_owned(), name));
        Ok(())
    }

    /// Creates a file, and the folders above it that are missing.
    pub(super) fn file(
        &mut self,
        path: &Utf8Path,
        text: &str,
        file_mode: u32,
        folder_mode: u32,
    ) -> Result<(), FsError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
            let mut missing = Vec::new();
            for above in folder.ancestors().filter(|above| !above.as_str().is_empty()) {
                if fs::kind(above)? != Kind::Absent {
                    break;
                }
                missing.push(above.to_owned());
            }
            self.folders.extend(missing.into_iter().rev());
            fs::create_folder(folder, folder_mode)?;
        }
        fs::write_new(path, text.as_bytes(), file_mode)?;
        self.files.push(path.to_owned());
        Ok(())
    }

    /// Tells git to leave out the folders that were made for private keys, and for nothing that is to be committed.
    fn keep_out_of_git(&mut self, files: &KeyFiles) -> Result<(), FsError> {
        let committed = [files.ca.parent(), files.cert.parent()];
        let mut folders: Vec<_> = [&files.ca_key, &files.key].map(|key| key.parent()).to_vec();
        folders.dedup();
        for folder in folders.into_iter().flatten() {
            let is_new = self.folders.iter().any(|made| made == folder);
            if is_new && !committed.contains(&Some(folder)) {
                self.file(&folder.join(".gitignore"), IGNORE, 0o644, 0o700)?;
            }
        }
        Ok(())
    }

    /// Takes all of it back.
    pub(super) fn undo(&self) {
        for path in &self.files {
            // The first error is the one to report; a file that cannot be removed either is named by the next try.
            let _ = fs::remove_file(path);
        }
        for (path, name) in self.aside.iter().rev() {
            // Likewise: under its new name the file is still there.
            let _ = fs::rename(name, path);
        }
        self.folders.iter().rev().for_each(|folder| fs::remove_empty_folder(folder));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use time::OffsetDateTime;

    use super::*;
    use crate::keys::NewKeys;

    fn material() -> KeyMaterial {
        let name = "a".repeat(63);
        NewKeys {
            party: &name.parse().unwrap(),
            topology: &name.parse().unwrap(),
            addresses: &["10.0.0.5".parse().unwrap()],
            now: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
        }
        .generate()
    }

    fn files(folder: &tempfile::TempDir) -> KeyFiles {
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let path = |name| root.join(name);
        KeyFiles::of(
            path("pki/alice/ca.pem"),
            path("pki/alice/node.pem"),
            path("secret/alice/node.key"),
        )
    }

    #[test]
    fn keys_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder);
        write(&material(), &files, Old::Keep).unwrap();
        for (path, wanted) in
            [(&files.ca, 0o644), (&files.cert, 0o644), (&files.key, 0o600), (&files.ca_key, 0o600)]
        {
            assert!(
                matches!(fs::kind(path).unwrap(), Kind::File { mode, .. } if mode == wanted),
                "{path}"
            );
        }
        let secret = std::fs::metadata(files.key.parent().unwrap()).unwrap();
        assert_eq!(secret.permissions().mode() & 0o7777, 0o700);
    }

    #[test]
    fn git_leaves_out_what_is_beside_a_private_key_and_nothing_that_is_to_be_committed() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(&folder);
        write(&material(), &files, Old::Keep).unwrap();
        let ignore = |of: &Utf8Path| of.with_file_name(".gitignore");
        let text = fs::read(&ignore(&files.key)).unwrap();
        assert_eq!(String::from_utf8_lossy(&text).lines().last(), Some("*"));
        assert_eq!(fs::kind(&ignore(&files.cert)).unwrap(), Kind::Absent);
        let together = Utf8Path::from_path(folder.path()).unwrap().join("both");
        for file in [&mut files.ca, &mut files.cert, &mut files.key, &mut files.ca_key] {
            *file = together.join(file.file_name().unwrap());
        }
        write(&material(), &files, Old::SetAside).unwrap();
        assert_eq!(fs::kind(&together.join(".gitignore")).unwrap(), Kind::Absent);
    }

    #[test]
    fn a_file_that_exists_is_named_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder);
        fs::create_folder(files.cert.parent().unwrap(), 0o755).unwrap();
        fs::write_new(&files.cert, b"mine", 0o644).unwrap();
        let why = write(&material(), &files, Old::Keep).unwrap_err();
        assert!(matches!(why, KeysError::Exists { .. }), "{why}");
        assert_eq!(
            why.to_string(),
            format!("`{}` exists already, and keys are never overwritten", files.cert)
        );
        assert_eq!(fs::kind(files.key.parent().unwrap()).unwrap(), Kind::Absent);
        assert_eq!(fs::read(&files.cert).unwrap(), b"mine");
    }

    #[test]
    fn files_that_are_set_aside_keep_their_bytes_and_modes() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder);
        write(&material(), &files, Old::Keep).unwrap();
        let before = fs::read(&files.key).unwrap();
        let aside = write(&material(), &files, Old::SetAside).unwrap();
        assert_eq!(aside.len(), 4);
        let old = Utf8PathBuf::from(format!("{}.old", files.key));
        assert_eq!(fs::read(&old).unwrap(), before);
        assert!(matches!(fs::kind(&old).unwrap(), Kind::File { mode: 0o600, .. }));
        assert_ne!(fs::read(&files.key).unwrap(), before);
        let again = write(&material(), &files, Old::SetAside).unwrap();
        assert!(again.iter().all(|(path, name)| *name == format!("{path}.old2")), "{again:?}");
    }

    #[test]
    fn what_was_set_aside_comes_back_where_the_new_set_cannot_be_completed() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(&folder);
        write(&material(), &files, Old::Keep).unwrap();
        let before = fs::read(&files.key).unwrap();
        let blocked = Utf8Path::from_path(folder.path()).unwrap().join("blocked");
        fs::write_new(&blocked, b"", 0o644).unwrap();
        files.cert = blocked.join("node.pem");
        assert!(write(&material(), &files, Old::SetAside).is_err());
        assert_eq!(fs::read(&files.key).unwrap(), before);
    }

    #[test]
    fn a_set_that_cannot_be_completed_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(&folder);
        // A file stands where the last one needs a folder.
        let blocked = Utf8Path::from_path(folder.path()).unwrap().join("blocked");
        fs::write_new(&blocked, b"", 0o644).unwrap();
        files.cert = blocked.join("node.pem");
        assert!(matches!(write(&material(), &files, Old::Keep), Err(KeysError::Write(_))));
        let left = fs::list(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        assert_eq!(left, ["blocked"]);
    }

    #[test]
    fn two_files_with_one_path_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(&folder);
        files.cert = files.ca.clone();
        assert!(matches!(write(&material(), &files, Old::Keep), Err(KeysError::SamePath { .. })));
    }

    #[test]
    fn a_key_never_shows_in_debug_output() {
        assert_eq!(format!("{:?}", material()), "KeyMaterial { .. }");
    }
}
