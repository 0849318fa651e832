//! Reads a lock. Every mistake in the file is reported at its place, and a lock with a mistake is not used.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use toml::{
    Spanned as TomlSpanned,
    de::{DeInteger, DeTable, DeValue},
};

use crate::{
    diag::{Code, FileId, Finding, Findings, SourceSpan},
    syntax::{nearest, toml_excess},
    types::{Port, PortRange},
};

use super::format::{Line, Lock, VERSION, line_name, numbered};

/// The lock cannot be read.
const UNREADABLE: Code = Code("SF0601");
/// The lock was written by a newer sfgen.
const NEWER: Code = Code("SF0602");
/// The file holds the markers of an unfinished merge.
const CONFLICT: Code = Code("SF0604");
/// Two lines for one listener.
const TWICE: Code = Code("SF0605");
/// A line that is no allotment.
const NO_ALLOTMENT: Code = Code("SF0606");

/// How many tokens a lock may hold: the largest file that is read, written by sfgen, has fewer.
const TOKENS: usize = 2_500_000;

/// The remedy that loses no allotment.
const RESTORE: &str = "restore the file from git; a lost lock renumbers every port";

impl Lock {
    /// The finding for a lock file that cannot be read from disk.
    #[must_use]
    pub fn unreadable(why: &str) -> Finding {
        Finding::error(UNREADABLE, format!("the lock cannot be read: {why}")).help(
            "make the file readable, or restore it from git; a lost lock renumbers every port",
        )
    }

    /// Reads a lock; what is wrong with it is reported, and then there is none to go by.
    pub fn parse(file: FileId, text: &str, findings: &mut Findings) -> Option<Self> {
        if let Some(conflict) = merge_conflict(file, text) {
            findings.push(conflict);
            return None;
        }
        if let Some((excess, at)) = toml_excess(text, TOKENS) {
            let place = SourceSpan::new(file, at..at + 1);
            findings.push(Self::unreadable(&format!("it {excess}")).label(place, "here"));
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Reader { file, findings, is_intact: true }.lock(table.get_ref());
        }
        findings.extend(errors.iter().map(|error| not_toml(file, text, table.get_ref(), error)));
        None
    }
}

struct Reader<'a> {
    file: FileId,
    findings: &'a mut Findings,
    is_intact: bool,
}

