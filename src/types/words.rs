//! Choices that topology, plan and launcher share.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Production: every party its own cluster, all run the job. Simulation: one cluster, the job runs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Several organisations, with identities and a rendezvous.
    Production,
    /// One organisation's laboratory.
    Simulation,
}

/// SecretFlow's two ways to run a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// `ray_mode=True`: the driver joins the party's Ray cluster.
    Ray,
    /// `ray_mode=False`: a thread pool in the driver.
    Threads,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ray => "ray",
            Self::Threads => "threads",
        })
    }
}

/// The library that carries SecretFlow's messages between parties, named as `cross_silo_comm_backend` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackEnd {
    /// gRPC, SecretFlow's default.
    #[default]
    Grpc,
    /// brpc, by way of SPU's link library.
    BrpcLink,
}

impl BackEnd {
    /// Whether it is SecretFlow's default, which needs no word.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for BackEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "grpc",
            Self::BrpcLink => "brpc_link",
        })
    }
}

/// How the parties' programs reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// Each link on a port of its own, with the runtime's TLS.
    Direct,
    /// One port per party; the launchers carry all links.
    Gateway,
}
