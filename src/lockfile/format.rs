//! What a lock holds, and the one way in which it is written.

use std::{collections::BTreeMap, fmt, fmt::Write as _, str::FromStr};

use schemars::JsonSchema;

use crate::{
    diag::SourceSpan,
    types::{DeviceName, HostName, PartyName, PortRange, Role},
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
        let (party, host, role) = three_parts(text, "party/host/role")?;
        Ok(Self { party, host, role })
    }
}

/// Whose SPU's numbers they are: `alice/alice-1/spu-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpuKey {
    /// The party.
    pub party: PartyName,
    /// Its host.
    pub host: HostName,
    /// The SPU.
    pub spu: DeviceName,
}

impl fmt::Display for SpuKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.party, self.host, self.spu)
    }
}

impl FromStr for SpuKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (party, host, spu) = three_parts(text, "party/host/spu")?;
        Ok(Self { party, host, spu })
    }
}

/// The three parts of a key.
fn three_parts<A, B, C>(text: &str, form: &str) -> Result<(A, B, C), String>
where
    A: FromStr<Err: fmt::Display>,
    B: FromStr<Err: fmt::Display>,
    C: FromStr<Err: fmt::Display>,
{
    let wrong = |why: &dyn fmt::Display| format!("`{text}` is not `{form}`: {why}");
    let mut parts = text.splitn(3, '/');
    let mut part = || parts.next().ok_or_else(|| wrong(&"a part is missing"));
    Ok((
        part()?.parse().map_err(|why| wrong(&why))?,
        part()?.parse().map_err(|why| wrong(&why))?,
        part()?.parse().map_err(|why| wrong(&why))?,
    ))
}

/// A key and the number of its line: the first has none, `alice/alice-1/sf`, the second is `alice/alice-1/sf.2`.
pub(super) fn numbered<K: FromStr<Err = String>>(text: &str) -> Result<(K, u16), String> {
    text.parse().map(|key| (key, 1)).or_else(|why: String| {
        let (front, number) = text.rsplit_once('.').ok_or_else(|| why.clone())?;
        let line =
            number.parse::<u16>().ok().filter(|line| *line > 1 && line.to_string() == number);
        match (front.parse(), line) {
            (Ok(key), Some(line)) => Ok((key, line)),
            _ => Err(why),
        }
    })
}

/// The name of a line of a key: what [`numbered`] reads.
pub(super) fn line_name(key: &impl fmt::Display, line: u16) -> String {
    if line == 1 { key.to_string() } else { format!("{key}.{line}") }
}

/// One line: the numbers, and where they stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// First and last number.
    pub range: PortRange,
    /// The place, where the lock was read from a file.
    pub span: Option<SourceSpan>,
}

/// Every allotment, those of removed parties included. A listener that went on at another place has several lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "Wire")]
pub struct Lock {
    /// The numbers of each listener, those included that are kept for its growth.
    pub ports: BTreeMap<Key, Vec<Line>>,
    /// Which of the numbers of `spu` each SPU has.
    pub spus: BTreeMap<SpuKey, Vec<Line>>,
}

/// The file as TOML. Every allotment that was ever made stays until it is pruned.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema of the file is that of this type")]
struct Wire {
    /// Version of the format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// First and last number of each allotment, by `party/host/role`, those included that are kept for growth. Where
    /// it goes on at another place: `party/host/role.2`, `party/host/role.3` and so on.
    #[schemars(default)]
    ports: BTreeMap<String, PortRange>,
    /// Which numbers of `spu` each SPU has, by `party/host/spu`, one per slot; `party/host/spu.2` where it goes on.
    #[schemars(default, skip_serializing_if = "BTreeMap::is_empty")]
    spus: BTreeMap<String, PortRange>,
}

impl Lock {
    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        fn lines<K>(table: &BTreeMap<K, Vec<Line>>) -> impl Iterator<Item = (&K, Vec<PortRange>)> {
            table.iter().map(|(key, lines)| (key, lines.iter().map(|line| line.range).collect()))
        }
        lock_text(lines(&self.ports), lines(&self.spus))
    }
}

/// The file of these allotments: sorted, one line each, so that merge conflicts stay small.
pub(super) fn lock_text<'a>(
    ports: impl IntoIterator<Item = (&'a Key, Vec<PortRange>)>,
    spus: impl IntoIterator<Item = (&'a SpuKey, Vec<PortRange>)>,
) -> String {
    let mut text = format!(
        "# Written by `sfgen plan`; commit it. A line that is lost moves its ports.\nversion = {VERSION}\n"
    );
    let spus = table_text(spus);
    if !spus.is_empty() {
        text += "\n[spus]\n";
        text += &spus;
    }
    text += "\n[ports]\n";
    text += &table_text(ports);
    text
}

fn table_text<K: fmt::Display>(table: impl IntoIterator<Item = (K, Vec<PortRange>)>) -> String {
    let lines = table.into_iter().flat_map(|(key, ranges)| {
        let named = (1..).zip(ranges).map(|(line, range)| (line_name(&key, line), range));
        named.collect::<Vec<_>>()
    });
    let mut lines: Vec<(String, PortRange)> = lines.collect();
    lines.sort();
    let mut text = String::new();
    for (name, range) in lines {
        writeln!(text, "\"{name}\" = [{}, {}]", range.first(), range.last())
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

    #[test]
    fn an_allotment_that_goes_on_elsewhere_has_a_line_for_each_place() {
        let text = "version = 1\n[ports]\n\"a/a/spu.10\" = [30, 31]\n\"a/a/spu\" = [10, 19]\n\"a/a/spu.2\" = [20, 25]\n\
            \"a/a/ray.workers.2\" = [40, 49]\n[spus]\n\"a/a/credit\" = [10, 10]\n\"a/a/credit.2\" = [12, 12]\n";
        let lock = parse(text);
        let lines =
            |lines: &Vec<Line>| lines.iter().map(|line| line.range.to_string()).collect::<Vec<_>>();
        assert_eq!(
            lock.ports.values().map(lines).collect::<Vec<_>>(),
            [vec!["10-19", "20-25", "30-31"], vec!["40-49"]]
        );
        assert_eq!(lock.spus.values().map(lines).collect::<Vec<_>>(), [["10", "12"]]);
        let written = lock.to_text();
        assert!(written.ends_with("\"a/a/spu.3\" = [30, 31]\n"), "{written}");
        assert_eq!(parse(&written).to_text(), written);
    }

    #[test]
    fn the_first_line_of_an_allotment_has_no_number() {
        let name = |text: &str| numbered::<Key>(text).map(|(key, line)| line_name(&key, line));
        for good in ["a/a/sf", "a/a/sf.2", "a/a/ray.gcs.65535", "a/a/8003.2"] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        for wrong in [
            "a/a/sf.1",
            "a/a/sf.0",
            "a/a/sf.02",
            "a/a/sf.x",
            "a/a/ray.gsc.2",
            "a/a/sf.65536",
            "a/sf.2",
        ] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
