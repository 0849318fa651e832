//! Every place of a topology at which something is named.

use std::collections::BTreeMap;

use crate::diag::SourceSpan;

use super::{
    language::{self, Kind},
    load::Loaded,
    node::{Ancestor, Node, Value},
    toml::is_toml,
    toml_keys::name_keys,
};

/// Which part of a node a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The argument at this index.
    Arg(usize),
    /// The property of this key; `*` where the node takes any.
    Prop(&'static str),
}

/// A text of the topology, and what the language says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The nodes round it, outermost first; the last one is the node whose argument or property it is.
    pub lineage: Vec<Ancestor>,
    /// Which argument or property.
    pub part: Part,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub value: String,
    /// Where it is written.
    pub span: SourceSpan,
    /// The `host` property of its node, where it has one.
    pub host: Option<String>,
}

impl Mention {
    /// The name of the node `node` round it.
    #[must_use]
    pub fn inside(&self, node: &str) -> Option<&str> {
        let ancestor = self.lineage.iter().find(|ancestor| ancestor.node == node)?;
        ancestor.name.as_deref()
    }

    /// Whether this is what declares the node of that name.
    #[must_use]
    pub fn declares(&self, node: &str) -> bool {
        self.part == Part::Arg(0) && self.lineage.last().is_some_and(|own| own.node == node)
    }
}

/// Every text that the language knows, in order of place. A key of a TOML file is there as often as it is written.
#[must_use]
pub fn mentions(loaded: &Loaded) -> Vec<Mention> {
    let mut found = BTreeMap::new();
    walk(&loaded.nodes, &[], &mut found);
    for (file, source) in loaded.sources.iter().filter(|(_, source)| is_toml(&source.name)) {
        for key in name_keys(file, &source.text) {
            let own = key.lineage.last().expect("a name is that of a node");
            let Some(entry) = language::rule(own.node).and_then(|rule| rule.arg(0)) else {
                continue;
            };
            let (lineage, value, span) = (key.lineage, key.value, key.span);
            let part = Part::Arg(0);
            let mention = Mention { lineage, part, kind: entry.kind, value, span, host: None };
            found.entry(span).or_insert(mention);
        }
    }
    found.into_values().collect()
}

fn walk(nodes: &[Node], above: &[Ancestor], found: &mut BTreeMap<SourceSpan, Mention>) {
    let parent = above.last().map_or("", |ancestor| ancestor.node);
    for node in nodes {
        let Some(rule) = language::child(parent, &node.name.value) else { continue };
        let name = match node.args.first().map(|arg| &arg.value) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let mut lineage = above.to_vec();
        lineage.push(Ancestor { node: rule.name, name });
        let host = node.prop("host").map(|prop| prop.value.value.to_string());
        let args = node.args.iter().enumerate();
        let args = args.filter_map(|(index, arg)| Some((Part::Arg(index), rule.arg(index)?, arg)));
        let props = node.props.iter().filter_map(|prop| {
            let known = rule.prop(&prop.key.value)?;
            Some((Part::Prop(known.key), &known.value, &prop.value))
        });
        for (part, entry, value) in args.chain(props) {
            let Value::Text(text) = &value.value else { continue };
            let mention = Mention {
                lineage: lineage.clone(),
                part,
                kind: entry.kind,
                value: text.clone(),
                span: value.span,
                host: host.clone(),
            };
            found.insert(value.span, mention);
        }
        walk(&node.children, &lineage, found);
    }
}
