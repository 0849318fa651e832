//! `sfgen check`: findings only.

use crate::cli::{
    args::CheckArgs,
    status::{Failure, Status},
    ui::Ui,
};

use super::{compile_path, is_fatal};

/// Runs the command.
pub(in crate::cli) fn run(args: &CheckArgs, ui: &Ui) -> Result<Status, Failure> {
    let (_, compilation) = compile_path(&args.topology, args.mode)?;
    ui.report(&compilation.findings, &compilation.sources);
    let fatal = is_fatal(&compilation, args.deny.is_some());
    Ok(if fatal { Status::Findings } else { Status::Done })
}
