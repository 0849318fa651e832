//! The arguments of every command.

mod topology;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::types::{JobName, Mode, PartyName, Span};

pub(crate) use topology::{
    DeployChoice, EngineChoice, InitArgs, MvArgs, RuntimeChoice, SchemaArgs,
};

/// Compiles a topology of parties into everything that their machines need, and launches it.
#[derive(Debug, Parser)]
#[command(name = "sfgen", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done; 1 findings; 2 usage; 3 drift; 4 this machine is not ready; 5 a service, job or peer failed; 130 interrupted."
)]
pub(crate) struct Cli {
    /// Colour in messages
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, hide_possible_values = false)]
    pub(crate) color: ColorChoice,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The form of results that the command was asked for.
    #[must_use]
    pub(crate) fn format(&self) -> Format {
        match &self.command {
            Command::Plan(args) => args.format,
            Command::Check(args) => args.format.into(),
            Command::Status(args) => args.format,
            _ => Format::Text,
        }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, and never under `NO_COLOR`
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; the schemas are in `schemas/`
    Json,
}

/// The form of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingsFormat {
    /// For people
    Text,
    /// For programs; the schemas are in `schemas/`
    Json,
    /// For code hosts, which show findings beside the lines of a change
    Sarif,
}

impl From<FindingsFormat> for Format {
    /// SARIF is a result for programs, as JSON is.
    fn from(format: FindingsFormat) -> Self {
        match format {
            FindingsFormat::Text => Self::Text,
            FindingsFormat::Json | FindingsFormat::Sarif => Self::Json,
        }
    }
}

/// The mode in which a topology is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeChoice {
    /// Several organisations that meet, each with its own cluster
    Production,
    /// One cluster, on which the job runs once
    Simulation,
}

impl From<ModeChoice> for Mode {
    fn from(choice: ModeChoice) -> Self {
        match choice {
            ModeChoice::Production => Self::Production,
            ModeChoice::Simulation => Self::Simulation,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check, allot ports, write generated/ and sfgen.lock, and print what changed
    Plan(PlanArgs),
    /// Check only
    Check(CheckArgs),
    /// Write a first topology
    Init(InitArgs),
    /// Lay out KDL files
    Fmt(FmtArgs),
    /// Rename a party, host or service port without moving a port
    Mv(MvArgs),
    /// Make a party's certificates and keys
    Keys(KeysArgs),
    /// Bring this machine's side up, meet the peers, and supervise until Ctrl-C
    Apply(ApplyArgs),
    /// Run a job in lockstep with the other parties
    Run(RunArgs),
    /// Show what runs here
    Status(StatusArgs),
    /// Stop what runs here
    Stop(StopArgs),
    /// Run the whole flow on this machine, in a fresh folder
    Demo(DemoArgs),
    /// Print the page of a finding
    Explain(ExplainArgs),
    /// Print the schema of a file, or of what a command prints
    Schema(SchemaArgs),
    /// One party's process of an embedded job, started by the launcher
    #[command(name = "__job-sum", hide = true)]
    JobSum,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct PlanArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Write nothing; status 3 where tree or lock is stale
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show the changes line by line
    #[arg(long)]
    pub(crate) diff: bool,
    /// Fail instead of changing the lock
    #[arg(long)]
    pub(crate) locked: bool,
    /// Forget the ports of what was removed
    #[arg(long)]
    pub(crate) prune: bool,
    /// Where the lock is lost, take the ports from the tree
    #[arg(long, conflicts_with = "locked")]
    pub(crate) lock_from_tree: bool,
    /// Give up edits made by hand in the tree
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The folder of the tree, `generated` beside the topology unless given
    #[arg(long)]
    pub(crate) out: Option<Utf8PathBuf>,
    /// Compile for this mode, whatever the topology says
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeChoice>,
    /// Treat warnings as errors
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub(crate) deny: Option<String>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Compile for this mode, whatever the topology says
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeChoice>,
    /// Treat warnings as errors
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub(crate) deny: Option<String>,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t = FindingsFormat::Text)]
    pub(crate) format: FindingsFormat,
}

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The files, `topology.kdl` unless given
    #[arg(value_name = "TOPOLOGY", default_value = "topology.kdl")]
    pub(crate) files: Vec<Utf8PathBuf>,
    /// Write nothing; status 3 where a file would change
    #[arg(long)]
    pub(crate) check: bool,
}

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// What to do with the keys
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a CA and a leaf certificate for every address that the peers dial
    New(KeysNewArgs),
}

/// Arguments of `keys new`.
#[derive(Debug, Args)]
pub(crate) struct KeysNewArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Whose keys
    #[arg(long)]
    pub(crate) party: PartyName,
}

/// Where a tree is, and whose side of it.
#[derive(Clone, Debug, Args)]
pub(crate) struct SideArgs {
    /// The party whose side this machine is
    #[arg(long, required_unless_present = "all", conflicts_with = "all")]
    pub(crate) party: Option<PartyName>,
    /// Every party, where all are on this machine
    #[arg(long)]
    pub(crate) all: bool,
    /// The tree that `plan` wrote
    #[arg(long, default_value = "generated")]
    pub(crate) tree: Utf8PathBuf,
    /// The folder to which paths of the topology are relative, the parent of the tree unless given
    #[arg(long)]
    pub(crate) root: Option<Utf8PathBuf>,
    /// How long to wait for the other parties
    #[arg(long, default_value = "10m")]
    pub(crate) wait: Span,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Which side
    #[command(flatten)]
    pub(crate) side: SideArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The job
    pub(crate) job: JobName,
    /// Which side
    #[command(flatten)]
    pub(crate) side: SideArgs,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Only this party
    #[arg(long)]
    pub(crate) party: Option<PartyName>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// Only this party
    #[arg(long)]
    pub(crate) party: Option<PartyName>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The runtime to show
    #[arg(long, value_enum, default_value_t = DemoRuntime::Embedded)]
    pub(crate) runtime: DemoRuntime,
    /// A new folder for it; a temporary one, removed at the end, unless given
    #[arg(long)]
    pub(crate) dir: Option<Utf8PathBuf>,
}

/// What a demo runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoRuntime {
    /// sfgen's own arithmetic, needs nothing
    Embedded,
    /// SecretFlow on two Ray clusters, installed with progress shown
    Secretflow,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, such as SF0201
    pub(crate) code: String,
}
