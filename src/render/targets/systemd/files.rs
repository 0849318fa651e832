//! What a unit sees of the machine's files, beside what every program sees.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    plan::{Access, Location, Locations, PathUse, Process, located},
    types::Home,
};

/// The settings of a unit about files.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct FilesView {
    /// Files with variables, in the order in which they win over each other.
    env_files: Vec<String>,
    /// `NAME:FILE`, for `LoadCredential=`.
    credentials: Vec<String>,
    /// Folders and files that it may write.
    writes: Vec<String>,
    /// Those that it may only read, also where they lie in one that it may write.
    reads: Vec<String>,
    /// Those that it sees at another path or that lie in a hidden folder, to be written.
    binds: Vec<String>,
    /// The same, to be read only.
    read_only_binds: Vec<String>,
    /// Files that it must not see, where they are there at all.
    hidden: Vec<String>,
    /// Whether something that lies in one of the hidden homes is bound back in.
    sees_home: bool,
}

/// What `ProtectHome=` hides.
const HIDDEN_HOMES: [&str; 3] = ["/home", "/root", "/run/user"];
/// What `PrivateTmp=` replaces.
const PRIVATE: [&str; 2] = ["/tmp", "/var/tmp"];

/// What a process of an account with this home sees.
pub(super) fn of_process(
    process: &Process,
    home: &Home,
    locations: &Locations,
    hidden: &[String],
) -> FilesView {
    // The launcher's account has a home of its own.
    let own_home = locations.get(&Location::Home).and_then(|home| home.parse().ok());
    let home = own_home.as_ref().unwrap_or(home);
    let mut view = FilesView {
        env_files: process.env_files.iter().map(ToString::to_string).collect(),
        credentials: Vec::new(),
        writes: vec![home.to_string()],
        hidden: hidden.to_vec(),
        reads: Vec::new(),
        binds: Vec::new(),
        read_only_binds: Vec::new(),
        sees_home: false,
    };
    if is_below(home.as_str(), &HIDDEN_HOMES) {
        view.bind(home.as_str(), home.as_str(), Access::Write);
    }
    for used in &process.paths {
        view.add(used, home, locations);
    }
    for secret in &process.secrets {
        let file = secret.file.as_str();
        if secret.path != secret.file {
            view.credentials.push(format!("{}:{file}", secret.name));
        } else if is_hidden(file) {
            view.bind(file, file, Access::Read);
        }
    }
    view
}

/// The settings that show a process data at other paths than those on the machine, for a unit from which nothing is
/// hidden.
pub(super) fn renamed(process: &Process, locations: &Locations) -> Vec<(&'static str, String)> {
    let renamed = process.paths.iter().filter_map(|used| {
        let (path, target) = (located(&used.path, locations), used.mounted_at.as_ref()?);
        let setting = match used.access {
            Access::Read => "BindReadOnlyPaths",
            Access::Write => "BindPaths",
        };
        (path != target.as_str()).then(|| (setting, bind(&path, target.as_str())))
    });
    renamed.collect()
}

impl FilesView {
    fn add(&mut self, used: &PathUse, home: &Home, locations: &Locations) {
        let path = located(&used.path, locations);
        let target = used.mounted_at.as_ref().map_or(path.as_str(), |target| target.as_str());
        let in_home = is_below(&path, &[home.as_str()]);
        if target != path || is_hidden(&path) && !in_home {
            self.bind(&path, target, used.access);
        } else if used.access == Access::Write {
            // Ray's folder is made by the unit of the Ray node alone.
            let is_run = locations.get(&Location::Run) == Some(&path);
            if !in_home && !is_run && !self.writes.contains(&path) {
                self.writes.push(path);
            }
        } else if used.mounted_at.is_some() {
            self.reads.push(path);
        }
    }

    fn bind(&mut self, path: &str, target: &str, access: Access) {
        self.sees_home |= is_below(path, &HIDDEN_HOMES) || is_below(target, &HIDDEN_HOMES);
        let binds = match access {
            Access::Read => &mut self.read_only_binds,
            Access::Write => &mut self.binds,
        };
        let bind = bind(path, target);
        if !binds.contains(&bind) {
            binds.push(bind);
        }
    }
}

fn bind(path: &str, target: &str) -> String {
    if path == target { path.to_owned() } else { format!("{path}:{target}") }
}

fn is_hidden(path: &str) -> bool {
    is_below(path, &HIDDEN_HOMES) || is_below(path, &PRIVATE)
}

/// Whether a path is one of the folders or lies below one.
fn is_below(path: &str, folders: &[&str]) -> bool {
    let rest = |folder: &&str| path.strip_prefix(*folder);
    folders.iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Word;

    fn seen(home: &str, mounts: &[(&str, Access, &str)]) -> FilesView {
        let process = serde_json::json!({
            "name": "worker", "kind": "service", "command": ["x"], "account": "caller",
            "grace": "10s", "joins_ray": false,
        });
        let mut process: Process = serde_json::from_value(process).unwrap();
        process.paths = mounts
            .iter()
            .map(|(path, access, target)| PathUse {
                path: Word::literal(*path),
                access: *access,
                mounted_at: Some(target.parse().unwrap()),
            })
            .collect();
        of_process(&process, &home.parse().unwrap(), &Locations::new(), &[])
    }

    #[test]
    fn data_is_opened_where_it_lies_and_bound_where_it_is_hidden_or_seen_elsewhere() {
        let view = seen(
            "/opt/sf",
            &[
                ("/data/out", Access::Write, "/data/out"),
                ("/data/in", Access::Read, "/data/in"),
                ("/home/ops/csv", Access::Read, "/home/ops/csv"),
                ("/srv/psi", Access::Write, "/data/psi"),
                ("/tmp/psi", Access::Write, "/tmp/psi"),
            ],
        );
        assert_eq!(view.writes, ["/opt/sf", "/data/out"]);
        assert_eq!(view.reads, ["/data/in"]);
        assert_eq!(view.binds, ["/srv/psi:/data/psi", "/tmp/psi"]);
        assert_eq!(view.read_only_binds, ["/home/ops/csv"]);
        assert!(view.sees_home);
        assert!(!seen("/opt/sf", &[("/homes/x", Access::Read, "/homes/x")]).sees_home);
    }

    #[test]
    fn a_home_below_a_hidden_folder_is_bound_with_all_that_is_in_it() {
        let view = seen("/home/sf", &[("/home/sf/data", Access::Write, "/home/sf/data")]);
        assert_eq!((view.binds, view.sees_home), (vec!["/home/sf".to_owned()], true));
    }
}
