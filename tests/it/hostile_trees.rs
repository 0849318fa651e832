//! Trees that somebody has prepared: files that nobody planned, links, pipes, and paths that lead out of them.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Output},
    time::{Duration, Instant},
};

use crate::support::{
    launcher::Launcher,
    workspace::{Ran, Workspace},
};

/// Far beyond what a command takes, and what one takes that hangs.
const DEADLINE: Duration = Duration::from_secs(20);

fn two_parties() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

/// Runs the binary, which may take 4 GiB of memory at most, and is ended at the deadline.
fn bounded(ws: &Workspace, args: &[&str]) -> Ran {
    let sfgen = ws.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 4194304; exec timeout -s KILL 20 \"$@\"", "sh"]);
    shell.arg(sfgen.get_program()).args(args).current_dir(ws.path());
    for (name, value) in sfgen.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let since = Instant::now();
    let output: Output = shell.output().unwrap();
    let ran = Ran::new(args, &output, ws.path());
    assert!(since.elapsed() < DEADLINE, "{args:?} hangs: {}", ran.stderr);
    ran
}

/// What each command that reads the tree says of it: `plan`, `plan --check`, `apply` and `run`.
fn all_commands(ws: &Workspace) -> [Ran; 4] {
    [
        bounded(ws, &["plan"]),
        bounded(ws, &["plan", "--check"]),
        bounded(ws, &["apply", "--party", "alice", "--wait", "1s"]),
        bounded(ws, &["run", "total", "--party", "alice", "--wait", "1s"]),
    ]
}

#[test]
fn a_manifest_that_is_a_link_to_an_endless_file_or_a_pipe_is_refused_at_once() {
    for is_pipe in [false, true] {
        let ws = two_parties();
        let manifest = ws.join("generated/manifest.json");
        fs::remove_file(&manifest).unwrap();
        if is_pipe {
            nix::unistd::mkfifo(&manifest, nix::sys::stat::Mode::S_IRWXU).unwrap();
        } else {
            symlink("/dev/zero", &manifest).unwrap();
        }
        for (ran, (status, code)) in all_commands(&ws).into_iter().zip([
            (1, "SF0704"),
            (1, "SF0704"),
            (4, "SF0892"),
            (4, "SF0892"),
        ]) {
            let ran = ran.status_is(status);
            assert!(ran.stderr.contains(code), "{}", ran.stderr);
        }
        fs::remove_file(ws.join("sfgen.lock")).unwrap();
        let ran = bounded(&ws, &["plan"]).status_is(1);
        assert!(ran.stderr.contains("SF0607"), "the lock is lost: {}", ran.stderr);
    }
}

#[test]
fn a_planned_file_that_is_a_link_or_a_pipe_is_refused_at_once() {
    for file in ["federation.json", "alice/plan.json"] {
        for is_pipe in [false, true] {
            let ws = two_parties();
            let path = ws.join("generated").join(file);
            let kept = ws.join("kept.json");
            fs::rename(&path, &kept).unwrap();
            if is_pipe {
                nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
            } else {
                // Even a link to the very file: whoever can change the link's end needs no right to the tree.
                symlink(&kept, &path).unwrap();
            }
            for (ran, (status, code)) in all_commands(&ws).into_iter().zip([
                (1, "SF0704"),
                (1, "SF0704"),
                (4, "SF0891"),
                (4, "SF0891"),
            ]) {
                let ran = ran.status_is(status);
                assert!(ran.stderr.contains(code), "{file}: {}", ran.stderr);
            }
        }
    }
}

#[test]
fn a_manifest_with_a_path_that_leads_out_of_the_tree_is_refused() {
    for path in ["alice/../../secret", "/etc/hostname", "alice//x", "./alice/x"] {
        let ws = two_parties();
        ws.write("secret", "mine");
        ws.edit("generated/manifest.json", |text| {
            let mut manifest: serde_json::Value = serde_json::from_str(text).unwrap();
            let file = manifest["files"]["alice/plan.json"].clone();
            manifest["files"][path] = file;
            manifest.to_string()
        });
        ws.write("generated/.manifest.json.next", &ws.read("generated/manifest.json"));
        for (ran, (status, code)) in all_commands(&ws).into_iter().zip([
            (3, "SF0705"),
            (3, "SF0705"),
            (4, "SF0892"),
            (4, "SF0892"),
        ]) {
            let ran = ran.status_is(status);
            assert!(ran.stderr.contains(code) && ran.stderr.contains(path), "{}", ran.stderr);
        }
        assert_eq!(ws.read("secret"), "mine");
    }
}

