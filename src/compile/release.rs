//! What is known about the topology's release: a file beside the topology, else one of those that come with sfgen.

use std::borrow::Cow;

use camino::Utf8PathBuf;

use crate::{
    catalogue::{self, Release},
    diag::{Code, FileId, Finding, Findings, SourceSpan, Sources},
    model::Topology,
    syntax::{Workspace, nearest},
};

/// A file of the user's own about a release cannot be used.
const BROKEN: Code = Code("SF0960");

const FOLDER: &str = "runtimes";

/// What is known about a topology's release.
#[derive(Default)]
pub(super) struct Known {
    pub(super) release: Option<Cow<'static, Release>>,
    /// Whether a file beside the topology is about it, even one that could not be read.
    pub(super) is_own: bool,
}

/// Looks for the topology's release.
pub(super) fn find(
    workspace: &dyn Workspace,
    topology: &Topology,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Known {
    let Some(settings) = topology.runtime.secretflow() else { return Known::default() };
    let version = &settings.version.value;
    // It becomes a part of a path.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".+-_".contains(c);
    if !version.chars().all(is_plain) {
        return Known::default();
    }
    let mut files = Files { workspace, sources, findings };
    let path = Utf8PathBuf::from(format!("{FOLDER}/secretflow-{version}.toml"));
    match files.read(&path) {
        Ok(None) => {
            Known { release: catalogue::release(version).map(Cow::Borrowed), is_own: false }
        }
        Ok(Some((file, text))) => {
            let release = files.parse(version, file, &text).map(Cow::Owned);
            Known { release, is_own: true }
        }
        Err(why) => {
            let finding = Finding::error(BROKEN, format!("`{path}`: {why}"))
                .label(settings.version.span, "the file is about this release")
                .help("make it a file of UTF-8 text in the folder of the topology, or remove it");
            files.findings.push(finding);
            Known { release: None, is_own: true }
        }
    }
}

/// The release that was probably meant, where a topology names none that is known.
pub(super) fn meant(topology: &Topology) -> Option<&'static Release> {
    let version = topology.runtime.secretflow()?.version.value.as_str();
    let known = catalogue::releases().iter().map(|release| release.version.as_str());
    catalogue::release(nearest(version, known)?)
}

struct Files<'a> {
    workspace: &'a dyn Workspace,
    sources: &'a mut Sources,
    findings: &'a mut Findings,
}

impl Files<'_> {
    /// A file with its text; `None` where there is none.
    fn read(&mut self, path: &Utf8PathBuf) -> Result<Option<(FileId, String)>, String> {
        let Some(bytes) = self.workspace.read(path)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())?;
        let file = self.sources.add(self.workspace.display(path), text.as_str());
        Ok(Some((file, text)))
    }

    /// The release that a file describes, with its lists; `None` where something is wrong with either.
    fn parse(&mut self, version: &str, file: FileId, text: &str) -> Option<Release> {
        let mut release: Release = match toml::from_str(text) {
            Ok(release) => release,
            Err(why) => {
                let place = SourceSpan::new(file, why.span().unwrap_or(0..0));
                let finding = Finding::error(BROKEN, why.message().replace('\n', " "))
                    .label(place, "in this file about a release")
                    .help("write it as in the files of `runtimes/` in sfgen's sources");
                self.findings.push(finding);
                return None;
            }
        };
        let place = |value: &str| {
            let at = text.find(&format!("{value:?}")).unwrap_or(0);
            SourceSpan::new(file, at..at + value.len() + 2)
        };
        let mut is_whole = true;
        if release.version != version || release.name != "secretflow" {
            let wrong = if release.name == "secretflow" { &release.version } else { &release.name };
            let finding =
                Finding::error(BROKEN, "the file is about another release than it is named after")
                    .label(place(wrong), "here")
                    .help(format!("write `name = \"secretflow\"` and `version = \"{version}\"`"));
            self.findings.push(finding);
            is_whole = false;
        }
        let names: Vec<String> = release.list_names().cloned().collect();
        for name in names {
            match self.list(version, &name, place(&name)) {
                Some(list) => {
                    release.lists.insert(name, Cow::Owned(list));
                }
                None => is_whole = false,
            }
        }
        is_whole.then_some(release)
    }

    /// A list of pinned packages, each with hashes.
    fn list(&mut self, version: &str, name: &str, named: SourceSpan) -> Option<String> {
        let path = Utf8PathBuf::from(format!("{FOLDER}/secretflow-{version}.{name}.txt"));
        let read = if name.contains(['/', '\\']) {
            Err("a list is named by a word".to_owned())
        } else {
            self.read(&path).and_then(|read| read.ok_or_else(|| "there is no such file".to_owned()))
        };
        let (file, text) = match read {
            Ok(read) => read,
            Err(why) => {
                let finding = Finding::error(BROKEN, format!("list of packages `{path}`: {why}"))
                    .label(named, "this list")
                    .help("write it there: a line `name==version` for each package, with `--hash=sha256:...` for each of its files");
                self.findings.push(finding);
                return None;
            }
        };
        let (pins, wrong) = catalogue::pins(&text);
        let bare = pins.iter().find(|pin| pin.hashes.is_empty());
        let bare = bare.map(|pin| (pin.place.clone(), format!("`{}` has no hash", pin.package)));
        let wrong = wrong.into_iter().map(|line| (line.place, line.why));
        let first = wrong.chain(bare).min_by_key(|(place, _)| place.start);
        if let Some((place, why)) = first {
            let finding = Finding::error(BROKEN, why)
                .label(SourceSpan::new(file, place), "in this list of packages")
                .help("`runtimes/hashes FILE` of sfgen's sources writes the hashes of all pins of a list");
            self.findings.push(finding);
            return None;
        }
        Some(text)
    }
}
