//! Renames at places of the user's files: quotes stay as they are, and nothing else is touched.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Edit, FileId, Finding, Findings, Spanned, apply_edits},
    syntax::{self, Loaded, Mention, Node, Value, is_toml, language::Kind},
};

/// A place that cannot be edited.
pub(super) const BY_HAND: Code = Code("SF0611");

/// A name that becomes another at one place.
pub(super) struct Renamed<'m> {
    pub(super) place: &'m Mention,
    /// The old name.
    pub(super) from: String,
    /// The new name.
    pub(super) to: String,
    /// In a template: the beginnings of placeholders that hold the name, and what they become.
    pub(super) placeholders: Vec<(String, String)>,
}

impl Renamed<'_> {
    /// A text with the new name, and how often it stands there now. In a template only placeholders are names.
    fn rename(&self, text: &str) -> (String, usize) {
        let Kind::Template = self.place.kind else {
            return (text.replace(&self.from, &self.to), text.matches(&self.from).count());
        };
        let (mut made, mut count, mut rest) = (String::new(), 0, text);
        while let Some(at) = rest.find(['{', '}']) {
            made.push_str(&rest[..at]);
            rest = &rest[at..];
            let mut known = self.placeholders.iter();
            let found = known.find_map(|(from, to)| Some((rest.strip_prefix(from.as_str())?, to)));
            if let Some((after, renamed)) = found {
                made.push_str(renamed);
                (count, rest) = (count + 1, after);
            } else {
                // Two braces mean one that stands for itself.
                let doubled = rest.starts_with("{{") || rest.starts_with("}}");
                let (kept, after) = rest.split_at(if doubled { 2 } else { 1 });
                made.push_str(kept);
                rest = after;
            }
        }
        (made + rest, count)
    }

    /// Whether the place names what is renamed.
    pub(super) fn applies(&self) -> bool {
        self.rename(&self.place.value).1 > 0
    }
}

/// A file of the topology with its new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedFile {
    /// The file.
    pub file: FileId,
    /// Its new text.
    pub text: String,
    /// The lines that change, counted from 1.
    pub lines: Vec<usize>,
}

/// The files as they are with the new names; a finding where one would not mean the same but for those.
pub(super) fn apply(
    loaded: &Loaded,
    renames: Vec<Renamed<'_>>,
) -> Result<Vec<EditedFile>, Finding> {
    let mut by_file: BTreeMap<FileId, Vec<Renamed<'_>>> = BTreeMap::new();
    for renamed in renames {
        by_file.entry(renamed.place.span.file).or_default().push(renamed);
    }
    by_file.into_iter().map(|(file, renames)| edit_file(loaded, file, &renames)).collect()
}

fn edit_file(
    loaded: &Loaded,
    file: FileId,
    renames: &[Renamed<'_>],
) -> Result<EditedFile, Finding> {
    let source = loaded.sources.get(file);
    let edits = renames.iter().map(|renamed| {
        let span = renamed.place.span;
        let written = &source.text[span.start..span.end];
        Edit { span, text: replaced(written, renamed, is_toml(&source.name)) }
    });
    let text = apply_edits(&edits.collect::<Vec<_>>(), &loaded.sources).remove(&file);
    let text = text.expect("an edit is in this file");
    let lines = renames.iter().map(|renamed| source.line_column(renamed.place.span.start).0);
    let mut lines: Vec<usize> = lines.collect();
    lines.dedup();
    let parse = |text: &str| syntax::parse(file, &source.name, text, &mut Findings::default());
    let wanted = parse(&source.text).map(|nodes| with_new_names(nodes, renames));
    if let (Some(wanted), Some(made)) = (wanted, parse(&text))
        && wanted.len() == made.len()
        && wanted.iter().zip(&made).all(|(wanted, made)| wanted.means(made))
    {
        return Ok(EditedFile { file, text, lines });
    }
    let finding = Finding::error(BY_HAND, "this file cannot be edited without another change")
        .help("write the names in plain quotes, or rename by hand; then `sfgen mv` renames in the lock");
    Err(renames
        .iter()
        .fold(finding, |finding, renamed| finding.label(renamed.place.span, "to be renamed")))
}

/// What stands at a place, with the new name in the same quotes.
fn replaced(written: &str, renamed: &Renamed<'_>, is_toml: bool) -> String {
    let (value, wanted) = renamed.rename(&renamed.place.value);
    let (made, count) = renamed.rename(written);
    let is_quoted = written.starts_with(['"', '\'', '#']);
    if count == wanted && (is_quoted || is_toml || is_bare(&renamed.to)) {
        return made;
    }
    // Escapes hide the name, or KDL takes the new one for a number or keyword.
    serde_json::Value::from(value).to_string()
}

/// Whether KDL reads a name as text without quotes.
fn is_bare(name: &str) -> bool {
    let is_keyword = ["true", "false", "null", "inf", "nan"].contains(&name);
    !is_keyword && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// The nodes with the new names at those places.
fn with_new_names(mut nodes: Vec<Node>, renames: &[Renamed<'_>]) -> Vec<Node> {
    let rename = |value: &mut Spanned<Value>| {
        let Value::Text(text) = &mut value.value else { return };
        if let Some(renamed) = renames.iter().find(|renamed| renamed.place.span == value.span) {
            *text = renamed.rename(text).0;
        }
    };
    for node in &mut nodes {
        node.args.iter_mut().for_each(rename);
        node.props.iter_mut().for_each(|prop| rename(&mut prop.value));
        node.children = with_new_names(std::mem::take(&mut node.children), renames);
    }
    nodes
}
