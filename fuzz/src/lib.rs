//! The fuzz targets of sfgen. `docs/fuzzing.md` says how to run them.

pub mod targets;

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// How long one input may keep the processor busy; it is compiled up to eight times.
const BUSY: Duration = Duration::from_secs(1);

/// Runs a target. Unlike libFuzzer's `-timeout`, the limit does not depend on what else the machine does.
pub fn within_a_second(target: fn(&[u8]), bytes: &[u8]) {
    let busy = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from);
    let before = busy();
    target(bytes);
    if let (Ok(before), Ok(after)) = (before, busy()) {
        let took = after.saturating_sub(before);
        assert!(took < BUSY, "one input took {took:?}");
    }
}
