//! The arguments of the commands that write or rename a topology, or describe it.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::ModeChoice;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(
    after_help = "What no flag says is asked on a terminal. Without one, `--name` and `--party` are needed, or `--yes`."
)]
pub(crate) struct InitArgs {
    /// The file to write, `topology.kdl` unless given; nothing is overwritten
    pub(crate) topology: Option<Utf8PathBuf>,
    /// The name of the federation
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A party and the address at which the others dial it; once for each
    #[arg(long, value_name = "NAME=ADDRESS")]
    pub(crate) party: Vec<String>,
    /// Several organisations, or one laboratory
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeChoice>,
    /// What the parties run
    #[arg(long, value_enum)]
    pub(crate) runtime: Option<RuntimeChoice>,
    /// How SecretFlow runs
    #[arg(long, value_enum)]
    pub(crate) engine: Option<EngineChoice>,
    /// How processes are started
    #[arg(long, value_enum)]
    pub(crate) deploy: Option<DeployChoice>,
    /// Ask nothing: what no flag says is as most would have it
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What the parties of a new topology run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuntimeChoice {
    /// sfgen's own arithmetic, needs nothing
    Embedded,
    /// SecretFlow
    Secretflow,
}

/// How the SecretFlow of a new topology runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    /// On Ray clusters
    Ray,
    /// In one process, without Ray
    Threads,
}

/// How the processes of a new topology are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeployChoice {
    /// By `sfgen apply` itself
    Process,
    /// By systemd
    Systemd,
    /// By Docker
    Docker,
}

/// Arguments of `mv`.
#[derive(Debug, Args)]
#[command(
    after_help = "Topology and lock are edited together: what names the party, host or port says the new name afterwards, and every number stays. Where the topology has the new name already, only the lock is. Names are `alice`, `alice/alice-1` or, for a port of a service, `alice/alice-1/redis`."
)]
pub(crate) struct MvArgs {
    /// The name as it is
    pub(crate) old: String,
    /// The name as it is to be
    pub(crate) new: String,
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Write nothing; show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which one; all are listed unless given
    pub(crate) name: Option<String>,
    /// Write it, or all of them, into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<Utf8PathBuf>,
}
