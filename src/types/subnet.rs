//! A container network's addresses.

use std::{fmt, net::IpAddr, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An IP network in CIDR notation as it was written, bits of a host included: whether there are any is a matter of
/// `check`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9a-fA-F.:]+/[0-9]{1,3}$"))]
pub struct Subnet {
    written: IpAddr,
    prefix: u8,
}

impl Subnet {
    /// The network itself, without bits of a host.
    #[must_use]
    pub fn network(self) -> Self {
        Self { written: self.first(), ..self }
    }

    /// Whether the address names a host in the network instead of the network.
    #[must_use]
    pub fn has_host_bits(self) -> bool {
        self.written != self.first()
    }

    /// The address that means the network itself.
    #[must_use]
    pub fn first(self) -> IpAddr {
        self.with(self.bits() & self.mask())
    }

    /// The address that Docker gives to the bridge unless it is told otherwise: the one after the first.
    #[must_use]
    pub fn gateway(self) -> IpAddr {
        self.with((self.bits() & self.mask()).saturating_add(1))
    }

    /// The last address, which means all hosts of an IPv4 network.
    #[must_use]
    pub fn last(self) -> IpAddr {
        self.with(self.bits() | !self.mask() & self.all())
    }

    /// Whether an address belongs to the network.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.written.is_ipv4()
            && Self { written: address, ..self }.first() == self.first()
    }

    /// Whether the two share an address.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let (wide, narrow) =
            if self.prefix <= other.prefix { (self, other) } else { (other, self) };
        wide.contains(narrow.written)
    }

    fn width(self) -> u32 {
        if self.written.is_ipv4() { 32 } else { 128 }
    }

    fn all(self) -> u128 {
        u128::MAX >> (128 - self.width())
    }

    fn mask(self) -> u128 {
        let free = self.width() - u32::from(self.prefix);
        self.all().checked_shr(free).unwrap_or(0).checked_shl(free).unwrap_or(0)
    }

    fn bits(self) -> u128 {
        match self.written {
            IpAddr::V4(ip) => u128::from(ip.to_bits()),
            IpAddr::V6(ip) => ip.to_bits(),
        }
    }

    fn with(self, bits: u128) -> IpAddr {
        match (self.written, u32::try_from(bits)) {
            (IpAddr::V4(_), Ok(bits)) => IpAddr::V4(bits.into()),
            _ => IpAddr::V6(bits.into()),
        }
    }
}

impl FromStr for Subnet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (address, prefix) = text.split_once('/')?;
            let written: IpAddr = address.parse().ok()?;
            let prefix = prefix.parse().ok()?;
            let subnet = Self { written, prefix };
            (u32::from(prefix) <= subnet.width()).then_some(subnet)
        };
        parse().ok_or_else(|| {
            format!("a subnet is an address and a length, such as `192.168.0.0/24`, not `{text}`")
        })
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.written, self.prefix)
    }
}

impl TryFrom<String> for Subnet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        subnet.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn a_subnet_knows_its_ends_and_its_gateway() {
        let net = subnet("192.168.0.5/24");
        assert!(net.has_host_bits() && !net.network().has_host_bits());
        assert_eq!(net.network().to_string(), "192.168.0.0/24");
        let ends = [net.first(), net.gateway(), net.last()].map(|ip| ip.to_string());
        assert_eq!(ends, ["192.168.0.0", "192.168.0.1", "192.168.0.255"]);
        assert!(net.contains("192.168.0.77".parse().unwrap()));
        assert!(!net.contains("192.168.1.77".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        assert_eq!(subnet("fd00::1/64").network().to_string(), "fd00::/64");
        assert!(subnet("0.0.0.0/0").contains("8.8.8.8".parse().unwrap()));
        assert!(subnet("::/0").contains("fd00::1".parse().unwrap()));
    }

    #[test]
    fn one_subnet_inside_another_overlaps_it_and_a_neighbour_does_not() {
        assert!(subnet("10.0.0.0/8").overlaps(subnet("10.1.0.0/16")));
        assert!(subnet("10.1.0.0/16").overlaps(subnet("10.0.0.0/8")));
        assert!(!subnet("10.1.0.0/16").overlaps(subnet("10.2.0.0/16")));
    }

    #[test]
    fn what_is_no_subnet_is_refused() {
        for bad in ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "a/8", "10.0.0/8", ""] {
            assert!(bad.parse::<Subnet>().is_err(), "{bad}");
        }
    }
}
