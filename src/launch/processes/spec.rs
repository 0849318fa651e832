//! What is to be run, and how.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use super::phase::{Policy, RestartPolicy};

/// One process to keep up, or one job to run.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Its name, unique in its group.
    pub name: String,
    /// Program and arguments; never empty.
    pub program: Vec<String>,
    /// Variables beside the launcher's own, of which it does not get those of proxies.
    pub env: BTreeMap<String, String>,
    /// Its working folder.
    pub cwd: Utf8PathBuf,
    /// Names of the services that must be ready before it starts.
    pub after: Vec<String>,
    /// Where it answers once it is ready; without one it is ready when it runs.
    pub probe: Option<SocketAddr>,
    /// How long it may take to answer.
    pub ready_within: Duration,
    /// How long it may take to end.
    pub grace: Duration,
    /// When it is started again.
    pub restart: RestartPolicy,
    /// Where its output goes.
    pub log: Utf8PathBuf,
}

impl ServiceSpec {
    pub(super) fn policy(&self) -> Policy {
        Policy { restart: self.restart, ready_within: self.ready_within, grace: self.grace }
    }
}

/// The program that knows `__guard`: sfgen itself.
#[derive(Clone, Debug)]
pub struct GuardProgram(Utf8PathBuf);

impl GuardProgram {
    /// The running program, even where its file was replaced meanwhile.
    #[must_use]
    pub fn this() -> Self {
        Self("/proc/self/exe".into())
    }

    /// Another one: tests are not sfgen.
    #[must_use]
    pub fn at(path: impl Into<Utf8PathBuf>) -> Self {
        Self(path.into())
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.0
    }
}
