//! A job's script as it is run: a copy of what was read when the run was asked for.
//!
//! Python looks for modules beside the script first, so they belong to it. The copy has them, the digest that the
//! parties compare covers them, and nothing else of the script's folder can be imported.

use std::{collections::BTreeMap, fmt::Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use crate::{
    fs::{self, EntryKind, FsError, Kind},
    types::Digest,
};

/// How many modules beside a script are taken along.
const MODULES_MAX: usize = 1000;
/// How large a script is with its modules, in bytes.
const BYTES_MAX: usize = 16 << 20;

/// Why a script cannot be run.
#[derive(Debug, Error, Diagnostic)]
pub enum ScriptError {
    /// There is more beside it than can belong to it.
    #[error(
        "the modules beside `{script}` are more than {MODULES_MAX} files or {} MiB",
        BYTES_MAX >> 20
    )]
    #[diagnostic(help("give scripts of jobs and their modules a folder of their own"))]
    TooMuch {
        /// The script.
        script: Utf8PathBuf,
    },
    /// A link leads to a script that is not among the files of the topology.
    #[error("`{script}` is a link that leads out of the folder of the topology")]
    #[diagnostic(help("put the script itself there: `sfgen plan` refuses such a link, too"))]
    Outside {
        /// The link.
        script: Utf8PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    #[diagnostic(help("the script lies beside the topology; `--root` names another folder"))]
    Fs(#[from] FsError),
}

/// A copy of a script and its modules, removed when this is dropped.
#[derive(Debug)]
pub struct ScriptCopy {
    /// The copy of the script.
    pub script: Utf8PathBuf,
    /// What is in the copy.
    pub digest: Digest,
    /// Its files, the script first, by their paths in its folder.
    pub files: Vec<(Utf8PathBuf, Vec<u8>)>,
    folder: Utf8PathBuf,
}

impl ScriptCopy {
    /// Reads the script at `path` in `root`, the folder of the topology, and the modules beside it: all `*.py` in its folder, and in those folders below it that are
    /// packages, which have an `__init__.py`. Writes what was read to `folder`, which is made for us alone.
    pub fn make(
        root: &Utf8Path,
        path: &Utf8Path,
        folder: Utf8PathBuf,
    ) -> Result<Self, ScriptError> {
        // Where the script is a link, Python looks beside what it leads to.
        let script = fs::resolve(&root.join(path))?;
        if !script.starts_with(fs::resolve(root)?) {
            return Err(ScriptError::Outside { script: path.to_owned() });
        }
        let files = read(&script)?;
        let name = Utf8PathBuf::from(script.file_name().unwrap_or_default());
        let (digest, mut files) = (digest(&files), files.into_iter().collect::<Vec<_>>());
        files.sort_by_key(|(path, _)| *path != name);
        let copy = Self { script: folder.join(name), digest, files, folder };
        fs::remove_folder(&copy.folder)?;
        for (path, bytes) in &copy.files {
            let path = copy.folder.join(path);
            fs::create_folder(path.parent().unwrap_or(&copy.folder), 0o700)?;
            fs::create_unsynced(&path, bytes, 0o600)?;
        }
        Ok(copy)
    }
}

impl Drop for ScriptCopy {
    fn drop(&mut self) {
        // What cannot be removed goes with the run folder when the launcher ends.
        let _ = fs::remove_folder(&self.folder);
    }
}

type Files = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// The script and its modules by their paths below the script's folder.
fn read(script: &Utf8Path) -> Result<Files, ScriptError> {
    let folder = script.parent().unwrap_or(Utf8Path::new("/"));
    let mut wanted = vec![Utf8PathBuf::from(script.file_name().unwrap_or_default())];
    let mut open = vec![Utf8PathBuf::new()];
    while let Some(package) = open.pop() {
        for (name, kind) in fs::entries(&folder.join(&package))? {
            let path = package.join(&name);
            let is_module = path.extension() == Some("py") && !name.starts_with('.');
            if kind == EntryKind::Folder && !name.starts_with('.') {
                let marker = fs::kind(&folder.join(&path).join("__init__.py"))?;
                if marker != Kind::Absent {
                    open.push(path);
                }
            } else if is_module && path != wanted[0] {
                wanted.push(path);
            }
            if wanted.len() + open.len() > MODULES_MAX {
                return Err(ScriptError::TooMuch { script: script.to_owned() });
            }
        }
    }
    let mut left = BYTES_MAX;
    let mut files = Files::new();
    for path in wanted {
        let bytes = fs::read_regular(&folder.join(&path), left)?;
        let bytes = bytes.ok_or_else(|| ScriptError::TooMuch { script: script.to_owned() })?;
        left -= bytes.len();
        files.insert(path, bytes);
    }
    Ok(files)
}

/// The digest of what `sha256sum` would say of the files.
fn digest(files: &Files) -> Digest {
    let mut list = String::new();
    for (path, bytes) in files {
        let _ = writeln!(list, "{}  {path}", Digest::of(bytes));
    }
    Digest::of(list.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        for (name, text) in files {
            put(&path, name, text);
        }
        (folder, path)
    }

    fn put(folder: &Utf8Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_folder(path.parent().unwrap(), 0o755).unwrap();
        fs::write_atomically(&path, text.as_bytes(), 0o644).unwrap();
    }

    #[test]
    fn what_is_run_is_what_was_there_when_it_was_read() {
        let (_folder, place) = place(&[("jobs/a.py", "first")]);
        let copy = ScriptCopy::make(&place, "jobs/a.py".into(), place.join("copy")).unwrap();
        put(&place, "jobs/a.py", "other");
        assert_eq!(fs::read_text(&copy.script).unwrap(), "first");
        let other = ScriptCopy::make(&place, "jobs/a.py".into(), place.join("other")).unwrap();
        assert_ne!(copy.digest, other.digest);
        drop(copy);
        assert_eq!(fs::kind(&place.join("copy")).unwrap(), Kind::Absent);
    }

    #[test]
    fn modules_and_packages_beside_a_script_belong_to_it_and_nothing_else_does() {
        let (_folder, place) = place(&[
            ("jobs/a.py", ""),
            ("jobs/util.py", "one"),
            ("jobs/lib/__init__.py", ""),
            ("jobs/lib/deep/__init__.py", ""),
            ("jobs/lib/deep/x.py", ""),
            ("jobs/lib/data.csv", ""),
            ("jobs/plain/y.py", ""),
            ("jobs/.venv/__init__.py", ""),
            ("jobs/notes.txt", ""),
            ("up.py", ""),
        ]);
        let script = place.join("jobs/a.py");
        let files: Vec<_> = read(&script).unwrap().into_keys().collect();
        assert_eq!(
            files,
            ["a.py", "lib/__init__.py", "lib/deep/__init__.py", "lib/deep/x.py", "util.py"]
        );
        let before = digest(&read(&script).unwrap());
        put(&place, "jobs/notes.txt", "changed");
        assert_eq!(digest(&read(&script).unwrap()), before);
        put(&place, "jobs/util.py", "changed");
        assert_ne!(digest(&read(&script).unwrap()), before);
    }

    #[test]
    fn a_link_to_a_script_may_stay_in_the_folder_and_may_not_leave_it() {
        use std::os::unix::fs::symlink;
        let (_folder, place) = place(&[("topology/jobs/a.py", "inside"), ("outside.py", "")]);
        let (root, copy) = (place.join("topology"), place.join("copy"));
        symlink("jobs/a.py", root.join("link.py")).unwrap();
        symlink("../outside.py", root.join("out.py")).unwrap();
        let made = ScriptCopy::make(&root, "link.py".into(), copy.clone()).unwrap();
        assert_eq!(fs::read_text(&made.script).unwrap(), "inside");
        let why = ScriptCopy::make(&root, "out.py".into(), copy).unwrap_err();
        assert!(matches!(why, ScriptError::Outside { .. }), "{why}");
    }

    #[test]
    fn a_script_that_is_no_file_or_has_too_much_beside_it_is_refused() {
        let (_folder, place) = place(&[("jobs/a.py", ""), ("many/a.py", "")]);
        let pipe = place.join("jobs/pipe.py");
        nix::unistd::mkfifo(pipe.as_std_path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for script in ["jobs/absent.py", "jobs/pipe.py", "jobs/a.py"] {
            let why = ScriptCopy::make(&place, script.into(), place.join("copy")).unwrap_err();
            assert!(matches!(why, ScriptError::Fs(_)), "{why}");
        }
        (0..MODULES_MAX).for_each(|n| put(&place, &format!("many/m{n}.py"), ""));
        let why = ScriptCopy::make(&place, "many/a.py".into(), place.join("copy")).unwrap_err();
        assert!(why.to_string().ends_with("are more than 1000 files or 16 MiB"), "{why}");
    }
}
