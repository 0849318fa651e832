//! Each fix that a finding offers, applied, takes the finding away and makes nothing else wrong.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::Value;
use sfgen::{
    cli::pages::pages,
    compile::Compilation,
    diag::{Finding, Findings, render_text},
    syntax::{self, MemoryWorkspace},
};

use crate::{
    federation::{compile_root, compile_text, compile_with},
    generated::assert_valid,
    pages::blocks,
    support::{toml::toml_of, workspace::Workspace},
};

/// The label of each fix, and the topology of one file with it applied.
pub(crate) fn fixed(done: &Compilation, finding: &Finding) -> Vec<(String, String)> {
    let fixes = finding.fixes.iter().map(|fix| {
        let mut files: Vec<String> = fix.apply(&done.sources).into_values().collect();
        assert_eq!(files.len(), 1, "{}: one file changes", fix.label);
        (fix.label.clone(), files.remove(0))
    });
    fixes.collect()
}

/// Findings about an unknown word: their fix is the known word that is most like it, and that one may have findings of
/// its own.
const GUESSES: [&str; 3] = ["SF0003", "SF0011", "SF0404"];

/// What is wrong with the fixes of a compiled topology of one file: those that do not take their finding away, or
/// lead to another one.
pub(crate) fn broken_fixes(done: &Compilation, compile: impl Fn(&str) -> Compilation) -> String {
    let mut broken = String::new();
    for (index, finding) in done.findings.iter().enumerate() {
        let others = done.findings.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Vec<&str> = others.map(|(_, other)| other.code.0).collect();
        for (label, text) in fixed(done, finding) {
            let after = compile(&text);
            let mut left = others.clone();
            let is_new = after.findings.iter().any(|found| {
                let known = left.iter().position(|code| *code == found.code.0);
                let is_wrong = !GUESSES.contains(&finding.code.0) || found.code == finding.code;
                known.map(|at| left.remove(at)).is_none() && is_wrong
            });
            if is_new {
                let shown = render_text(&after.findings, &after.sources, 100, false);
                broken += &[finding.code.0, ": ", &label, "\n", &text, &shown, "\n"].concat();
            }
        }
    }
    broken
}

#[test]
fn the_fixes_of_every_page_mend_its_examples_in_kdl_and_in_toml() {
    let (mut broken, mut in_kdl, mut in_toml) = (String::new(), BTreeSet::new(), BTreeSet::new());
    for page in pages() {
        let of_code = |finding: &&Finding| finding.code == page.code && !finding.fixes.is_empty();
        for block in blocks(page.text) {
            if block.language != "kdl" || !block.fails {
                continue;
            }
            let kdl = |text: &str| {
                compile_with(MemoryWorkspace::default().with("topology.kdl", text), block.beside)
            };
            let done = kdl(&block.text);
            broken += &broken_fixes(&done, kdl);
            let Some(with_fixes) = done.findings.iter().find(of_code) else { continue };
            in_kdl.insert(with_fixes.code);
            let files = MemoryWorkspace::default().with("t.kdl", block.text.as_str());
            let mut findings = Findings::default();
            let loaded = syntax::load(&files, Utf8Path::new("t.kdl"), &mut findings);
            // A node that the language does not have cannot be spelled in TOML.
            if !findings.is_empty() {
                continue;
            }
            let toml = |text: &str| {
                let files = MemoryWorkspace::default().with("topology.toml", text);
                compile_root("topology.toml", files, block.beside)
            };
            let done = toml(&toml_of(&loaded.nodes));
            broken += &broken_fixes(&done, toml);
            in_toml.extend(done.findings.iter().find(of_code).map(|finding| finding.code));
        }
    }
    assert!(broken.is_empty(), "{broken}");
    assert!(in_kdl.len() >= 30 && in_toml.len() >= 20, "{in_kdl:?} {in_toml:?}");
}

#[test]
fn a_fix_is_data_with_which_another_program_mends_the_file() {
    let good = "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n\
        // ü\nparty \"alice\" { host \"a\" address=\"127.0.0.1\" { ray cpus=2; }; }\n";
    let bad = good.replace("cpus=2", "cpus=0").replace("\"ray\"", "\"rai\"");
    let workspace = Workspace::empty();
    workspace.write("topology.kdl", &bad);
    let ran = workspace.run(&["check", "--format", "json"]).status_is(1);
    assert_valid("findings", &ran.stdout);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let mut lines: Vec<String> = bad.lines().map(|line| format!("{line}\n")).collect();
    for finding in report["findings"].as_array().unwrap() {
        let edit = &finding["fixes"][0]["edits"][0];
        assert_eq!(edit["file"], "topology.kdl");
        let number = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
        let line = &mut lines[number("line") - 1];
        let start = number("column") - 1;
        let kept: Vec<char> = line.chars().collect();
        let new: String = kept[..start]
            .iter()
            .copied()
            .chain(edit["text"].as_str().unwrap().chars())
            .chain(kept[start + number("length")..].iter().copied())
            .collect();
        *line = new;
    }
    let done = compile_text(&lines.concat());
    assert!(done.findings.is_empty(), "{}\n{:?}", lines.concat(), done.findings);
}
