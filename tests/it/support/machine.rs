//! A machine with a real systemd: systemd-nspawn boots it over a throw-away copy of this machine's own disk.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

/// Where programs of the machine leave what they were given, as [`Machine::given`] reads it.
pub(crate) const OUT: &str = "/sfgen-out";

/// A program that leaves its variables and, by its first argument as a name, its arguments in [`OUT`].
pub(crate) const DUMP: &str = "#!/bin/sh\n\
    cat /proc/$$/environ >\"/sfgen-out/$1.env\" && name=$1 && shift && printf '%s\\0' \"$@\" >\"/sfgen-out/$name.args\"\n";

/// Mounts vanish with their namespace, the machine with its last mount: nothing is left to clean up.
const BOOT: &str = r#"set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
folder=$1
shift
exec timeout --kill-after=5 90 systemd-nspawn --quiet --directory="$folder/root" --machine="sfgen-it-$$" \
    --register=no --keep-unit --link-journal=no --console=pipe "$@" --boot systemd.unit=sfgen-it.target
"#;

/// Starts the units, waits until all of them have ended, and turns the machine off.
const TARGET: &str =
    "[Unit]\nRequires=basic.target sfgen-it.service\nAfter=basic.target\nAllowIsolate=yes\n";

/// What a machine is to run, and what came of it.
pub(crate) struct Machine {
    folder: TempDir,
    units: Vec<String>,
    /// Units whose properties are read and which are not started.
    shown: Vec<String>,
    /// Further arguments of systemd-nspawn.
    more: Vec<String>,
    /// Whether the machine may change the folder of its units.
    has_own_units: bool,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("sfgen-it-").unwrap();
        for name in ["units", "out", "overlay"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            units: Vec::new(),
            shown: Vec::new(),
            more: Vec::new(),
            has_own_units: false,
        }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.folder.path().join(name)).unwrap()
    }

    /// A unit file; services are started, other files are only there.
    pub(crate) fn add_unit(&mut self, name: &str, text: &[u8]) {
        std::fs::write(self.path("units").join(name), text).unwrap();
        self.units.extend(name.ends_with(".service").then(|| name.to_owned()));
    }

    /// A unit that is not started, but whose properties systemd shows.
    pub(crate) fn add_shown(&mut self, name: &str, text: &[u8]) {
        std::fs::write(self.path("units").join(name), text).unwrap();
        self.shown.push(name.to_owned());
    }

    /// Lets programs of the machine install units.
    pub(crate) fn with_own_units(mut self) -> Self {
        self.has_own_units = true;
        self
    }

    /// Gives it a network in which nobody else is.
    pub(crate) fn with_network_of_its_own(mut self) -> Self {
        self.more.push("--private-network".to_owned());
        self
    }

    /// What a program of the machine wrote into a file of [`OUT`].
    #[track_caller]
    pub(crate) fn out(&self, name: &str) -> String {
        let file = self.path("out").join(name);
        std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{file}: {why}"))
    }

    /// The properties of the units that were added for it, as systemd read them.
    #[track_caller]
    pub(crate) fn shown(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let text = std::fs::read_to_string(self.path("out").join("shown")).unwrap();
        let blocks = text.split("\n\n").map(|block| {
            let pairs = block.lines().filter_map(|line| line.split_once('='));
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
        });
        let named = |unit: BTreeMap<String, String>| Some((unit.get("Id")?.clone(), unit));
        blocks.filter_map(named).collect()
    }

    /// Shows a file or folder of this machine at another path.
    pub(crate) fn bind(&mut self, here: &Path, there: &str) {
        self.more.push(format!("--bind={}:{there}", here.display()));
    }

    /// Boots, runs every unit to its end, and turns off.
    pub(crate) fn run(&self) {
        let units = self.path("units");
        std::fs::write(units.join("sfgen-it.target"), TARGET).unwrap();
        let mut start = "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\n".to_owned();
        if !self.units.is_empty() {
            let units = self.units.join(" ");
            start.extend(["ExecStart=-/bin/systemctl start --wait ", &units, "\n"]);
        }
        if !self.shown.is_empty() {
            let units = self.shown.join(" ");
            start.extend([
                "ExecStart=-/bin/sh -c '/bin/systemctl show ",
                &units,
                " >",
                OUT,
                "/shown'\n",
            ]);
        }
        start += "ExecStart=/bin/systemctl --no-block poweroff\n";
        std::fs::write(units.join("sfgen-it.service"), start).unwrap();
        let bind = if self.has_own_units { "--bind" } else { "--bind-ro" };
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation=private", "bash", "-c", BOOT, "boot"])
            .arg(self.path("overlay"))
            .arg(format!("{bind}={units}:/etc/systemd/system"))
            .arg(format!("--bind={}:{OUT}", self.path("out")))
            .args(&self.more)
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", output.status);
    }

    /// The arguments and variables that [`DUMP`] was given under a name.
    #[track_caller]
    pub(crate) fn given(&self, name: &str) -> (Vec<String>, Vec<String>) {
        let out = self.path("out");
        (texts(&out.join(format!("{name}.args"))), texts(&out.join(format!("{name}.env"))))
    }
}

/// The texts of a file in which each ends with a byte 0.
#[track_caller]
pub(crate) fn texts(file: &Utf8Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap_or_else(|why| panic!("{file}: {why}"));
    let text = String::from_utf8(bytes).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}
