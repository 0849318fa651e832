//! What one run of a program costs.
//!
//! The system adds up the costs of all children of a process and keeps the largest memory of them. So each run gets a
//! parent of its own: this program once more, which starts the program, waits, and prints what its only child cost.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike as _,
};

/// The argument by which this program knows that it is such a parent.
const PARENT: &str = "--run";

/// What a run cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time, of the program and of the system for it.
    pub(crate) cpu: Duration,
    /// Time on the clock.
    pub(crate) wall: Duration,
    /// The most memory that was resident at once, in bytes.
    pub(crate) memory: u64,
}

/// Runs the program of the command line, if this process was started by [`cheapest`]; whether it was.
pub(crate) fn ran_as_parent() -> bool {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some(PARENT) {
        return false;
    }
    let program = args.next().expect("the parent is told which program");
    let start = Instant::now();
    let mut command = Command::new(&program);
    let status = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.unwrap_or_else(|why| panic!("cannot start `{program}`: {why}"));
    let wall = start.elapsed();
    assert!(status.success(), "`{program}` ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("a process may ask for its own costs");
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // Linux gives the memory in KiB.
    println!("{cpu} {} {}", wall.as_micros(), usage.max_rss() * 1024);
    true
}

/// The costs of a program that is to succeed; what it prints is thrown away, but for its complaints.
fn run(program: &str, args: &[String]) -> Cost {
    let own = std::env::current_exe().expect("this program is a file");
    let output = Command::new(own)
        .arg(PARENT)
        .arg(program)
        .args(args)
        .stderr(Stdio::inherit())
        .output()
        .expect("this program can be started again");
    assert!(output.status.success(), "`{program} {}` failed", args.join(" "));
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
    let [cpu, wall, memory] = numbers[..] else { panic!("unreadable costs: {text:?}") };
    Cost { cpu: Duration::from_micros(cpu), wall: Duration::from_micros(wall), memory }
}

/// The cheapest of several runs, by processor time: what disturbs a run only ever makes it dearer. `args` is asked for
/// the arguments of each.
pub(crate) fn cheapest(times: usize, program: &str, mut args: impl FnMut() -> Vec<String>) -> Cost {
    let runs = (0..times).map(|_| run(program, &args()));
    runs.min_by_key(|cost| cost.cpu).expect("at least one run")
}
