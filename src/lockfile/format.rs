//! What a lock holds, and the one way in which it is written.

use std::{collections::BTreeMap, fmt, fmt::Write as _, str::FromStr};

use schemars::JsonSchema;

use crate::{
    diag::{SourceSpan, Spanned},
    types::{HostName, PartyName, PortRange, Role},
};

/// The version of the format that this release reads and writes.
pub(super) const VERSION: u32 = 1;

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
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema of the file is that of this type")]
struct Wire {
    /// Version of the format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// First and last number of each allotment, by `party/host/role`.
    #[schemars(default)]
    ports: BTreeMap<String, PortRange>,
}

impl Lock {
    /// The allotment of a key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Spanned<PortRange>> {
        let (range, span) = self.ports.get(key)?;
        span.map(|span| Spanned::new(*range, span))
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        lock_text(self.ports.iter().map(|(key, (range, _))| (key, range)))
    }
}

/// The file of these allotments: sorted, one line each, so that merge conflicts stay small.
pub(super) fn lock_text<'a>(ports: impl IntoIterator<Item = (&'a Key, &'a PortRange)>) -> String {
    let mut text = format!(
        "# Written by `sfgen plan`; commit it. A line that is lost moves its ports.\nversion = {VERSION}\n\n[ports]\n"
    );
    let mut lines: Vec<(String, PortRange)> =
        ports.into_iter().map(|(key, range)| (key.to_string(), *range)).collect();
    lines.sort();
    for (key, range) in lines {
        writeln!(text, "\"{key}\" = [{}, {}]", range.first(), range.last())
            .expect("a String takes all text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Findings, Sources};

    fn parse(text: &str) -> Lock {
        let file = Sources::default().add("sfgen.lock", text);
        Lock::parse(file, text, &mut Findings::default()).unwrap()
    }

    #[test]
    fn a_lock_survives_its_text() {
        let text = "version = 1\n[ports]\n\"bob/bob-1/ray.gcs\" = [20010, 20010]\n\"alice/alice-1/sf\" = [20000, 20003]\n";
        let written = parse(text).to_text();
        assert_eq!(parse(&written).to_text(), written);
        assert!(written.ends_with("[ports]\n\"alice/alice-1/sf\" = [20000, 20003]\n\"bob/bob-1/ray.gcs\" = [20010, 20010]\n"));
    }
}
