//! What a process reaches of its machine's files, by the target that starts it.

use crate::{
    check::words::parts,
    model::{Deploy, Mount, Party, Text},
    types::{Access, MachinePath, Piece},
};

/// Folders that an image of Python brings (the `slim` ones on Docker Hub), in which programs may be named.
const OF_IMAGES: [&str; 9] =
    ["/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];
/// Folders of sfgen in its containers: the topology's folder, the account's, logs, secrets and the requirements.
pub(super) const OF_CONTAINERS: [&str; 6] =
    ["/srv/sfgen", "/home/sfgen", "/run/sfgen", "/var/log/sfgen", "/run/secrets", "/opt/sfgen"];
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

/// A literal path that a program is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenPath {
    pub(super) path: MachinePath,
    /// Whether the flag before it says that it is written.
    pub(super) access: Access,
}

/// The path that a word is, or that stands behind the `=` in it; `before` is the word in front.
pub(super) fn given_path(text: &Text, before: Option<&str>) -> Option<GivenPath> {
    let [Piece::Literal(text)] = &text.0[..] else { return None };
    let (flag, path) = match text.split_once('=') {
        Some((flag, path)) if flag.starts_with('-') => (Some(flag), path),
        _ => (before.filter(|before| before.starts_with('-')), text.as_str()),
    };
    // Two slashes begin the address of something else, as in `//host/share`.
    if !path.starts_with('/') || path.starts_with("//") {
        return None;
    }
    let has = |words: &[&str]| {
        let mut parts = flag.into_iter().flat_map(parts);
        parts.any(|part| words.contains(&part.as_str()))
    };
    if has(&OF_THE_WEB) {
        return None;
    }
    let access = if has(&OUTPUT) { Access::Write } else { Access::Read };
    Some(GivenPath { path: path.parse().ok()?, access })
}

/// A kind of process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A service without an image of its own.
    Service,
    /// A job with what it hands to devices.
    Job,
}

/// Why a process of a party cannot use a path so; `None` where it can.
pub(super) fn out_of_reach(
    party: &Party,
    of: Of,
    given: &GivenPath,
    mounts: &[&Mount],
) -> Option<&'static str> {
    let GivenPath { path, access } = given;
    let is_below =
        |folders: &[&str]| folders.iter().any(|folder| path.as_path().starts_with(folder));
    let writes = *access == Access::Write;
    let mounted = mounts.iter().filter(|mount| mount.target().holds(path.as_str()));
    // The innermost one is what is seen there.
    let mounted = mounted.max_by_key(|mount| mount.target().as_path().components().count());
    if let (Some(mount), Deploy::Systemd(_) | Deploy::Docker(_)) = (mounted, &*party.deploy) {
        let is_enough = !writes || mount.access == Access::Write;
        return (!is_enough).then_some("it is mounted to be read only");
    }
    let is_scratch = of == Of::Service && is_below(&TEMPORARY);
    match &*party.deploy {
        Deploy::Process | Deploy::Kuscia(_) => None,
        Deploy::Systemd(systemd) if path.as_path().starts_with(systemd.home.value.as_path()) => {
            None
        }
        _ if is_scratch => None,
        Deploy::Systemd(_) if is_below(&HIDDEN_FROM_UNITS) => {
            Some("units see nothing of this folder")
        }
        Deploy::Systemd(_) if is_below(&TEMPORARY) => {
            Some("units have a folder of their own there")
        }
        Deploy::Systemd(_) => writes.then_some("units may write to their home only"),
        Deploy::Docker(_) if is_below(&[HOME_IN_CONTAINERS]) => None,
        Deploy::Docker(_) if !writes && is_below(&OF_IMAGES) => None,
        Deploy::Docker(_) if !writes && is_below(&OF_CONTAINERS) => None,
        Deploy::Docker(_) => Some("containers see the folder of the topology only"),
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
    fn a_path_is_a_word_or_what_stands_behind_its_flag() {
        let read = |path: &str| Some((path.to_owned(), Access::Read));
        let write = |path: &str| Some((path.to_owned(), Access::Write));
        assert_eq!(given(Some("--in"), "/data/in.csv"), read("/data/in.csv"));
        assert_eq!(given(None, "--input-path=/data/in.csv"), read("/data/in.csv"));
        assert_eq!(given(Some("--out"), "/data/out.csv"), write("/data/out.csv"));
        assert_eq!(given(Some("-o"), "/data/out.csv"), write("/data/out.csv"));
        assert_eq!(given(None, "--result_path=/data/out"), write("/data/out"));
        assert_eq!(given(Some("python"), "/srv/app.py"), read("/srv/app.py"));
        for (before, text) in [
            (None, "data/in.csv"),
            (None, "/"),
            (Some("--url-prefix"), "/flower"),
            (None, "--route=/api/v1"),
            (None, "https://bank.org/x"),
            (None, "cat /etc/hosts"),
        ] {
            assert_eq!(given(before, text), None, "{text}");
        }
    }
}
