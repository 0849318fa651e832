//! `sfgen init`: what it writes is laid out, planned and run as it is.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    os::fd::AsFd as _,
    process::Command,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::openpty,
};
use sfgen::diag::render_text;
use sfgen::syntax::MemoryWorkspace;

use crate::{
    federation::{Beside, compile_root, compile_with},
    support::workspace::Workspace,
};

const TWO: [&str; 4] = ["--party", "alice=10.0.0.1", "--party", "bob=Bank-B.internal"];

#[test]
fn every_choice_of_flags_makes_a_topology_that_is_laid_out_and_plans() {
    let ws = Workspace::empty();
    for mode in ["production", "simulation"] {
        for runtime in [
            &["embedded"][..],
            &["secretflow", "--engine", "ray"],
            &["secretflow", "--engine", "threads"],
        ] {
            // A simulation needs Ray, which is a finding of its own (SF0906).
            if mode == "simulation" && runtime.contains(&"threads") {
                continue;
            }
            for deploy in ["process", "systemd", "docker"] {
                let flags = [
                    "init",
                    "--name",
                    "credit-risk",
                    "--mode",
                    mode,
                    "--deploy",
                    deploy,
                    "--runtime",
                ];
                ws.run(&[&flags[..], runtime, &TWO].concat()).success();
                let text = ws.read("topology.kdl");
                ws.run(&["fmt", "--check"]).success();
                let files = MemoryWorkspace::default().with("topology.kdl", text.as_str());
                let done = compile_with(files, Beside::default());
                let shown = render_text(&done.findings, &done.sources, 100, false);
                assert!(done.output.is_some(), "{text}{shown}");
                // What the threads engine lacks is said by the comments too.
                let codes: Vec<_> = done.findings.iter().map(|finding| finding.code.0).collect();
                let is_told = codes.iter().all(|code| text.contains(code));
                assert!(
                    is_told && (codes.is_empty() || runtime.contains(&"threads")),
                    "{text}{shown}"
                );
                assert!(
                    text.contains(
                        "party \"bob\" {\n    host \"bob-1\" address=\"Bank-B.internal\""
                    )
                );
                // In TOML it says the same.
                let name = [&flags[..], runtime, &TWO, &["other/topology.toml"]].concat();
                ws.run(&name).success();
                let toml = ws.read("other/topology.toml");
                let files = MemoryWorkspace::default().with("topology.toml", toml.as_str());
                let same = compile_root("topology.toml", files, Beside::default());
                let trees = [&done, &same].map(|done| done.output.as_ref().map(|it| it.digest));
                assert_eq!(trees[0], trees[1], "{toml}");
                fs::remove_file(ws.join("topology.kdl")).unwrap();
                fs::remove_dir_all(ws.join("other")).unwrap();
            }
        }
    }
}

#[test]
fn what_it_writes_by_default_runs_on_one_machine() {
    let ws = Workspace::empty();
    let ran = ws.run(&["init", "--yes"]).success();
    assert_eq!(ran.stdout, "+ topology.kdl\n");
    assert!(ran.stderr.contains("sfgen keys new --party NAME"), "{}", ran.stderr);
    let pool = format!("pool {} {}", ws.ports.first, ws.ports.last);
    ws.edit("topology.kdl", |text| text.replace("pool 20000 31999", &pool));
    let ws = ws.with_keys(&["alice", "bob"]).with_numbers(&[1, 2]).planned();
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 3\n");
}

#[test]
fn names_arrive_as_they_were_given_up_to_the_longest() {
    let ws = Workspace::empty();
    let long = format!("0{}9", "-".repeat(61));
    let (name, party) = (format!("--name={long}"), format!("--party={long}=fd00::1"));
    ws.run(&["init", "--yes", &name, &party, "--party=null=[fd00::2]", "sub.kdl"]).success();
    let text = ws.read("sub.kdl");
    assert!(text.contains(&format!("topology \"{long}\" ")), "{text}");
    assert!(
        text.contains(&format!("party \"{long}\" {{\n    host \"{long}\" address=\"fd00::1\""))
    );
    assert!(text.contains(&format!("parties \"{long}\" \"null\"\n")));
    ws.run(&["fmt", "--check", "sub.kdl"]).success();
}

#[test]
fn what_is_there_is_never_overwritten() {
    for name in ["topology.kdl", "topology.toml"] {
        let ws = Workspace::empty();
        ws.write(name, "mine");
        let ran = ws.run(&["init", "--yes"]).status_is(1);
        assert!(ran.stderr.starts_with("SF0707") && ran.stderr.contains(name), "{}", ran.stderr);
        assert_eq!(ws.read(name), "mine");
        assert_eq!(fs::read_dir(ws.path()).unwrap().count(), 1);
    }
}

