//! Ray and gRPC open many files: a socket per worker and peer, and more.

use nix::sys::resource::{Resource, getrlimit};

use super::machine::{Machine, Probe};
use crate::diag::{Code, Finding};

pub(super) const PROBE: Probe = Probe { name: "limit of open files", run };

/// What Ray's documentation asks for in production.
const WANTED: u64 = 65_536;

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    if machine.host_plan().is_none_or(|host| host.ray.is_none()) {
        return Vec::new();
    }
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) => judge(soft, hard).into_iter().collect(),
        Err(_) => Vec::new(), // nothing is known, so nothing is wrong
    }
}

fn judge(soft: u64, hard: u64) -> Option<Finding> {
    (soft < WANTED).then(|| {
        let finding =
            Finding::warning(Code("SF0844"), format!("this account may open {soft} files at once"));
        finding.help(if hard >= WANTED {
            format!("`ulimit -n {WANTED}` before `sfgen apply`")
        } else {
            format!("set `nofile` to {WANTED} in /etc/security/limits.conf, or `LimitNOFILE=` in the unit")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_depends_on_who_can_raise_the_limit() {
        assert_eq!(judge(WANTED, WANTED), None);
        assert!(judge(1024, 1 << 20).unwrap().help.unwrap().contains("ulimit"));
        assert!(judge(1024, 4096).unwrap().help.unwrap().contains("limits.conf"));
    }
}
