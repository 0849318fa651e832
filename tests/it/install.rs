//! Installing below a folder in place of a machine, whose commands are imitated and noted.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    io,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    launch::{
        install::{
            InstallError, apply,
            difference::Difference,
            machine::{Machine, Numbers, Ran},
            record::Records,
            site::Site,
            targets::target,
            uninstall,
        },
        machine::side::Side,
    },
    plan::Stage,
};

use crate::support::workspace::Workspace;

const TOPOLOGY: &str = r#"
topology "install" mode="production"
runtime "secretflow" version="1.13.0b0" engine="threads"
tls "off" because="nothing is computed"
PORTS
party "alice" {
    host "alice-1" address="127.0.0.1"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
    deploy "systemd" user="sf" home="/opt/sf"
    service "cache" { command "cache-server" "--port" "{port.cache}"; port "cache"; ready tcp="cache"; }
    service "worker" after="cache" { command "worker"; env LEVEL="1"; }
}
party "bob" {
    host "bob-1" address="127.0.0.1"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
}
job "task" { parties "alice" "bob"; }
"#;

const WORKER: &str = "/etc/systemd/system/sfgen-install-alice-worker.service";
const CACHE: &str = "/etc/systemd/system/sfgen-install-alice-cache.service";

/// A folder that stands for a machine.
struct Folder {
    root: tempfile::TempDir,
    accounts: RefCell<BTreeSet<String>>,
    /// Who was let through a folder last.
    granted: RefCell<String>,
    enabled: Cell<bool>,
    up: RefCell<BTreeSet<String>>,
    commands: RefCell<Vec<String>>,
    /// The command that has this in it fails.
    fails_at: Cell<Option<&'static str>>,
    now: Cell<Instant>,
}

impl Folder {
    fn empty() -> Self {
        let folder = Self {
            root: tempfile::tempdir().unwrap(),
            accounts: RefCell::new(["root".to_owned()].into()),
            granted: RefCell::default(),
            enabled: Cell::new(false),
            up: RefCell::default(),
            commands: RefCell::default(),
            fails_at: Cell::new(None),
            now: Cell::new(Instant::now()),
        };
        for path in ["/etc/systemd/system", "/opt"] {
            std::fs::create_dir_all(folder.at(path.into())).unwrap();
        }
        folder
    }

    /// The commands since the last look, without those that only look.
    fn commands(&self) -> Vec<String> {
        let looks = |command: &String| {
            ["systemctl show", "getfacl"].iter().any(|look| command.starts_with(look))
        };
        self.commands.take().into_iter().filter(|command| !looks(command)).collect()
    }

    /// All that is there.
    fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.root.path()).unwrap();
                paths.push(name.display().to_string());
                folders.extend(path.is_dir().then_some(path));
            }
        }
        paths.sort();
        paths
    }

    fn imitate(&self, words: &[&str]) -> String {
        match words {
            ["useradd", .., name] => {
                self.accounts.borrow_mut().insert((*name).to_owned());
            }
            ["userdel", name] => {
                self.accounts.borrow_mut().remove(*name);
            }
            ["runuser", .., "venv", folder] => {
                let bin = self.at(Utf8Path::new(folder)).join("bin");
                std::fs::create_dir_all(&bin).unwrap();
                std::fs::write(bin.join("python"), "").unwrap();
            }
            ["setfacl", "-m", rule, _] => *self.granted.borrow_mut() = rule.replace("u:", "user:"),
            ["setfacl", "-x", ..] => self.granted.borrow_mut().clear(),
            ["getfacl", ..] => return self.granted.borrow().clone(),
            ["systemctl", "enable", _] => self.enabled.set(true),
            ["systemctl", "disable", _] => self.enabled.set(false),
            ["systemctl", "start", "--no-block", units @ ..] => {
                self.up.borrow_mut().extend(units.iter().map(ToString::to_string));
            }
            ["systemctl", "stop", unit] if unit.ends_with(".target") => {
                self.up.borrow_mut().clear();
            }
            ["systemctl", "stop", unit] => {
                self.up.borrow_mut().remove(*unit);
            }
            ["systemctl", "show", "--property=UnitFileState", _] => {
                let state = if self.enabled.get() { "enabled" } else { "disabled" };
                return format!("UnitFileState={state}\n");
            }
            ["systemctl", "show", properties, units @ ..] if properties.contains("ActiveState") => {
                let blocks = units.iter().map(|unit| {
                    let is_up = self.up.borrow().contains(*unit);
                    let state = if is_up { "active" } else { "inactive" };
                    format!("Id={unit}\nActiveState={state}\nNRestarts=0\n")
                });
                return blocks.collect::<Vec<_>>().join("\n");
            }
            _ => {}
        }
        String::new()
    }
}

