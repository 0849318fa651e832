//! Where a machine is reached.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HostAddrError {
    /// Nothing between the quotes.
    #[error("an address cannot be empty")]
    Empty,
    /// `http://...` and the like; the runtimes take `host:port` only.
    #[error("an address is an IP address or a DNS name, without `{0}://`")]
    Scheme(String),
    /// `host:port`; the port is planned.
    #[error("an address is written without a port; sfgen plans the ports")]
    Port,
    /// Words after the address, as in text copied from documentation.
    #[error("an address is one word, not {0:?}")]
    Words(String),
    /// Four groups of digits that are not an IPv4 address, such as `10.0.0.256`.
    #[error("`{0}` looks like an IPv4 address and is none")]
    BadIpv4(String),
    /// Neither an IP address nor a DNS name.
    #[error(
        "`{0}` is neither an IP address nor a DNS name (letters, digits and `-`, in parts divided by `.`)"
    )]
    BadName(String),
}

/// Where a machine is reached, without a port. Displays IPv6 in brackets, ready for `host:port`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum HostAddr {
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
    /// A DNS name in lower case, without a dot at its end.
    Dns(String),
}

impl HostAddr {
    /// Whether only the machine itself can reach this address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(ip) => ip.is_loopback(),
            Self::Dns(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// Whether this is `0.0.0.0` or `::`, which can be listened on and not dialled.
    #[must_use]
    pub fn is_unspecified(&self) -> bool {
        matches!(self, Self::Ip(ip) if ip.is_unspecified())
    }

    /// Whether this address works on one network segment only and means another machine elsewhere.
    #[must_use]
    pub fn is_link_local(&self) -> bool {
        match self {
            Self::Ip(IpAddr::V4(ip)) => ip.is_link_local(),
            Self::Ip(IpAddr::V6(ip)) => ip.is_unicast_link_local(),
            Self::Dns(_) => false,
        }
    }

    /// Whether this is an IPv6 address.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        matches!(self, Self::Ip(IpAddr::V6(_)))
    }

    /// The address as a certificate or a configuration file spells it: IPv6 without brackets.
    #[must_use]
    pub fn bare(&self) -> String {
        match self {
            Self::Ip(ip) => ip.to_string(),
            Self::Dns(name) => name.clone(),
        }
    }
}

impl fmt::Display for HostAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Ip(ip) => ip.fmt(f),
            Self::Dns(name) => name.fmt(f),
        }
    }
}

impl FromStr for HostAddr {
    type Err = HostAddrError;

    fn from_str(text: &str) -> Result<Self, HostAddrError> {
        if text.is_empty() {
            return Err(HostAddrError::Empty);
        }
        if text.contains(char::is_whitespace) {
            return Err(HostAddrError::Words(text.to_owned()));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(HostAddrError::Scheme(scheme.to_owned()));
        }
        let unbracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Ok(ip) = unbracketed.unwrap_or(text).parse::<IpAddr>() {
            return Ok(Self::Ip(ip));
        }
        if let Some((host, port)) = text.rsplit_once(':') {
            let dialled = host.trim_start_matches('[').trim_end_matches(']');
            let host_is_fine = dialled.parse::<Ipv6Addr>().is_ok() || !host.contains(':');
            if host_is_fine && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(HostAddrError::Port);
            }
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(HostAddrError::BadIpv4(text.to_owned()));
        }
        // A dot at the end says that the name is complete, and names the same machine.
        let lower = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if lower.len() <= 253 && lower.split('.').all(is_dns_part) {
            Ok(Self::Dns(lower))
        } else {
            Err(HostAddrError::BadName(text.to_owned()))
        }
    }
}

fn is_dns_part(part: &str) -> bool {
    (1..=63).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !part.starts_with('-')
        && !part.ends_with('-')
}

impl TryFrom<String> for HostAddr {
    type Error = HostAddrError;

    fn try_from(text: String) -> Result<Self, HostAddrError> {
        text.parse()
    }
}

impl From<HostAddr> for String {
    fn from(addr: HostAddr) -> Self {
        addr.bare()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_or_a_dns_name_and_nothing_else() {
        for (text, shown) in [
            ("192.168.1.10", "192.168.1.10"),
            ("::1", "[::1]"),
            ("[fd00::1]", "[fd00::1]"),
            ("Bank.Example.org", "bank.example.org"),
            ("bank.example.org.", "bank.example.org"),
        ] {
            assert_eq!(text.parse::<HostAddr>().unwrap().to_string(), shown);
        }
        for (text, why) in [
            ("", HostAddrError::Empty),
            ("http://bob", HostAddrError::Scheme("http".into())),
            ("10.0.0.1:9000", HostAddrError::Port),
            ("[::1]:9000", HostAddrError::Port),
            ("172.17.0.2 of bob", HostAddrError::Words("172.17.0.2 of bob".into())),
            ("10.0.0.256", HostAddrError::BadIpv4("10.0.0.256".into())),
            ("host_1", HostAddrError::BadName("host_1".into())),
        ] {
            assert_eq!(text.parse::<HostAddr>(), Err(why));
        }
    }
}
