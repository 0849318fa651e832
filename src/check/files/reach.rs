//! What a process reaches of its machine's files, by the target that starts it.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::{
    check::words::parts,
    model::{Deploy, Mount, Party, Text},
    types::{Access, MachinePath, Piece},
};

/// Folders that an image of Python brings (the `slim` ones on Docker Hub), in which programs may be named.
pub(super) const OF_IMAGES: [&str; 9] =
    ["/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];
/// Folders of sfgen in its containers: the topology's folder, the account's, logs, secrets and the requirements.
pub(super) const OF_CONTAINERS: [&str; 6] =
    ["/srv/sfgen", "/home/sfgen", "/run/sfgen", "/var/log/sfgen", "/run/secrets", "/opt/sfgen"];
/// The first of them.
const ROOT_IN_CONTAINERS: &str = OF_CONTAINERS[0];
/// The folder of them to which a job may write.
const HOME_IN_CONTAINERS: &str = "/home/sfgen";
/// What units see an empty folder in place of (`ProtectHome=`, systemd.exec(5)).
const HIDDEN_FROM_UNITS: [&str; 3] = ["/home", "/root", "/run/user"];
/// Folders for what is gone with its process.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// Words in the name of a flag that say that something is written to the path behind it.
const OUTPUT: [&str; 12] = [
    "dest", "export", "log", "logfile", "logs", "o", "out", "outdir", "outfile", "output",
    "result", "save",
];
/// Words in the name of a flag behind which a path is one of a web server.
const OF_THE_WEB: [&str; 7] = ["endpoint", "health", "prefix", "route", "rewrite", "uri", "url"];

/// A path that a program is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenPath {
    pub(super) path: MachinePath,
    /// Whether it is known to be a folder: the one in which a name with a placeholder lies.
    is_folder: bool,
    /// Whether the flag before it says that it is written.
    pub(super) access: Access,
}

impl GivenPath {
    /// What is to be mounted: the folder of what is called like a file, else the path itself.
    pub(super) fn folder(&self) -> &Utf8Path {
        let path = self.path.as_path();
        let parent = path.parent().filter(|parent| parent.file_name().is_some());
        let is_file = path.extension().is_some() && !self.is_folder;
        parent.filter(|_| is_file).unwrap_or(path)
    }
}

/// The path that a word is, or that stands behind the `=` in it; `before` is the word in front. Of a path with a
/// placeholder the folders before it count. One that is not absolute lies in the folder of the topology: what is
/// there can be read everywhere, and only what is written is of interest.
pub(super) fn given_path(text: &Text, before: Option<&str>) -> Option<GivenPath> {
    let (Piece::Literal(first), rest) = text.0.split_first()? else { return None };
    let (flag, path) = match first.split_once('=') {
        Some((flag, path)) if flag.starts_with('-') => (Some(flag), path),
        _ => (before.filter(|before| before.starts_with('-')), first.as_str()),
    };
    let has = |words: &[&str]| {
        let mut parts = flag.into_iter().flat_map(parts);
        parts.any(|part| words.contains(&part.as_str()))
    };
    let of_scheme = path.strip_prefix("file://").filter(|path| path.starts_with('/'));
    let path = of_scheme.unwrap_or(path);
    // Two slashes begin the address of something else, as in `//host/share`.
    if (has(&OF_THE_WEB) && of_scheme.is_none()) || path.contains("//") {
        return None;
    }
    let access = if has(&OUTPUT) { Access::Write } else { Access::Read };
    let is_folder = !rest.is_empty();
    let path = if is_folder { path.rsplit_once('/')?.0 } else { path };
    let is_relative = !path.starts_with('/');
    if is_relative && (access == Access::Read || !path.contains('/')) {
        return None;
    }
    let path = if is_relative { format!("{ROOT_IN_CONTAINERS}/{path}") } else { path.to_owned() };
    Some(GivenPath { path: plain(&path).parse().ok()?, is_folder, access })
}

/// A path without `.` and `..` as parts: where it leads if no folder in it is a link.
fn plain(path: &str) -> String {
    let mut plain = Utf8PathBuf::new();
    for component in Utf8Path::new(path).components() {
        match component {
            Utf8Component::ParentDir => {
                plain.pop();
            }
            component => plain.push(component),
        }
    }
    plain.into_string()
}

/// A kind of process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A service without an image of its own.
    Service,
    /// A job with what it hands to devices.
    Job,
}