impl Machine for Folder {
    fn at(&self, path: &Utf8Path) -> Utf8PathBuf {
        let root = Utf8Path::from_path(self.root.path()).unwrap();
        root.join(path.strip_prefix("/").unwrap())
    }

    fn account(&self, name: &str) -> Option<Numbers> {
        let (user, group) = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
        self.accounts.borrow().contains(name).then_some(Numbers { user, group })
    }

    fn has_root(&self) -> bool {
        true
    }

    fn run(&self, command: &[String], _: &Utf8Path) -> io::Result<Ran> {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let line = words.join(" ");
        let is_failing = self.fails_at.get().is_some_and(|words| line.contains(words));
        self.commands.borrow_mut().push(line);
        if is_failing {
            return Ok(Ran { status: Some(1), stderr: "no route".to_owned(), ..Ran::default() });
        }
        Ok(Ran { status: Some(0), stdout: self.imitate(&words), ..Ran::default() })
    }

    fn now(&self) -> Instant {
        self.now.get()
    }

    fn pause(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }
}

/// A planned party, a folder for its machine, and one for the record.
struct Installation {
    ws: Workspace,
    machine: Folder,
    records: Records,
}

impl Installation {
    fn planned() -> Self {
        let ws = Workspace::empty();
        ws.write("topology.kdl", &TOPOLOGY.replace("PORTS", &ws.ports.node()));
        let ws = ws.with_keys(&["alice", "bob"]).planned();
        let state = Utf8PathBuf::from_path_buf(ws.join("records")).unwrap();
        Self { ws, machine: Folder::empty(), records: Records::below(&state) }
    }

    fn side(&self) -> Side {
        let tree = Utf8PathBuf::from_path_buf(self.ws.join("generated")).unwrap();
        Side::read(&tree, None, &"alice".parse().unwrap(), None).unwrap()
    }

    fn edit(&self, edit: impl FnOnce(&str) -> String) {
        self.ws.edit("topology.kdl", edit);
        self.ws.run(&["plan"]).success();
    }

    fn difference(&self) -> Difference {
        let side = self.side();
        let here = Site { side: &side, machine: &self.machine };
        let record = self.records.read(&here.place()).unwrap();
        apply::compare(&here, target(&side.plan.deploy).unwrap(), &record).unwrap()
    }

    fn apply(&self, is_forced: bool) -> Result<(), InstallError> {
        let side = self.side();
        let here = Site { side: &side, machine: &self.machine };
        let target = target(&side.plan.deploy).unwrap();
        let mut open = self.records.open(&here.place()).unwrap();
        let told = apply::compare(&here, target, &open.record).unwrap();
        apply::check_edits(&here, &told, is_forced)?;
        apply::carry_out(&here, target, &mut open, &told, &mut |_| ())
    }

    fn uninstall(&self, is_forced: bool) -> Result<(), InstallError> {
        let place = self.records.places().unwrap().remove(0);
        let mut open = self.records.open(&place).unwrap();
        let actions = uninstall::to_take_back(&open.record, &[Stage::Start, Stage::Install]);
        uninstall::check(&self.machine, &open.record, &actions, is_forced, "")?;
        uninstall::carry_out(&self.machine, &mut open, &actions, &mut |_| ())?;
        open.remove()
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.machine.at(path.into()), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.machine.at(path.into())).unwrap()
    }
}

#[test]
fn what_is_installed_is_not_installed_again_and_is_taken_back_from_the_last_step_on() {
    let it = Installation::planned();
    let before = it.machine.paths();
    it.apply(false).unwrap();
    let done = it.machine.commands();
    assert!(done[0].starts_with("useradd"), "{done:?}");
    assert!(done.last().unwrap().starts_with("systemctl start --no-block"), "{done:?}");
    let unit = it.ws.read("generated/alice/alice-1/systemd/sfgen-install-alice-worker.service");
    assert_eq!(it.read(WORKER), unit);

    assert_eq!(it.difference(), Difference::default());
    it.apply(false).unwrap();
    assert_eq!(it.machine.commands(), [""; 0]);

    it.uninstall(false).unwrap();
    let undone = it.machine.commands();
    assert_eq!(
        undone,
        [
            "systemctl stop sfgen-install-alice.target",
            "systemctl disable sfgen-install-alice.target",
            "setfacl -x u:sf-launcher /opt/sf",
            "userdel sf-launcher",
            "userdel sf",
            "systemctl daemon-reload",
        ]
    );
    assert_eq!(it.machine.paths(), before);
    assert_eq!(it.records.places().unwrap(), []);
}

