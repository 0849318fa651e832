//! What runs on a host, once, for every target: launcher, units, containers and runbooks only spell it.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Access, Account, Image, MachinePath, Port, ProcessName, SecretName, Span};

use super::{Location, Variable, Word};

/// How long Ray may take to open its ports: 5 s on a quiet machine, much more on a busy one (`docs/runtime.md`,
/// Processes of Ray).
pub(super) const RAY_READY_WITHIN: Span = Span::seconds(120);
/// Ray ends all of its children within 3.3 s of SIGTERM (`docs/runtime.md`, Processes of Ray); a loaded machine gets more.
pub(super) const RAY_GRACE: Span = Span::seconds(20);
/// How long a job may take to end once it is told to. A driver in ray mode needs 2 s
/// (`docs/runtime.md`, Processes of Ray).
pub(super) const JOB_GRACE: Span = Span::seconds(5);
/// How long the launcher may take to end all that it started: longer than any of that may take.
pub(super) const LAUNCHER_GRACE: Span = Span::seconds(90);

/// How long the launcher may take to open its port. What it waits for before that is a disk.
pub(super) const LAUNCHER_READY_WITHIN: Span = Span::seconds(60);

/// For how long a program without a port to ask must run before it counts as ready: one that fails at its start, as for
/// a package that does not fit, is up for a moment too.
pub const STEADY_AFTER: Duration = Duration::from_secs(3);

/// One program that runs on a host. No decision about it is left: a target only writes it in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its name.
    pub name: ProcessName,
    /// What it is.
    pub kind: ProcessKind,
    /// The container image that it brings; `None` where it runs in the runtime's own environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Program and arguments. A program without a folder is looked for in the runtime's environment first, then where
    /// the target looks.
    #[schemars(with = "Vec<String>")]
    pub command: Vec<Word>,
    /// Its own variables. They win over those of the host, and over what the target passes on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub env: BTreeMap<String, Word>,
    /// The folder in which it runs; `None` where its image decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<Location>,
    /// The account as which it runs.
    pub account: RunsAs,
    /// What must be ready before it starts, on the same host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<ProcessName>,
    /// How it is seen to be ready; `None` where it is ready as soon as it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Readiness>,
    /// How long it may take to end after SIGTERM, before it is killed.
    pub grace: Span,
    /// When it is started again after it has ended; `None` for what runs once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// Whether it joins the host's Ray node as a driver: it shares the node's shared memory and session folder.
    pub joins_ray: bool,
    /// The paths that it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathUse>,
    /// The secrets that it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretUse>,
    /// Files on the machine with more of its variables. What the plan sets wins over them, and a later file over an
    /// earlier one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env_files: Vec<MachinePath>,
}

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessKind {
    /// The head of a Ray cluster.
    RayHead,
    /// A Ray node that joins a head on another host.
    RayNode,
    /// A service of the topology.
    Service,
    /// sfgen's launcher, which meets the peers and starts jobs.
    Launcher,
    /// A run of a job, started by the launcher.
    Job,
}

/// As whom a process runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunsAs {
    /// As the user who starts it.
    Caller,
    /// As an account of the machine.
    Account(Account),
    /// As a number without a name, in containers.
    Number(u32),
    /// As its image says.
    Image,
}

/// How a process is seen to be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// The port that answers at 127.0.0.1 once it is.
    pub port: Port,
    /// How long it may take to answer.
    pub within: Span,
}

/// When a process that has ended is started again, whatever its exit status was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// The pause before the next start. The launcher doubles it from end to end, up to `longest_pause`.
    pub pause: Span,
    /// The longest pause.
    pub longest_pause: Span,
    /// How often it is started in a row before it counts as failed.
    pub starts: u32,
    /// Once it has been ready for so long, earlier ends are forgotten.
    pub settled_after: Span,
}

impl Restart {
    /// For whatever is kept up.
    pub const KEEP_UP: Self = Self {
        pause: Span::seconds(1),
        longest_pause: Span::seconds(30),
        starts: 5,
        settled_after: Span::seconds(60),
    };

    /// The time within which `starts` starts in a row count as failed, for supervisors whose pause does not grow: each
    /// start may take `ready` until it fails.
    #[must_use]
    pub fn window(self, ready: Option<Readiness>) -> Duration {
        let each = self.pause.get() + ready.map_or(Duration::ZERO, |ready| ready.within.get());
        each * self.starts + self.settled_after.get()
    }
}

/// A path that a process needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathUse {
    /// The file or folder.
    #[schemars(with = "String")]
    pub path: Word,
    /// What it does with it.
    pub access: Access,
    /// Where the program sees it, for what is mounted from the machine; `None` for what the installation brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mounted_at: Option<MachinePath>,
}

/// A secret of the machine that a process reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretUse {
    /// What it is called.
    pub name: SecretName,
    /// The file on the machine.
    pub file: MachinePath,
    /// Where the program reads it.
    pub path: MachinePath,
}

impl Process {
    /// Its complete environment, beside the few variables that each system sets (`PATH`, `HOME`, `USER`): those of
    /// the host, and its own, which win.
    #[must_use]
    pub fn environment(&self, of_host: &[Variable]) -> BTreeMap<String, Word> {
        let shared =
            of_host.iter().map(|shared| (shared.name.clone(), Word::literal(&*shared.value)));
        let mut all: BTreeMap<String, Word> = shared.collect();
        all.extend(self.env.clone());
        all
    }

    /// The paths that it uses so.
    pub fn paths(&self, access: Access) -> impl Iterator<Item = &Word> {
        self.paths.iter().filter(move |used| used.access == access).map(|used| &used.path)
    }

    /// Whether it is kept up for as long as the party's side is: the Ray node and the services. The launcher watches
    /// over them or stands beside them, and starts jobs.
    #[must_use]
    pub fn is_kept_up(&self) -> bool {
        !matches!(self.kind, ProcessKind::Launcher | ProcessKind::Job)
    }

    /// Whether it runs for as long as the party's side is up, as its launcher does beside what is kept up.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.kind != ProcessKind::Job
    }

    /// Whether it is the host's Ray node.
    #[must_use]
    pub fn is_ray(&self) -> bool {
        matches!(self.kind, ProcessKind::RayHead | ProcessKind::RayNode)
    }
}
