//! How a node is described in the table.

use super::kind::Kind;

/// A node of the language.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, which no other node has, wherever it may stand.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// How often it may stand in one parent.
    pub occurs: Occurs,
    /// What its arguments are all together, for messages.
    pub args_are: &'static str,
    /// Its arguments in order. Only the last may be repeated.
    pub args: &'static [Entry],
    /// Its properties.
    pub props: &'static [Property],
    /// The nodes that may stand in it, beside `allow`, which may stand in any.
    pub children: &'static [Child],
}

/// How often a node may stand in one parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurs {
    /// At most once.
    Once,
    /// Any number of times; each is told apart by its first argument.
    Keyed,
    /// Any number of times, several with the same first argument too. In TOML that is a key, as for `Keyed`.
    Grouped,
    /// Any number of times.
    Many,
}

/// A node that may stand in another one.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// The node.
    pub rule: &'static Rule,
    /// What to write where it is absent; `None` where it may be.
    pub needed: Option<&'static str>,
}

/// A property.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its key; `*` stands for any.
    pub key: &'static str,
    /// Its value.
    pub value: Entry,
}

/// The value of an argument or property.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it looks like.
    pub kind: Kind,
    /// What it is for.
    pub about: &'static str,
    /// Whether the node cannot do without it.
    pub is_required: bool,
    /// Whether it stands for any number of arguments, from here on.
    pub is_repeated: bool,
    /// What it is where it is not written, and, for an argument, where the node is not written at all.
    pub default: Option<Literal>,
    /// What to write where it is absent or wrong, if that can be said better than in general.
    pub help: Option<&'static str>,
}

/// A default, as it could have been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(&'static str),
    /// A whole number.
    Number(i64),
    /// `#true` or `#false`.
    Bool(bool),
}

impl Rule {
    /// The fewest and the most arguments.
    #[must_use]
    pub fn arity(&self) -> (usize, usize) {
        let fewest = self.args.iter().filter(|arg| arg.is_required).count();
        let is_open = self.args.last().is_some_and(|last| last.is_repeated);
        (fewest, if is_open { usize::MAX } else { self.args.len() })
    }

    /// The argument at `index`.
    #[must_use]
    pub fn arg(&self, index: usize) -> Option<&'static Entry> {
        let last = self.args.last().filter(|last| last.is_repeated);
        self.args.get(index).or(last)
    }

    /// The property `key`.
    #[must_use]
    pub fn prop(&self, key: &str) -> Option<&'static Property> {
        self.props.iter().find(|prop| prop.key == key || prop.key == "*")
    }

    /// The keys of its properties, `*` included.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.props.iter().map(|prop| prop.key)
    }

    /// Whether its first argument is a key in TOML.
    #[must_use]
    pub fn has_key(&self) -> bool {
        matches!(self.occurs, Occurs::Keyed | Occurs::Grouped)
    }
}

/// An argument that must be there.
pub(super) const fn arg(kind: Kind, about: &'static str) -> Entry {
    Entry { kind, about, is_required: true, is_repeated: false, default: None, help: None }
}

/// A property that may be left out.
pub(super) const fn prop(key: &'static str, kind: Kind, about: &'static str) -> Property {
    Property { key, value: Entry { is_required: false, ..arg(kind, about) } }
}

/// A child that may be left out.
pub(super) const fn may(rule: &'static Rule) -> Child {
    Child { rule, needed: None }
}

/// A child that must be there; `help` is what to write where it is not.
pub(super) const fn must(rule: &'static Rule, help: &'static str) -> Child {
    Child { rule, needed: Some(help) }
}

impl Entry {
    /// It may be left out.
    pub(super) const fn optional(self) -> Self {
        Self { is_required: false, ..self }
    }

    /// It stands for any number of arguments.
    pub(super) const fn repeated(self) -> Self {
        Self { is_repeated: true, ..self }
    }

    /// What it is where the node is not written.
    pub(super) const fn or(self, default: Literal) -> Self {
        Self { default: Some(default), ..self }
    }

    /// What to write where it is wrong.
    pub(super) const fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
}

impl Property {
    /// It must be there; `help` is what to write where it is not.
    pub(super) const fn required(self, help: &'static str) -> Self {
        Self { value: Entry { is_required: true, help: Some(help), ..self.value }, ..self }
    }

    /// What to write where it is absent, which is looked at elsewhere, or wrong.
    pub(super) const fn help(self, help: &'static str) -> Self {
        Self { value: self.value.help(help), ..self }
    }

    /// The text that it is where it is not written.
    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { value: self.value.or(Literal::Text(default)), ..self }
    }

    /// What is so where it is not written.
    pub(super) const fn or_bool(self, default: bool) -> Self {
        Self { value: self.value.or(Literal::Bool(default)), ..self }
    }

    /// The number that it is where it is not written.
    pub(super) const fn or_number(self, default: i64) -> Self {
        Self { value: self.value.or(Literal::Number(default)), ..self }
    }
}
