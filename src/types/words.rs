//! Choices among words, each written once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HttpScheme;

/// Declares a choice: an enum whose variants are words of the topology, spelled alike wherever they are written.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$about])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order in which they are shown.
            pub const WORDS: &[&str] = &[$($word),+];

            /// How it is written.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{text}` is none of `{}`", Self::WORDS.join("`, `"))),
                }
            }
        }
    )+};
}

words! {
    /// Production: every party its own cluster, all run the job. Simulation: one cluster, the job runs once.
    Mode {
        /// Several organisations, with identities and a rendezvous.
        Production = "production",
        /// One organisation's laboratory.
        Simulation = "simulation",
    }

    /// What the parties run.
    RuntimeName {
        /// SecretFlow.
        Secretflow = "secretflow",
        /// sfgen's own arithmetic, without Python.
        Embedded = "embedded",
    }

    /// SecretFlow's two ways to run a driver.
    Engine {
        /// `ray_mode=True`: the driver joins the party's Ray cluster.
        Ray = "ray",
        /// `ray_mode=False`: a thread pool in the driver.
        Threads = "threads",
    }

    /// The library that carries SecretFlow's messages between parties, named as `cross_silo_comm_backend` has it.
    #[derive(Default)]
    BackEnd {
        /// gRPC, SecretFlow's default.
        #[default]
        Grpc = "grpc",
        /// brpc, by way of SPU's link library.
        BrpcLink = "brpc_link",
    }

    /// How the parties' programs reach each other.
    Links {
        /// Each link on a port of its own, with the runtime's TLS.
        Direct = "direct",
        /// One port per party; the launchers carry all links.
        Gateway = "gateway",
    }

    /// Which parties may share a port number.
    PortScope {
        /// No two parties, so that a number means one thing in every firewall.
        Global = "global",
        /// Those on different machines.
        Host = "host",
    }

    /// What a process does with a path.
    Access {
        /// It reads what is there.
        Read = "read",
        /// It makes, changes and removes files.
        Write = "write",
    }

    /// What starts a party's processes.
    TargetName {
        /// `sfgen apply` itself.
        Process = "process",
        /// systemd.
        Systemd = "systemd",
        /// Docker.
        Docker = "docker",
        /// Kuscia.
        Kuscia = "kuscia",
    }

    /// What the gateway of a domain of Kuscia speaks.
    GatewayProtocol {
        /// Plain text.
        Notls = "notls",
        /// TLS.
        Tls = "tls",
        /// TLS with certificates of both sides.
        Mtls = "mtls",
    }
}

impl BackEnd {
    /// Whether it is SecretFlow's own default, for which SecretFlow is told nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl GatewayProtocol {
    /// The scheme of its URLs.
    #[must_use]
    pub fn scheme(self) -> HttpScheme {
        match self {
            Self::Notls => HttpScheme::Http,
            Self::Tls | Self::Mtls => HttpScheme::Https,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_is_written_in_every_format() {
        for word in BackEnd::WORDS {
            let read: BackEnd = word.parse().unwrap();
            assert_eq!(read.to_string(), *word);
            assert_eq!(serde_json::to_value(read).unwrap(), *word);
        }
        assert_eq!("grcp".parse::<BackEnd>(), Err("`grcp` is none of `grpc`, `brpc_link`".into()));
    }
}
