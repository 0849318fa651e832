//! The arguments of `init`.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use crate::cli::args::ModeChoice;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(
    after_help = "What no flag says is asked on a terminal. Without one, `--name` and `--party` are needed, or `--yes`."
)]
pub(crate) struct InitArgs {
    /// The file to write, `topology.kdl` unless given, in TOML where it ends in `.toml`; nothing is overwritten
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
