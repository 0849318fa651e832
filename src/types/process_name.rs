//! Names of processes: those that sfgen gives, and those of the topology's services and jobs.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JobName, NameError, ServiceName};

/// The name of a process, unique on its host.
///
/// Services and jobs are called by DNS labels, so a name with `_` or `:` is never one of theirs; `ray` is no name of a
/// service.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum ProcessName {
    /// The host's Ray node.
    Ray,
    /// A service of the topology.
    Service(ServiceName),
    /// sfgen's launcher.
    Launcher,
    /// A run of a job.
    Job(JobName),
}

impl ProcessName {
    /// What topologies, units and containers call the Ray node of a host.
    pub const RAY: &'static str = "ray";
    const LAUNCHER: &'static str = "sfgen_launcher";
    const JOB: &'static str = "job:";

    /// Reads what a service can wait for: another service, or the host's Ray node.
    pub fn awaited(text: &str) -> Result<Self, NameError> {
        if text == Self::RAY { Ok(Self::Ray) } else { text.parse().map(Self::Service) }
    }

    /// The name of a service.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Service(name) => Some(name),
            Self::Ray | Self::Launcher | Self::Job(_) => None,
        }
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ray => f.write_str(Self::RAY),
            Self::Service(name) => name.fmt(f),
            Self::Launcher => f.write_str(Self::LAUNCHER),
            Self::Job(name) => write!(f, "{}{name}", Self::JOB),
        }
    }
}

impl FromStr for ProcessName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            Self::RAY => Ok(Self::Ray),
            Self::LAUNCHER => Ok(Self::Launcher),
            _ => match text.strip_prefix(Self::JOB) {
                Some(job) => job.parse().map(Self::Job),
                None => text.parse().map(Self::Service),
            },
        }
    }
}

impl TryFrom<String> for ProcessName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ProcessName> for String {
    fn from(name: ProcessName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_name_is_read_back_as_what_it_was() {
        for text in ["ray", "redis", "sfgen_launcher", "job:psi"] {
            assert_eq!(text.parse::<ProcessName>().unwrap().to_string(), text);
        }
        assert_eq!("ray".parse(), Ok(ProcessName::Ray));
        assert!(ProcessName::awaited("sfgen_launcher").is_err());
        assert!("sfgen_net".parse::<ProcessName>().is_err());
    }
}
