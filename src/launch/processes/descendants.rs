//! The processes below this one.

use std::collections::{BTreeMap, BTreeSet};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Kills every descendant of this process.
pub(super) fn kill_all() {
    kill_repeatedly(descendants);
}

/// Kills a process and every descendant of it.
pub(super) fn kill_tree(root: Pid) {
    kill_repeatedly(|| {
        let mut all = below(root);
        all.insert(root);
        all
    });
}

/// Kills until a look at the process table finds no new one, since a process may fork while the table is being read.
fn kill_repeatedly(find: impl Fn() -> BTreeSet<Pid>) {
    let mut killed = BTreeSet::new();
    loop {
        let fresh: Vec<Pid> = find().difference(&killed).copied().collect();
        if fresh.is_empty() {
            return;
        }
        for who in fresh {
            let _ = kill(who, Signal::SIGKILL); // it may have ended meanwhile
            killed.insert(who);
        }
    }
}

/// Lets a process go on that was stopped.
pub(super) fn wake(process: Pid) {
    let stat = procfs::process::Process::new(process.as_raw()).and_then(|found| found.stat());
    if stat.is_ok_and(|stat| stat.state == 'T') {
        let _ = kill(process, Signal::SIGCONT); // it may have ended meanwhile
    }
}

/// Every process below this one.
pub(super) fn descendants() -> BTreeSet<Pid> {
    below(Pid::this())
}

/// The processes whose parent is this one.
pub(super) fn children() -> BTreeSet<Pid> {
    children_by_parent().remove(&Pid::this()).unwrap_or_default().into_iter().collect()
}

fn below(root: Pid) -> BTreeSet<Pid> {
    let mut children = children_by_parent();
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            found.insert(child);
            open.push(child);
        }
    }
    found
}

/// The children of each process.
fn children_by_parent() -> BTreeMap<Pid, Vec<Pid>> {
    let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    let processes = procfs::process::all_processes().into_iter().flatten().flatten();
    for stat in processes.filter_map(|process| process.stat().ok()) {
        children.entry(Pid::from_raw(stat.ppid)).or_default().push(Pid::from_raw(stat.pid));
    }
    children
}
