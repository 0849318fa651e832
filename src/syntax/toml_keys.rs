//! The keys of a TOML text that tell nodes apart, at every place where they are written.
//!
//! A TOML reader keeps one place for `alice`, though a file may say `[party.alice]`, `[party.alice.host.a]` and
//! `party.alice.deploy = ...`. A rename must find them all, so this reads the text as a stream of keys.

use std::collections::BTreeSet;

use toml_parser::{
    Source,
    parser::{Event, EventKind, parse_document},
};

use crate::diag::{FileId, SourceSpan};

use super::{language, node::Ancestor};

/// A key that is the first argument of a node.
pub(super) struct NameKey {
    /// The nodes round it with their first arguments, itself the last.
    pub(super) lineage: Vec<Ancestor>,
    /// The key.
    pub(super) value: String,
    /// Where it is written.
    pub(super) span: SourceSpan,
}

/// Every key of a TOML text that is the first argument of a node.
pub(super) fn name_keys(file: FileId, text: &str) -> Vec<NameKey> {
    let source = Source::new(text);
    let mut reader = Reader {
        source,
        file,
        open: vec![Open::default()],
        arrays: BTreeSet::new(),
        found: vec![],
    };
    let tokens = source.lex().into_vec();
    parse_document(&tokens, &mut |event: Event| reader.read(event), &mut ());
    reader.found
}

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    /// Into an element of an array.
    Element,
}

/// A table or array that is being read.
#[derive(Default)]
struct Open {
    base: Vec<Step>,
    /// The key in it that is being read, or whose value is.
    key: Vec<Step>,
    /// Whether the key is at its end.
    is_value: bool,
}

struct Reader<'t> {
    source: Source<'t>,
    file: FileId,
    open: Vec<Open>,
    /// The tables that stand as `[[...]]`.
    arrays: BTreeSet<Vec<Step>>,
    found: Vec<NameKey>,
}

impl Reader<'_> {
    fn read(&mut self, event: Event) {
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.open = vec![Open::default()];
            }
            EventKind::StdTableClose => self.header(),
            EventKind::ArrayTableClose => {
                let path = self.top().key.clone();
                self.arrays.insert(path);
                self.header();
            }
            EventKind::SimpleKey => self.key(event),
            EventKind::KeyValSep => self.top().is_value = true,
            EventKind::ArrayOpen => {
                let mut base = self.path();
                base.push(Step::Element);
                self.open.push(Open { base, key: Vec::new(), is_value: true });
            }
            EventKind::InlineTableOpen => {
                let base = self.path();
                self.open.push(Open { base, ..Open::default() });
            }
            EventKind::ArrayClose | EventKind::InlineTableClose if self.open.len() > 1 => {
                self.open.pop();
            }
            _ => {}
        }
    }

    fn top(&mut self) -> &mut Open {
        self.open.last_mut().expect("the table of the header stays open")
    }

    fn path(&mut self) -> Vec<Step> {
        let top = self.top();
        [&top.base[..], &top.key[..]].concat()
    }

    /// What follows stands in the table that a header has named.
    fn header(&mut self) {
        let base = self.path();
        self.open = vec![Open { base: self.with_elements(&base), ..Open::default() }];
    }

    /// A path with the elements that its headers of arrays mean.
    fn with_elements(&self, path: &[Step]) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, step) in path.iter().enumerate() {
            steps.push(step.clone());
            if self.arrays.contains(&path[..=index]) {
                steps.push(Step::Element);
            }
        }
        steps
    }

    fn key(&mut self, event: Event) {
        let span = event.span();
        let mut value = String::new();
        if let Some(raw) = self.source.get(event) {
            let mut decoded = std::borrow::Cow::Borrowed("");
            raw.decode_key(&mut decoded, &mut ());
            value = decoded.into_owned();
        }
        let top = self.top();
        if std::mem::take(&mut top.is_value) {
            top.key.clear();
        }
        top.key.push(Step::Key(value.clone()));
        let path = self.path();
        let path = if self.open.len() == 1 && self.top().base.is_empty() {
            self.with_elements(&path)
        } else {
            path
        };
        if let Some(lineage) = lineage(&path) {
            let span = SourceSpan::new(self.file, span.start()..span.end());
            self.found.push(NameKey { lineage, value, span });
        }
    }
}

/// The nodes on a path whose last key is the first argument of a node; `None` where it is something else.
fn lineage(path: &[Step]) -> Option<Vec<Ancestor>> {
    let mut nodes: Vec<Ancestor> = Vec::new();
    let mut steps = path.iter().peekable();
    while let Some(step) = steps.next() {
        let Step::Key(key) = step else { continue };
        let parent = nodes.last().map_or("", |ancestor| ancestor.node);
        let rule = language::child(parent, key)?;
        let mut name = None;
        if rule.has_key() {
            match steps.next()? {
                Step::Key(first) => name = Some(first.clone()),
                Step::Element => {}
            }
        }
        let is_last = name.is_some() && steps.peek().is_none();
        nodes.push(Ancestor { node: rule.name, name });
        if is_last {
            return Some(nodes);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    fn keys(text: &str) -> Vec<String> {
        let file = Sources::default().add("t.toml", text);
        let shown = |key: &NameKey| {
            let names: Vec<_> = key
                .lineage
                .iter()
                .map(|a| format!("{}:{}", a.node, a.name.as_deref().unwrap_or("?")))
                .collect();
            format!("{} {}", names.join("/"), &text[key.span.start..key.span.end])
        };
        name_keys(file, text).iter().map(shown).collect()
    }

    #[test]
    fn a_name_is_found_in_every_header_and_dotted_key() {
        let text = "party.alice.deploy = \"process\"\n[party.\"alice\"]\nhost.a = { address = \"x\" }\n\
                    [party . 'alice' . host.b]\nreserve = [22]\n[job.alice]\nparties = [\"alice\"]\n";
        assert_eq!(
            keys(text),
            [
                "party:alice alice",
                "party:alice \"alice\"",
                "party:alice/host:a a",
                "party:alice 'alice'",
                "party:alice/host:b b",
                "job:alice alice",
            ]
        );
    }

    #[test]
    fn in_an_array_of_tables_a_key_is_no_name() {
        let text = "[[party]]\nname = \"alice\"\nhost.a.address = \"x\"\n[party.host.b]\n[party.identity]\nca = \"x\"\n\
                    [party2]\nx = [{ y = 1 }]\n";
        assert_eq!(keys(text), ["party:?/host:a a", "party:?/host:b b"]);
        let text = "party = [{ name = \"alice\", host = { a = {}, b = {} }, pin.sf = [{ args = [1], host = \"a\" }] }]\n";
        assert_eq!(keys(text), ["party:?/host:a a", "party:?/host:b b", "party:?/pin:sf sf"]);
    }
}
