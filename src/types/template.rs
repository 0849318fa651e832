//! Texts with placeholders in braces, such as `{port.redis}`; `{{` and `}}` are braces.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// What can stand between the braces of a [`Template`]; `Display` is its name without them.
pub trait Placeholder: fmt::Display + Sized {
    /// The placeholder of this name; the error says which names there are.
    fn named(name: &str) -> Result<Self, String>;
}

/// A text in which values are filled in later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<P>(pub Vec<Piece<P>>);

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<P> {
    /// Characters that stand for themselves.
    Literal(String),
    /// A value that is filled in.
    Variable(P),
}

impl<P> Template<P> {
    /// A text without placeholders; braces in it stand for themselves.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![Piece::Literal(text.into())])
    }

    /// The text with every placeholder replaced; the error is the one that has no value.
    pub fn fill(&self, mut value: impl FnMut(&P) -> Option<String>) -> Result<String, P>
    where
        P: Clone,
    {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Variable(variable) => {
                    text.push_str(&value(variable).ok_or_else(|| variable.clone())?);
                }
            }
        }
        Ok(text)
    }

    /// The placeholders in it.
    pub fn variables(&self) -> impl Iterator<Item = &P> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Variable(variable) => Some(variable),
        })
    }
}

impl<P: Placeholder> fmt::Display for Template<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(literal) => f.write_str(&literal.replace('{', "{{").replace('}', "}}")),
            Piece::Variable(variable) => write!(f, "{{{variable}}}"),
        })
    }
}

impl<P: Placeholder> FromStr for Template<P> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(doubled) = after.strip_prefix(brace) {
                literal.push_str(brace);
                rest = doubled;
                continue;
            }
            let (name, after) =
                (brace == "{").then(|| after.split_once('}')).flatten().ok_or_else(|| {
                    format!("`{brace}` stands alone; write `{brace}{brace}` for a brace")
                })?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Variable(P::named(name)?));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }
}

impl<P: Placeholder> Serialize for Template<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, P: Placeholder> Deserialize<'de> for Template<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