#[test]
fn what_nobody_planned_is_told_by_every_command_with_its_place() {
    for file in ["json/__init__.py", "random.py", "alice/systemd/evil.service", "ca/mallory.pem"] {
        let ws = two_parties();
        ws.write(&format!("generated/{file}"), "raise SystemExit('nobody planned this')\n");
        let said = [(0, "SF0708"), (3, "SF0708"), (4, "SF0889"), (4, "SF0889")];
        for (ran, (status, code)) in all_commands(&ws).into_iter().zip(said) {
            let ran = ran.status_is(status);
            assert!(ran.stderr.contains(code) && ran.stderr.contains(file), "{}", ran.stderr);
        }
        assert!(ws.join("generated").join(file).exists(), "it may be somebody's work");
        let json = ws.run(&["plan", "--check", "--format", "json"]).status_is(3);
        assert!(json.stdout.contains("SF0708"), "{}", json.stdout);
    }
    // What lies in another party's folder is that party's matter, for launchers.
    let ws = two_parties();
    ws.write("generated/bob/notes.txt", "");
    ws.run(&["plan", "--check"]).status_is(3);
    let ran = ws.run(&["run", "total", "--party", "alice", "--wait", "1s"]).status_is(5);
    assert!(ran.stderr.contains("waited 1s for bob"), "{}", ran.stderr);
}

/// Tells where it is run from, and what it can see.
const TELLS: &str = "echo \"at $0\"\necho \"path $PYTHONPATH\"\necho \"tree $SFGEN_TREE\"\n\
                     ls \"$SFGEN_TREE\" \"$(dirname \"$0\")\"\nstat -c 'mode %a' \"$SFGEN_TREE\"\n";

#[test]
fn a_job_runs_from_a_copy_of_the_verified_files_and_nothing_is_left_of_it() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], TELLS);
    ws.write("util.py", "");
    let bob = Launcher::start(&ws, &["run", "task", "--party", "bob"]);
    let (status, stdout, said) = Launcher::start(&ws, &["run", "task", "--party", "alice"]).end();
    assert_eq!(status, 0, "{said}");
    assert_eq!(bob.end().0, 0);
    let run = ws.run_folder("alice");
    let lines: Vec<&str> = stdout.lines().collect();
    let has = |line: &str| assert!(lines.contains(&line), "{line}:\n{stdout}");
    has(&format!("path {run}/tree"));
    has(&format!("tree {run}/tree"));
    has("mode 700");
    for file in ["sf_party.py", "federation.json", "alice", "util.py", "task.sh"] {
        has(file);
    }
    assert!(!lines.contains(&"bob"), "another party's folder is not verified:\n{stdout}");
    assert!(stdout.contains(&format!("at {run}/scripts/")), "{stdout}");
    assert!(!std::path::Path::new(&run).exists());
}

#[test]
fn a_script_that_is_swapped_after_it_was_compared_is_not_the_one_that_runs() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "echo first\n");
    let other = ws.copy();
    let mut up = Launcher::start(&ws, &["apply", "--party", "alice"]);
    up.wait_for("alice: meeting");
    let alice = Launcher::start(&ws, &["run", "task", "--party", "alice"]);
    let scripts = format!("{}/scripts", ws.run_folder("alice"));
    let is_copied = || {
        let mut copies = fs::read_dir(&scripts).into_iter().flatten().map(Result::unwrap);
        copies.any(|copy| fs::read(copy.path().join("task.sh")).is_ok_and(|text| !text.is_empty()))
    };
    let since = Instant::now();
    while !is_copied() {
        assert!(since.elapsed() < DEADLINE, "the script is not copied at the request");
        std::thread::yield_now();
    }
    ws.write("task.sh", "echo swapped\n");
    other.run(&["run", "task", "--party", "bob"]).success();
    let (status, stdout, said) = alice.end();
    assert_eq!((status, stdout.as_str()), (0, "first\n"), "{said}");
}

#[test]
fn modules_beside_a_script_are_compared_with_it() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "echo ran\n");
    let other = ws.copy();
    ws.write("util.py", "one");
    other.write("util.py", "other");
    let alice = Launcher::start(&ws, &["run", "task", "--party", "alice"]);
    let bob = Launcher::start(&other, &["run", "task", "--party", "bob"]);
    for side in [alice, bob] {
        let (status, stdout, said) = side.end();
        assert_eq!((status, stdout.as_str()), (5, ""), "{said}");
        assert!(said.contains("job `task`: alice has script "), "{said}");
    }
}

#[test]
fn a_tree_that_is_a_link_is_refused_by_every_command_that_reads_it() {
    let ws = two_parties();
    fs::rename(ws.join("generated"), ws.join("elsewhere")).unwrap();
    symlink("elsewhere", ws.join("generated")).unwrap();
    let [plan, check, apply, run] = all_commands(&ws);
    for ran in [plan, check] {
        assert!(ran.stderr.contains("SF0704"), "{}", ran.stderr);
    }
    let all = bounded(&ws, &["run", "total", "--all"]);
    for ran in [apply, run, all] {
        let ran = ran.status_is(4);
        assert!(ran.stderr.contains("SF0892 error: `generated` is a link"), "{}", ran.stderr);
    }
}

#[test]
fn a_job_script_that_is_a_link_out_of_the_folder_is_neither_planned_nor_run() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "true");
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("task.sh"), "echo from outside").unwrap();
    fs::remove_file(ws.join("task.sh")).unwrap();
    symlink(outside.path().join("task.sh"), ws.join("task.sh")).unwrap();
    let planned = bounded(&ws, &["plan"]).status_is(1);
    assert!(planned.stderr.contains("SF0104"), "{}", planned.stderr);
    let ran = bounded(&ws, &["run", "task", "--party", "alice", "--wait", "1s"]).status_is(2);
    let words = "`task.sh` is a link that leads out of the folder of the topology";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}
