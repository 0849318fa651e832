//! The files with secrets and variables of services are there, and nobody else can read or replace them.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs::{self, Kind},
    launch::processes::read_env_file,
    types::MachinePath,
};

pub(super) const PROBE: Probe = Probe { name: "secrets of services", run };

/// A credential of systemd has at most a MiB (systemd.exec(5)).
const LARGEST: usize = 1 << 20;

const UNREADABLE: Code = Code("SF0851");
const OPEN: Code = Code("SF0852");
const USELESS_LINE: Code = Code("SF0853");

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let processes: Vec<_> = machine.started_here().collect();
    let secrets = processes.iter().flat_map(|process| &process.secrets);
    let secrets: BTreeSet<&Utf8Path> = secrets.map(|secret| secret.file.as_path()).collect();
    let env_files = processes.iter().flat_map(|process| &process.env_files);
    let env_files: BTreeSet<&Utf8Path> = env_files.map(MachinePath::as_path).collect();
    let mut findings = Vec::new();
    for (what, path) in secrets.iter().map(|path| ("secret", *path)) {
        let why = fs::read_regular(path, LARGEST).err();
        findings.extend(why.map(|why| unreadable(what, path, &why)));
    }
    for path in &env_files {
        match read_env_file(path) {
            Ok(file) => findings.extend(file.useless.first().map(|line| useless(path, *line))),
            Err(why) => findings.push(unreadable("env file", path, &why)),
        }
    }
    let all: BTreeSet<_> = secrets.union(&env_files).copied().collect();
    findings.extend(all.into_iter().filter_map(open));
    findings
}

fn unreadable(what: &str, path: &Utf8Path, why: &fs::FsError) -> Finding {
    let message = match why.kind() {
        std::io::ErrorKind::NotFound => format!("the {what} `{path}` is not there"),
        _ => format!("the {what} `{path}` cannot be read: {why}"),
    };
    let help = format!(
        "make it on this machine, for this account alone: `install -m 600 /dev/null {path}`, then write it with an editor"
    );
    Finding::error(UNREADABLE, message).help(help)
}

/// systemd ignores such a line in silence. The line is not quoted: it may hold a secret.
fn useless(path: &Utf8Path, line: usize) -> Finding {
    let message = format!("line {line} of the env file `{path}` sets no variable");
    Finding::warning(USELESS_LINE, message).help(
        "write `NAME=value`, without `export`, the name of letters, digits and `_`; a comment begins with `#`",
    )
}

fn open(path: &Utf8Path) -> Option<Finding> {
    let target = fs::resolve(path).ok()?;
    let Ok(Kind::File { mode, owner, .. }) = fs::kind(&target) else { return None };
    let help = |what: String| {
        format!("{what}, and take another password if somebody may have read the old one")
    };
    if mode & 0o077 != 0 {
        let message =
            format!("other users of this machine may use the secret `{path}` (mode {mode:04o})");
        return Some(Finding::error(OPEN, message).help(help(format!("`chmod 600 {path}`"))));
    }
    if !fs::is_own_or_roots(owner) {
        let message = format!("the secret `{path}` belongs to another user of this machine");
        return Some(Finding::error(OPEN, message).help(help(format!("`chown $USER {path}`"))));
    }
    let folder = fs::open_folder_above(path).ok()??;
    let message = format!(
        "other users of this machine may replace the secret `{path}`: `{}` {}",
        folder.path, folder.openness
    );
    let remedy = folder.remedy().map(|remedy| format!(", or {remedy}")).unwrap_or_default();
    let help = format!("keep it in a folder of your own, of mode 0700{remedy}");
    Some(Finding::error(OPEN, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::plan::Process;

    #[test]
    fn a_secret_that_is_absent_or_open_and_a_line_without_effect_are_told_without_a_value() {
        let mut sample = Sample::new();
        let names = ["db", "open", "worker.env", "absent.env"];
        let [db, open, worker, absent] = names.map(|name| sample.path().join(name));
        fs::write_new(&open, b"hush", 0o640).unwrap();
        fs::write_new(&worker, b"A=1\nexport B=hush\n", 0o600).unwrap();
        let service = serde_json::json!({
            "name": "redis", "kind": "service", "command": ["sh"], "account": "caller",
            "grace": "10s", "joins_ray": false, "env_files": [worker, absent],
            "secrets": [
                { "name": "db", "file": db, "path": db }, { "name": "open", "file": open, "path": open },
            ],
        });
        let service: Process = serde_json::from_value(service).unwrap();
        sample.host().processes.push(service);
        assert_eq!(
            sample.messages(&PROBE),
            [
                format!("SF0851 the secret `{db}` is not there"),
                format!("SF0851 the env file `{absent}` is not there"),
                format!("SF0853 line 2 of the env file `{worker}` sets no variable"),
                format!(
                    "SF0852 other users of this machine may use the secret `{open}` (mode 0640)"
                ),
            ]
        );
    }
}
