//! What is left of a guard that was killed falls to the launcher, which ends it.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl,
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};
use tokio::{process::Child, time::sleep};

use super::descendants::{children, kill_tree};

/// How long the kernel gets to end killed processes. One that hangs in it cannot be ended by anybody.
const KILLING: Duration = Duration::from_secs(5);
/// How often killed processes are looked for that have not ended yet.
const TICK: Duration = Duration::from_millis(5);

/// The children of this process that are no orphans: its guards, and what it had before. Every other child came to it
/// because a guard was killed.
#[derive(Clone, Debug)]
pub(super) struct Orphanage(Arc<Mutex<BTreeSet<Pid>>>);

impl Orphanage {
    /// From here on the orphans among all descendants of this process fall to it.
    pub(super) fn open() -> Self {
        // Without it, orphans fall to the system as they always did.
        let _ = prctl::set_child_subreaper(true);
        Self(Arc::new(Mutex::new(children())))
    }

    /// Starts a child of ours. Nobody takes it for an orphan meanwhile.
    pub(super) fn start(&self, start: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
        let mut ours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let child = start()?;
        ours.extend(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
        Ok(child)
    }

    /// Forgets a child that has ended.
    pub(super) fn forget(&self, pid: Pid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
    }

    fn orphans(&self) -> Vec<Pid> {
        let ours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        children().difference(&ours).copied().collect()
    }

    /// Ends every orphan with all that descends from it. May be cancelled and asked again.
    pub(super) async fn end_orphans(&self) {
        let begun = Instant::now();
        loop {
            let orphans = self.orphans();
            if orphans.is_empty() || begun.elapsed() > KILLING {
                return;
            }
            for orphan in orphans {
                kill_tree(orphan);
                let _ = waitpid(orphan, Some(WaitPidFlag::WNOHANG)); // looked for again until it is gone
            }
            sleep(TICK).await;
        }
    }
}
