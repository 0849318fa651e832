//! The changes of files that checks offer as fixes.
//!
//! A change is offered only where what stands at the place is what was read there. A default has the place of something
//! else, and of what is written in several pieces only one is known.

use crate::{
    diag::{Fix, SourceSpan, Spanned},
    syntax::{Node, Property, entry_removal, is_toml, node_removal},
    types::{Engine, PortRange},
};

use super::Context;

impl Context<'_> {
    /// Puts another value in place of a text.
    pub(super) fn write(
        &self,
        label: impl Into<String>,
        old: &Spanned<impl ToString>,
        new: &(impl ToString + ?Sized),
    ) -> Option<Fix> {
        let written = self.written(old.span);
        let bare = written.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let is_whole = bare.unwrap_or(written) == old.value.to_string();
        is_whole.then(|| Fix::quote(label, old.span, &new.to_string()))
    }

    /// Puts another number in place of one.
    pub(super) fn write_number(
        &self,
        label: impl Into<String>,
        old: &Spanned<impl ToString>,
        new: &(impl ToString + ?Sized),
    ) -> Option<Fix> {
        let is_whole = self.written(old.span) == old.value.to_string();
        is_whole.then(|| Fix::replace(label, old.span, new.to_string()))
    }

    /// Puts another part in place of one that stands in a text once.
    pub(super) fn write_part(
        &self,
        label: impl Into<String>,
        text: SourceSpan,
        old: &str,
        new: &str,
    ) -> Option<Fix> {
        let written = self.written(text);
        let mut found = written.match_indices(old);
        let (Some((at, _)), None) = (found.next(), found.next()) else { return None };
        if written.contains('\\') || new.contains(['"', '\\']) {
            return None;
        }
        let start = text.start + at;
        let span = SourceSpan { start, end: start + old.len(), ..text };
        Some(Fix::replace(label, span, new))
    }

    /// Puts other numbers in place of a range.
    pub(super) fn write_range(
        &self,
        label: impl Into<String>,
        old: &Spanned<PortRange>,
        new: PortRange,
    ) -> Option<Fix> {
        let numbers = [new.first(), new.last()].map(|port| port.to_string());
        let source = self.sources.get(old.span.file);
        let in_list = source.text[..old.span.start].trim_end().ends_with('[');
        let text = match (is_toml(&source.name), in_list) {
            (false, _) => numbers.join(" "),
            (true, true) => numbers.join(", "),
            (true, false) => format!("[{}]", numbers.join(", ")),
        };
        let is_number = self.written(old.span).starts_with(|c: char| c.is_ascii_digit());
        is_number.then(|| Fix::replace(label, old.span, text))
    }

    /// Puts another engine in place of the one that is written, if the release has it.
    pub(super) fn write_engine(&self, engine: Engine) -> Option<Fix> {
        let settings = self.secretflow()?;
        if !self.release?.engines.contains_key(&engine.to_string()) {
            return None;
        }
        self.write(format!("write `engine=\"{engine}\"`"), &settings.engine, &engine)
    }

    /// Takes out the property that has its value at that place.
    pub(super) fn drop_property(&self, value: SourceSpan) -> Option<Fix> {
        let node = self.node_around(value)?;
        let Property { key, value } = node.props.iter().find(|prop| prop.value.span == value)?;
        let span = SourceSpan { end: value.span.end, ..key.span };
        let edits = vec![entry_removal(self.sources, span)?];
        Some(Fix { label: format!("drop `{}`", key.value), edits })
    }

    /// Gives the property that has its value at that place another key.
    pub(super) fn rename_property(&self, value: SourceSpan, key: &str) -> Option<Fix> {
        let node = self.node_around(value)?;
        let old = &node.props.iter().find(|prop| prop.value.span == value)?.key;
        let label = format!("write `{key}` in place of `{}`", old.value);
        (self.written(old.span) == old.value).then(|| Fix::replace(label, old.span, key))
    }

    /// Takes out the argument at that place; what its node does without it is the caller's business.
    pub(super) fn drop_argument(&self, label: impl Into<String>, value: SourceSpan) -> Option<Fix> {
        let node = self.node_around(value)?;
        node.args.iter().find(|arg| arg.span == value)?;
        Some(Fix { label: label.into(), edits: vec![entry_removal(self.sources, value)?] })
    }

    /// Takes out the node `name` that has an argument at that place.
    pub(super) fn drop_node(
        &self,
        label: impl Into<String>,
        name: &str,
        value: SourceSpan,
    ) -> Option<Fix> {
        let node = self.node_around(value).filter(|node| node.name.value == name)?;
        Some(Fix { label: label.into(), edits: vec![node_removal(self.sources, node.whole)?] })
    }

    /// Puts a node in front of the node `name` that has an argument at that place.
    pub(super) fn insert_before(
        &self,
        label: impl Into<String>,
        value: SourceSpan,
        name: &str,
        node: &str,
    ) -> Option<Fix> {
        let source = self.sources.get(value.file);
        if is_toml(&source.name) {
            return None;
        }
        let start = self.node_around(value).filter(|node| node.name.value == name)?.whole.start;
        let line = source.text[..start].rsplit('\n').next().unwrap_or_default();
        // On a line of its own where the node has one.
        let is_own = line.trim().is_empty();
        let text = if is_own { format!("{node}\n{line}") } else { format!("{node}; ") };
        Some(Fix::replace(label, SourceSpan { end: start, start, ..value }, text))
    }

    fn written(&self, span: SourceSpan) -> &str {
        &self.sources.get(span.file).text[span.start..span.end]
    }

    /// The innermost node in which a place lies.
    fn node_around(&self, place: SourceSpan) -> Option<&Node> {
        let holds = |node: &&Node| {
            let span = node.whole;
            span.file == place.file && span.start <= place.start && place.end <= span.end
        };
        let mut found = self.nodes.iter().find(holds)?;
        while let Some(inner) = found.children.iter().find(holds) {
            found = inner;
        }
        Some(found)
    }
}
