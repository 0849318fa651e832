//! The command line as a whole: what holds for every command, and which commands there are.

use clap::{Parser, Subcommand};

use super::{
    args::{ColorChoice, Format},
    commands::{
        apply::ApplyArgs, check::CheckArgs, demo::DemoArgs, explain::ExplainArgs, fmt::FmtArgs,
        init::InitArgs, job::JobArgs, keys::KeysArgs, launcher::LauncherArgs, mv::MvArgs,
        plan::PlanArgs, run::RunArgs, schema::SchemaArgs, status::StatusArgs, stop::StopArgs,
        templates::TemplatesArgs, uninstall::UninstallArgs,
    },
};

/// Compiles a topology of parties into everything that their machines need, and launches it.
#[derive(Debug, Parser)]
#[command(name = "sfgen", version = env!("SFGEN_VERSION"), about, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done; 1 findings; 2 usage; 3 drift; 4 this machine is not ready; 5 a service, job or peer failed, or a result could not be written; 130 interrupted."
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
    /// Bring this machine's side up: install it, or meet the peers and supervise
    Apply(ApplyArgs),
    /// Run a job in lockstep with the other parties
    Run(RunArgs),
    /// Show what runs here
    Status(StatusArgs),
    /// Stop what runs here
    Stop(StopArgs),
    /// Take back what apply installed on this machine
    Uninstall(UninstallArgs),
    /// Run the whole flow on this machine, in a fresh folder
    Demo(DemoArgs),
    /// Print the page of a finding
    Explain(ExplainArgs),
    /// List, show and copy the templates of texts, which files of your own replace
    Templates(TemplatesArgs),
    /// Print the schema of a file, or of what a command prints
    Schema(SchemaArgs),
    /// One party's process of an embedded job, started by the launcher
    #[command(name = "__job-sum", hide = true)]
    JobSum,
    /// The launcher of a party whose processes systemd keeps up, as one of its units
    #[command(name = "__launcher", hide = true)]
    Launcher(LauncherArgs),
    /// A run of a job in a unit of its own, started by systemd for the launcher
    #[command(name = "__job", hide = true)]
    Job(JobArgs),
}
