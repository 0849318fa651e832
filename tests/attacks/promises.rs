//! What `docs/security.md` promises is held by tests that exist.

use std::path::{Path, PathBuf};

const SECURITY: &str = include_str!("../../docs/security.md");

/// The rows of the table of promises: what is promised, and the tests that it names.
fn promises() -> Vec<(String, Vec<String>)> {
    let section = SECURITY.split("\n## What is promised\n").nth(1).expect("there is the section");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [promise, tests] = cells[..] else { panic!("two cells: {row}") };
        let names = tests.split('`').skip(1).step_by(2).map(str::to_owned);
        (promise.to_owned(), names.collect())
    });
    rows.skip(1).collect()
}

/// Whether a test of this path is there: `attacks::sum::name` in `tests`, `launch::name` in `tests/it`, and unit tests by
/// their modules in `src`.
fn exists(test: &str) -> bool {
    let (module, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("a path: {test}"));
    let path = module.strip_suffix("::tests").unwrap_or(module).replace("::", "/");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = ["tests", "tests/it", "src"]
        .map(|folder| root.join(folder).join(format!("{path}.rs")))
        .into();
    files.extend(["mod.rs", "tests.rs"].map(|file| root.join("src").join(&path).join(file)));
    files.iter().any(|file| {
        let code = std::fs::read_to_string(file).unwrap_or_default();
        let Some((before, _)) = code.split_once(&format!("fn {name}(")) else { return false };
        let mut lines = before.trim_end().trim_end_matches("async").trim_end().lines().rev();
        // What a test needs is beside it; `.ci/run` has all of it.
        let line_before = lines.find(|line| !line.starts_with("#[ignore = "));
        line_before.is_some_and(|line| line.trim() == "#[test]" || line.trim() == "#[tokio::test]")
    })
}

#[test]
fn every_promise_names_tests_and_all_of_them_exist() {
    let promises = promises();
    assert!(promises.len() > 10, "the table is found");
    for (promise, tests) in promises {
        assert!(!tests.is_empty(), "no test holds: {promise}");
        for test in tests {
            assert!(exists(&test), "`{test}` is no test; it is to hold: {promise}");
        }
    }
    assert!(!exists("attacks::promises::no_such_test"), "the search can fail");
}