impl Reader<'_> {
    fn lock(mut self, table: &DeTable<'_>) -> Option<Lock> {
        // The version comes first: a newer format may have anything else in it.
        self.version(table)?;
        let mut lock = Lock::default();
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("version", _) => {}
                ("ports", DeValue::Table(lines)) => lock.ports = self.lines(lines),
                ("spus", DeValue::Table(lines)) => lock.spus = self.lines(lines),
                (name @ ("ports" | "spus"), _) => {
                    let why = format!("`{name}` is a table, `[{name}]` on a line of its own");
                    self.reject(UNREADABLE, &why, value.span(), "this is none", RESTORE);
                }
                (other, _) => {
                    let help = match nearest(other, ["version", "ports", "spus"]) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "remove it, or restore the file from git".to_owned(),
                    };
                    let why = format!("a lock has no key `{other}`");
                    self.reject(UNREADABLE, &why, key.span(), "unknown here", &help);
                }
            }
        }
        self.is_intact.then_some(lock)
    }

    fn version(&mut self, table: &DeTable<'_>) -> Option<()> {
        let Some(value) = table.get("version") else {
            let help = format!("write `version = {VERSION}` above `[ports]`");
            self.reject(UNREADABLE, "the lock has no `version`", 0..0, "in this file", &help);
            return None;
        };
        let version = match value.get_ref() {
            DeValue::Integer(number) => integer(number),
            _ => None,
        };
        if version == Some(VERSION.into()) {
            return Some(());
        }
        let shown = version.map_or("that is no number".to_owned(), |number| number.to_string());
        let why = format!("the lock has format {shown}; this sfgen knows format {VERSION}");
        if version.is_some_and(|version| version > VERSION.into()) {
            let help = "use the sfgen that wrote it, or a newer one";
            self.reject(NEWER, &why, value.span(), "this format", help);
        } else {
            self.reject(UNREADABLE, &why, value.span(), "this format", RESTORE);
        }
        None
    }

    /// The lines of a table by key, those of one key in the order of their numbers.
    fn lines<K: Ord + Display + FromStr<Err = String>>(
        &mut self,
        table: &DeTable<'_>,
    ) -> BTreeMap<K, Vec<Line>> {
        let help = "restore the line from git, or remove it to have its ports allotted anew";
        let mut read: BTreeMap<(K, u16), Line> = BTreeMap::new();
        for (key, value) in table {
            let name = match numbered::<K>(key.get_ref()) {
                Ok(name) => name,
                Err(why) => {
                    self.reject(NO_ALLOTMENT, &why, key.span(), "this key", help);
                    continue;
                }
            };
            match range(value.get_ref()) {
                Ok(range) => {
                    let span = Some(SourceSpan::new(self.file, value.span()));
                    read.insert(name, Line { range, span });
                }
                Err(why) => {
                    let why = format!("{} has no ports: {why}", line_name(&name.0, name.1));
                    self.reject(NO_ALLOTMENT, &why, value.span(), "this value", help);
                }
            }
        }
        let mut lines: BTreeMap<K, Vec<Line>> = BTreeMap::new();
        for ((key, _), line) in read {
            lines.entry(key).or_default().push(line);
        }
        lines
    }

    fn reject(
        &mut self,
        code: Code,
        why: &str,
        at: std::ops::Range<usize>,
        label: &str,
        help: &str,
    ) {
        self.is_intact = false;
        let span = SourceSpan::new(self.file, at);
        self.findings.push(Finding::error(code, why).label(span, label).help(help));
    }
}

/// First and last number of an allotment.
fn range(value: &DeValue<'_>) -> Result<PortRange, String> {
    let shape = "an allotment is its first and its last number, such as `[20000, 20003]`";
    let DeValue::Array(array) = value else { return Err(shape.to_owned()) };
    let mut numbers = Vec::new();
    for one in array {
        let DeValue::Integer(number) = one.get_ref() else { return Err(shape.to_owned()) };
        let port = integer(number).ok_or_else(|| format!("`{number}` is no port"))?;
        numbers.push(Port::try_from(port).map_err(|why| why.to_string())?);
    }
    let [first, last] = numbers[..] else { return Err(shape.to_owned()) };
    PortRange::new(first, last).map_err(|why| why.to_string())
}

fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The finding for a mistake that the TOML parser reports.
fn not_toml(file: FileId, text: &str, table: &DeTable<'_>, error: &toml::de::Error) -> Finding {
    let at = error.span().unwrap_or(0..0);
    let start = text.floor_char_boundary(at.start.min(text.len()));
    let end = text.ceil_char_boundary(at.end.clamp(start, text.len()));
    let place = SourceSpan::new(file, start..end);
    if error.message() != "duplicate key" {
        let first = error.message().lines().next().unwrap_or_default();
        return Lock::unreadable(first).label(place, "here").help(RESTORE);
    }
    let key = text[start..end].trim_matches(['"', '\'']);
    let finding = Finding::error(TWICE, format!("the lock has two lines for `{key}`"))
        .label(place, "again here")
        .help("keep the line that the firewalls know, or restore the file from git");
    match first_of(table, key).filter(|first| first.start != start) {
        Some(first) => finding.label(SourceSpan::new(file, first), "first here"),
        None => finding,
    }
}

/// Where a key of the file stands for the first time.
fn first_of(table: &DeTable<'_>, key: &str) -> Option<std::ops::Range<usize>> {
    let place = |(found, _): (&TomlSpanned<_>, _)| found.span();
    if let Some(entry) = table.get_key_value(key) {
        return Some(place(entry));
    }
    ["ports", "spus"].into_iter().find_map(|name| {
        let DeValue::Table(lines) = table.get(name)?.get_ref() else { return None };
        lines.get_key_value(key).map(place)
    })
}

