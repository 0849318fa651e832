//! Text with placeholders: `{port.redis}`, `{host.address}`, `{party}`, `{home}`; `{{` and `}}` are braces.

use std::fmt;

use crate::types::{Placeholder, Role, Template};

/// A text of the topology in which values of the plan are filled in later.
pub type Text = Template<Variable>;

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

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(role) => write!(f, "port.{role}"),
            Self::HostAddress => f.write_str("host.address"),
            Self::Party => f.write_str("party"),
            Self::Home => f.write_str("home"),
        }
    }
}

impl Placeholder for Variable {
    fn named(name: &str) -> Result<Self, String> {
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
                other => format!("{{{other}}}"),
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
