//! The processes below this one.

use std::collections::{BTreeMap, BTreeSet};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Kills every descendant. Repeats until a look at the process table finds no new one, since a process may fork while
/// the table is being read.
pub(super) fn kill_all() {
    let mut killed = BTreeSet::new();
    loop {
        let fresh: Vec<Pid> = descendants().difference(&killed).copied().collect();
        if fresh.is_empty() {
            return;
        }
        for who in fresh {
            let _ = kill(who, Signal::SIGKILL); // it may have ended meanwhile
            killed.insert(who);
        }
    }
}

/// Every process below this one.
pub(super) fn descendants() -> BTreeSet<Pid> {
    let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    let processes = procfs::process::all_processes().into_iter().flatten().flatten();
    for stat in processes.filter_map(|process| process.stat().ok()) {
        children.entry(Pid::from_raw(stat.ppid)).or_default().push(Pid::from_raw(stat.pid));
    }
    let mut found = BTreeSet::new();
    let mut open = vec![Pid::this()];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            found.insert(child);
            open.push(child);
        }
    }
    found
}
