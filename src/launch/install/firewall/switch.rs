//! What takes a firewall back after some time, whatever becomes of the process that loaded it.
//!
//! It is a shell that waits, and then renames the file with the earlier rules and loads it. Confirming renames the same
//! file, so exactly one of both comes first. Where systemd runs, a timer of it waits, which no end of a session reaches; else
//! a process in a session of its own.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs,
    launch::install::{InstallError, machine::Machine, record::OpenRecord, site::command},
};

/// How the names of files with earlier rules end.
pub(super) const ENDING: &str = ".firewall-before";

/// Takes back: `$0` is the file with the earlier rules, which somebody who confirms takes away.
const TAKE_BACK: &str = "mv -- \"$0\" \"$0.loading\" 2>/dev/null || exit 0; nft -f \"$0.loading\"; rm -- \"$0.loading\"";

/// There where systemd has brought up the machine (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// Starts what takes back after `time`.
pub(super) fn arm(
    machine: &dyn Machine,
    pending: &Utf8Path,
    time: Duration,
) -> Result<(), InstallError> {
    let step = "start what takes the firewall back";
    let seconds = format!("{}", time.as_secs_f64());
    if is_systemds(machine) {
        let after = format!("--on-active={seconds}");
        let timer = [
            "systemd-run",
            "--quiet",
            "--collect",
            &after,
            "--timer-property=AccuracySec=100ms",
            "/bin/sh",
            "-c",
            TAKE_BACK,
            pending.as_str(),
        ];
        return command(machine, step, &timer.map(String::from), Utf8Path::new("/")).map(|_| ());
    }
    // The shell says nothing, so that no reader of this process's output waits for it.
    let script = format!("exec </dev/null >/dev/null 2>&1; sleep {seconds}; {TAKE_BACK}");
    let process = ["setsid", "--fork", "sh", "-c", &script, pending.as_str()].map(String::from);
    command(machine, step, &process, Utf8Path::new("/")).map(|_| ())
}

/// Whether systemd runs, and in the network in which this process loads rules.
fn is_systemds(machine: &dyn Machine) -> bool {
    let network = |process: &str| {
        std::fs::read_link(machine.at(&Utf8PathBuf::from(format!("/proc/{process}/ns/net")))).ok()
    };
    machine.at(Utf8Path::new(BOOTED)).is_dir() && network("self") == network("1")
}

/// The files with earlier rules for which something waits.
pub(super) fn pending(open: &OpenRecord) -> Result<Vec<Utf8PathBuf>, InstallError> {
    let all = open.beside("")?;
    let (Some(folder), Some(start)) = (all.parent(), all.file_name()) else {
        return Ok(Vec::new());
    };
    let names = fs::list(folder)?.into_iter();
    let names = names.filter(|name| name.starts_with(start) && name.ends_with(ENDING));
    Ok(names.map(|name| folder.join(name)).collect())
}

/// Takes such a file away from what waits for it; `false` where that was first.
pub(super) fn claim(pending: &Utf8Path, to: &Utf8Path) -> Result<bool, InstallError> {
    match fs::rename(pending, to) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why.into()),
    }
}
