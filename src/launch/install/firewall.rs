//! Loading the planned firewall, which takes itself back unless somebody says that it may stay.
//!
//! Whoever loads rules from afar may cut off the connection over which they do it. So what takes them back is started
//! before they are loaded, and needs neither this process nor the session of its user: see `switch.rs`.

mod switch;

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    InstallError,
    machine::Machine,
    record::{OpenRecord, Record},
    site::{Site, command},
    words,
};
use crate::{
    fs,
    plan::{Action, Stage, Step},
    types::Digest,
};

/// The planned firewall of a host.
pub struct Firewall {
    step: Step,
    table: String,
    rules: Vec<u8>,
}

/// A firewall that was loaded and is taken back unless it is confirmed.
pub struct Armed {
    /// What takes it back finds this file, unless somebody has confirmed.
    pending: Utf8PathBuf,
}

impl Firewall {
    /// The firewall that the plan has for this host; `None` where nothing listens there.
    pub fn planned(site: &Site<'_>) -> Result<Option<Self>, InstallError> {
        let Some(step) = site.steps(Stage::Firewall).next() else { return Ok(None) };
        let Action::LoadFirewall { file, table } = &step.action else { return Ok(None) };
        let (rules, table) = (site.content(file)?, table.clone());
        Ok(Some(Self { step, table, rules }))
    }

    /// What loading it does, as a line.
    #[must_use]
    pub fn described(&self) -> String {
        words::action(&self.step.action)
    }

    /// Whether it is loaded as planned, and confirmed. Rules that somebody has changed since are not.
    pub fn is_loaded(&self, machine: &dyn Machine, record: &Record) -> Result<bool, InstallError> {
        let Some(entry) = record.entry(&self.step.action).filter(|entry| entry.is_done) else {
            return Ok(false);
        };
        let listed = listed(machine, &self.table)?;
        Ok(listed.is_some_and(|listed| entry.digests.last() == Some(&self.digest(&listed))))
    }

    /// Loads it. After `time` it is taken back, to what was loaded before, unless [`confirm`] was called.
    pub fn load(
        &self,
        machine: &dyn Machine,
        open: &mut OpenRecord,
        time: Duration,
    ) -> Result<Armed, InstallError> {
        let is_first = open.record.entry(&self.step.action).is_none();
        open.record.begin(&self.step, Digest::of(&self.rules));
        open.save()?;
        // What waits finds nothing to do until the earlier rules are put down.
        let pending = open.beside(&format!("{}{}", std::process::id(), switch::ENDING))?;
        switch::arm(machine, &pending, time)?;
        let is_earlier_open = self.put_down(machine, open, &pending)?;
        if let Err(why) = self.replace(machine, open) {
            // An earlier firewall that nobody has confirmed is taken back all the same.
            if !is_earlier_open {
                fs::remove_file(&pending)?;
            }
            if is_first {
                open.record.forget(&self.step.action);
                open.save()?;
            }
            return Err(why);
        }
        if let Some(listed) = listed(machine, &self.table)? {
            open.record.begin(&self.step, self.digest(&listed));
            open.save()?;
        }
        Ok(Armed { pending })
    }

    /// Writes what puts back the rules that are loaded now. Where an earlier firewall was not confirmed yet, it is what was
    /// loaded before that one. Returns whether there is one.
    fn put_down(
        &self,
        machine: &dyn Machine,
        open: &OpenRecord,
        pending: &Utf8Path,
    ) -> Result<bool, InstallError> {
        for earlier in switch::pending(open)? {
            if earlier == pending || switch::claim(&earlier, pending)? {
                return Ok(true);
            }
        }
        let table = &self.table;
        let before = listed(machine, table)?.unwrap_or_default();
        let rules = format!("table inet {table}\ndelete table inet {table}\n{before}");
        fs::write_atomically(pending, rules.as_bytes(), 0o600)?;
        Ok(false)
    }

    /// Puts the rules in place of those of the same table: nft does all that a file says, or nothing.
    fn replace(&self, machine: &dyn Machine, open: &OpenRecord) -> Result<(), InstallError> {
        let rules = open.beside("rules.nft")?;
        fs::write_atomically(&rules, &self.rules, 0o600)?;
        let load = ["nft", "-f", rules.as_str()].map(String::from);
        let done = command(machine, &self.described(), &load, Utf8Path::new("/"));
        fs::remove_file(&rules)?;
        done.map(|_| ())
    }

    /// Says what was planned and what came of it.
    fn digest(&self, listed: &str) -> Digest {
        Digest::of(&[Digest::of(&self.rules).to_string().as_bytes(), listed.as_bytes()].concat())
    }
}

impl Armed {
    /// Whether it was neither confirmed nor taken back yet.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending.exists()
    }
}

/// Keeps the firewall that was loaded. Whether there was one to keep; `false` where it is kept already.
pub fn confirm(open: &mut OpenRecord) -> Result<bool, InstallError> {
    let loaded = open.record.entries.iter().find(|entry| entry.step.stage == Stage::Firewall);
    let loaded = loaded.map(|entry| (entry.step.action.clone(), entry.is_done));
    let Some((action, is_done)) = loaded else {
        return Err(InstallError::TakenBack { party: open.record.place.party.clone() });
    };
    if !disarm(open)? {
        let party = open.record.place.party.clone();
        return if is_done { Ok(false) } else { Err(InstallError::TakenBack { party }) };
    }
    open.record.finish(&action);
    open.save()?;
    Ok(true)
}

/// Makes sure that nothing is taken back any more. Whether something would have been.
fn disarm(open: &OpenRecord) -> Result<bool, InstallError> {
    let mut was_armed = false;
    for pending in switch::pending(open)? {
        let kept = pending.with_extension("kept");
        if switch::claim(&pending, &kept)? {
            fs::remove_file(&kept)?;
            was_armed = true;
        }
    }
    Ok(was_armed)
}

/// Removes the table of a firewall that was loaded, where it is still there.
pub(super) fn unload(
    machine: &dyn Machine,
    open: &OpenRecord,
    table: &str,
) -> Result<(), InstallError> {
    disarm(open)?;
    if listed(machine, table)?.is_none() {
        return Ok(());
    }
    let undo = Action::UnloadFirewall { table: table.to_owned() };
    command(machine, &words::action(&undo), &undo.command(), Utf8Path::new("/")).map(|_| ())
}

/// The rules of a table as nft prints them, without counters; `None` where there is no such table.
fn listed(machine: &dyn Machine, table: &str) -> Result<Option<String>, InstallError> {
    let step = format!("look at the table {table} of the firewall");
    let tables = ["nft", "list", "tables", "inet"].map(String::from);
    let tables = command(machine, &step, &tables, Utf8Path::new("/"))?;
    if !tables.lines().any(|line| line.trim() == format!("table inet {table}")) {
        return Ok(None);
    }
    let list = ["nft", "--stateless", "list", "table", "inet", table].map(String::from);
    command(machine, &step, &list, Utf8Path::new("/")).map(Some)
}
