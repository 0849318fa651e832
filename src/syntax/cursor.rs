//! Reading one node by the table of the language: typed values, with every mistake reported at its place.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use crate::diag::{Code, Finding, Findings, SourceSpan, Spanned};

use super::{
    Node, Value,
    language::{self, Entry, Literal, Rule},
    literal::{Place, rejected},
    near::is_misspelling_of,
};

/// A property, argument or child that the node cannot do without.
const MISSING: Code = Code("SF0006");

/// A node of the language and where to report what is wrong with it.
///
/// What stands where, of which kind and with which default, the table says; the type that is asked for says what a text
/// must look like.
pub struct Cursor<'a> {
    /// The node.
    pub node: &'a Node,
    /// Where mistakes go.
    pub findings: &'a mut Findings,
}

impl<'a> Cursor<'a> {
    /// Starts reading `node`.
    pub fn new(node: &'a Node, findings: &'a mut Findings) -> Self {
        Self { node, findings }
    }

    /// Starts reading a child.
    pub fn at<'b>(&'b mut self, node: &'b Node) -> Cursor<'b> {
        Cursor { node, findings: self.findings }
    }

    /// The argument at `index`; `None` where it is absent (which was reported when the file was read) or wrong.
    pub fn arg<T: FromStr<Err: Display>>(&mut self, index: usize) -> Option<Spanned<T>> {
        let node = self.node;
        let (value, entry) = (node.args.get(index)?, self.rule().arg(index)?);
        self.read(None, entry, value)
    }

    /// The argument at `index`, else what it is where the node is not written.
    pub fn arg_or_default<T: FromStr<Err: Display>>(&mut self, index: usize) -> Spanned<T> {
        self.arg(index).unwrap_or_else(|| {
            let entry = self.rule().arg(index).expect("the model reads arguments of the table");
            Spanned::new(default(entry), self.node.span())
        })
    }

    /// Every argument, without those that are wrong.
    pub fn args<T: FromStr<Err: Display>>(&mut self) -> Vec<Spanned<T>> {
        (0..self.node.args.len()).filter_map(|index| self.arg(index)).collect()
    }

    /// The property `key`; `None` where it is absent or wrong.
    pub fn prop<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<Spanned<T>> {
        let prop = self.node.prop(key)?;
        self.read(Some(key), self.entry(key), &prop.value)
    }

    /// The property `key`, else its default at the place of the node.
    pub fn prop_or_default<T: FromStr<Err: Display>>(&mut self, key: &str) -> Spanned<T> {
        self.prop(key).unwrap_or_else(|| self.default_prop(key, self.node.span()))
    }

    /// The default of the property `key`, which `span` stands for.
    #[must_use]
    pub fn default_prop<T: FromStr<Err: Display>>(
        &self,
        key: &str,
        span: SourceSpan,
    ) -> Spanned<T> {
        Spanned::new(default(self.entry(key)), span)
    }

    /// The property `key`, reported where it is absent.
    pub fn required_prop<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<Spanned<T>> {
        if self.node.prop(key).is_none() {
            let help = self.entry(key).help.expect("the table says what to write");
            self.missing(&format!("`{key}`"), help);
        }
        self.prop(key)
    }

    /// The child `name`, reported where it is absent.
    pub fn required_child(&mut self, name: &str) -> Option<&'a Node> {
        let written = self.node.child(name);
        if written.is_none() {
            let mut children = self.rule().children.iter();
            let child = children.find(|child| child.rule.name == name);
            let help = child.and_then(|child| child.needed);
            self.missing(&format!("`{name}`"), help.expect("the table says what to write"));
        }
        written
    }

    /// Reports that something is absent from the node, unless it may be there under a misspelt name, or in what could not
    /// be read: that was reported when the file was read, and one mistake is one finding.
    pub fn missing(&mut self, what: &str, help: &str) {
        let name = &self.node.name.value;
        if !self.node.is_whole || is_misspelling_of(self.node, what.trim_matches('`')) {
            return;
        }
        let finding = Finding::error(MISSING, format!("`{name}` has no {what}"))
            .label(self.node.span(), format!("{what} is missing here"))
            .help(help);
        self.findings.push(finding);
    }

    /// Reports a value that cannot be what it should be.
    pub fn reject(&mut self, span: SourceSpan, why: impl Display, help: &str) {
        self.findings.push(rejected(span, why, help));
    }

    fn rule(&self) -> &'static Rule {
        language::rule(&self.node.name.value).expect("only nodes of the table are read")
    }

    fn entry(&self, key: &str) -> &'static Entry {
        &self.rule().prop(key).expect("the model reads properties of the table").value
    }

    fn read<T: FromStr<Err: Display>>(
        &mut self,
        key: Option<&str>,
        entry: &Entry,
        value: &Spanned<Value>,
    ) -> Option<Spanned<T>> {
        let place = Place { node: &self.node.name.value, key, entry };
        match place.read(value) {
            Ok(read) => Some(Spanned::new(read, value.span)),
            Err(finding) => {
                self.findings.push(finding);
                None
            }
        }
    }
}

/// The node, or one that has nothing but defaults where it is not written; `span` then stands for it.
#[must_use]
pub fn or_absent<'n>(node: Option<&'n Node>, name: &str, span: SourceSpan) -> Cow<'n, Node> {
    node.map_or_else(|| Cow::Owned(absent(name, span)), Cow::Borrowed)
}

/// A node that has nothing but the defaults of its arguments; `span` stands for it.
#[must_use]
pub fn absent(name: &str, span: SourceSpan) -> Node {
    let rule = language::rule(name).expect("it is a node of the table");
    let defaults = rule.args.iter().map_while(|arg| arg.default);
    let args = defaults.map(|default| match default {
        Literal::Text(text) => Spanned::new(Value::Text(text.to_owned()), span),
        Literal::Number(number) => Spanned::new(Value::Integer(number.into()), span),
        Literal::Bool(truth) => Spanned::new(Value::Bool(truth), span),
    });
    Node {
        name: Spanned::new(name.to_owned(), span),
        args: args.collect(),
        props: Vec::new(),
        children: Vec::new(),
        head_end: span.end,
        whole: span,
        is_whole: true,
    }
}

/// The default of an entry as a value.
fn default<T: FromStr<Err: Display>>(entry: &Entry) -> T {
    let text = match entry.default.expect("the table has a default for it") {
        Literal::Text(text) => text.to_owned(),
        Literal::Number(number) => number.to_string(),
        Literal::Bool(truth) => truth.to_string(),
    };
    text.parse().unwrap_or_else(|why| unreachable!("the default `{text}` is none: {why}"))
}
