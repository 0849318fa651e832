//! The data that processes work with is there, and the account that runs them may do so.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs::{self, Kind, OwnAccess},
    plan::{Access, Locations, located},
};

pub(super) const PROBE: Probe = Probe { name: "data of jobs and services", run };

const CODE: Code = Code("SF0850");

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let mut mounts: BTreeMap<Utf8PathBuf, (Access, String)> = BTreeMap::new();
    for process in machine.started_here() {
        for used in process.paths.iter().filter(|used| used.mounted_at.is_some()) {
            let path = Utf8PathBuf::from(located(&used.path, &Locations::new()));
            let user = (used.access, process.name.to_string());
            let known = mounts.entry(path).or_insert_with(|| user.clone());
            // Whoever writes asks for more.
            if used.access == Access::Write && known.0 == Access::Read {
                *known = user;
            }
        }
    }
    let judged =
        mounts.into_iter().filter_map(|(path, (access, user))| judge(&path, access, &user));
    judged.collect()
}

fn judge(path: &Utf8PathBuf, access: Access, user: &str) -> Option<Finding> {
    let kind = fs::resolve(path).and_then(|target| fs::kind(&target));
    let (wrong, help) = match kind {
        Ok(Kind::File { .. } | Kind::Folder) => {
            let wanted = match access {
                Access::Read => OwnAccess::Read,
                Access::Write => OwnAccess::Write,
            };
            if fs::may(path, wanted) {
                return None;
            }
            let help = format!(
                "let the account that runs sfgen at it: `setfacl -m u:$USER:{} {path}`",
                if access == Access::Write { "rwx" } else { "rx" }
            );
            (format!("this account may not {access} it"), help)
        }
        Ok(Kind::Other) => {
            ("it is neither a file nor a folder".to_owned(), "name what holds the data".to_owned())
        }
        Ok(Kind::Absent) | Err(_) => (
            "it is not there".to_owned(),
            format!("make it, or mount the disk that holds it: `mkdir -p {path}`"),
        ),
    };
    let message = format!("`{user}` is to {access} `{path}`, but {wrong}");
    Some(Finding::error(CODE, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::plan::Process;

    #[test]
    fn data_that_is_absent_or_no_data_is_told_once_with_who_needs_it() {
        let mut sample = Sample::new();
        let path = |name: &str| sample.path().join(name);
        fs::create_folder(&path("in"), 0o755).unwrap();
        let socket = path("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let [given, absent] = [path("in"), path("out")];
        for (name, mounts) in [
            ("one", vec![(&given, "read"), (&absent, "read")]),
            ("two", vec![(&absent, "write"), (&socket, "read")]),
        ] {
            let paths: Vec<_> = mounts
                .iter()
                .map(|(path, access)| {
                    serde_json::json!({ "path": path, "access": access, "mounted_at": path })
                })
                .collect();
            let service = serde_json::json!({
                "name": name, "kind": "service", "command": ["sh"], "account": "caller",
                "grace": "10s", "joins_ray": false, "paths": paths,
            });
            let service: Process = serde_json::from_value(service).unwrap();
            sample.host().processes.push(service);
        }
        assert_eq!(
            sample.messages(&PROBE),
            [
                format!("SF0850 `two` is to write `{absent}`, but it is not there"),
                format!(
                    "SF0850 `two` is to read `{socket}`, but it is neither a file nor a folder"
                ),
            ]
        );
    }
}
