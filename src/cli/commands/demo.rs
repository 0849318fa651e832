//! `sfgen demo`: the whole flow, each step as the command that it is.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::Command,
};

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    fs::{self, Kind},
};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The runtime to show
    #[arg(long, value_enum, default_value_t = DemoRuntime::Embedded)]
    pub(crate) runtime: DemoRuntime,
    /// A new folder for it; a temporary one, removed at the end, unless given
    #[arg(long)]
    pub(crate) dir: Option<Utf8PathBuf>,
}

/// What a demo runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoRuntime {
    /// sfgen's own arithmetic, needs nothing
    Embedded,
    /// SecretFlow on two Ray clusters, installed with progress shown
    Secretflow,
}

/// The topologies that the demo shows are the examples.
const EMBEDDED: &str = include_str!("../../../examples/two_parties/topology.kdl");
const SECRETFLOW: &str = include_str!("../../../examples/secretflow_loopback/topology.kdl");
const SECRETFLOW_JOB: &str = include_str!("../../../examples/secretflow_loopback/secure_sum.py");

/// What the parties of the embedded example add: the file that the topology names, and the number in it.
const NUMBERS: [(&str, &str); 2] = [("keys/alice/number", "11"), ("keys/bob/number", "31")];

/// As many ports as the larger of the two examples needs, with room.
const PORTS: u16 = 200;

/// Runs the command.
pub(in crate::cli) fn run(args: &DemoArgs, ui: &Ui) -> Result<Status, Failure> {
    // A temporary folder goes when this function ends, whatever the outcome.
    let (_temporary, folder) = if let Some(folder) = &args.dir {
        (None, fresh(folder)?)
    } else {
        let folder = fs::temporary_folder("sfgen-demo-")?;
        let path = folder.path().to_owned();
        (Some(folder), path)
    };
    let (topology, job, result) = match args.runtime {
        DemoRuntime::Embedded => (EMBEDDED, "total", "sum 42"),
        DemoRuntime::Secretflow => (SECRETFLOW, "secure-sum", "sum [11. 22.]"),
    };
    let topology = topology.replacen("\nruntime ", &format!("\n{}\nruntime ", free_ports()?), 1);
    fs::write_new(&folder.join("topology.kdl"), topology.as_bytes(), 0o644)?;
    if args.runtime == DemoRuntime::Secretflow {
        fs::write_new(&folder.join("secure_sum.py"), SECRETFLOW_JOB.as_bytes(), 0o644)?;
    }
    ui.note(format!("in {folder}, two parties on this machine:\n"));
    ui.note(topology.trim_end());
    let steps: [&[&str]; 4] = [
        &["keys", "new", "--party", "alice"],
        &["keys", "new", "--party", "bob"],
        &["plan"],
        &["run", job, "--all"],
    ];
    for (index, step) in steps.into_iter().enumerate() {
        // Before the tree is planned, as each party would on its own machine.
        if index == 2 && args.runtime == DemoRuntime::Embedded {
            write_numbers(&folder, ui)?;
        }
        let status = perform(step, &folder, ui)?;
        if status != Status::Done {
            return Ok(status);
        }
    }
    ui.note(format!("\nboth parties learned `{result}`, and nothing else of each other"));
    Ok(Status::Done)
}

/// Each party's number, on its machine only.
fn write_numbers(folder: &Utf8Path, ui: &Ui) -> Result<(), Failure> {
    ui.note("");
    for (file, number) in NUMBERS {
        ui.note(format!("$ echo {number} > {file}"));
        fs::write_new(&folder.join(file), format!("{number}\n").as_bytes(), 0o600)?;
    }
    Ok(())
}

fn perform(step: &[&str], folder: &Utf8Path, ui: &Ui) -> Result<Status, Failure> {
    ui.note(format!("\n$ sfgen {}", step.join(" ")));
    let failure = |why: std::io::Error| Failure::new(Status::NotReady, why.to_string());
    let program = std::env::current_exe().map_err(failure)?;
    let status = Command::new(program).args(step).current_dir(folder).status().map_err(failure)?;
    Ok(status.code().map_or(Status::Interrupted, Status::of_code))
}

fn fresh(folder: &Utf8PathBuf) -> Result<Utf8PathBuf, Failure> {
    if fs::kind(folder)? != Kind::Absent {
        let message = format!("`{folder}` exists already");
        return Err(
            Failure::new(Status::Usage, message).help("name a folder that does not exist yet")
        );
    }
    fs::create_folder(folder, 0o755)?;
    Ok(fs::resolve(folder)?)
}

/// A `ports` node with a pool in which nothing listens: a demo must not fail for what else runs here.
fn free_ports() -> Result<String, Failure> {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    // Each process starts somewhere else, so that demos side by side do not take turns in one place.
    let start = u16::try_from(std::process::id() % 50).expect("it is below 50") * PORTS;
    let pools = (0..50).map(|index| 20_000 + (start + index * PORTS) % (50 * PORTS));
    let mut pools = pools.map(|first| first..first + PORTS);
    let pool = pools.find(|pool| pool.clone().all(|port| is_free(&port)));
    let pool = pool.ok_or_else(|| {
        Failure::new(
            Status::NotReady,
            format!("no {PORTS} free ports in a row from 20000 to 30000"),
        )
    })?;
    Ok(format!("ports {{ pool {} {}; }}", pool.start, pool.end - 1))
}