/// The markers that git leaves where both sides of a merge changed the same lines.
fn merge_conflict(file: FileId, text: &str) -> Option<Finding> {
    let mut markers = Vec::new();
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].contains(&word) {
            let range = at..at + line.trim_end().len();
            markers.push((index + 1, word, SourceSpan::new(file, range)));
        }
        at += line.len();
    }
    let [(first, ..), ..] = markers[..] else { return None };
    let last = markers.last().map_or(first, |(line, ..)| *line);
    let lines =
        if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
    let message = format!("the lock holds a merge conflict in {lines}");
    let finding = Finding::error(CONFLICT, message).help(
        "keep the lines of both sides and remove the markers; where both gave the same numbers away, `sfgen plan` says so",
    );
    Some(markers.into_iter().fold(finding, |finding, (_, word, span)| {
        let text = match word {
            "<<<<<<<" => "one side begins here",
            ">>>>>>>" => "and ends here",
            "|||||||" => "what both began with",
            _ => "the other side begins here",
        };
        finding.label(span, text)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    fn codes(text: &str) -> Vec<&'static str> {
        let mut findings = Findings::default();
        let file = Sources::default().add("sfgen.lock", text);
        let lock = Lock::parse(file, text, &mut findings);
        assert_eq!(lock.is_none(), !findings.is_empty(), "{text}");
        findings.iter().map(|finding| finding.code.0).collect()
    }

    #[test]
    fn a_lock_that_cannot_be_trusted_is_a_finding() {
        let line = |line: &str| codes(&format!("version = 1\n[ports]\n{line}\n"));
        assert_eq!(line("\"alice/a/sf\" = [1, 2]"), [""; 0]);
        assert_eq!(codes("version = 2\n[ports]\nnew = true\n[more]\n"), ["SF0602"]);
        for unreadable in [
            "",
            "[ports]\n",
            "version = 0\n",
            "version = \"1\"\n",
            "version = 1\n[port]\n",
            "version = x\n",
        ] {
            assert_eq!(codes(unreadable), ["SF0601"], "{unreadable}");
        }
        for conflict in ["<<<<<<< ours\nversion = 1\n", "version = 1\n[ports]\n>>>>>>> theirs\n"] {
            assert_eq!(codes(conflict), ["SF0604"], "{conflict}");
        }
        assert_eq!(line("\"a/a/sf\" = [1, 2]\n\"a/a/sf\" = [1, 2]"), ["SF0605"]);
        for wrong in [
            "\"alice/sf\" = [1, 2]",
            "\"a/a/sf\" = [5, 2]",
            "\"a/a/sf\" = [0, 2]",
            "\"a/a/sf\" = [1, 70000]",
            "\"a/a/sf\" = 7",
            "\"a/a/sf\" = [7]",
            "\"a/a/ray.x\" = [7, 7]",
            "\"a/a/sf.1\" = [7, 7]",
            "[spus]\n\"a/a/credit.1\" = [7, 7]",
            "[spus]\n\"a/a/credit\" = 7",
            "a.sf = [7, 7]",
        ] {
            assert_eq!(line(wrong), ["SF0606"], "{wrong}");
        }
        assert_eq!(
            line("\"a\" = [1, 2]\n\"a/a/sf\" = [9, 2]"),
            ["SF0606", "SF0606"],
            "all at once"
        );
    }

    #[test]
    fn the_lines_of_a_merge_conflict_are_named() {
        let text = "version = 1\n[ports]\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n";
        let file = Sources::default().add("sfgen.lock", text);
        let finding = merge_conflict(file, text).unwrap();
        assert_eq!(finding.message, "the lock holds a merge conflict in lines 3 to 7");
        let marked: Vec<_> =
            finding.labels.iter().map(|label| &text[label.span.start..label.span.end]).collect();
        assert_eq!(marked, ["<<<<<<< HEAD", "=======", ">>>>>>> topic"]);
    }
}
