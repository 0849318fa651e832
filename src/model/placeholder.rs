//! Text with placeholders: `{port.redis}`, `{host.address}`, `{party}`, `{home}`, `{secret.db}`; `{{` and `}}` are braces.

use std::fmt;

use crate::types::{Placeholder, Role, SecretName, Template};

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
    /// Where the process reads a secret.
    Secret(SecretName),
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(role) => write!(f, "port.{role}"),
            Self::HostAddress => f.write_str("host.address"),
            Self::Party => f.write_str("party"),
            Self::Home => f.write_str("home"),
            Self::Secret(name) => write!(f, "secret.{name}"),
        }
    }
}

impl Placeholder for Variable {
    fn named(name: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "there is no placeholder `{{{name}}}`; known are `{{port.NAME}}`, `{{host.address}}`, `{{party}}`, `{{home}}` and `{{secret.NAME}}`"
            )
        };
        match name {
            "host.address" => Ok(Variable::HostAddress),
            "party" => Ok(Variable::Party),
            "home" => Ok(Variable::Home),
            _ if name.starts_with("secret.") => {
                let secret = name["secret.".len()..].parse();
                secret.map(Variable::Secret).map_err(|_| unknown())
            }
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
