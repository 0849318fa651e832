//! An address with a port.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{HostAddr, HostAddrError, Port, PortError};

/// Why a text is not an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// No colon behind the address.
    #[error("an endpoint is an address and a port, such as `10.0.0.1:6379`, not `{0}`")]
    NoPort(String),
    /// What stands before the last colon.
    #[error(transparent)]
    Host(#[from] HostAddrError),
    /// What stands behind it.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// An address and a port: something to dial or to listen on. Written `host:port`, IPv6 in brackets.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Endpoint {
    /// The machine.
    pub host: HostAddr,
    /// The port on it.
    pub port: Port,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let no_port = || EndpointError::NoPort(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(no_port)?;
        // Without brackets, the last colon of an IPv6 address would be taken for the one before the port.
        if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
            return Err(no_port());
        }
        Ok(Self { host: host.parse()?, port: port.parse()? })
    }
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_as_it_is_written() {
        for text in ["10.0.0.1:6379", "[fd00::1]:6379", "bank.example.org:1"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        for (text, why) in [
            ("10.0.0.1", EndpointError::NoPort("10.0.0.1".into())),
            ("fd00::1:6379", EndpointError::NoPort("fd00::1:6379".into())),
            (":1", EndpointError::Host(HostAddrError::Empty)),
            ("a:0", EndpointError::Port(PortError::NotAPort("0".into()))),
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(why));
        }
    }
}
