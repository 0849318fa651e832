//! The topology that a command is about: which file it is, and what to do where there is none.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::{Code, Finding},
    fs::{self, EntryKind, Kind},
    render::shell_word,
    syntax::nearest,
};

use super::{
    disk::{DiskWorkspace, topology_in, topology_or_default},
    status::{Failure, Status},
};

/// The topology file cannot be read.
const UNREADABLE: Code = Code("SF0008");
/// So many files are named in a help.
const NAMED: usize = 3;
/// So much of a file is looked at to see whether it is a topology.
const LOOKED_AT: usize = 1 << 16;

/// The folder of the topology that was named, or of the usual one, and the name of the file in it. `command` is what
/// to write before the file, for the help of the finding where there is no such file.
pub(crate) fn locate(
    named: Option<&Utf8PathBuf>,
    command: &str,
) -> Result<(DiskWorkspace, Utf8PathBuf), Box<Finding>> {
    let path = topology_or_default(named);
    let finding = |why: &str, help: String| {
        Box::new(Finding::error(UNREADABLE, format!("`{path}`: {why}")).help(help))
    };
    let kind = fs::resolve(&path).and_then(|real| fs::kind(&real));
    match kind {
        Ok(Kind::Folder) => {
            return Err(finding(
                "this is a folder",
                help(command, &topologies_in(&path), || path.join("topology.kdl")),
            ));
        }
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Utf8Path::new(""));
            let mut others = topologies_in(folder);
            let paths: Vec<&str> = others.iter().map(|other| other.as_str()).collect();
            if let Some(near) = nearest(path.as_str(), paths).map(Utf8PathBuf::from) {
                others = vec![near];
            } else if named.is_none() && others.is_empty() {
                others = around();
            }
            return Err(finding("there is no such file", help(command, &others, || path.clone())));
        }
        _ => {}
    }
    DiskWorkspace::of(&path).map_err(|why| {
        finding(&why.reason(), "name a topology that this account may read".to_owned())
    })
}

/// What to write instead, where there are other topologies; else how to begin one.
fn help(command: &str, others: &[Utf8PathBuf], new: impl FnOnce() -> Utf8PathBuf) -> String {
    if others.is_empty() {
        let mut new = new();
        if !matches!(new.extension(), Some("kdl" | "toml")) {
            new.set_extension("kdl");
        }
        let is_usual = new == "topology.kdl";
        let init =
            if is_usual { "sfgen init".to_owned() } else { format!("sfgen init {}", quoted(&new)) };
        return format!(
            "name the file of a topology that is there, or write a first one with `{init}`"
        );
    }
    let written = others.iter().take(NAMED).map(|other| format!("`{command} {}`", quoted(other)));
    format!("name a topology that is there: {}", written.collect::<Vec<_>>().join(" or "))
}

/// The topologies in a folder, by the node or table that each must have.
fn topologies_in(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let here = if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder };
    let entries = fs::entries(here).unwrap_or_default();
    let files = entries.into_iter().filter(|(_, kind)| *kind != EntryKind::Folder);
    let paths = files.map(|(name, _)| folder.join(name));
    let mut found: Vec<_> = paths.filter(|path| is_topology(path)).collect();
    found.sort();
    found
}

fn is_topology(path: &Utf8Path) -> bool {
    let heads = match path.extension() {
        Some("kdl") => ["topology ", "topology\t"],
        Some("toml") => ["[topology]", "topology."],
        _ => return false,
    };
    let Ok(Some(bytes)) = fs::read_regular(path, LOOKED_AT) else { return false };
    let text = String::from_utf8_lossy(&bytes);
    text.lines().any(|line| heads.iter().any(|head| line.starts_with(head)))
}

/// The topologies in the folders above this one, the nearest first, and in those right below.
fn around() -> Vec<Utf8PathBuf> {
    let above = (1..=8).map(|levels| Utf8PathBuf::from(vec![".."; levels].join("/")));
    let above = above.map(|folder| topology_in(&folder)).filter(|path| is_topology(path));
    let entries = fs::entries(Utf8Path::new(".")).unwrap_or_default();
    let below = entries.into_iter().filter(|(_, kind)| *kind == EntryKind::Folder);
    let below = below.flat_map(|(name, _)| topologies_in(Utf8Path::new(&name)));
    above.take(1).chain(below).collect()
}

/// A path as a shell reads it.
fn quoted(path: &Utf8Path) -> String {
    shell_word(path.as_str()).expect("no path has a byte 0")
}

/// A help whose commands name the topology that they are about, where it is not the one that would be found.
pub(crate) fn naming(help: &str, topology: &Utf8Path) -> String {
    let mut parts: Vec<String> = help.split('`').map(str::to_owned).collect();
    for piece in parts.iter_mut().skip(1).step_by(2) {
        let words: Vec<&str> = piece.split(' ').collect();
        let before = match words[..] {
            ["sfgen", "plan" | "check", ..] => 2,
            ["sfgen", "keys", _, ..] => 3,
            ["sfgen", "run" | "apply", ..] if !words.contains(&"--tree") => {
                let tree = topology.with_file_name("generated");
                *piece = format!("{piece} --tree {}", quoted(&tree));
                continue;
            }
            _ => continue,
        };
        let is_file = |word: &&str| {
            [".kdl", ".toml", ".kdl'", ".toml'"].iter().any(|end| word.ends_with(end))
        };
        if !words.iter().any(is_file) {
            let (start, rest) = words.split_at(before);
            let path = quoted(topology);
            *piece = start
                .iter()
                .copied()
                .chain([path.as_str()])
                .chain(rest.iter().copied())
                .collect::<Vec<_>>()
                .join(" ");
        }
    }
    parts.join("`")
}

/// The topology that helps have to name: one that was named, and would not be found otherwise.
pub(crate) fn to_be_named(named: Option<&Utf8PathBuf>) -> Option<&Utf8Path> {
    let named = named?.as_path();
    (named != topology_in(Utf8Path::new(""))).then_some(named)
}

impl From<Box<Finding>> for Failure {
    fn from(finding: Box<Finding>) -> Self {
        let failure = Self::new(Status::Findings, finding.message);
        Self { code: Some(finding.code.to_string()), help: finding.help, ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_a_help_name_a_topology_that_would_not_be_found() {
        let topology = Utf8Path::new("sub/x.kdl");
        for (help, named) in [
            ("run `sfgen plan` again", "run `sfgen plan sub/x.kdl` again"),
            (
                "`sfgen keys new --party a` makes it",
                "`sfgen keys new sub/x.kdl --party a` makes it",
            ),
            ("`sfgen plan other.kdl`", "`sfgen plan other.kdl`"),
            ("`sfgen run total --all`", "`sfgen run total --all --tree sub/generated`"),
            ("sfgen plans the ports; write `sfgen`", "sfgen plans the ports; write `sfgen`"),
            ("`sfgen explain SF0001`", "`sfgen explain SF0001`"),
        ] {
            assert_eq!(naming(help, topology), named);
            assert_eq!(naming(named, topology), named, "once is enough");
        }
        assert_eq!(naming("`sfgen plan`", Utf8Path::new("a b.kdl")), "`sfgen plan 'a b.kdl'`");
    }
}
