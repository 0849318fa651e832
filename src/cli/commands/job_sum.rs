//! `sfgen __job-sum`: one party's process of the embedded job, started by the launcher.

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::links::embedded,
};

use super::launching::runtime;

/// Runs the command; everything it needs is in the environment.
pub(in crate::cli) fn run(ui: &Ui) -> Result<Status, Failure> {
    let failure = |why: embedded::SumError| Failure::of(Status::Failed, &why);
    let spec = embedded::spec_from_env(|name| std::env::var(name).ok()).map_err(failure)?;
    let sum = runtime().block_on(embedded::run(spec)).map_err(failure)?;
    ui.result(embedded::report(sum));
    Ok(Status::Done)
}
