//! The tree that every syntax becomes.

use std::fmt;

use crate::diag::{SourceSpan, Spanned};

/// A node: a name, arguments, properties and children. KDL has exactly this; TOML tables become it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Spanned<String>,
    /// Its arguments in order.
    pub args: Vec<Spanned<Value>>,
    /// Its properties in order, repeated ones included.
    pub props: Vec<Property>,
    /// Its children in order.
    pub children: Vec<Node>,
    /// The place that stands for the whole node: its name and first argument.
    pub head: SourceSpan,
    /// All of it, as far as it is written in one piece.
    pub whole: SourceSpan,
    /// Whether all that is written in it could be read: its arguments, its properties, and which children it has. Of a
    /// node that is not whole nothing follows from what is absent.
    pub is_whole: bool,
}

/// A node round a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The node.
    pub node: &'static str,
    /// Its first argument, where that is a text.
    pub name: Option<String>,
}

/// One `key=value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub value: Spanned<Value>,
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string, quoted or bare.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// `#true` or `#false`.
    Bool(bool),
    /// `#null`.
    Null,
    /// What no node can hold: its kind, and its text for messages.
    Other(&'static str, String),
}

impl Value {
    /// What kind of literal this is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a number",
            Self::Float(_) => "a number with a fraction",
            Self::Bool(_) => "a boolean",
            Self::Null => "null",
            Self::Other(kind, _) => kind,
        }
    }
}

impl Value {
    /// Whether both are the same, `#nan` included.
    fn means(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            _ => self == other,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Other(_, text) => write!(f, "{text}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl Node {
    /// The place that stands for the whole node: its name and first argument.
    #[must_use]
    pub fn span(&self) -> SourceSpan {
        self.head
    }

    /// Whether both say the same, wherever they stand.
    #[must_use]
    pub fn means(&self, other: &Self) -> bool {
        let values = |a: &Spanned<Value>, b: &Spanned<Value>| a.value.means(&b.value);
        self.name.value == other.name.value
            && all_pairs(&self.args, &other.args, values)
            && all_pairs(&self.props, &other.props, |a, b| {
                a.key.value == b.key.value && values(&a.value, &b.value)
            })
            && all_pairs(&self.children, &other.children, Self::means)
    }

    /// The children of that name.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name.value == name)
    }

    /// The first child of that name; a second one of a singleton has been reported already.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name.value == name)
    }

    /// The property of that name; a second one has been reported already.
    #[must_use]
    pub fn prop(&self, key: &str) -> Option<&Property> {
        self.props.iter().find(|prop| prop.key.value == key)
    }
}

pub(super) fn all_pairs<T>(a: &[T], b: &[T], are_same: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| are_same(a, b))
}
