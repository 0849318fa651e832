//! Files that are never half written.

use std::{
    fs as std_fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
};

use camino::Utf8Path;

use super::FsError;

/// Puts `bytes` at `path` with permission bits `mode` in one step: readers see the old file or the new one, even after
/// a power cut.
///
/// The folder must exist. A link at `path` is replaced, not followed.
pub fn write_atomically(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let fail = |why| FsError::new("write", path, why);
    staged(path, bytes, mode).map_err(fail)?.persist(path).map_err(|why| fail(why.error))?;
    Ok(())
}

/// Like [`write_atomically`], for a file that one program at a time writes: whoever calls it holds a lock. What an
/// earlier write of the file left beside it, when it was killed, goes.
pub fn write_alone(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let fail = |why| FsError::new("write", path, why);
    clear_staged(path)?;
    let file = staged_as(&staged_prefix(path), path, bytes, mode).map_err(fail)?;
    sync(file.as_file()).map_err(fail)?;
    file.persist(path).map_err(|why| fail(why.error))?;
    Ok(())
}

/// Removes what writes by [`write_alone`] left beside a file when they were killed, and nothing else.
pub fn clear_staged(path: &Utf8Path) -> Result<(), FsError> {
    let (folder, prefix) = (folder_of(path), staged_prefix(path));
    for (name, kind) in super::entries(folder)? {
        let random = name.strip_prefix(&prefix);
        let is_staged = random.is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if is_staged && kind == super::EntryKind::File {
            super::remove_file(&folder.join(name))?;
        }
    }
    Ok(())
}

/// How many random characters the name of a staged file ends with.
const RANDOM: usize = 6;

/// How the name of a file begins while [`write_alone`] writes it.
fn staged_prefix(path: &Utf8Path) -> String {
    format!(".{}-", path.file_name().unwrap_or_default())
}

/// Like [`write_atomically`], but without waiting for the disk: a power cut soon after may leave a part of the file, or
/// none. For files of which somebody knows the digests.
pub fn replace_unsynced(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let fail = |why| FsError::new("write", path, why);
    let file = staged_unsynced(path, bytes, mode).map_err(fail)?;
    file.persist(path).map_err(|why| fail(why.error))?;
    Ok(())
}

/// Writes a file where there is none, in its place and without waiting for the disk: a cut may leave a part of it.
pub fn create_unsynced(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let write = || {
        let mut file = std_fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(std_fs::Permissions::from_mode(mode))
    };
    write().map_err(|why| FsError::new("create", path, why))
}

/// Waits until the names in a folder, new ones and those that were moved, are on the disk. The empty path is the
/// working directory.
pub fn sync_folder(path: &Utf8Path) -> Result<(), FsError> {
    let path = if path.as_str().is_empty() { Utf8Path::new(".") } else { path };
    std_fs::File::open(path)
        .and_then(|folder| sync(&folder))
        .map_err(|why| FsError::new("write", path, why))
}

/// A file to put in place: path, content and permission bits.
pub type NewFile<'a> = (&'a Utf8Path, &'a [u8], u32);

/// Replaces several files, each in one step, and none before all are ready beside their places: a full disk or a
/// folder that cannot be written leaves everything as it was.
pub fn write_all_atomically(files: &[NewFile<'_>]) -> Result<(), FsError> {
    let fail = |path| move |why| FsError::new("write", path, why);
    let ready = files.iter().map(|(path, bytes, mode)| {
        staged(path, bytes, *mode).map(|file| (*path, file)).map_err(fail(path))
    });
    for (path, file) in ready.collect::<Result<Vec<_>, _>>()? {
        file.persist(path).map_err(|why| fail(path)(why.error))?;
    }
    Ok(())
}

/// Like [`write_atomically`], but fails where something is already there, even if it appears meanwhile.
pub fn write_new(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let fail = |why| FsError::new("create", path, why);
    staged(path, bytes, mode)
        .map_err(fail)?
        .persist_noclobber(path)
        .map_err(|why| fail(why.error))?;
    Ok(())
}

/// The file beside its place, its content on the disk.
fn staged(path: &Utf8Path, bytes: &[u8], mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let file = staged_unsynced(path, bytes, mode)?;
    sync(file.as_file())?;
    Ok(file)
}

fn staged_unsynced(
    path: &Utf8Path,
    bytes: &[u8],
    mode: u32,
) -> io::Result<tempfile::NamedTempFile> {
    staged_as(".sfgen-", path, bytes, mode)
}

fn staged_as(
    prefix: &str,
    path: &Utf8Path,
    bytes: &[u8],
    mode: u32,
) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(prefix).rand_bytes(RANDOM);
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().set_permissions(std_fs::Permissions::from_mode(mode))?;
    Ok(file)
}

/// The folder of a file; that of a bare name is the working directory.
fn folder_of(path: &Utf8Path) -> &Utf8Path {
    path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."))
}

fn sync(file: &std_fs::File) -> io::Result<()> {
    #[cfg(test)]
    SYNCS.set(SYNCS.get() + 1);
    file.sync_all()
}

#[cfg(test)]
thread_local! {
    static SYNCS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many times this thread has waited for the disk.
#[cfg(test)]
pub(crate) fn syncs() -> usize {
    SYNCS.get()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Kind, kind, list, read},
        *,
    };

    #[test]
    fn a_new_file_never_replaces_one_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("key");
        write_new(&path, b"one", 0o600).unwrap();
        assert_eq!(
            write_new(&path, b"two", 0o600).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(read(&path).unwrap(), b"one");
        assert!(matches!(kind(&path).unwrap(), Kind::File { mode: 0o600, len: 3, .. }));
        assert_eq!(list(path.parent().unwrap()).unwrap(), ["key"], "no staging file stays behind");
    }

    #[test]
    fn what_a_killed_write_left_goes_with_the_next_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let path = folder.join("sfgen.lock");
        // A file that is staged and never put in place is what a killed write leaves.
        staged_as(&staged_prefix(&path), &path, b"half", 0o644).unwrap().keep().unwrap();
        assert!(list(folder).unwrap()[0].starts_with(".sfgen.lock-"));
        let others =
            [".sfgen-abcdef", ".sfgen.lock-abcde", ".sfgen.lock-abc.ef", "sfgen.lock-abcdef"];
        for name in others {
            write_new(&folder.join(name), b"", 0o644).unwrap();
        }
        write_alone(&path, b"whole", 0o644).unwrap();
        let mut left = list(folder).unwrap();
        left.sort();
        let mut wanted = [&others[..], &["sfgen.lock"]].concat();
        wanted.sort_unstable();
        assert_eq!(left, wanted);
        assert_eq!(read(&path).unwrap(), b"whole");
    }

    #[test]
    fn of_several_files_none_is_replaced_where_one_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let (one, other) = (folder.join("one"), folder.join("absent/other"));
        write_atomically(&one, b"old", 0o644).unwrap();
        let files = |path| [(one.as_path(), &b"new"[..], 0o600), (path, &b"new"[..], 0o644)];
        write_all_atomically(&files(&other)).unwrap_err();
        assert_eq!(
            (read(&one).unwrap(), list(folder).unwrap()),
            (b"old".to_vec(), vec!["one".to_owned()])
        );
        write_all_atomically(&files(&folder.join("two"))).unwrap();
        assert_eq!(list(folder).unwrap(), ["one", "two"]);
        assert!(matches!(kind(&one).unwrap(), Kind::File { mode: 0o600, len: 3, .. }));
    }
}
