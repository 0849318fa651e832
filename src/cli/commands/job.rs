//! `sfgen __job`: a run of a job in a unit of systemd, for the launcher at its socket.

use camino::Utf8PathBuf;
use clap::Args;

use crate::{
    cli::status::{Failure, Status},
    launch::processes::{UnitJob, run_in_unit},
    types::Span,
};

use super::launching::runtime;

/// Arguments of `__job`.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// How long the program may take to end
    #[arg(long)]
    pub(crate) grace: Span,
    /// The word of the command in whose place the run's own copy of the script is
    #[arg(long)]
    pub(crate) script: Option<String>,
    /// The folder in which that copy is made
    #[arg(long, default_value = "/tmp")]
    pub(crate) copies: Utf8PathBuf,
    /// Program and arguments
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<String>,
}

/// Runs the command. How the job ended is told the launcher alone.
pub(in crate::cli) fn run(args: JobArgs) -> Result<Status, Failure> {
    let JobArgs { grace, script, copies, command } = args;
    let job = UnitJob { grace: grace.get(), script, copies, command };
    let ran = runtime().block_on(run_in_unit(job));
    ran.map_err(|why| Failure::new(Status::NotReady, why.to_string()))?;
    Ok(Status::Done)
}
