//! A folder with a topology, in which the real binary is run.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use super::{middle_box::BEHIND, ports::PortBlock};

/// A fresh folder with its own home, state and sockets.
pub(crate) struct Workspace {
    folder: TempDir,
    /// The ports that its topology allots from.
    pub(crate) ports: PortBlock,
    /// The Python that launchers find, where it is not the machine's.
    python: Option<&'static str>,
    /// The network namespace in which the binary runs, where it is not the machine's.
    pub(crate) namespace: Option<String>,
    /// Whether its state is its own: what is recorded there of a machine is not for other tests, nor for later runs.
    has_own_state: bool,
}

impl Workspace {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::with_prefix("sfgen-it-").unwrap();
        Self {
            folder,
            ports: PortBlock::take(),
            python: None,
            namespace: None,
            has_own_state: false,
        }
    }

    /// Planned parties on loopback with one job `task`, whose script is for `sh`: launcher, guards and job processes
    /// are real, and no SecretFlow is needed to see how they end.
    pub(crate) fn with_shell_job(parties: &[&str], script: &str) -> Self {
        let mut workspace = Self::empty();
        workspace.python =
            Some(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fakes/shell-python"));
        let names = parties.iter().map(|party| format!("{party:?}")).collect::<Vec<_>>().join(" ");
        let mut topology = format!(
            "topology \"shell\"\n{}\ntls \"off\" because=\"the job has no links\"\n\
             runtime \"secretflow\" version=\"1.13.0b0\" engine=\"threads\"\n\
             job \"task\" script=\"task.sh\" slots=2 {{ parties {names}; }}\n",
            workspace.ports.node()
        );
        for party in parties {
            topology.push_str(&party_node(party, "127.0.0.1", None));
        }
        workspace.write("topology.kdl", &topology);
        workspace.write("task.sh", script);
        workspace.with_keys(parties).planned()
    }

    /// Planned parties of the embedded runtime with one job `task`, the sum of a number of each. Those of `behind` listen
    /// where only a `MiddleBox` dials them.
    pub(crate) fn with_sum(parties: &[&str], behind: &[&str]) -> Self {
        let workspace = Self::empty();
        let names = parties.iter().map(|party| format!("{party:?}")).collect::<Vec<_>>().join(" ");
        let inputs = parties.iter().map(|party| format!("    input {party:?} 14\n"));
        let mut topology = format!(
            "topology \"sums\"\n{}\nruntime \"embedded\"\n\
             job \"task\" kind=\"sum\" {{\n    parties {names}\n{}}}\n",
            workspace.ports.node(),
            inputs.collect::<String>()
        );
        for party in parties {
            let listen = behind.contains(party).then_some(BEHIND);
            topology.push_str(&party_node(party, "localhost", listen));
        }
        workspace.write("topology.kdl", &topology);
        workspace.with_keys(parties).planned()
    }

    /// The first port that the lock has for a role of a party's first host.
    pub(crate) fn port(&self, party: &str, role: &str) -> u16 {
        let lock = self.read("sfgen.lock");
        let key = format!("\"{party}/{party}-1/{role}\" = [");
        let line = lock.lines().find_map(|line| line.strip_prefix(&key)).unwrap();
        line.split([',', ']']).next().unwrap().parse().unwrap()
    }

    /// A copy of `examples/<name>`, with ports of its own.
    pub(crate) fn example(name: &str) -> Self {
        let workspace = Self::empty();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        copy(&source, workspace.path());
        let topology = workspace.read("topology.kdl");
        let topology = if topology.contains("\nports ") {
            topology
        } else {
            topology.replacen("\nruntime ", &format!("\n{}\nruntime ", workspace.ports.node()), 1)
        };
        workspace.write("topology.kdl", &topology);
        workspace.with_numbers(&[11, 31])
    }

    /// The same with these numbers in the files from which the topology's parties take them, in its order.
    pub(crate) fn with_numbers(self, numbers: &[i64]) -> Self {
        let topology = self.read("topology.kdl");
        let files = topology.split(" file=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for (file, number) in files.zip(numbers) {
            self.write(file, &format!("{number}\n"));
        }
        self
    }

    /// The same with the keys of these parties.
    pub(crate) fn with_keys(self, parties: &[&str]) -> Self {
        for party in parties {
            self.run(&["keys", "new", "--party", party]).success();
        }
        self
    }

    /// The same, planned.
    pub(crate) fn planned(self) -> Self {
        self.run(&["plan"]).success();
        self
    }

    /// Another machine's copy of it: the same files in another folder, the same ports.
    pub(crate) fn copy(&self) -> Self {
        let copied = Self::empty();
        copy(self.path(), copied.path());
        let Self { python, has_own_state, .. } = *self;
        Self { python, has_own_state, namespace: self.namespace.clone(), ..copied }
    }

    /// The same with state that no other test sees.
    pub(crate) fn with_own_state(mut self) -> Self {
        self.has_own_state = true;
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.join(path).parent().unwrap()).unwrap();
        fs::write(self.join(path), text).unwrap();
    }

    pub(crate) fn edit(&self, path: &str, edit: impl FnOnce(&str) -> String) {
        self.write(path, &edit(&self.read(path)));
    }

    /// The binary with these arguments, in this folder and with nothing of the user's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_sfgen");
        let mut command = match &self.namespace {
            None => Command::new(program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace, program]);
                command
            }
        };
        command
            .args(args)
            .current_dir(self.path())
            .env("HOME", self.join("home"))
            .env("SFGEN_STATE", self.state())
            .env("SFGEN_RUN_DIR", self.join("run"))
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("COLUMNS")
            .env("NO_COLOR", "1")
            .envs(self.python.map(|python| ("SFGEN_PYTHON", python)));
        command
    }

    /// Where state lives: one folder for all tests where `SFGEN_TEST_STATE` names it, since virtual environments in it
    /// take a minute to make.
    pub(crate) fn state(&self) -> PathBuf {
        let shared = std::env::var_os("SFGEN_TEST_STATE")
            .filter(|_| self.python.is_none() && !self.has_own_state);
        shared.map_or_else(|| self.join("state"), PathBuf::from)
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).stdin(Stdio::null()).output().unwrap();
        Ran::new(args, &output, self.path())
    }

    /// The folder of a party's sockets, while its launcher runs.
    pub(crate) fn run_folder(&self, party: &str) -> String {
        let place =
            format!("{}\n{party}", self.join("generated").canonicalize().unwrap().display());
        let digest = sfgen::types::Digest::of(place.as_bytes()).to_string();
        self.join("run").join(&digest[..8]).display().to_string()
    }

    /// Whether a log of a party, whose name starts with `name`, has these words.
    pub(crate) fn log_contains(&self, party: &str, name: &str, words: &str) -> bool {
        let run = self.run_folder(party);
        let digest = run.rsplit('/').next().unwrap();
        let deployments = fs::read_dir(self.state()).unwrap().map(Result::unwrap);
        let logs =
            deployments.filter(|entry| entry.file_name().to_string_lossy().ends_with(digest));
        let mut logs = logs
            .flat_map(|entry| fs::read_dir(entry.path().join("logs")).unwrap().map(Result::unwrap));
        logs.any(|log| {
            log.file_name().to_string_lossy().starts_with(name)
                && fs::read_to_string(log.path()).is_ok_and(|text| text.contains(words))
        })
    }

    /// Every file below `folder` with its content, by path.
    pub(crate) fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.join(folder), "", &mut files);
        files
    }
}

/// What a run printed and how it ended.
pub(crate) struct Ran {
    command: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Ran {
    pub(crate) fn new(args: &[&str], output: &Output, folder: &Path) -> Self {
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(folder.to_str().unwrap(), "<folder>")
        };
        Self {
            command: format!("sfgen {}", args.join(" ")),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            status: output.status.code().unwrap_or(-1),
        }
    }

    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.status_is(0)
    }

    #[track_caller]
    pub(crate) fn status_is(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}\n{}", self.command, self.stdout, self.stderr);
        self
    }
}

fn party_node(party: &str, address: &str, listen: Option<Ipv4Addr>) -> String {
    let listen = listen.map(|listen| format!(" listen=\"{listen}\"")).unwrap_or_default();
    format!(
        "party \"{party}\" {{\n    host \"{party}-1\" address=\"{address}\"{listen}\n    identity \
         ca=\"pki/{party}/ca.pem\" cert=\"pki/{party}/node.pem\" key=\"keys/{party}/node.key\"\n}}\n"
    )
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap_or_else(|why| panic!("{}: {why}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(entry.path()).unwrap()));
        }
    }
}
