//! What values of the language look like.

use crate::types::{Size, Span};

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of something that the topology declares.
    Name(Name),
    /// Any text.
    Text,
    /// Why something is right, for those who review it: any text that is not blank.
    Reason,
    /// A path, relative to the folder of the root file.
    Path,
    /// An account of the operating system.
    Account,
    /// The folder of an installation, an absolute path.
    Home,
    /// A file or folder on a party's machine, an absolute path.
    MachinePath,
    /// A container image.
    Image,
    /// Text in which `{port.NAME}`, `{host.address}`, `{party}`, `{home}`, `{secret.NAME}`, `{party.NAME.address}` and
    /// `{party.NAME.port.PORT}` are filled in.
    Template,
    /// An IP address or a DNS name.
    Address,
    /// `http://` or `https://`, an address, and a port where it is not the scheme's own.
    Url,
    /// A network in CIDR notation.
    Subnet,
    /// A port.
    Port,
    /// Ports of the machine and of a container, as Docker writes them; one alone may be a number.
    Mapping,
    /// What a port is for.
    Role,
    /// A length of time, and the longest one where that is shorter than the type's.
    Duration(Option<Limit<Span>>),
    /// An amount of memory, and the largest one where that is smaller than the type's.
    Size(Option<Limit<Size>>),
    /// `#true` or `#false`.
    Bool,
    /// A package of Python, pinned: `celery==5.4.0`.
    Package,
    /// The URL of an index of packages.
    IndexUrl,
    /// A text, a whole number or a boolean, which the runtime gets as it is.
    Setting,
    /// What SecretFlow calls a party.
    RuntimeParty,
    /// The name of a resource of Ray.
    Resource,
    /// A Python version, such as `3.10`.
    Python,
    /// The code of a finding.
    Code,
    /// A whole number, the lowest and the highest included.
    Number(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// The largest quantity that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<T> {
    /// The quantity.
    pub most: T,
    /// Why more is not allowed, as the end of a sentence.
    pub because: &'static str,
}

impl Kind {
    /// Any length of time.
    pub(super) const DURATION: Self = Self::Duration(None);
    /// Any amount of memory.
    pub(super) const SIZE: Self = Self::Size(None);

    /// The limit of a quantity as a sentence.
    #[must_use]
    pub fn limit(&self) -> Option<String> {
        let sentence = |most: String, because: &str| format!("At most {most}: {because}.");
        match self {
            Self::Duration(Some(limit)) => Some(sentence(limit.most.to_string(), limit.because)),
            Self::Size(Some(limit)) => Some(sentence(limit.most.to_string(), limit.because)),
            _ => None,
        }
    }
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named like the node that declares it")]
pub enum Name {
    Topology,
    Party,
    Host,
    Service,
    /// A port of a service.
    Port,
    Network,
    Device,
    Job,
    Secret,
}
