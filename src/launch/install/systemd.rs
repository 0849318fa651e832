//! `deploy "systemd"`: units that systemd keeps up.

use std::{collections::BTreeSet, time::Duration};

use camino::Utf8Path;

use super::{
    InstallError,
    difference::{Change, Seen, is_unit},
    machine::Machine,
    site::{Site, command, run},
    states::{Phase, ProcessState},
    target::Target,
};
use crate::{
    plan::{Action, Location, Process, Stage, env_file_path, target_unit, unit},
    types::ProcessName,
};

pub(super) const TARGET: Target = Target {
    seen,
    made_from: |_, _| Ok(Vec::new()),
    restarts: |site, changes| Ok(restarts(site, changes)),
    // A unit is a file that a step installs; it goes with that step.
    leftovers: |_| Ok(BTreeSet::new()),
    retire,
    bring_up,
    states,
    last_lines,
    look: |unit| format!("journalctl -u {unit}"),
};

fn systemctl(machine: &dyn Machine, step: &str, words: &[&str]) -> Result<String, InstallError> {
    let words = std::iter::once("systemctl").chain(words.iter().copied());
    command(machine, step, &words.map(String::from).collect::<Vec<_>>(), Utf8Path::new("/"))
}

fn seen(site: &Site<'_>, action: &Action) -> Result<Seen, InstallError> {
    let is_so = match action {
        Action::EnableUnit { unit } => {
            let step = format!("see whether {unit} starts with the machine");
            let shown =
                systemctl(site.machine, &step, &["show", "--property=UnitFileState", unit])?;
            shown.trim_end() == "UnitFileState=enabled"
        }
        Action::ReloadUnits => {
            let units = all_units(site);
            let mut words = vec!["show", "--property=NeedDaemonReload"];
            words.extend(units.iter().map(String::as_str));
            let step = "see whether systemd has read its units";
            !systemctl(site.machine, step, &words)?.contains("NeedDaemonReload=yes")
        }
        _ => return Ok(Seen::Untold),
    };
    Ok(if is_so { Seen::AsPlanned } else { Seen::Absent })
}

/// The processes that units keep up on the host, with their units.
fn units<'a>(site: &'a Site<'_>) -> impl Iterator<Item = (String, &'a Process)> {
    let (topology, party) = (&site.side.federation.topology, site.side.party());
    let permanent = site.side.host().processes.iter().filter(|process| process.is_permanent());
    permanent.map(move |process| (unit(topology, party, &process.name), process))
}

/// The sockets at which the launcher starts jobs, as the steps install them.
fn sockets(site: &Site<'_>) -> Vec<String> {
    let copied = site.steps(Stage::Install).filter_map(|step| match step.action {
        Action::CopyFile { to, .. } if to.extension() == Some("socket") => {
            to.file_name().map(str::to_owned)
        }
        _ => None,
    });
    copied.collect()
}

fn all_units(site: &Site<'_>) -> Vec<String> {
    let target = target_unit(&site.side.federation.topology, site.side.party());
    units(site).map(|(unit, _)| unit).chain(sockets(site)).chain([target]).collect()
}

/// A unit runs with what stands in its file, with the variables of the host, and with what is installed for all of them.
fn restarts(site: &Site<'_>, changes: &[Change]) -> BTreeSet<String> {
    let env_file = env_file_path(&site.side.federation.topology, site.side.party());
    let is_for_all = |action: &Action| match action {
        Action::CopyFile { to, .. } => to.as_str() == env_file,
        Action::CreateEnvironment { .. } | Action::InstallPackages { .. } => true,
        _ => false,
    };
    let done = || {
        changes.iter().filter_map(|change| match change {
            Change::Do { step, .. } => Some(&step.action),
            Change::TakeBack { .. } => None,
        })
    };
    let is_all = done().any(is_for_all);
    let has_changed = |unit: &str| {
        done().any(|action| match action {
            Action::CopyFile { to, .. } => is_unit(action) && to.file_name() == Some(unit),
            _ => false,
        })
    };
    // The launcher holds what it read when it started, and is the one that reads its copies.
    let own = site.side.host().launcher_locations.get(&Location::Root);
    let of_launcher = |action: &Action| match (action, own) {
        (Action::CopyFile { to, .. } | Action::CopyTree { to, .. }, Some(own)) => {
            to.starts_with(own) && to.extension() != Some("py")
        }
        _ => false,
    };
    let launcher = unit(&site.side.federation.topology, site.side.party(), &ProcessName::Launcher);
    let is_launcher_changed = done().any(of_launcher);
    let units = units(site).map(|(unit, _)| unit);
    let restarts =
        |unit: &String| is_all || has_changed(unit) || is_launcher_changed && *unit == launcher;
    units.filter(restarts).collect()
}

