//! What real deployments need of software and settings: topologies of `tests/field/`, each with the finding at its
//! place and the help followed, or with what is generated for it.

mod devices;
mod images;
mod packages;
mod ray;
mod release;

use camino::Utf8Path;
use serde_json::Value;
use sfgen::{
    compile::Compilation,
    diag::{Finding, render_text},
    fs,
    plan::{Locations, PartyPlan, located},
    syntax::MemoryWorkspace,
    types::ProcessName,
};

use crate::federation::{Beside, compile_with};

/// A topology of `tests/field/`.
fn topology(name: &str) -> String {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field");
    String::from_utf8(fs::read(&folder.join(format!("{name}.kdl"))).unwrap()).unwrap()
}

/// Compiles a topology among other files.
fn compile(text: &str, beside: &[(&str, &str)]) -> Compilation {
    let files = MemoryWorkspace::default().with("topology.kdl", text);
    let files = beside.iter().fold(files, |files, (path, text)| files.with(path, *text));
    compile_with(files, Beside::default())
}

/// The topology with one text put in place of another that stands in it.
#[track_caller]
fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old} is in {text}");
    text.replace(old, new)
}

fn read_json(done: &Compilation, path: &str) -> Value {
    serde_json::from_str(&file(done, path)).unwrap()
}

fn codes(done: &Compilation) -> Vec<&str> {
    done.findings.iter().map(|finding| finding.code.0).collect()
}

/// The one finding of a code, and what is written at each of its places.
#[track_caller]
fn finding<'d>(done: &'d Compilation, code: &str) -> (&'d Finding, Vec<&'d str>) {
    let found: Vec<_> = done.findings.iter().filter(|finding| finding.code.0 == code).collect();
    let [found] = found[..] else {
        panic!("{}", render_text(&done.findings, &done.sources, 100, false));
    };
    let written = found
        .labels
        .iter()
        .map(|label| &done.sources.get(label.span.file).text[label.span.start..label.span.end]);
    (found, written.collect())
}

#[track_caller]
fn help(finding: &Finding) -> &str {
    finding.help.as_deref().expect("it has a help")
}

#[track_caller]
fn file(done: &Compilation, path: &str) -> String {
    let Some(output) = &done.output else {
        panic!("{}", render_text(&done.findings, &done.sources, 100, false));
    };
    let file = output.tree.get(path).unwrap_or_else(|| panic!("{path} is in the tree"));
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

#[track_caller]
fn plan(done: &Compilation, party: &str) -> PartyPlan {
    serde_json::from_str(&file(done, &format!("{party}/plan.json"))).unwrap()
}

/// The flags of the Ray node of a host.
#[track_caller]
fn ray_flags(done: &Compilation, party: &str, host: &str) -> Vec<String> {
    let plan = plan(done, party);
    let (_, host) = plan.hosts.iter().find(|(name, _)| name.as_str() == host).expect("a host");
    let ray = host.process(&ProcessName::Ray).expect("a Ray node");
    ray.command.iter().map(|word| located(word, &Locations::new())).collect()
}
