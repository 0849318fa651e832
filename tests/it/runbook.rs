//! A party is brought up, runs a job and is taken down by its runbook alone: each block of commands as it is printed, in its order,
//! from the folder that the runbook names.

use std::{
    fs::{File, Permissions},
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    process::Command,
};

use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    pty::openpty,
};

use crate::{
    containers,
    support::{
        docker::Docker,
        launcher::{Launcher, assert_nothing_left},
        workspace::Workspace,
    },
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

/// A block of commands.
struct Block {
    /// The heading above it.
    heading: String,
    /// Whether it does by hand what another one does with one command.
    is_by_hand: bool,
    text: String,
}

fn blocks(runbook: &str) -> Vec<Block> {
    let (mut heading, mut is_by_hand, mut is_new) = (String::new(), false, true);
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for line in runbook.lines() {
        match line {
            "```sh" => {
                blocks.push(Block { heading: heading.clone(), is_by_hand, text: String::new() });
                is_inside = true;
            }
            "```" => is_inside = false,
            inside if is_inside => {
                let block = blocks.last_mut().expect("it was begun");
                block.text.extend([inside, "\n"]);
            }
            "" => is_new = true,
            other => {
                // Blocks of several hosts follow one paragraph.
                is_by_hand = (is_by_hand && !is_new) || other.to_lowercase().contains("by hand");
                is_new = false;
                if let Some(title) = other.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    blocks
}

/// A party with its runbook, at a terminal of a machine that has `sudo` and `nft`.
struct Operator {
    ws: Workspace,
    party: &'static str,
    /// The engine of the machine.
    docker: Option<Docker>,
    done: Vec<Block>,
}

impl Operator {
    fn new(ws: Workspace, party: &'static str, docker: Option<Docker>) -> Self {
        let tables = ws.join("tables");
        std::fs::create_dir(&tables).unwrap();
        let nft = NFT.replace("TABLES", tables.to_str().unwrap());
        for (name, text) in [("bin/sudo", SUDO), ("bin/nft", &nft)] {
            ws.write(name, text);
            std::fs::set_permissions(ws.join(name), Permissions::from_mode(0o755)).unwrap();
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sfgen"), ws.join("bin/sfgen")).unwrap();
        Self { ws, party, docker, done: Vec::new() }
    }

    fn runbook(&self) -> String {
        self.ws.read(&format!("generated/{}/RUNBOOK.md", self.party))
    }

    /// The commands of a section.
    #[track_caller]
    fn section(&mut self, heading: &str, is_by_hand: bool) -> Vec<String> {
        let mut all = blocks(&self.runbook());
        all.retain(|block| block.heading == heading && block.is_by_hand == is_by_hand);
        assert!(!all.is_empty(), "{heading}: {}", self.runbook());
        let texts = all.iter().map(|block| block.text.clone()).collect();
        self.done.extend(all);
        texts
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
        let mut path = std::env::var("PATH").unwrap();
        if let Some(docker) = &self.docker {
            docker.let_find(&mut shell);
            let own = shell.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path);
            own.unwrap().to_str().unwrap().clone_into(&mut path);
        }
        // What is recorded is this test's alone.
        shell.env("SFGEN_STATE", self.ws.join("state"));
        shell.env("PATH", format!("{}:{path}", self.ws.join("bin").display()));
        shell
    }

    /// Does all of a section at a terminal, and says yes to what is asked; returns what was shown for each block.
    #[track_caller]
    fn follow(&mut self, heading: &str) -> Vec<String> {
        self.type_in(heading, false)
    }

    /// The same, of what does it by hand.
    #[track_caller]
    fn follow_by_hand(&mut self, heading: &str) -> Vec<String> {
        self.type_in(heading, true)
    }

    #[track_caller]
    fn type_in(&mut self, heading: &str, is_by_hand: bool) -> Vec<String> {
        let commands = self.section(heading, is_by_hand);
        let shown = commands.iter().map(|block| {
            let pty = openpty(None, None).unwrap();
            // What is started to live on, as what takes a firewall back is, does not hold the terminal.
            for side in [&pty.master, &pty.slave] {
                fcntl(side, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
            }
            let side = || pty.slave.try_clone().unwrap();
            let mut shell = self.shell(block);
            let mut child = shell.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
            // The terminal ends when nobody has its other side.
            drop(shell);
            drop(pty.slave);
            let mut terminal = File::from(pty.master);
            terminal.write_all(b"y\n").unwrap();
            let mut said = Vec::new();
            let _ = terminal.read_to_end(&mut said); // its end is an error (EIO)
            let said = String::from_utf8(said).unwrap();
            assert!(child.wait().unwrap().success(), "{block}{said}");
            said
        });
        shown.collect()
    }

    /// Begins what stays in the foreground.
    #[track_caller]
    fn begin(&mut self, heading: &str) -> Launcher {
        let commands = self.section(heading, false);
        let [block] = &commands[..] else { panic!("{heading} is one block: {commands:?}") };
        // The shell gives way to the command, so that nobody is left when that ends.
        Launcher::of(self.shell(&format!("exec {}", block.lines().last().unwrap())))
    }

    fn has_table(&self) -> bool {
        std::fs::read_dir(self.ws.join("tables")).unwrap().next().is_some()
    }

    /// Every block of the runbook was followed.
    #[track_caller]
    fn check_all_is_done(&self) {
        for block in blocks(&self.runbook()) {
            let is_same =
                |done: &Block| (&done.heading, &done.text) == (&block.heading, &block.text);
            assert!(self.done.iter().any(is_same), "{}: {}", block.heading, block.text);
        }
    }
}

#[test]
fn two_parties_follow_their_runbooks_from_the_firewall_to_the_end() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned();
    let other = ws.copy();
    let mut operators = [Operator::new(ws, "alice", None), Operator::new(other, "bob", None)];
    for operator in &mut operators {
        operator.follow("Prerequisites");
        let loaded = operator.follow("Firewall");
        let [asked, confirmed] = &loaded[..] else { panic!("{loaded:?}") };
        assert!(asked.contains("Taken back after 1m."), "{asked}");
        assert!(asked.contains("the firewall stays"), "{asked}");
        assert!(confirmed.contains("the firewall stays already"), "{confirmed}");
        operator.follow_by_hand("Firewall");
        assert!(operator.has_table());
    }
    let mut launchers = operators.each_mut().map(|operator| operator.begin("Start"));
    launchers[0].wait_for("alice: armed");
    launchers[1].wait_for("bob: armed");
    for run in operators.each_mut().map(|operator| operator.begin("Run a job")) {
        let (status, stdout, said) = run.end();
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    for operator in &mut operators {
        let watched = operator.follow("Watch");
        assert!(watched[0].contains("armed"), "{}", watched[0]);
    }
    for (operator, launcher) in operators.iter_mut().zip(launchers) {
        operator.follow("Stop");
        assert_eq!(launcher.end().0, 0);
        operator.follow("Remove");
        assert!(!operator.has_table());
        operator.check_all_is_done();
    }
    for operator in &operators {
        assert_nothing_left(&operator.ws);
    }
}

#[test]
#[ignore = "needs root and a Docker engine; .ci/run installs it"]
fn a_party_with_containers_follows_its_runbook_with_one_command_and_by_hand() {
    let Some(docker) = Docker::start() else { return };
    let mut alice = Operator::new(containers::planned(), "alice", Some(docker));
    let running = |alice: &Operator| alice.docker.as_ref().map(Docker::containers).unwrap().len();
    alice.follow("Prerequisites");
    alice.follow("Firewall");
    alice.follow("Install");
    assert_eq!(running(&alice), 2);
    let watched = alice.follow("Watch");
    assert!(watched[0].contains("(healthy)"), "{}", watched[0]);
    alice.follow("Stop");
    assert_eq!(running(&alice), 0);
    alice.follow("Remove");
    assert!(!alice.has_table());

    alice.follow_by_hand("Firewall");
    alice.follow_by_hand("Install");
    alice.follow("Start");
    assert_eq!(running(&alice), 2);
    alice.follow("Stop");
    alice.follow_by_hand("Remove");
    assert_eq!(running(&alice), 0);
    assert!(!alice.has_table());
    alice.check_all_is_done();
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
