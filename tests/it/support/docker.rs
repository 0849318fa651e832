//! A Docker engine of the test's own, which `.ci/engine` starts and ends: nothing of it is on the machine's network, and
//! no other engine's containers are seen.

use std::process::{Command, Stdio};

use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/engine");

/// The image that is there from the start: BusyBox alone, with a link for each of its programs.
pub(crate) const IMAGE: &str = "sfgen-it/busybox";

/// Names what tests may go without, as words: `docker` where no engine can run.
const WITHOUT: &str = "SFGEN_TEST_WITHOUT";

/// An engine, for as long as it lives.
pub(crate) struct Docker {
    folder: TempDir,
    /// Where the client finds it, and the client.
    variables: Vec<(String, String)>,
}

impl Docker {
    /// Starts one, with [`IMAGE`]; `None` where the tests were told to go without.
    #[track_caller]
    #[expect(clippy::print_stderr, reason = "who allowed it sees what was left out")]
    pub(crate) fn start() -> Option<Self> {
        let without = std::env::var(WITHOUT).unwrap_or_default();
        if without.split_whitespace().any(|word| word == "docker") {
            eprintln!("not tested: {WITHOUT} says that no Docker engine can run here");
            return None;
        }
        let folder = TempDir::with_prefix("sfgen-it-").unwrap();
        let up = "found=$(\"$0\" up \"$1\"); eval \"$found\"; env -0";
        let started = Command::new("bash")
            .args(["-euc", up, SCRIPT])
            .arg(folder.path().join("engine"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&started.stderr);
        assert!(started.status.success(), "no engine: {why}");
        let printed = String::from_utf8(started.stdout).unwrap();
        let pairs = printed.split('\0').filter_map(|line| line.split_once('='));
        let wanted = |name: &str| ["DOCKER_HOST", "DOCKER_CONFIG", "PATH"].contains(&name);
        let variables = pairs.filter(|(name, _)| wanted(name));
        let variables = variables.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        let engine = Self { folder, variables };
        engine.import_image();
        Some(engine)
    }

    fn import_image(&self) {
        let make = "busybox=$(dirname \"$0\")/busybox; mkdir -p image/bin image/tmp image/etc && cp \"$busybox\" image/bin/ && \
            \"$busybox\" --list | while read -r name; do [ \"$name\" = busybox ] || ln -s busybox \"image/bin/$name\"; done && \
            tar -c -C image . | docker import - \"$1\"";
        let dockerd = self.shown("sh", &["-c", "dirname \"$(command -v docker)\""]);
        let busybox = format!("{}/../engine/bin/busybox", dockerd.trim());
        let imported = self.command("sh").args(["-euc", make, &busybox, IMAGE]).output().unwrap();
        let why = String::from_utf8_lossy(&imported.stderr);
        assert!(imported.status.success(), "{why}");
    }

    /// A program that finds the engine and its client, in a folder of the engine's own.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        self.let_find(&mut command);
        command
    }

    /// Lets a command find the engine and its client.
    pub(crate) fn let_find(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    #[track_caller]
    fn shown(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(program).args(args).output().unwrap();
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {why}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `docker` prints, line by line, in order.
    #[track_caller]
    pub(crate) fn lines(&self, args: &[&str]) -> Vec<String> {
        let mut lines: Vec<_> = self.shown("docker", args).lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }

    /// Names and numbers of all containers, also of those that do not run.
    #[track_caller]
    pub(crate) fn containers(&self) -> Vec<String> {
        self.lines(&["ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.ID}}"])
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let folder = self.folder.path().join("engine");
        let ended = Command::new(SCRIPT).arg("down").arg(folder).stdin(Stdio::null()).status();
        if !std::thread::panicking() {
            assert!(ended.is_ok_and(|status| status.success()), "the engine does not end");
        }
    }
}
