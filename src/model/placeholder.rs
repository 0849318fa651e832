//! Text with placeholders: `{port.redis}`, `{host.address}`, `{party}`, `{home}`, `{secret.db}`, `{party.bob.address}`,
//! `{party.bob.port.engine}`; `{{` and `}}` are braces.

use std::fmt;

use crate::types::{HostName, PartyName, Placeholder, Role, SecretName, Template};

/// A text of the topology in which values of the plan are filled in later.
pub type Text = Template<Variable>;

/// A value that can be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The first port of a role on the host.
    Port(Role),
    /// The address that the host has itself.
    HostAddress,
    /// The name of the party.
    Party,
    /// The folder of the party's installation.
    Home,
    /// What peers dial to reach a party: its first host, or the one that is named.
    PartyAddress(PartyName, Option<HostName>),
    /// The number that peers dial for a port of a party's service: on the host that is named, else on the first that
    /// has such a port.
    PartyPort(PartyName, Option<HostName>, Role),
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
            Self::PartyAddress(party, None) => write!(f, "party.{party}.address"),
            Self::PartyAddress(party, Some(host)) => write!(f, "party.{party}.host.{host}.address"),
            Self::PartyPort(party, None, role) => write!(f, "party.{party}.port.{role}"),
            Self::PartyPort(party, Some(host), role) => {
                write!(f, "party.{party}.host.{host}.port.{role}")
            }
            Self::Secret(name) => write!(f, "secret.{name}"),
        }
    }
}

impl Placeholder for Variable {
    fn named(name: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "there is no placeholder `{{{name}}}`; known are `{{port.NAME}}`, `{{host.address}}`, `{{party}}`, `{{home}}`, `{{secret.NAME}}`, `{{party.NAME.address}}` and `{{party.NAME.port.PORT}}`"
            )
        };
        match name {
            "host.address" => Ok(Variable::HostAddress),
            "party" => Ok(Variable::Party),
            "home" => Ok(Variable::Home),
            _ => match name.split_once('.') {
                Some(("port", role)) => role.parse().map(Variable::Port).map_err(|_| unknown()),
                Some(("secret", name)) => name.parse().map(Variable::Secret).map_err(|_| unknown()),
                Some(("party", rest)) => of_party(rest).ok_or_else(unknown),
                _ => Err(unknown()),
            },
        }
    }
}

/// What follows `party.` in a placeholder. No name of a party or host has a dot in it.
fn of_party(text: &str) -> Option<Variable> {
    let (party, rest) = text.split_once('.')?;
    let party = party.parse().ok()?;
    let (host, rest) = match rest.strip_prefix("host.") {
        None => (None, rest),
        Some(rest) => {
            let (host, rest) = rest.split_once('.')?;
            (Some(host.parse().ok()?), rest)
        }
    };
    match rest.strip_prefix("port.") {
        Some(role) => Some(Variable::PartyPort(party, host, role.parse().ok()?)),
        None => (rest == "address").then_some(Variable::PartyAddress(party, host)),
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
        for bad in [
            "{nope}",
            "{port.}",
            "{",
            "a } b",
            "{port.redis",
            "{party.}",
            "{party.bob}",
            "{party.bob.port}",
            "{party.bob.port.}",
            "{party.Bob.address}",
            "{party.bob.host.address}",
        ] {
            assert!(bad.parse::<Text>().is_err(), "{bad}");
        }
    }

    #[test]
    fn values_of_another_party_are_named_by_it() {
        let text = "{party.bob.address} {party.bob.host.bob-2.address} {party.bob.port.engine} \
            {party.bob.host.bob-2.port.engine}";
        let read: Text = text.parse().unwrap();
        assert_eq!(read.variables().count(), 4);
        assert_eq!(read.to_string(), text);
    }
}