#[test]
fn wrong_values_of_flags_are_findings_and_all_come_at_once() {
    let ws = Workspace::empty();
    let args = [
        "init",
        "--name",
        "Credit",
        "--party",
        "a=10.0.0.1:80",
        "--party",
        "b",
        "--party",
        "c=1.1.1.1",
        "--party",
        "c=h",
    ];
    let ran = ws.run(&args).status_is(1);
    let codes: Vec<_> = ran.stderr.lines().filter(|line| line.starts_with("SF")).collect();
    assert_eq!(codes, ["SF0005", "SF0005", "SF0005", "SF0004"], "{}", ran.stderr);
    assert!(ran.stderr.contains("[sfgen init --name:1:1]"), "{}", ran.stderr);
    // What only the whole topology shows is found as well, before anything is written.
    let ran =
        ws.run(&["init", "--yes", "--party", "a=127.0.0.1", "--party", "b=10.0.0.1"]).status_is(1);
    assert!(ran.stderr.contains("was not written"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(ws.path()).unwrap().count(), 0);
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let ws = Workspace::empty();
    let ran = ws.run(&["init"]).status_is(2);
    assert!(ran.stderr.contains("`--name` and `--party` must be given"), "{}", ran.stderr);
    let ran = ws.run(&["init", "--name", "x"]).status_is(2);
    assert!(ran.stderr.contains("error: `--party` must be given"), "{}", ran.stderr);
    ws.run(&["init", "--yes", "--runtime", "embedded", "--engine", "ray"]).status_is(2);
    ws.run(&["init", "--yes", "topology.yaml"]).status_is(2);
    ws.run(&["init", "--name", "x", "--party", "a=10.0.0.1", "--party", "b=10.0.0.2"]).success();
}

/// The other end of a terminal.
struct Conversation {
    terminal: File,
    said: String,
}

impl Conversation {
    /// Starts a program on a terminal of its own.
    fn with(mut command: Command) -> (Self, std::process::Child) {
        let pty = openpty(None, None).unwrap();
        let slave = || pty.slave.try_clone().unwrap();
        command.stdin(slave()).stdout(slave()).stderr(slave());
        let child = command.spawn().unwrap();
        (Self { terminal: File::from(pty.master), said: String::new() }, child)
    }

    /// Reads until `question` is asked, then answers.
    fn answer(&mut self, question: &str, answer: &str) {
        let from = self.said.len();
        while !self.said[from..].ends_with(question) {
            let mut fds = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            let ready = poll(&mut fds, PollTimeout::from(20_000_u16)).unwrap();
            assert_eq!(ready, 1, "waited for {question:?} after {}", self.said);
            let mut bytes = [0; 512];
            let count =
                self.terminal.read(&mut bytes).unwrap_or_else(|why| panic!("{why}: {}", self.said));
            self.said += str::from_utf8(&bytes[..count]).unwrap();
        }
        writeln!(self.terminal, "{answer}").unwrap();
    }
}

#[test]
fn on_a_terminal_it_asks_until_each_answer_is_one() {
    let ws = Workspace::empty();
    let (mut terminal, mut child) =
        Conversation::with(ws.command(&["init", "--deploy", "process"]));
    terminal.answer("Name of the federation [federation]: ", "Nope!");
    terminal.answer("Name of the federation [federation]: ", "two-banks");
    terminal.answer("Mode (production, simulation) [production]: ", "");
    terminal.answer("Runtime (embedded, secretflow) [embedded]: ", "");
    terminal.answer("Party 1: ", "alice");
    terminal.answer("Address at which the others dial alice: ", "10.0.0.1");
    terminal.answer("Party 2: ", "bob");
    terminal.answer("Address at which the others dial bob: ", "10.0.0.2");
    terminal.answer("Party 3 (empty: no more): ", "");
    assert!(child.wait().unwrap().success());
    let text = ws.read("topology.kdl");
    assert!(text.contains("topology \"two-banks\" mode=\"production\""), "{text}");
    assert!(text.contains("parties \"alice\" \"bob\""), "{text}");
}

#[test]
fn a_conversation_that_is_broken_off_writes_nothing() {
    let ws = Workspace::empty();
    let (mut terminal, mut child) = Conversation::with(ws.command(&["init"]));
    // Ctrl-D at the start of a line is the end of the input.
    terminal.answer("[federation]: ", "two-banks");
    terminal.answer("Mode (production, simulation) [production]: ", "\u{4}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(fs::read_dir(ws.path()).unwrap().count(), 0);
}
