//! Real programs judge what is rendered. `.ci/validators` installs them.

use std::{collections::BTreeMap, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{fs, plan::located, render::FILE_MODE};

use crate::samples::{self, Sample};

/// A tree on disk, gone at the end of the test.
struct Disk {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
    files: Vec<Utf8PathBuf>,
}

impl Disk {
    fn with(sample: &Sample) -> Self {
        let (folder, root) = folder();
        let root = root.join("generated");
        let mut files = Vec::new();
        for (path, artifact) in &sample.render().unwrap() {
            let path = root.join(path);
            fs::create_folder(path.parent().unwrap(), 0o755).unwrap();
            fs::write_atomically(&path, &artifact.bytes, FILE_MODE).unwrap();
            files.push(path);
        }
        Self { _folder: folder, root, files }
    }

    fn named(&self, end: &str) -> Vec<&Utf8Path> {
        let files: Vec<_> =
            self.files.iter().filter(|path| path.as_str().ends_with(end)).map(|p| &**p).collect();
        assert!(!files.is_empty(), "the sample has no `{end}`");
        files
    }
}

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    (folder, root)
}

/// Runs a validator, which must succeed and have nothing to say on stderr; returns stdout.
fn accepted(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && stderr.is_empty(),
        "{command:?}: {}\n{stdout}{stderr}",
        output.status
    );
    stdout.into_owned()
}

