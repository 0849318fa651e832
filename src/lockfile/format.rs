//! The lock as a file: read with places, written in one canonical way.

use std::{collections::BTreeMap, fmt, fmt::Write as _, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned as TomlSpanned;

use crate::{
    diag::{Code, FileId, Finding, Findings, SourceSpan, Spanned},
    syntax::toml_too_deep_at,
    types::{HostName, PartyName, Port, PortRange, Role},
};

/// The lock cannot be read.
const UNREADABLE: Code = Code("SF0601");
/// The lock was written by a newer sfgen.
const NEWER: Code = Code("SF0602");

/// The version of the format that this release reads and writes.
const VERSION: u32 = 1;

/// Whose numbers they are: `alice/alice-1/sf`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The party.
    pub party: PartyName,
    /// Its host.
    pub host: HostName,
    /// What they are for.
    pub role: Role,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.party, self.host, self.role)
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &dyn fmt::Display| format!("`{text}` is not `party/host/role`: {why}");
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or_else(|| wrong(&"a part is missing"));
        Ok(Self {
            party: part()?.parse().map_err(|why| wrong(&why))?,
            host: part()?.parse().map_err(|why| wrong(&why))?,
            role: part()?.parse().map_err(|why| wrong(&why))?,
        })
    }
}

/// Every allotment, those of removed parties included.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "Wire")]
pub struct Lock {
    /// The allotments, with their places in the file where they were read from one.
    pub ports: BTreeMap<Key, (PortRange, Option<SourceSpan>)>,
}

/// The file as TOML. Every allotment that was ever made stays until it is pruned.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wire {
    /// Version of the format.
    #[schemars(with = "u32", extend("const" = VERSION))]
    version: TomlSpanned<u32>,
    /// First and last number of each allotment, by `party/host/role`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, PortRange>")]
    ports: BTreeMap<TomlSpanned<String>, TomlSpanned<(i64, i64)>>,
}

impl Lock {
    /// The finding for a lock file that the disk does not yield.
    #[must_use]
    pub fn unreadable(why: &str) -> Finding {
        Finding::error(UNREADABLE, format!("the lock cannot be read: {why}")).help(
            "make the file readable, or restore it from git; a lost lock renumbers every port",
        )
    }

    /// Reads a lock; what is wrong with it is reported, and then there is none to go by.
    pub fn parse(file: FileId, text: &str, findings: &mut Findings) -> Option<Self> {
        let place = |range: std::ops::Range<usize>| SourceSpan::new(file, range);
        if let Some(at) = toml_too_deep_at(text) {
            findings.push(Self::unreadable("it nests too deep").label(place(at..at + 1), "here"));
            return None;
        }
        let wire: Wire = match toml::from_str(text) {
            Ok(wire) => wire,
            Err(why) => {
                // A conflict marker is the usual reason, and not one that a TOML parser would name.
                let help = if text.contains("<<<<<<<") {
                    "this is a merge conflict: keep the lines of both sides, without the markers"
                } else {
                    "restore the file from git; a lost lock renumbers every port"
                };
                let finding = Finding::error(
                    UNREADABLE,
                    format!("the lock cannot be read: {}", why.message()),
                )
                .label(place(why.span().unwrap_or(0..0)), "here")
                .help(help);
                findings.push(finding);
                return None;
            }
        };
        let version = *wire.version.get_ref();
        if version != VERSION {
            let message =
                format!("the lock has format {version}; this sfgen knows format {VERSION}");
            let finding = Finding::error(NEWER, message)
                .label(place(wire.version.span()), "this format")
                .help("use the sfgen that wrote it, or a newer one");
            findings.push(finding);
            return None;
        }
        let mut lock = Self::default();
        let mut intact = true;
        for (key, range) in wire.ports {
            let spans = (place(key.span()), place(range.span()));
            let entry =
                key.get_ref().parse::<Key>().map_err(|why| (spans.0, why)).and_then(|key| {
                    let numbers = read_range(*range.get_ref()).map_err(|why| (spans.1, why))?;
                    Ok((key, numbers))
                });
            match entry {
                Ok((key, numbers)) => {
                    lock.ports.insert(key, (numbers, Some(spans.1)));
                }
                Err((span, why)) => {
                    intact = false;
                    let finding = Finding::error(
                        UNREADABLE,
                        format!("the lock cannot be read: {why}"),
                    )
                    .label(span, "here")
                    .help(
                        "restore the line from git, or remove it to have its ports allotted anew",
                    );
                    findings.push(finding);
                }
            }
        }
        intact.then_some(lock)
    }

    /// The allotment of a key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Spanned<PortRange>> {
        let (range, span) = self.ports.get(key)?;
        span.map(|span| Spanned::new(*range, span))
    }

    /// The file: sorted, one line per allotment, so that merge conflicts stay small.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# Written by `sfgen plan`; commit it. A line that is lost moves its ports.\nversion = {VERSION}\n\n[ports]\n"
        );
        let mut lines: Vec<(String, PortRange)> =
            self.ports.iter().map(|(key, (range, _))| (key.to_string(), *range)).collect();
        lines.sort();
        for (key, range) in lines {
            writeln!(text, "\"{key}\" = [{}, {}]", range.first(), range.last())
                .expect("a String takes all text");
        }
        text
    }
}

fn read_range((first, last): (i64, i64)) -> Result<PortRange, String> {
    let port = |number: i64| Port::try_from(i128::from(number)).map_err(|why| why.to_string());
    PortRange::new(port(first)?, port(last)?).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    fn parse(text: &str) -> (Option<Lock>, Findings) {
        let mut findings = Findings::default();
        let file = Sources::default().add("sfgen.lock", text);
        (Lock::parse(file, text, &mut findings), findings)
    }

    #[test]
    fn a_lock_survives_its_text() {
        let text = "version = 1\n[ports]\n\"bob/bob-1/ray.gcs\" = [20010, 20010]\n\"alice/alice-1/sf\" = [20000, 20003]\n";
        let written = parse(text).0.unwrap().to_text();
        assert_eq!(parse(&written).0.unwrap().to_text(), written);
        assert!(written.ends_with("[ports]\n\"alice/alice-1/sf\" = [20000, 20003]\n\"bob/bob-1/ray.gcs\" = [20010, 20010]\n"));
    }

    #[test]
    fn a_lock_that_cannot_be_trusted_is_a_finding() {
        for (text, code) in [
            ("version = 2\n[ports]\n", NEWER),
            ("<<<<<<< ours\nversion = 1\n", UNREADABLE),
            ("version = 1\n[ports]\n\"alice/sf\" = [1, 2]\n", UNREADABLE),
            ("version = 1\n[ports]\n\"alice/a/sf\" = [5, 2]\n", UNREADABLE),
            ("version = 1\n[ports]\n\"alice/a/sf\" = [0, 70000]\n", UNREADABLE),
        ] {
            let (lock, findings) = parse(text);
            assert!(lock.is_none(), "{text}");
            assert_eq!(
                findings.iter().map(|finding| finding.code).collect::<Vec<_>>(),
                [code],
                "{text}"
            );
        }
    }
}
