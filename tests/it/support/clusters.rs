//! Topologies with several machines, as addresses of one network namespace.

use std::{fs, path::Path, process::Command};

use camino::Utf8PathBuf;
use sfgen::launch::{
    machine::python::{Search, environment},
    processes::GuardProgram,
};

use super::{process::SFGEN, workspace::Workspace};

/// A topology of `tests/topologies/` with its script.
pub(crate) fn topology(name: &str, script: &str) -> Workspace {
    let ws = Workspace::empty();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/topologies");
    for (from, to) in [(name, "topology.kdl"), (script, script)] {
        ws.write(to, &fs::read_to_string(folder.join(from)).unwrap());
    }
    // Another patch release than the one of the reference machine does as well.
    ws.edit("topology.kdl", |text| {
        text.replace("3.10.13", "3.10").replacen(
            "\nruntime ",
            &format!("\n{}\nruntime ", ws.ports.node()),
            1,
        )
    });
    ws
}

/// Makes the virtual environment that the launchers of a planned party will look for.
pub(crate) fn make_environment(ws: &Workspace, party: &str) {
    let venvs = Utf8PathBuf::from_path_buf(ws.state().join("venvs")).unwrap();
    sfgen::fs::create_folder(&venvs, 0o700).unwrap();
    let requirements = ws.read(&format!("generated/{party}/requirements.txt"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let python = Search::from_process().find("3.10").await.unwrap();
        environment(
            &GuardProgram::at(SFGEN),
            &venvs,
            &python,
            requirements.as_bytes(),
            &mut |_| (),
        )
        .await
        .unwrap();
    });
}

/// A network namespace with these addresses, gone at the end of the test.
pub(crate) struct Namespace(String);

impl Namespace {
    pub(crate) fn with(addresses: &[&str]) -> Self {
        let namespace = Self(format!("sfgen-it-{}", std::process::id()));
        let name = namespace.0.as_str();
        ip(&["netns", "add", name]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        for address in addresses {
            ip(&["-n", name, "address", "add", &format!("{address}/32"), "dev", "lo"]);
        }
        namespace
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "delete", &self.0]);
    }
}

fn ip(args: &[&str]) {
    let status = Command::new("ip").args(args).status().unwrap();
    assert!(status.success(), "ip {args:?}: {status}");
}