/// Production, with alice's account at home in a folder that has Ray.
fn with_ray_at_home() -> (Disk, tempfile::TempDir) {
    let (folder, home) = folder();
    let ray = home.join("venv/bin/ray");
    fs::create_folder(ray.parent().unwrap(), 0o755).unwrap();
    fs::write_atomically(&ray, b"#!/bin/sh\n", 0o755).unwrap();
    (Disk::with(&samples::production().with_home(home.as_str())), folder)
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn systemd_takes_every_unit_without_a_word() {
    let (disk, _home) = with_ray_at_home();
    let mut units = disk.named(".service");
    for unit in &units {
        // It looks for each program, and sfgen is not installed where the tests run.
        let text = fs::read_text(unit).unwrap();
        let text = text.replace("/usr/local/bin/sfgen", env!("CARGO_BIN_EXE_sfgen"));
        fs::write_atomically(unit, text.as_bytes(), FILE_MODE).unwrap();
    }
    units.extend(disk.named(".target"));
    units.extend(disk.named(".socket"));
    accepted(Command::new("systemd-analyze").args(["verify", "--man=no"]).args(units));
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn units_expose_next_to_nothing() {
    for unit in Disk::with(&samples::production()).named(".service") {
        // Ten times the score. Ray and Redis have 1.1, a worker that joins Ray and a job 1.3.
        let threshold = if unit.as_str().ends_with("-launcher.service") { 12 } else { 15 };
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager"]);
        accepted(command.arg(format!("--threshold={threshold}")).arg(unit));
    }
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn nft_loads_every_firewall_twice() {
    for sample in [samples::production(), samples::simulation(), samples::embedded()] {
        let disk = Disk::with(&sample);
        for file in disk.named("firewall.nft") {
            accepted(Command::new("unshare").args(["-Urn", "nft", "-c", "-f"]).arg(file));
            let twice = "nft -f \"$0\" && nft -f \"$0\" && nft list ruleset";
            let rules =
                accepted(Command::new("unshare").args(["-Urn", "sh", "-c", twice]).arg(file));
            assert_eq!(rules.matches("chain ").count(), 1, "{rules}");
        }
    }
}

fn compose(file: &Utf8Path) -> Command {
    let mut command = Command::new("docker-compose");
    command.arg("-f").arg(file).arg("config");
    command
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn compose_takes_every_file() {
    for sample in [samples::production(), samples::simulation()] {
        for file in Disk::with(&sample).named("compose.yaml") {
            accepted(compose(file).arg("-q"));
        }
    }
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn containers_get_commands_and_variables_as_they_were_planned() {
    let sample = samples::production();
    let disk = Disk::with(&sample);
    let file = disk.root.join("bob/bob-1/docker/compose.yaml");
    let read: serde_json::Value =
        serde_json::from_str(&accepted(compose(&file).args(["--format", "json"]))).unwrap();
    let host = sample.parties[&"bob".parse().unwrap()].main();
    let kept_up = host.processes.iter().filter(|process| process.is_kept_up());
    for process in kept_up {
        let container = &read["services"][process.name.to_string()];
        let words: Vec<String> = serde_json::from_value(container["command"].clone()).unwrap();
        // Compose writes `$$` for `$`, in what it prints too.
        let words: Vec<_> = words.iter().map(|word| word.replace("$$", "$")).collect();
        let planned: Vec<_> =
            process.command.iter().map(|word| located(word, &host.locations)).collect();
        assert_eq!(words, planned);
        for (name, value) in process.environment(&host.variables) {
            let read = container["environment"][&name].as_str().unwrap();
            assert_eq!(read.replace("$$", "$"), located(&value, &host.locations));
        }
    }
    let worker = &read["services"]["worker"]["environment"];
    for (name, value) in variables(&disk.root.join("bob/bob-1/bob.env")) {
        assert_eq!(worker[&name], value.as_str(), "{name}");
    }
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn compose_publishes_the_planned_ports_and_no_others() {
    let disk = Disk::with(&samples::simulation());
    let file = disk.root.join("alice/alice-1/docker/compose.yaml");
    let read: serde_json::Value =
        serde_json::from_str(&accepted(compose(&file).args(["--format", "json"]))).unwrap();
    let mut published = Vec::new();
    for (container, settings) in read["services"].as_object().unwrap() {
        for port in settings["ports"].as_array().into_iter().flatten() {
            let (address, target) = (&port["host_ip"], &port["target"]);
            published.push(format!("{container} {address} {} {target}", port["published"]));
        }
    }
    assert_eq!(
        published,
        [
            "sfgen_net null \"6080\" 1080",
            "sfgen_net \"127.0.0.1\" \"8075\" 8075",
            "sfgen_net \"127.0.0.1\" \"8076\" 8076",
            "sfgen_net \"127.0.0.1\" \"8077\" 8077",
        ]
    );
}

/// The variables as a reader sees them that knows nothing of quoting.
fn variables(file: &Utf8Path) -> BTreeMap<String, String> {
    let text = fs::read_text(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('=').unwrap()).map(|(a, b)| (a.into(), b.into())).collect()
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn a_shell_reads_env_files_as_they_are_written() {
    let disk = Disk::with(&samples::production());
    for file in disk.named(".env") {
        let script = "set -a; . \"$0\"; env";
        let mut command = Command::new("bash");
        command.env_clear().args(["-c", script]).arg(file).current_dir(&disk.root);
        let read = accepted(&mut command);
        for (name, value) in variables(file) {
            assert!(read.lines().any(|line| line == format!("{name}={value}")), "{name} in {file}");
        }
    }
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn hadolint_has_no_complaint_about_a_dockerfile() {
    for sample in [samples::production(), samples::simulation()] {
        for file in Disk::with(&sample).named("Dockerfile") {
            accepted(Command::new("hadolint").arg(file));
        }
    }
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn the_commands_of_a_runbook_are_shell() {
    for sample in [samples::production(), samples::simulation()] {
        let disk = Disk::with(&sample);
        for file in disk.named("RUNBOOK.md") {
            let text = fs::read_text(file).unwrap();
            let blocks = text.split("```sh\n").skip(1);
            let blocks = blocks.map(|block| block.split("```").next().unwrap());
            let script = disk.root.join("runbook.sh");
            fs::write_atomically(&script, blocks.collect::<String>().as_bytes(), 0o644).unwrap();
            accepted(Command::new("shellcheck").args(["-s", "bash"]).arg(script));
        }
    }
}
