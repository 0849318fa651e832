//! `sfgen check`: findings only.

use crate::{
    check::CHECKS,
    cli::{
        args::{CheckArgs, FindingsFormat},
        status::{Failure, Status},
        ui::Ui,
    },
    compile::{Compilation, find},
    diag::{PAGES, SarifLog},
};

use super::{compile_path, is_fatal, lost_lock::IfLost};

/// Runs the command.
pub(in crate::cli) fn run(args: &CheckArgs, ui: &Ui) -> Result<Status, Failure> {
    let (_, compilation) =
        compile_path(args.topology.as_ref(), args.mode, IfLost::default(), find)?;
    let Compilation { findings, sources, .. } = &compilation;
    if args.format == FindingsFormat::Sarif {
        let pages = PAGES.iter().chain(CHECKS.iter().map(|check| &check.page));
        ui.json(&SarifLog::new(findings, sources, pages));
    } else {
        ui.report(findings, sources);
    }
    let fatal = is_fatal(&compilation, args.deny.is_some());
    Ok(if fatal { Status::Findings } else { Status::Done })
}
