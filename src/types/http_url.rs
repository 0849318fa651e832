//! Where a gateway is dialled: `https://HOST:PORT`.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::{HostAddr, HostAddrError, Port, PortError};

/// Why a text is no URL of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HttpUrlError {
    /// Another scheme, or none.
    #[error("a URL begins with `http://` or `https://`, and `{0}` does not")]
    Scheme(String),
    /// Something behind the port.
    #[error("`{0}` has a path, and a gateway has none")]
    Path(String),
    /// What stands between scheme and port.
    #[error(transparent)]
    Host(#[from] HostAddrError),
    /// What stands behind the last colon.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The two schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpScheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

impl HttpScheme {
    /// The port that is dialled where none is written.
    #[must_use]
    pub fn port(self) -> Port {
        match self {
            Self::Http => Port::of(80),
            Self::Https => Port::of(443),
        }
    }
}

impl fmt::Display for HttpScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Scheme, machine and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    /// The scheme.
    pub scheme: HttpScheme,
    /// The machine.
    pub host: HostAddr,
    /// The port; `None` where the scheme implies it.
    pub port: Option<Port>,
}

impl FromStr for HttpUrl {
    type Err = HttpUrlError;

    fn from_str(text: &str) -> Result<Self, HttpUrlError> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => (HttpScheme::Http, rest),
            Some(("https", rest)) => (HttpScheme::Https, rest),
            _ => return Err(HttpUrlError::Scheme(text.to_owned())),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(HttpUrlError::Path(text.to_owned()));
        }
        // Within brackets a colon belongs to the address.
        let after_address = rest.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match rest[after_address..].rfind(':') {
            Some(at) => (&rest[..after_address + at], Some(&rest[after_address + at + 1..])),
            None => (rest, None),
        };
        let port = port.map(str::parse).transpose()?;
        Ok(Self { scheme, host: host.parse()?, port })
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_scheme_machine_and_port() {
        for (text, shown) in [
            ("https://192.168.5.133:18080", "https://192.168.5.133:18080"),
            ("http://Alice.Bank.org/", "http://alice.bank.org"),
            ("https://[fd00::1]:18080/", "https://[fd00::1]:18080"),
            ("https://[fd00::1]", "https://[fd00::1]"),
        ] {
            assert_eq!(text.parse::<HttpUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_url_is_refused_for_a_reason() {
        let error = |text: &str| text.parse::<HttpUrl>().unwrap_err();
        assert_eq!(error("10.0.0.1:18080"), HttpUrlError::Scheme("10.0.0.1:18080".into()));
        assert_eq!(error("grpc://a:1"), HttpUrlError::Scheme("grpc://a:1".into()));
        assert_eq!(error("https://a:1/x"), HttpUrlError::Path("https://a:1/x".into()));
        assert_eq!(error("https://:1"), HttpUrlError::Host(HostAddrError::Empty));
        assert!(matches!(error("https://a:99999"), HttpUrlError::Port(_)));
        assert!(matches!(error("https://a:"), HttpUrlError::Port(_)));
        assert!(matches!(error("https://host_1"), HttpUrlError::Host(HostAddrError::BadName(_))));
    }
}