#[test]
fn an_installation_that_was_cut_off_goes_on_or_is_taken_back() {
    let it = Installation::planned();
    let before = it.machine.paths();
    it.machine.fails_at.set(Some("pip install"));
    let why = it.apply(false).unwrap_err().to_string();
    assert!(why.contains("install the packages") && why.ends_with("no route"), "{why}");
    it.uninstall(false).unwrap();
    assert_eq!(it.machine.paths(), before);
    assert!(!it.machine.accounts.borrow().contains("sf"));

    it.apply(false).unwrap_err();
    it.machine.commands();
    it.machine.fails_at.set(None);
    it.apply(false).unwrap();
    let done = it.machine.commands();
    // It goes on with the step that failed.
    assert!(done[0].contains("pip install"), "{done:?}");
    assert_eq!(it.difference(), Difference::default());
}

#[test]
fn one_changed_variable_restarts_one_service_and_the_launcher_even_after_a_cut() {
    let it = Installation::planned();
    it.apply(false).unwrap();
    it.machine.commands();
    it.edit(|text| text.replace("LEVEL=\"1\"", "LEVEL=\"2\""));
    let units = ["launcher", "worker"].map(|unit| format!("sfgen-install-alice-{unit}.service"));
    let (units, restart) = (units.join(" "), BTreeSet::from(units));
    assert_eq!(it.difference().restart, restart);
    // It is cut off between the new unit and the restart.
    it.machine.fails_at.set(Some("daemon-reload"));
    it.apply(false).unwrap_err();
    it.machine.fails_at.set(None);
    assert_eq!(it.difference().restart, restart);
    it.machine.commands();
    it.apply(false).unwrap();
    let done = it.machine.commands();
    let restarts: Vec<_> = done.iter().filter(|command| command.contains("restart")).collect();
    assert_eq!(restarts, [&format!("systemctl restart --no-block {units}")]);
    assert_eq!(it.difference(), Difference::default());
}

#[test]
fn an_edited_file_is_left_alone_unless_it_is_forced() {
    let it = Installation::planned();
    it.apply(false).unwrap();
    let edited = it.read(WORKER) + "# by hand\n";
    it.write(WORKER, &edited);
    for tried in [it.apply(false), it.uninstall(false)] {
        let why = tried.unwrap_err().to_string();
        assert!(why.ends_with(&format!("`{WORKER}` was edited")), "{why}");
        assert_eq!(it.read(WORKER), edited);
    }
    it.apply(true).unwrap();
    assert!(!it.read(WORKER).contains("by hand"));
}

#[test]
fn a_file_that_was_there_before_comes_back() {
    let it = Installation::planned();
    it.write(CACHE, "of somebody else");
    let why = it.apply(false).unwrap_err().to_string();
    assert!(why.ends_with(&format!("`{CACHE}` was there before")), "{why}");
    assert_eq!(it.machine.commands(), [""; 0], "nothing is done before");
    it.apply(true).unwrap();
    assert_ne!(it.read(CACHE), "of somebody else");
    it.uninstall(false).unwrap();
    assert_eq!(it.read(CACHE), "of somebody else");
}

#[test]
fn an_account_that_was_there_before_stays() {
    let it = Installation::planned();
    it.machine.accounts.borrow_mut().insert("sf".to_owned());
    it.apply(false).unwrap();
    it.uninstall(false).unwrap();
    let all = it.machine.commands();
    let of_account = |it: &&String| it.starts_with("user") && it.ends_with(" sf");
    assert_eq!(all.iter().find(of_account), None);
    assert!(it.machine.accounts.borrow().contains("sf"));
}

#[test]
fn a_service_that_is_planned_no_more_is_stopped_and_removed() {
    let it = Installation::planned();
    it.apply(false).unwrap();
    it.machine.commands();
    it.edit(|text| {
        text.lines()
            .filter(|line| !line.contains("service \"worker\""))
            .fold(String::new(), |text, line| text + line + "\n")
    });
    it.apply(false).unwrap();
    let done = it.machine.commands();
    assert_eq!(done[0], "systemctl stop sfgen-install-alice-worker.service");
    assert!(!it.machine.at(WORKER.into()).exists() && it.machine.at(CACHE.into()).exists());
}

#[test]
fn nothing_is_written_through_a_link_of_another_account() {
    if !nix::unistd::geteuid().is_root() {
        return; // only root can give a link away, and installs for other accounts
    }
    let it = Installation::planned();
    let outside = it.machine.at("/outside".into());
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(it.machine.at("/opt/sf".into())).unwrap();
    let link = it.machine.at("/opt/sf/generated".into());
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(65534), None).unwrap();
    let why = it.apply(false).unwrap_err().to_string();
    assert!(why.contains("a link of another account"), "{why}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}
