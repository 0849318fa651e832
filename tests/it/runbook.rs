//! A party is brought up, runs a job and is taken down by its runbook alone: each block of commands as it is printed, in its order,
//! from the folder that the runbook names.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, process::Command};

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    workspace::{Ran, Workspace},
};

/// What root would do, done by this account: in a namespace in which it is root, where it is not.
const SUDO: &str = "#!/bin/sh\n\
    if [ \"$(id -u)\" = 0 ]; then exec \"$@\"; else exec unshare --user --map-root-user -- \"$@\"; fi\n";

/// Stands for nft, and keeps the text of each table in a file.
const NFT: &str = r#"#!/bin/sh
set -eu
tables=TABLES
case "$*" in
"-f "*)
    name=$(sed -n 's/^table inet \([a-z0-9_]*\)$/\1/p' "$2")
    rm -f "$tables/$name"
    if grep -q '{$' "$2"; then cp "$2" "$tables/$name"; fi ;;
"list tables inet") for table in "$tables"/*; do [ ! -e "$table" ] || echo "table inet ${table##*/}"; done ;;
"--stateless list table inet "*) cat "$tables/$5" ;;
"delete table inet "*) rm "$tables/$4" ;;
"--json list ruleset") echo '{ "nftables": [] }' ;;
*) echo "not known: $*" >&2; exit 1 ;;
esac
"#;

/// A block of commands, and the heading above it.
struct Block {
    heading: String,
    text: String,
}

fn blocks(runbook: &str) -> Vec<Block> {
    let mut heading = String::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for line in runbook.lines() {
        match line {
            "```sh" => {
                blocks.push(Block { heading: heading.clone(), text: String::new() });
                is_inside = true;
            }
            "```" => is_inside = false,
            inside if is_inside => {
                let block = blocks.last_mut().expect("it was begun");
                block.text.extend([inside, "\n"]);
            }
            other => {
                if let Some(title) = other.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    blocks
}

/// A party with its runbook, on a machine that has `sudo` and `nft`.
struct Operator {
    ws: Workspace,
    party: &'static str,
    done: Vec<String>,
}

impl Operator {
    fn new(ws: Workspace, party: &'static str) -> Self {
        let tables = ws.join("tables");
        std::fs::create_dir(&tables).unwrap();
        for (name, text) in
            [("sudo", SUDO), ("nft", &NFT.replace("TABLES", tables.to_str().unwrap()))]
        {
            ws.write(&format!("bin/{name}"), text);
            std::fs::set_permissions(
                ws.join(&format!("bin/{name}")),
                Permissions::from_mode(0o755),
            )
            .unwrap();
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sfgen"), ws.join("bin/sfgen")).unwrap();
        Self { ws, party, done: Vec::new() }
    }

    fn runbook(&self) -> String {
        self.ws.read(&format!("generated/{}/RUNBOOK.md", self.party))
    }

    /// The commands of a section that were not done yet.
    #[track_caller]
    fn section(&mut self, heading: &str) -> Vec<String> {
        let all = blocks(&self.runbook()).into_iter().filter(|block| block.heading == heading);
        let all: Vec<_> = all.map(|block| block.text).collect();
        assert!(!all.is_empty(), "{heading}: {}", self.runbook());
        self.done.push(heading.to_owned());
        all
    }

    /// A block as a shell of the operator reads it.
    fn shell(&self, block: &str) -> Command {
        let like = self.ws.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-euc", block]).current_dir(self.ws.path());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let path = std::env::var("PATH").unwrap();
        shell.env("PATH", format!("{}:{path}", self.ws.join("bin").display()));
        shell
    }

    /// Does all of a section; returns what came of each block.
    #[track_caller]
    fn follow(&mut self, heading: &str) -> Vec<Ran> {
        let commands = self.section(heading);
        let ran = commands.iter().map(|block| {
            let output = self.shell(block).stdin(std::process::Stdio::null()).output().unwrap();
            Ran::new(&[block], &output, self.ws.path()).success()
        });
        ran.collect()
    }

    /// Begins what stays in the foreground.
    #[track_caller]
    fn begin(&mut self, heading: &str) -> Launcher {
        let commands = self.section(heading);
        let [block] = &commands[..] else { panic!("{heading} is one block: {commands:?}") };
        // The shell gives way to the command, which gets the signals then.
        Launcher::of(self.shell(&format!("exec {}", block.lines().last().unwrap())))
    }

    fn has_table(&self) -> bool {
        std::fs::read_dir(self.ws.join("tables")).unwrap().next().is_some()
    }
}

#[test]
fn two_parties_follow_their_runbooks_from_the_firewall_to_the_end() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned();
    let other = ws.copy();
    let mut operators = [Operator::new(ws, "alice"), Operator::new(other, "bob")];
    for operator in &mut operators {
        operator.follow("Prerequisites");
        let loaded = operator.follow("Firewall");
        assert!(loaded[0].stdout.contains("the firewall is loaded"), "{}", loaded[0].stdout);
        assert!(loaded[1].stdout.contains("the firewall stays"), "{}", loaded[1].stdout);
        assert!(operator.has_table());
    }
    let mut launchers = operators.each_mut().map(|operator| operator.begin("Start"));
    launchers[0].wait_for("alice: armed");
    launchers[1].wait_for("bob: armed");
    for run in operators.each_mut().map(|operator| operator.begin("Run a job")) {
        let (status, stdout, said) = run.end();
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    for (operator, launcher) in operators.iter_mut().zip(launchers) {
        let watched = operator.follow("Watch");
        assert!(watched[0].stdout.contains("armed"), "{}", watched[0].stdout);
        operator.follow("Stop");
        assert_eq!(launcher.end().0, 0);
        operator.follow("Remove");
        assert!(!operator.has_table());
        let all = blocks(&operator.runbook());
        let left: Vec<_> =
            all.iter().filter(|block| !operator.done.contains(&block.heading)).collect();
        assert!(
            left.is_empty(),
            "not done: {:?}",
            left.iter().map(|block| &block.heading).collect::<Vec<_>>()
        );
    }
    for operator in &operators {
        assert_nothing_left(&operator.ws);
    }
}

#[test]
fn no_runbook_has_an_empty_block_or_heading() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut seen = 0;
    for tree in
        std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path().join("generated"))
    {
        for party in std::fs::read_dir(tree).unwrap().map(|entry| entry.unwrap().path()) {
            let Ok(runbook) = std::fs::read_to_string(party.join("RUNBOOK.md")) else { continue };
            for block in blocks(&runbook) {
                let commands = block.text.lines().filter(|line| !line.starts_with('#'));
                assert!(commands.count() > 0, "{}: {}", party.display(), block.heading);
                seen += 1;
            }
            for (heading, text) in
                runbook.split("\n## ").skip(1).filter_map(|part| part.split_once('\n'))
            {
                assert!(!text.trim().is_empty(), "{}: {heading}", party.display());
            }
        }
    }
    assert!(seen > 20, "the golden trees have runbooks: {seen}");
}
