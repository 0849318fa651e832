//! What sfgen sets for its own process, before it does anything else.

use nix::sys::{
    prctl,
    signal::{SigSet, Signal},
};

/// Keeps secrets in and surprises out. Programs that are started from here are not affected: starting one resets the
/// first, and the guards reset the second.
pub(super) fn harden() {
    // Keys are in the memory of most commands. Without this, a crash writes them to a core dump, and any process of the
    // same account may read them. It fails on no Linux that sfgen runs on.
    let _ = prctl::set_dumpable(false);
    // A file that grows beyond the limit (`ulimit -f`) is then an error like a full disk, instead of the end.
    let mut limit = SigSet::empty();
    limit.add(Signal::SIGXFSZ);
    let _ = limit.thread_block(); // fails for an invalid argument only; threads inherit it
}
