//! What is done with the bytes that a fuzzer makes up, and what must hold whatever they are.
//!
//! `tests/it/fuzzing.rs` compiles this file too, and replays the corpus with it.

#![allow(unreachable_pub, reason = "it is part of two crates")]

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    compile::{Compilation, Input, compile},
    diag::{Findings, Report, SarifLog, Severity, Sources, render_text},
    syntax::{self, MemoryWorkspace, Workspace},
    types::Mode,
};
use time::OffsetDateTime;

/// A topology without a mistake.
const GOOD: &str = "topology \"t\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n\
    party \"alice\" { host \"a\" address=\"10.0.0.1\"; service \"s\" { command \"x\"; port \"p\"; }; }\n\
    party \"bob\" { host \"b\" address=\"10.0.0.2\"; }\n\
    spu \"spu\" protocol=\"SEMI2K\" field=\"FM128\" { parties \"alice\" \"bob\"; }\n";

/// The bytes as `topology.kdl`, as a file that one includes, and as a file to lay out.
pub fn kdl(bytes: &[u8]) {
    whole("topology.kdl", bytes);
    let root = format!("{GOOD}include \"part.kdl\"\n");
    let files = MemoryWorkspace::default().with("topology.kdl", root).with("part.kdl", bytes);
    compiled(&Folder(files), "topology.kdl");
    if let Ok(text) = std::str::from_utf8(bytes) {
        laid_out(text);
    }
}

/// The bytes as `topology.toml`, and as a file that a KDL one includes.
pub fn toml(bytes: &[u8]) {
    whole("topology.toml", bytes);
    let root = format!("{GOOD}include \"part.toml\"\n");
    let files = MemoryWorkspace::default().with("topology.kdl", root).with("part.toml", bytes);
    compiled(&Folder(files), "topology.kdl");
}

/// The bytes as `sfgen.lock` beside a topology without a mistake.
pub fn lock(bytes: &[u8]) {
    let files = MemoryWorkspace::default().with("topology.kdl", GOOD).with("sfgen.lock", bytes);
    compiled(&Folder(files), "topology.kdl");
}

/// A folder in which every job script exists.
struct Folder(MemoryWorkspace);

impl Workspace for Folder {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, String> {
        if path.extension() == Some("py") { Ok(Some(Vec::new())) } else { self.0.read(path) }
    }

    fn list(&self, folder: &Utf8Path) -> Result<Vec<String>, String> {
        self.0.list(folder)
    }

    fn below(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, String> {
        self.0.below(folder)
    }

    fn canonical(&self, path: &Utf8Path) -> Utf8PathBuf {
        self.0.canonical(path)
    }

    fn display(&self, path: &Utf8Path) -> String {
        self.0.display(path)
    }
}

fn whole(name: &str, bytes: &[u8]) {
    compiled(&Folder(MemoryWorkspace::default().with(name, bytes)), name);
}

/// Compiles the topology and reports on it. What plans without errors is planned again with the lock that came of it,
/// to the same tree.
fn compiled(folder: &Folder, root: &str) {
    let done = compilation(folder, root);
    check_findings(&done);
    let has_errors = done.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(done.output.is_none(), has_errors, "{:?}", done.findings);
    let Some(output) = done.output else { return };
    let lock = output.allocation.lock_text();
    let again = compilation(&Folder(folder.0.clone().with("sfgen.lock", lock.as_str())), root);
    let again = again.output.expect("a lock of our own is right");
    assert_eq!(again.allocation.lock_text(), lock, "a second plan moves no port");
    assert!(again.tree == output.tree, "a second plan writes the same tree");
}

/// In simulation, where no certificates are needed, so that more than syntax is reached.
fn compilation(folder: &Folder, root: &str) -> Compilation {
    compile(&Input {
        workspace: folder,
        root: Utf8Path::new(root),
        lock: Utf8Path::new("sfgen.lock"),
        mode: Some(Mode::Simulation),
        now: OffsetDateTime::UNIX_EPOCH,
    })
}

/// Every finding has its places in the text, and can be shown in every form.
fn check_findings(done: &Compilation) {
    for label in done.findings.iter().flat_map(|finding| &finding.labels) {
        let text = &done.sources.get(label.span.file).text;
        assert!(text.get(label.span.start..label.span.end).is_some(), "{:?}", done.findings);
    }
    let text = render_text(&done.findings, &done.sources, 80, false);
    assert_eq!(text.is_empty(), done.findings.is_empty());
    let report = Report::new(&done.findings, &done.sources);
    assert!(report.findings.len() + report.omitted >= done.findings.len());
    let _ = SarifLog::new(&done.findings, &done.sources, []);
}

/// What can be laid out stays as it is when that is done again.
fn laid_out(text: &str) {
    let once = |text: &str| {
        let mut findings = Findings::default();
        let file = Sources::default().add("t.kdl", text);
        let made = syntax::format(file, text, &mut findings);
        assert!(
            findings.iter().all(|finding| finding.code.0 != "SF0015"),
            "its meaning would change"
        );
        made
    };
    if let Some(made) = once(text) {
        assert_eq!(once(&made).as_ref(), Some(&made));
    }
}
