//! What values of the language look like.

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of something that the topology declares.
    Name(Name),
    /// Any text.
    Text,
    /// A path, relative to the folder of the root file.
    Path,
    /// An account of the operating system.
    Account,
    /// The folder of an installation, an absolute path.
    Home,
    /// A container image.
    Image,
    /// Text in which `{port.NAME}`, `{host.address}`, `{party}` and `{home}` are filled in.
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
    /// A length of time.
    Duration,
    /// An amount of memory.
    Size,
    /// A Python version, such as `3.10`.
    Python,
    /// The code of a finding.
    Code,
    /// A whole number, the lowest and the highest included.
    Number(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
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
}
