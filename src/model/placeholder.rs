//! Text with placeholders: `{port.redis}`, `{host.address}`, `{party}`, `{home}`; `{{` and `}}` are braces.

use std::{fmt, str::FromStr};

use crate::types::Role;

/// A text in which values of the plan are filled in later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub Vec<Piece>);

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Characters that stand for themselves.
    Literal(String),
    /// A value of the plan.
    Variable(Variable),
}

/// A value that can be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The first port of a role on the host.
    Port(Role),
    /// The address of the host.
    HostAddress,
    /// The name of the party.
    Party,
    /// The folder of the party's installation.
    Home,
}

impl Text {
    /// The text with every variable replaced; the error names the one that has no value.
    pub fn fill(
        &self,
        mut value: impl FnMut(&Variable) -> Option<String>,
    ) -> Result<String, Variable> {
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
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(literal) => f.write_str(&literal.replace('{', "{{").replace('}', "}}")),
            Piece::Variable(variable) => variable.fmt(f),
        })
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(role) => write!(f, "{{port.{role}}}"),
            Self::HostAddress => f.write_str("{host.address}"),
            Self::Party => f.write_str("{party}"),
            Self::Home => f.write_str("{home}"),
        }
    }
}

impl FromStr for Text {
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
            pieces.push(Piece::Variable(variable(name)?));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }
}

fn variable(name: &str) -> Result<Variable, String> {
    let unknown = || {
        format!(
            "there is no placeholder `{{{name}}}`; known are `{{port.NAME}}`, `{{host.address}}`, `{{party}}` and `{{home}}`"
        )
    };
    match name {
        "host.address" => Ok(Variable::HostAddress),
        "party" => Ok(Variable::Party),
        "home" => Ok(Variable::Home),
        _ => {
            let role = name.strip_prefix("port.").ok_or_else(unknown)?;
            role.parse().map(Variable::Port).map_err(|_| unknown())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_and_doubled_braces_are_braces() {
        let text: Text = "--port {port.redis} {{x}} {party}".parse().unwrap();
        let filled = text.fill(|variable| {
            Some(match variable {
                Variable::Port(role) => format!("<{role}>"),
                other => other.to_string(),
            })
        });
        assert_eq!(filled.unwrap(), "--port <redis> {x} {party}");
    }

    #[test]
    fn an_unknown_or_open_placeholder_is_refused() {
        for bad in ["{nope}", "{port.}", "{", "a } b", "{port.redis"] {
            assert!(bad.parse::<Text>().is_err(), "{bad}");
        }
    }
}
