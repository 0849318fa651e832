//! The files with secrets and variables of services are there, and nobody else can read or replace them.

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind},
};

use camino::Utf8Path;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs::{self, Kind},
    launch::processes::{EnvFile, read_env_file},
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
        let read = fs::read_regular(path, LARGEST);
        let too_large = || {
            let why = io::Error::new(ErrorKind::FileTooLarge, "it is larger than a MiB");
            fs::FsError::new("use", path, why)
        };
        let read = read.and_then(|bytes| bytes.ok_or_else(too_large));
        findings.extend(read.err().map(|why| unreadable(what, path, &why)));
    }
    for path in &env_files {
        match read_env_file(path) {
            Ok(file) => findings.extend(useless(path, &file)),
            Err(why) => findings.push(unreadable("env file", path, &why)),
        }
    }
    let all: BTreeSet<_> = secrets.union(&env_files).copied().collect();
    findings.extend(all.into_iter().filter_map(open));
    findings
}

fn unreadable(what: &str, path: &Utf8Path, why: &fs::FsError) -> Finding {
    let message = match why.kind() {
        ErrorKind::NotFound => format!("the {what} `{path}` is not there"),
        _ => format!("the {what} `{path}` cannot be read: {why}"),
    };
    // What is there may be somebody's only copy of a password, so nothing is advised that would empty it.
    let help = match (fs::kind(path), why.kind()) {
        (Ok(Kind::Absent), _) => format!(
            "make it on this machine, for this account alone: `install -m 600 /dev/null {path}`, then write it with an editor"
        ),
        (_, ErrorKind::NotFound) => {
            "it is a link to a file that is not there: make that file".to_owned()
        }
        (_, ErrorKind::PermissionDenied) => {
            format!("let the account that runs sfgen read it: `sudo chown $USER {path}`")
        }
        (_, ErrorKind::InvalidData) => "mend the file, which must be text in UTF-8".to_owned(),
        _ => "name a regular file of at most a MiB".to_owned(),
    };
    Finding::error(UNREADABLE, message).help(help)
}

/// systemd ignores such lines in silence. They are not quoted: they may hold a secret.
fn useless(path: &Utf8Path, file: &EnvFile) -> Vec<Finding> {
    let warning = |message: String, help: &str| Finding::warning(USELESS_LINE, message).help(help);
    let mut findings = Vec::new();
    let mut lines = file.useless.as_slice();
    if file.has_mark {
        lines = lines.strip_prefix(&[1]).unwrap_or(lines);
        findings.push(warning(
            format!(
                "the env file `{path}` begins with a byte-order mark, so line 1 sets no variable"
            ),
            "save it as UTF-8 without such a mark",
        ));
    }
    if !lines.is_empty() {
        let numbers: Vec<_> = lines.iter().map(ToString::to_string).collect();
        let (lines, set) = if lines.len() == 1 { ("line", "sets") } else { ("lines", "set") };
        findings.push(warning(
            format!("{lines} {} of the env file `{path}` {set} no variable", numbers.join(", ")),
            "write `NAME=value`, without `export`, the name of letters, digits and `_`; a comment begins with `#`",
        ));
    }
    if let Some(line) = file.unclosed {
        findings.push(warning(
            format!("the quote on line {line} of the env file `{path}` has no end, so all lines behind it are its value"),
            "end it on its line, or write the value without quotes",
        ));
    }
    findings
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
        fs::write_new(&worker, b"A=1\nexport B=hush\n5=6\nC=\"hush\nD=1\n", 0o600).unwrap();
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
                format!("SF0853 lines 2, 3 of the env file `{worker}` set no variable"),
                format!(
                    "SF0853 the quote on line 4 of the env file `{worker}` has no end, so all lines behind it are its value"
                ),
                format!(
                    "SF0852 other users of this machine may use the secret `{open}` (mode 0640)"
                ),
            ]
        );
    }

    #[test]
    fn nothing_is_advised_that_empties_a_file_that_is_there() {
        let sample = Sample::new();
        let path = |name: &str| sample.path().join(name);
        fs::write_new(&path("latin1.env"), b"A=1\nPASSWORD=\xfc\n", 0o600).unwrap();
        fs::create_folder(&path("folder"), 0o700).unwrap();
        std::os::unix::fs::symlink(path("nowhere"), path("link")).unwrap();
        for (name, words) in [
            ("latin1.env", "which must be text in UTF-8"),
            ("folder", "name a regular file"),
            ("link", "make that file"),
            ("absent", "install -m 600 /dev/null"),
        ] {
            let why = read_env_file(&path(name)).err().expect(name);
            let help = unreadable("env file", &path(name), &why).help.unwrap();
            assert!(help.contains(words), "{name}: {help}");
        }
    }
}
