//! How much time and memory `check`, `plan` and `keys new` need, measured against the bounds that sfgen keeps.
//!
//! `cargo bench --bench plan` prints a table and fails where a bound is broken. Processor time is compared rather than
//! time on the clock, and twice the bound is allowed, since the machine may be busy; ratios and memory depend less on
//! it and are compared as they are.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod federation;
mod measure;

use std::process::ExitCode;

use federation::{Federation, Shape, name};
use measure::{Cost, cheapest, ran_as_parent};

/// The program that is measured.
const SFGEN: &str = env!("CARGO_BIN_EXE_sfgen");
/// How many times each command is run.
const TIMES: usize = 3;
/// How many times the bound of a processor time may be taken on a busy machine.
const TOLERANCE: f64 = 2.0;
/// How many parties each party meets in the larger topologies.
const DEGREE: usize = 10;

/// A line of the table.
struct Line {
    what: &'static str,
    measured: String,
    bound: String,
    is_kept: bool,
}

fn main() -> ExitCode {
    if ran_as_parent() {
        return ExitCode::SUCCESS;
    }
    let mesh = Costs::of(Shape::full_mesh(100));
    let small = Costs::of(Shape::of_degree(1_000, DEGREE));
    let large = Costs::of(Shape::of_degree(4_000, DEGREE));
    let lines = [
        cpu("`check`, 100 parties with one job and SPU of all", mesh.check, 0.1),
        cpu("`check`, 1,000 parties, each meets 10", small.check, 0.5),
        cpu("`plan`, 1,000 parties, first time", small.first, 1.5),
        cpu("`plan`, 1,000 parties, nothing to change", small.again, 1.0),
        memory("memory of `plan`, 1,000 parties, first time", small.first, 100),
        memory("memory of `check`, 4,000 parties", large.check, 200),
        ratio("`check`, 4,000 parties to 1,000", large.check, small.check, 4.6),
        ratio("`plan`, 4,000 parties to 1,000, first time", large.first, small.first, 4.6),
        cpu("`keys new`, one of 1,000 parties", small.keys, 0.015),
    ];
    println!("| what | measured | bound |\n|-|-|-|");
    for Line { what, measured, bound, .. } in &lines {
        println!("| {what} | {measured} | {bound} |");
    }
    let broken: Vec<_> = lines.iter().filter(|line| !line.is_kept).map(|line| line.what).collect();
    if broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("\nbroken: {}", broken.join("; "));
    ExitCode::FAILURE
}

/// What the commands cost in one topology.
struct Costs {
    check: Cost,
    /// `plan` without lock and tree.
    first: Cost,
    /// `plan` where all is as planned.
    again: Cost,
    keys: Cost,
}

impl Costs {
    fn of(shape: Shape) -> Self {
        const ROOM: &str = "the temporary folder has room for the topology";
        let federation = Federation::new(shape).expect(ROOM);
        let topology = federation.topology().to_string();
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let check = cheapest(TIMES, SFGEN, || words(&["check", &topology]));
        let mut trees = 0;
        let mut tree = federation.tree(trees);
        let first = cheapest(TIMES, SFGEN, || {
            federation.forget_lock().expect("the lock is ours");
            trees += 1;
            tree = federation.tree(trees);
            words(&["plan", "--out", tree.as_str(), &topology])
        });
        let again = || words(&["plan", "--out", tree.as_str(), &topology]);
        let again = cheapest(TIMES, SFGEN, again);
        let party = name(shape.parties / 2);
        let keys = cheapest(TIMES, SFGEN, || {
            let party = party.parse().expect("it is the name of a party");
            federation.forget_keys(&party).expect("the keys are ours");
            words(&["keys", "new", "--party", party.as_str(), &topology])
        });
        Self { check, first, again, keys }
    }
}

fn cpu(what: &'static str, cost: Cost, bound: f64) -> Line {
    let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
    Line {
        what,
        measured: format!("{cpu:.3} s CPU ({wall:.3} s by the clock)"),
        bound: format!("{bound} s CPU"),
        is_kept: cpu <= bound * TOLERANCE,
    }
}

fn memory(what: &'static str, cost: Cost, megabytes: u64) -> Line {
    Line {
        what,
        measured: format!("{} MB", cost.memory / 1_000_000),
        bound: format!("{megabytes} MB"),
        is_kept: cost.memory <= megabytes * 1_000_000,
    }
}

fn ratio(what: &'static str, large: Cost, small: Cost, bound: f64) -> Line {
    let ratio = large.cpu.as_secs_f64() / small.cpu.as_secs_f64();
    Line {
        what,
        measured: format!("{ratio:.2} times the CPU"),
        bound: format!("{bound} times"),
        is_kept: ratio <= bound,
    }
}
