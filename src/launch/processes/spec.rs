//! What is to be run, and how.

use std::{collections::BTreeMap, io, net::SocketAddr, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use tokio::process::{Child, Command};

use super::{
    cgroup::Cgroup,
    guard,
    job_unit::JobUnit,
    orphans::Orphanage,
    phase::{Policy, RestartPolicy},
};

/// One process to keep up, or one job to run.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Its name, unique in its group.
    pub name: String,
    /// Program and arguments; never empty.
    pub program: Vec<String>,
    /// Variables beside the launcher's own, of which it does not get those of proxies.
    pub env: BTreeMap<String, String>,
    /// Files with more variables, read at each start. Those of `env` win, and of several files the last.
    pub env_files: Vec<Utf8PathBuf>,
    /// Its working folder.
    pub cwd: Utf8PathBuf,
    /// Names of the services that must be ready before it starts.
    pub after: Vec<String>,
    /// What must accept connections before each of its starts, `host:port`: the head of the Ray cluster that it joins.
    pub joins: Option<String>,
    /// Where it answers once it is ready.
    pub probe: Option<SocketAddr>,
    /// Without such an address, for how long it must run to count as ready.
    pub steady_after: Duration,
    /// How long it may take to answer.
    pub ready_within: Duration,
    /// How long it may take to end.
    pub grace: Duration,
    /// When it is started again.
    pub restart: RestartPolicy,
    /// Where its output goes.
    pub log: Utf8PathBuf,
    /// The unit in which systemd runs it; `None` where the launcher starts it itself. A unit has program, variables, files
    /// with variables and folder of its own.
    pub unit: Option<JobUnit>,
}

impl ServiceSpec {
    pub(super) fn policy(&self) -> Policy {
        let running = if self.probe.is_none() { self.steady_after } else { Duration::ZERO };
        let ready_within = self.ready_within + running;
        Policy { restart: self.restart, ready_within, grace: self.grace }
    }
}

/// The program that knows `__guard`: sfgen itself.
#[derive(Clone, Debug)]
pub struct GuardProgram {
    path: Utf8PathBuf,
    orphanage: Option<Orphanage>,
    cgroup: Option<Cgroup>,
}

impl GuardProgram {
    /// The running program, even where its file was replaced meanwhile.
    ///
    /// From here on, what killed guards leave falls to this process, which ends it. So while a service or job runs it
    /// must start no children in other ways, and call this once.
    #[must_use]
    pub fn this() -> Self {
        Self {
            path: "/proc/self/exe".into(),
            orphanage: Some(Orphanage::open()),
            cgroup: Cgroup::make(),
        }
    }

    /// Another one: tests are not sfgen, and have other children.
    #[must_use]
    pub fn at(path: impl Into<Utf8PathBuf>) -> Self {
        Self { path: path.into(), orphanage: None, cgroup: None }
    }

    /// The command under a guard, with its program, arguments, variables and folder, and nothing else of it. The program
    /// may take `grace` to end. Whoever starts it holds the guard's standard input as a pipe, whose end is the program's.
    #[must_use]
    pub fn guarding(&self, command: &Command, grace: Duration) -> Command {
        let (command, grace) = (command.as_std(), format!("{}ms", grace.as_millis().max(1)));
        let mut guarded = Command::new(&self.path);
        guarded.arg0("sfgen").args([guard::SUBCOMMAND, guard::GRACE, &grace]);
        if let Some(cgroup) = &self.cgroup {
            guarded.args([guard::CGROUP, cgroup.folder().as_str()]);
        }
        guarded.arg("--");
        guarded.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(name, value),
                None => guarded.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            guarded.current_dir(folder);
        }
        // A group of its own: the terminal's Ctrl-C goes to the launcher, which decides what ends and when.
        guarded.process_group(0);
        guarded
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub(super) fn cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_ref()
    }

    pub(super) fn orphanage(&self) -> Option<&Orphanage> {
        self.orphanage.as_ref()
    }

    /// Starts a child that nobody takes for an orphan.
    pub fn start(&self, command: &mut Command) -> io::Result<Child> {
        match &self.orphanage {
            Some(orphanage) => orphanage.start(|| command.spawn()),
            None => command.spawn(),
        }
    }
}
