//! Every topology of `examples/` compiles, with exactly the warnings that it explains.

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{diag::render_text, fs, syntax::MemoryWorkspace};

use crate::federation::{Beside, compile_with};

fn examples() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The files of an example; certificates are made by the test, scripts are its own.
pub(crate) fn files(name: &str) -> MemoryWorkspace {
    let mut files = MemoryWorkspace::default();
    add(&examples().join(name), "", &mut files);
    files
}

fn add(folder: &Utf8Path, prefix: &str, files: &mut MemoryWorkspace) {
    for entry in folder.read_dir_utf8().expect("the example is there") {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name());
        if entry.path().is_dir() {
            add(entry.path(), &format!("{name}/"), files);
        } else {
            files.0.insert(name.into(), fs::read(entry.path()).unwrap());
        }
    }
}

fn check(name: &str, warnings: &[&str]) {
    let done = compile_with(files(name), Beside { scripts: false, ..Beside::default() });
    let text = render_text(&done.findings, &done.sources, 100, false);
    let codes: Vec<&str> = done.findings.iter().map(|finding| finding.code.0).collect();
    assert_eq!(codes, warnings, "{text}");
    let output = done.output.expect("an example has no errors");
    for party in output.federation.parties.keys() {
        let path = format!("{party}/plan.json");
        assert!(output.tree.get(&path).is_some(), "each party has a plan: {path}");
    }
}

macro_rules! examples {
    ($($name:ident: $warnings:expr;)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), &$warnings);
        })*

        #[test]
        fn no_example_is_forgotten() {
            let listed = [$(stringify!($name)),*];
            for entry in examples().read_dir_utf8().expect("there are examples") {
                let entry = entry.unwrap();
                assert!(listed.contains(&entry.file_name()), "{}", entry.path());
            }
        }
    };
}

examples! {
    two_parties: [];
    secretflow_loopback: [];
    secretflow_threads: ["SF0530"];
    credit_risk: [];
    psi_csv: [];
    task_workers: [];
}
