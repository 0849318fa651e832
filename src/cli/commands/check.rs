//! `sfgen check`: findings only.

use camino::Utf8PathBuf;
use clap::Args;

use crate::{
    cli::{
        args::{FindingsFormat, ModeChoice},
        pages::pages,
        status::{Failure, Status},
        ui::Ui,
    },
    compile::{Compilation, find},
    diag::SarifLog,
};

use super::{
    compiling::{compile_path, is_fatal},
    lost_lock::IfLost,
};

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

/// Runs the command.
pub(in crate::cli) fn run(args: &CheckArgs, ui: &Ui) -> Result<Status, Failure> {
    let (_, compilation) =
        compile_path("sfgen check", args.topology.as_ref(), args.mode, IfLost::default(), find)?;
    let Compilation { findings, sources, .. } = &compilation;
    if args.format == FindingsFormat::Sarif {
        ui.json(&SarifLog::new(findings, sources, pages()));
    } else {
        ui.report(findings, sources);
    }
    let fatal = is_fatal(&compilation, args.deny.is_some());
    Ok(if fatal { Status::Findings } else { Status::Done })
}
