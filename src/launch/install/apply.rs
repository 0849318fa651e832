//! Installing: the difference, and carrying it out.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    InstallError,
    difference::{Change, Difference, difference},
    health, installed,
    perform::perform,
    record::{OpenRecord, Record},
    site::Site,
    states::Phase,
    take_back::take_back,
    target::Target,
    words,
};
use crate::{
    plan::{Action, Stage},
    types::Digest,
};

/// Something that happens while the difference is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstallEvent {
    /// This is being done, in words.
    Doing(String),
    /// These are not ready yet.
    Waiting(Vec<String>),
}

/// What differs between the plan and this machine, and what would be started for it.
pub fn compare(
    site: &Site<'_>,
    target: &Target,
    record: &Record,
) -> Result<Difference, InstallError> {
    let planned = installed::look(site, target, record)?;
    let found =
        |path: &Utf8PathBuf| installed::installed_digest(site.machine, path).unwrap_or_default();
    let mut told = difference(&planned, record, found);
    let states = (target.states)(site)?;
    let is_down = |phase: Phase| matches!(phase, Phase::Down | Phase::Failed);
    let (down, up): (Vec<_>, Vec<_>) = states.into_iter().partition(|state| is_down(state.phase));
    told.restart = (target.restarts)(site, &told.changes)?;
    told.restart.extend(record.restart.iter().cloned());
    // What is down starts with what is there now.
    told.restart.retain(|name| up.iter().any(|state| state.name == *name));
    told.start = down.into_iter().map(|state| state.name).collect();
    told.remove = (target.leftovers)(site)?;
    Ok(told)
}

/// Makes sure that no file is lost that somebody edited, unless that is `forced`.
pub fn check_edits(
    site: &Site<'_>,
    told: &Difference,
    is_forced: bool,
) -> Result<(), InstallError> {
    let party = site.side.party().clone();
    if told.edited.is_empty() || is_forced {
        Ok(())
    } else {
        Err(InstallError::Edited { party, edited: told.edited.clone() })
    }
}

/// Makes sure that the changes may be made; `command` is what root would have to run.
pub fn check_rights(site: &Site<'_>, told: &Difference, command: &str) -> Result<(), InstallError> {
    let (party, command) = (site.side.party().clone(), command.to_owned());
    if told.is_empty() || !site.needs_root() || site.machine.has_root() {
        Ok(())
    } else {
        Err(InstallError::NotRoot { party, command })
    }
}

/// Waits until all is ready that is to be kept up.
pub fn wait(
    site: &Site<'_>,
    target: &Target,
    waiting: &mut dyn FnMut(&[String]),
) -> Result<(), InstallError> {
    health::wait(site, target, false, waiting)
}

/// Carries the difference out, starts what it says, and waits until all is ready.
pub fn carry_out(
    site: &Site<'_>,
    target: &Target,
    open: &mut OpenRecord,
    told: &Difference,
    report: &mut dyn FnMut(InstallEvent),
) -> Result<(), InstallError> {
    if open.record.restart != told.restart {
        open.record.restart.clone_from(&told.restart);
        open.save()?;
    }
    for change in &told.changes {
        report(InstallEvent::Doing(words::change(change)));
        match change {
            Change::Do { step, digest, .. } => perform(site, open, step, *digest)?,
            Change::TakeBack { action } => {
                (target.retire)(site.machine, action)?;
                take_back(site.machine, open, action)?;
            }
        }
    }
    let looks = |action: &Action| matches!(action, Action::CheckAccess { .. });
    for action in site.steps(Stage::Install).map(|step| step.action).filter(looks) {
        super::site::run(site.machine, &action, Utf8Path::new("/"))?;
    }
    let is_started = told.is_brought_up();
    if is_started {
        start(site, target, open, told, report)?;
    }
    health::wait(site, target, is_started, &mut |names| {
        report(InstallEvent::Waiting(names.to_vec()));
    })
}

fn start(
    site: &Site<'_>,
    target: &Target,
    open: &mut OpenRecord,
    told: &Difference,
    report: &mut dyn FnMut(InstallEvent),
) -> Result<(), InstallError> {
    for (verb, names) in
        [("restart", &told.restart), ("start", &told.start), ("remove", &told.remove)]
    {
        for name in names {
            report(InstallEvent::Doing(format!("{verb} {name}")));
        }
    }
    let steps: Vec<_> = site.steps(Stage::Start).collect();
    for step in &steps {
        open.record.begin(step, Digest::of(step.action.command().join("\0").as_bytes()));
    }
    open.save()?;
    (target.bring_up)(site, &told.restart)?;
    for step in &steps {
        open.record.finish(&step.action);
    }
    open.record.restart.clear();
    open.save()
}
