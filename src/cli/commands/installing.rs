//! What `apply` does for a party whose processes something else keeps up: it shows what would be changed, asks, installs,
//! and returns once all is ready.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use camino::Utf8Path;
use clap::Args;
use similar::TextDiff;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    fs,
    launch::{
        install::{
            InstallError,
            apply::{self, InstallEvent},
            difference::{Change, Difference},
            machine::{Machine, ThisMachine},
            record::Records,
            site::Site,
            target::Target,
            words,
        },
        machine::side::Side,
    },
    plan::{Action, TREE},
};

use super::launching::Wait;

/// What may be done with what is installed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct InstallArgs {
    /// Show what would be changed on this machine, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask whether the changes are wanted
    #[arg(long)]
    pub(crate) yes: bool,
    /// Overwrite files that were edited since they were installed, or that were there before
    #[arg(long)]
    pub(crate) force: bool,
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        let status = match &error {
            InstallError::Edited { .. } => Status::Drift,
            InstallError::Unconfirmed => Status::Usage,
            InstallError::Unhealthy { .. } => Status::Failed,
            InstallError::NotRoot { .. }
            | InstallError::TakenBack { .. }
            | InstallError::Step { .. }
            | InstallError::Busy { .. }
            | InstallError::Record { .. }
            | InstallError::NoHome
            | InstallError::Fs(_) => Status::NotReady,
        };
        Self::of(status, &error)
    }
}

/// Installs a side and starts it, where it is not as planned.
pub(super) fn install(
    site: &Site<'_>,
    target: &Target,
    args: InstallArgs,
    ui: &Ui,
) -> Result<Status, Failure> {
    let records = Records::from_env(site.needs_root())?;
    let (party, host, place) = (site.side.party(), &site.side.host_name, site.place());
    let told = apply::compare(site, target, &records.read(&place)?)?;
    show(&told, site, ui);
    apply::check_edits(site, &told, args.force)?;
    if args.dry_run {
        return Ok(Status::Done);
    }
    apply::check_rights(site, &told, &command(site.side))?;
    if told.is_empty() {
        // What is being started by somebody else is waited for, too.
        apply::wait(site, target, &mut |_| ())?;
        ui.result(format!("{party} on {host}: all is installed and up"));
        return Ok(Status::Done);
    }
    if !confirm(args.yes)? {
        ui.note("nothing was done");
        return Ok(Status::Interrupted);
    }
    let mut open = records.open(&place)?;
    let mut wait = Wait::default();
    apply::carry_out(site, target, &mut open, &told, &mut |event| match event {
        InstallEvent::Doing(words) => ui.note(format!("{party}: {words}")),
        InstallEvent::Waiting(names) => {
            wait.show(ui, party, &names.join(", "), "each has the time that is planned for it");
        }
    })?;
    ui.result(format!("{party} on {host}: installed and up"));
    Ok(Status::Done)
}

/// The command that installs this side, for root to type.
pub(super) fn command(side: &Side) -> String {
    let host = if side.is_main() { String::new() } else { format!(" --host {}", side.host_name) };
    format!("sfgen apply --party {}{host}", side.party())
}

/// Asks at the terminal whether what was shown is wanted.
pub(super) fn confirm(is_wanted: bool) -> Result<bool, InstallError> {
    if is_wanted {
        return Ok(true);
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(InstallError::Unconfirmed);
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "Do this? [y/N] ").and_then(|()| io::stderr().flush());
    // A terminal that is gone answers nothing.
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    Ok(answered.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// The changes, each with the lines of text that it changes, and what is started.
fn show(told: &Difference, site: &Site<'_>, ui: &Ui) {
    for change in &told.changes {
        ui.result(words::change(change));
        if let Some(diff) = changed_lines(change, site) {
            diff.lines().for_each(|line| ui.result(format!("    {line}")));
        }
    }
    for name in &told.restart {
        ui.result(format!("~ restart {name}"));
    }
    for name in &told.start {
        ui.result(format!("+ start {name}"));
    }
    for name in &told.remove {
        ui.result(format!("- remove {name}"));
    }
}

/// What a change does to a text of the tree that is installed already. Other files may be secret.
fn changed_lines(change: &Change, site: &Site<'_>) -> Option<String> {
    let Change::Do { step, is_new: false, .. } = change else { return None };
    let Action::CopyFile { from, to, .. } = &step.action else { return None };
    if !from.starts_with(TREE) {
        return None;
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let before = text(fs::read(&ThisMachine.at(to)).ok()?)?;
    let after = text(site.content(from).ok()?)?;
    let name = |path: &Utf8Path| path.to_string();
    let diff = TextDiff::from_lines(&before, &after);
    Some(diff.unified_diff().context_radius(1).header(&name(to), &name(from)).to_string())
}
