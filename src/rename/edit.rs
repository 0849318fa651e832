//! Edits a text of the user at places: quotes stay as they are, and nothing else is touched.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, FileId, Finding, Findings, SourceSpan, Spanned},
    syntax::{self, Loaded, Mention, Node, Value, is_toml, values::Kind},
};

/// A place that cannot be edited.
pub(super) const BY_HAND: Code = Code("SF0611");

/// What changes at one place.
pub(super) struct Edit<'m> {
    pub(super) place: &'m Mention,
    /// The old name.
    pub(super) from: String,
    /// The new name.
    pub(super) to: String,
}

impl Edit<'_> {
    /// A text with the new name, and how often it stands there now. In a template that is `{port.NAME}` alone.
    fn rename(&self, text: &str) -> (String, usize) {
        let Kind::Template = self.place.kind else {
            return (text.replace(&self.from, &self.to), text.matches(&self.from).count());
        };
        let [placeholder, renamed] = [&self.from, &self.to].map(|name| format!("{{port.{name}}}"));
        let (mut made, mut count, mut rest) = (String::new(), 0, text);
        while let Some(at) = rest.find(['{', '}']) {
            made.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix(&placeholder) {
                made.push_str(&renamed);
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

/// Carries the edits out; a finding where a file would not mean the same but for the names.
pub(super) fn apply(loaded: &Loaded, edits: Vec<Edit<'_>>) -> Result<Vec<EditedFile>, Finding> {
    let mut by_file: BTreeMap<FileId, Vec<Edit<'_>>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.place.span.file).or_default().push(edit);
    }
    by_file.into_iter().map(|(file, edits)| edit_file(loaded, file, &edits)).collect()
}

fn edit_file(loaded: &Loaded, file: FileId, edits: &[Edit<'_>]) -> Result<EditedFile, Finding> {
    let source = loaded.sources.get(file);
    let (mut text, mut at) = (String::new(), 0);
    let mut lines = Vec::new();
    for edit in edits {
        let SourceSpan { start, end, .. } = edit.place.span;
        text.push_str(&source.text[at..start]);
        text.push_str(&replaced(&source.text[start..end], edit, is_toml(&source.name)));
        at = end;
        lines.push(source.line_column(start).0);
    }
    text.push_str(&source.text[at..]);
    lines.dedup();
    let parse = |text: &str| syntax::parse(file, &source.name, text, &mut Findings::default());
    let wanted = parse(&source.text).map(|nodes| renamed(nodes, edits));
    if let (Some(wanted), Some(made)) = (wanted, parse(&text))
        && wanted.len() == made.len()
        && wanted.iter().zip(&made).all(|(wanted, made)| wanted.means(made))
    {
        return Ok(EditedFile { file, text, lines });
    }
    let finding = Finding::error(BY_HAND, "this file cannot be edited without another change")
        .help("write the names in plain quotes, or rename by hand; then `sfgen mv` renames in the lock");
    Err(edits.iter().fold(finding, |finding, edit| finding.label(edit.place.span, "to be renamed")))
}

/// What stands at a place, with the new name in the same quotes.
fn replaced(written: &str, edit: &Edit<'_>, is_toml: bool) -> String {
    let (value, wanted) = edit.rename(&edit.place.value);
    let (made, count) = edit.rename(written);
    let is_quoted = written.starts_with(['"', '\'', '#']);
    if count == wanted && (is_quoted || is_toml || is_bare(&edit.to)) {
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

/// The nodes with the texts at those places renamed.
fn renamed(mut nodes: Vec<Node>, edits: &[Edit<'_>]) -> Vec<Node> {
    let rename = |value: &mut Spanned<Value>| {
        let Value::Text(text) = &mut value.value else { return };
        if let Some(edit) = edits.iter().find(|edit| edit.place.span == value.span) {
            *text = edit.rename(text).0;
        }
    };
    for node in &mut nodes {
        node.args.iter_mut().for_each(rename);
        node.props.iter_mut().for_each(|prop| rename(&mut prop.value));
        node.children = renamed(std::mem::take(&mut node.children), edits);
    }
    nodes
}