/// Why a process cannot use a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Obstacle<'a> {
    /// It is not there, or closed, for this reason.
    Unseen(&'static str),
    /// It is to be written, and lies in the folder of the topology, which containers only read.
    InRoot,
    /// It is to be written, and this mount is to be read only.
    ReadOnly(&'a Mount),
}

/// What keeps a process of a party from using a path so, if anything does.
pub(super) fn obstacle<'a>(
    party: &Party,
    of: Of,
    given: &GivenPath,
    mounts: &[&'a Mount],
) -> Option<Obstacle<'a>> {
    let GivenPath { path, access, .. } = given;
    let is_below =
        |folders: &[&str]| folders.iter().any(|folder| path.as_path().starts_with(folder));
    let writes = *access == Access::Write;
    if matches!(*party.deploy, Deploy::Process | Deploy::Kuscia(_)) {
        return None;
    }
    let mounted = mounts.iter().filter(|mount| mount.target().holds(path.as_str()));
    // The innermost one is what is seen there.
    let mounted = mounted.max_by_key(|mount| mount.target().as_path().components().count());
    if let Some(mount) = mounted {
        let is_enough = !writes || mount.access.value == Access::Write;
        return (!is_enough).then_some(Obstacle::ReadOnly(mount));
    }
    if of == Of::Service && is_below(&TEMPORARY) {
        return None;
    }
    let is_unseen = |why| Some(Obstacle::Unseen(why));
    match &*party.deploy {
        Deploy::Process | Deploy::Kuscia(_) => None,
        Deploy::Systemd(systemd) => match () {
            // A relative path lies in the home there.
            () if is_below(&[systemd.home.value.as_str(), ROOT_IN_CONTAINERS]) => None,
            () if is_below(&HIDDEN_FROM_UNITS) => is_unseen("units see nothing of this folder"),
            () if is_below(&TEMPORARY) => is_unseen("units have a folder of their own there"),
            () if writes => is_unseen("units may write to their home only"),
            () => None,
        },
        Deploy::Docker(_) => match () {
            () if is_below(&[HOME_IN_CONTAINERS]) => None,
            () if writes && is_below(&[ROOT_IN_CONTAINERS]) => Some(Obstacle::InRoot),
            () if !writes && (is_below(&OF_IMAGES) || is_below(&OF_CONTAINERS)) => None,
            () => is_unseen("containers see the folder of the topology only"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(before: Option<&str>, text: &str) -> Option<(String, Access)> {
        let given = given_path(&Text::literal(text), before)?;
        Some((given.path.to_string(), given.access))
    }

    #[test]
    fn of_a_path_with_a_placeholder_the_folders_before_it_count() {
        let folder = |text: &str| {
            let given = given_path(&text.parse().unwrap(), Some("--in"))?;
            Some(given.folder().to_string())
        };
        assert_eq!(folder("/data/psi/{party}.csv").as_deref(), Some("/data/psi"));
        assert_eq!(folder("/data/psi.d/{party}/in.csv").as_deref(), Some("/data/psi.d"));
        assert_eq!(folder("/{party}.csv"), None);
        assert_eq!(folder("{home}/in.csv"), None);
        assert_eq!(folder("/data/psi/in.csv").as_deref(), Some("/data/psi"));
        assert_eq!(folder("/data/psi").as_deref(), Some("/data/psi"));
    }

    #[test]
    fn a_path_is_a_word_or_what_stands_behind_its_flag() {
        let read = |path: &str| Some((path.to_owned(), Access::Read));
        let write = |path: &str| Some((path.to_owned(), Access::Write));
        assert_eq!(given(Some("--in"), "/data/in.csv"), read("/data/in.csv"));
        assert_eq!(given(None, "--input-path=/data/in.csv"), read("/data/in.csv"));
        assert_eq!(given(Some("--out"), "/data/out.csv"), write("/data/out.csv"));
        assert_eq!(given(Some("-o"), "/data/out.csv"), write("/data/out.csv"));
        assert_eq!(given(None, "--result_path=/data/out"), write("/data/out"));
        assert_eq!(given(Some("python"), "/srv/app.py"), read("/srv/app.py"));
        assert_eq!(given(Some("--out"), "out/r.csv"), write("/srv/sfgen/out/r.csv"));
        assert_eq!(given(None, "file:///data/in.csv"), read("/data/in.csv"));
        assert_eq!(given(Some("--model-url"), "file:///data/m"), read("/data/m"));
        assert_eq!(given(None, "/data/../srv/./in.csv"), read("/srv/in.csv"));
        assert_eq!(given(Some("--out"), "../../out/r.csv"), write("/out/r.csv"));
        for (before, text) in [
            (None, "data/in.csv"),
            (None, "/"),
            (Some("--url-prefix"), "/flower"),
            (None, "--route=/api/v1"),
            (None, "https://bank.org/x"),
            (None, "cat /etc/hosts"),
            (Some("--in"), "data/in.csv"),
            (Some("--out"), "json"),
            (Some("--share"), "//host/share"),
            (None, "file://host/share"),
            (None, "/data/.."),
        ] {
            assert_eq!(given(before, text), None, "{text}");
        }
    }
}
