//! Taking back what an installation did, from its record alone.

use camino::Utf8PathBuf;

use super::{
    InstallError,
    difference::edited,
    installed::installed_digest,
    machine::Machine,
    record::{OpenRecord, Record},
    take_back::take_back,
    words,
};
use crate::plan::{Action, Stage, undo};

/// What would be taken back, in order: the recorded actions, those last done first.
#[must_use]
pub fn to_take_back(record: &Record, stages: &[Stage]) -> Vec<Action> {
    let undone = undo(&record.steps(), stages).into_iter();
    let entry = |undo: Action| {
        record.entries.iter().find(|entry| entry.step.action.undo().as_ref() == Some(&undo))
    };
    undone.filter_map(|undo| Some(entry(undo)?.step.action.clone())).collect()
}

/// The actions that would be taken back, in words.
#[must_use]
pub fn described(actions: &[Action]) -> Vec<String> {
    let undone = actions.iter().filter_map(Action::undo);
    undone.map(|action| format!("- {}", words::action(&action))).collect()
}

/// Whether nothing is to be taken back but a firewall, which only root may do and somebody else has loaded: who runs a
/// launcher or containers need not be root.
#[must_use]
pub fn is_left_to_root(machine: &dyn Machine, actions: &[Action]) -> bool {
    let is_firewall = |action: &Action| matches!(action, Action::LoadFirewall { .. });
    actions.iter().all(is_firewall) && !machine.has_root()
}

/// What must hold before anything is taken back: that no file is lost that somebody edited, unless that is `forced`, and
/// that it may be taken back. `command` is what root would have to run.
pub fn check(
    machine: &dyn Machine,
    record: &Record,
    actions: &[Action],
    is_forced: bool,
    command: &str,
) -> Result<(), InstallError> {
    let party = record.place.party.clone();
    if actions.iter().any(Action::needs_root) && !machine.has_root() {
        return Err(InstallError::NotRoot { party, command: command.to_owned() });
    }
    let found = |path: &Utf8PathBuf| installed_digest(machine, path).unwrap_or_default();
    let entries = actions.iter().filter_map(|action| record.entry(action));
    let edited: Vec<_> = entries.filter_map(|entry| edited(entry, found)).collect();
    if edited.is_empty() || is_forced {
        Ok(())
    } else {
        Err(InstallError::Edited { party, edited })
    }
}

/// Takes the actions back; `report` is told of each before.
pub fn carry_out(
    machine: &dyn Machine,
    open: &mut OpenRecord,
    actions: &[Action],
    report: &mut dyn FnMut(String),
) -> Result<(), InstallError> {
    for action in actions {
        let words = described(std::slice::from_ref(action));
        words.into_iter().for_each(&mut *report);
        take_back(machine, open, action)?;
    }
    Ok(())
}