/// A unit that is planned no more is stopped while systemd still knows how.
fn retire(machine: &dyn Machine, action: &Action) -> Result<(), InstallError> {
    let Action::CopyFile { to, .. } = action else { return Ok(()) };
    match to.file_name() {
        Some(name) if matches!(to.extension(), Some("service" | "socket")) => {
            // A template stands for all of its instances.
            let name = &name.replace("@.", "@*.");
            run(machine, &Action::StopUnit { unit: name.clone() }, Utf8Path::new("/"))?;
            // It would stay in the list of failed units without a file that says what it was. One that has not failed has
            // nothing to forget, which is no failure.
            let forget = ["systemctl", "reset-failed", name].map(String::from);
            let _ = machine.run(&forget, Utf8Path::new("/"));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn bring_up(site: &Site<'_>, restart: &BTreeSet<String>) -> Result<(), InstallError> {
    let failed = states(site)?.into_iter().filter(|state| state.phase == Phase::Failed);
    let failed: Vec<_> = failed.map(|state| state.name).collect();
    let call = |step: &str, words: &[&str], units: &[String]| {
        let units = units.iter().map(String::as_str);
        let words: Vec<_> = words.iter().copied().chain(units).collect();
        systemctl(site.machine, step, &words).map(|_| ())
    };
    if !failed.is_empty() {
        call("let failed units start again", &["reset-failed"], &failed)?;
    }
    let restart: Vec<_> = restart.iter().cloned().collect();
    if !restart.is_empty() {
        call("restart units", &["restart", "--no-block"], &restart)?;
    }
    call("start units", &["start", "--no-block"], &all_units(site))
}

const PROPERTIES: &str = "Id,ActiveState,SubState,NRestarts,Job";

/// What systemd says of units: a block for each, with an empty line between them.
pub(super) fn show(
    machine: &dyn Machine,
    step: &str,
    properties: &str,
    units: &[String],
) -> Result<String, InstallError> {
    let properties = format!("--property={properties}");
    let units = units.iter().map(String::as_str);
    let words: Vec<_> = ["show", &properties].into_iter().chain(units).collect();
    systemctl(machine, step, &words)
}

fn states(site: &Site<'_>) -> Result<Vec<ProcessState>, InstallError> {
    let units: Vec<_> = units(site).collect();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = units.iter().map(|(unit, _)| unit.clone()).collect();
    let shown = show(site.machine, "see how units are", PROPERTIES, &names)?;
    let blocks: Vec<Shown<'_>> = shown.split("\n\n").map(Shown::read).collect();
    let states = units.into_iter().map(|(name, process)| {
        let block = blocks.iter().find(|block| block.get("Id") == name);
        let (phase, restarts) =
            block.map_or((Phase::Down, 0), |block| (block.phase(), block.restarts()));
        let within = process.ready.map_or(Duration::ZERO, |ready| ready.within.get());
        ProcessState { name, phase, restarts, within }
    });
    Ok(states.collect())
}

/// What `systemctl show` prints of one unit.
struct Shown<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Shown<'a> {
    fn read(block: &'a str) -> Self {
        Self(block.lines().filter_map(|line| line.split_once('=')).collect())
    }

    fn get(&self, key: &str) -> &'a str {
        self.0.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
    }

    fn restarts(&self) -> u32 {
        self.get("NRestarts").parse().unwrap_or(0)
    }

    /// A unit with a job is about to become something else.
    fn phase(&self) -> Phase {
        match (self.get("ActiveState"), self.get("Job")) {
            ("active", "" | "0") => Phase::Ready,
            ("failed", "" | "0") => Phase::Failed,
            ("inactive", "" | "0") => Phase::Down,
            _ => Phase::Starting,
        }
    }
}

/// So many lines of the journal are shown.
const LINES: &str = "10";

fn last_lines(site: &Site<'_>, unit: &str) -> Vec<String> {
    let words = ["journalctl", "--no-pager", "--output=cat", "-n", LINES, "-u", unit];
    let ran = site.machine.run(&words.map(String::from), Utf8Path::new("/"));
    // Where the journal cannot be read, the command that shows more of it says why.
    ran.map(|ran| ran.stdout.lines().map(str::to_owned).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_ready_when_it_is_active_and_nothing_is_about_to_be_done_with_it() {
        let phase = |active: &str, job: &str| {
            Shown::read(&format!("Id=a.service\nActiveState={active}\nJob={job}\n")).phase()
        };
        assert_eq!(phase("active", "0"), Phase::Ready);
        assert_eq!(phase("active", ""), Phase::Ready);
        assert_eq!(phase("active", "417"), Phase::Starting, "it is being restarted");
        assert_eq!(phase("inactive", "417"), Phase::Starting, "it waits for another one");
        assert_eq!(phase("inactive", ""), Phase::Down);
        assert_eq!(phase("activating", ""), Phase::Starting, "between two starts");
        assert_eq!(phase("failed", ""), Phase::Failed);
    }
}
