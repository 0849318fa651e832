//! Ports of a container that its machine passes on, as Docker writes them in short.

use std::{fmt, net::IpAddr, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Port, PortError, PortRange};

/// Why a text is no port mapping.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortMappingError {
    /// Too many parts, or an address that is none.
    #[error("a port mapping is `MACHINE:CONTAINER`, such as `6080:1080`, not `{0}`")]
    Form(String),
    /// `/udp` and the like.
    #[error("`{0}` publishes another protocol than TCP, and every listener here is TCP")]
    Protocol(String),
    /// One of the ports is none.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Ranges of different length, of which Docker would pick ports by itself.
    #[error("{machine} and {container} are not equally many ports")]
    Lengths {
        /// On the machine.
        machine: PortRange,
        /// In the container.
        container: PortRange,
    },
}

/// `[IP:]MACHINE:CONTAINER`, each a port or a range `FIRST-LAST`; or `CONTAINER` alone, for which Docker picks a port
/// of the machine by itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PortMapping {
    /// The one address of the machine on which it listens; `None` for all of them.
    pub address: Option<IpAddr>,
    /// Ports of the machine; `None` where Docker picks them.
    pub machine: Option<PortRange>,
    /// As many ports of the container.
    pub container: PortRange,
}

impl PortMapping {
    /// Whether both want a port of the machine on the same address.
    #[must_use]
    pub fn collides(&self, other: &Self) -> bool {
        let is_everywhere =
            |address: Option<IpAddr>| address.is_none_or(|address| address.is_unspecified());
        let same_address = is_everywhere(self.address)
            || is_everywhere(other.address)
            || self.address == other.address;
        let both = self.machine.zip(other.machine);
        same_address && both.is_some_and(|(own, other)| own.overlaps(other))
    }

    /// Whether a connection to this port of the machine arrives at that port of the container.
    #[must_use]
    pub fn joins(&self, machine: Port, container: Port) -> bool {
        let distance = |range: PortRange, port: Port| {
            range.contains(port).then(|| port.get() - range.first().get())
        };
        let outside = self.machine.and_then(|range| distance(range, machine));
        outside.is_some() && outside == distance(self.container, container)
    }
}

impl FromStr for PortMapping {
    type Err = PortMappingError;

    fn from_str(text: &str) -> Result<Self, PortMappingError> {
        let ports = match text.split_once('/') {
            Some((ports, "tcp")) => ports,
            Some(_) => return Err(PortMappingError::Protocol(text.to_owned())),
            None => text,
        };
        let wrong = || PortMappingError::Form(text.to_owned());
        let (outside, container) = match ports.rsplit_once(':') {
            Some((outside, container)) => (Some(outside), container),
            None => (None, ports),
        };
        let container = range(container)?;
        let Some(outside) = outside else {
            return Ok(Self { address: None, machine: None, container });
        };
        let (address, machine) = match outside.rsplit_once(':') {
            Some((address, machine)) => {
                let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                (Some(bare.unwrap_or(address).parse().map_err(|_| wrong())?), machine)
            }
            None => (None, outside),
        };
        // `127.0.0.1::80` is Docker's way to have a port picked on one address.
        let is_picked = machine.is_empty() && address.is_some();
        let machine = if is_picked { None } else { Some(range(machine)?) };
        if let Some(machine) = machine.filter(|machine| machine.count() != container.count()) {
            return Err(PortMappingError::Lengths { machine, container });
        }
        Ok(Self { address, machine, container })
    }
}

fn range(text: &str) -> Result<PortRange, PortError> {
    match text.split_once('-').filter(|(first, _)| !first.is_empty()) {
        Some((first, last)) => PortRange::new(first.parse()?, last.parse()?),
        None => text.parse::<Port>().map(PortRange::from),
    }
}

impl fmt::Display for PortMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:")?,
            Some(ip) => write!(f, "{ip}:")?,
            None => {}
        }
        match self.machine {
            Some(machine) => write!(f, "{machine}:")?,
            None if self.address.is_some() => write!(f, ":")?,
            None => {}
        }
        self.container.fmt(f)
    }
}

impl TryFrom<String> for PortMapping {
    type Error = PortMappingError;

    fn try_from(text: String) -> Result<Self, PortMappingError> {
        text.parse()
    }
}

impl From<PortMapping> for String {
    fn from(mapping: PortMapping) -> Self {
        mapping.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(text: &str) -> PortMapping {
        text.parse().unwrap()
    }

    #[test]
    fn a_mapping_is_written_as_docker_reads_it() {
        for text in
            ["18080", "6080:1080", "8075-8077:1075-1077", "127.0.0.1:80:8080", "[::1]::8080"]
        {
            assert_eq!(mapping(text).to_string(), text);
        }
        assert_eq!(mapping("80:8080/tcp").to_string(), "80:8080");
    }

    #[test]
    fn what_is_no_mapping_is_refused_for_a_reason() {
        for (text, why) in [
            (
                "http:80:80",
                "a port mapping is `MACHINE:CONTAINER`, such as `6080:1080`, not `http:80:80`",
            ),
            (
                "53:53/udp",
                "`53:53/udp` publishes another protocol than TCP, and every listener here is TCP",
            ),
            ("80:70000", "a port is a number from 1 to 65535, not `70000`"),
            (":80", "a port is a number from 1 to 65535, not ``"),
            ("-1", "a port is a number from 1 to 65535, not `-1`"),
            ("8077-8075:1-3", "the range 8077-8075 ends before it starts"),
            ("8000-8009:80", "8000-8009 and 80 are not equally many ports"),
        ] {
            assert_eq!(text.parse::<PortMapping>().unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn mappings_collide_where_an_address_and_a_port_are_the_same() {
        let everywhere = mapping("6080-6089:1-10");
        assert!(everywhere.collides(&mapping("10.0.0.1:6085:80")));
        assert!(everywhere.collides(&mapping("0.0.0.0:6085:80")));
        assert!(!everywhere.collides(&mapping("6090:80")));
        assert!(!everywhere.collides(&mapping("6085")));
        assert!(!mapping("10.0.0.1:80:80").collides(&mapping("10.0.0.2:80:80")));
    }

    #[test]
    fn a_range_joins_port_by_port() {
        let port = |number| Port::try_from(number).unwrap();
        assert!(mapping("8075-8077:1075-1077").joins(port(8076), port(1076)));
        assert!(!mapping("8075-8077:1075-1077").joins(port(8076), port(1077)));
        assert!(!mapping("1077").joins(port(1077), port(1077)));
    }
}
