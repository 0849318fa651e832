//! Arguments that several commands share.

use camino::Utf8PathBuf;
use clap::{ArgGroup, Args, ValueEnum};

use crate::types::{Mode, PartyName, Span};

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

/// Where a tree is, and whose side of it.
#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("side").args(["party", "all"]).required(true)))]
pub(crate) struct SideArgs {
    /// The party whose side this machine is
    #[arg(long)]
    pub(crate) party: Option<PartyName>,
    /// Every party, where all are on this machine
    #[arg(long)]
    pub(crate) all: bool,
    /// Started for one of the parties of `--all` by this process, with which it ends: what is about all of them has been
    /// said
    #[arg(long, hide = true, requires = "party", value_name = "PID")]
    pub(crate) one_of_all: Option<u32>,
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
