//! Every page that `sfgen explain` prints: its examples are compiled.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    check, cli::pages::pages as all_pages, compile::Compilation, diag::render_text,
    syntax::MemoryWorkspace, types::PortRange,
};

use crate::federation::{Beside, Flaw, compile_with};

/// The topology beside which the locks of the pages lie.
const BESIDE_LOCK: &str = r#"
topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" { host "alice-1" address="127.0.0.1"; }
party "bob" { host "bob-1" address="127.0.0.1"; }
"#;

/// The topology beside which the files about a release lie.
const BESIDE_RELEASE: &str = r#"
topology "t" mode="production"
runtime "secretflow" version="9.9.9" engine="threads"
party "alice" {
    host "alice-1" address="192.168.1.10"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice.key"
}
party "bob" {
    host "bob-1" address="192.168.1.11"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob.key"
}
job "task" { parties "alice" "bob"; }
"#;

/// A fenced block of a page.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) fails: bool,
    /// A finding that the mistake cannot be made without.
    also: Option<String>,
    pub(crate) beside: Beside,
    pub(crate) text: String,
}

impl Block {
    /// Whether it is a topology or a lock; others are what is typed at a terminal, or parts of files.
    pub(crate) fn is_compiled(&self) -> bool {
        ["kdl", "toml"].contains(&self.language.as_str())
    }
}

/// The blocks of a Markdown text that are marked as failing or passing; others are for reading.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut words = info.split(' ');
        let language = words.next().unwrap_or_default().to_owned();
        let fails = match words.next() {
            Some("fails") => true,
            Some("passes") => false,
            _ => continue,
        };
        let words: Vec<&str> = words.collect();
        let also = words.iter().find_map(|word| word.strip_prefix("also-")).map(str::to_owned);
        let beside = beside(&words.join(" "));
        blocks.push(Block { language, fails, also, beside, text: text.join("\n") + "\n" });
    }
    blocks
}

/// What exists beside the topology of a block, by the words of its fence.
pub(crate) fn beside(words: &str) -> Beside {
    let mut beside = Beside::default();
    for word in words.split_whitespace().filter(|word| !word.starts_with("also-")) {
        match word {
            "scripts-absent" => beside.scripts = false,
            _ => beside.flaw = flaw(word),
        }
    }
    beside
}

fn flaw(word: &str) -> Flaw {
    match word {
        "certificates-absent" => Flaw::Absent,
        "certificates-expired" => Flaw::Expired,
        "certificates-not-yet-valid" => Flaw::NotYetValid,
        "certificates-ending" => Flaw::Ending,
        "certificates-other-address" => Flaw::OtherAddress,
        "certificates-foreign-ca" => Flaw::ForeignCa,
        "certificates-leaf-as-ca" => Flaw::LeafAsCa,
        "certificates-shared-ca" => Flaw::SharedCa,
        "certificates-private-key" => Flaw::PrivateKey,
        "certificates-critical-extension" => Flaw::CriticalExtension,
        "certificates-server-only" => Flaw::ServerOnly,
        "certificates-ca-as-leaf" => Flaw::CaAsLeaf,
        _ => panic!("no such word in a fence: {word}"),
    }
}

pub(crate) fn run(block: &Block) -> Compilation {
    let files = match block.language.as_str() {
        "kdl" => MemoryWorkspace::default().with("topology.kdl", block.text.as_str()),
        "toml" => MemoryWorkspace::default()
            .with("topology.kdl", BESIDE_LOCK)
            .with("sfgen.lock", block.text.as_str()),
        "release" => MemoryWorkspace::default()
            .with("topology.kdl", BESIDE_RELEASE)
            .with("runtimes/secretflow-9.9.9.threads.txt", "")
            .with("runtimes/secretflow-9.9.9.toml", block.text.as_str()),
        other => panic!("no such language in a fence: {other}"),
    };
    compile_with(files, block.beside)
}

#[test]
fn codes_are_unique() {
    let mut seen = BTreeSet::new();
    for page in all_pages() {
        let code = page.code.0;
        assert!(seen.insert(code), "{code} has two pages");
        let digits = code.strip_prefix("SF").unwrap_or_default();
        assert!(digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    }
}

#[test]
fn every_page_begins_with_what_is_wrong() {
    for page in all_pages() {
        let first = page.text.split("\n\n").next().unwrap_or_default();
        assert!(first.ends_with(['.', ':']) && !first.starts_with('#'), "{}", page.code);
        let outside = page.text.split("```").step_by(2).flat_map(str::lines);
        let widest = outside.map(|line| line.chars().count()).max();
        assert!(widest <= Some(125), "{} has a line of {widest:?}", page.code);
    }
}

#[test]
fn every_page_has_an_example_that_fails_and_one_that_passes_and_they_differ() {
    for page in all_pages() {
        let code = page.code.0;
        let (fails, passes): (Vec<_>, Vec<_>) =
            blocks(page.text).into_iter().partition(|block| block.fails);
        assert!(!fails.is_empty(), "{code} fails");
        assert!(!passes.is_empty(), "{code} passes");
        let is_same = |block: &Block| passes.iter().any(|other| other.text == block.text);
        assert!(!fails.iter().any(is_same), "{code}: what fails and what passes is the same");
    }
}

#[test]
fn the_examples_of_every_check_are_topologies() {
    for check in check::all() {
        let code = check.page.code.0;
        assert!(blocks(check.page.text).iter().all(Block::is_compiled), "{code}");
    }
}

#[test]
fn the_examples_of_every_page_yield_what_they_promise() {
    let mut wrong = String::new();
    for page in all_pages() {
        for block in blocks(page.text).into_iter().filter(Block::is_compiled) {
            let done = run(&block);
            let mut codes: Vec<&str> = done.findings.iter().map(|finding| finding.code.0).collect();
            codes.sort_unstable();
            let mut wanted: Vec<&str> = block.also.as_deref().into_iter().collect();
            wanted.extend(block.fails.then_some(page.code.0));
            wanted.sort_unstable();
            if codes != wanted {
                let text = render_text(&done.findings, &done.sources, 100, false);
                let what = if block.fails { "fails" } else { "passes" };
                wrong += &[page.code.0, " ", what, ":\n", &block.text, &text, "\n"].concat();
            }
            done.findings.iter().for_each(assert_worded);
            assert_eq!(done.output.is_none(), done.findings.iter().any(is_error), "{}", page.code);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A message is no sentence of its own: lower case but for names, no full stop; a help says what to do.
fn assert_worded(finding: &sfgen::diag::Finding) {
    let message = finding.message.as_str();
    let first = message.split(' ').next().unwrap_or_default();
    let is_name = ["SPU", "HEU", "Ray"].contains(&first);
    assert!(!message.ends_with('.'), "{message}");
    assert!(is_name || !first.starts_with(char::is_uppercase), "{message}");
    assert!(!finding.labels.is_empty(), "{message}");
    assert!(finding.help.as_ref().is_some_and(|help| !help.ends_with('.')), "{message}");
}

pub(crate) fn is_error(finding: &sfgen::diag::Finding) -> bool {
    finding.severity == sfgen::diag::Severity::Error
}

#[test]
fn the_pages_about_classes_of_ports_name_their_numbers() {
    let (plannable, first) = (PortRange::PLANNABLE, PortRange::PLANNABLE.first());
    for (code, numbers) in [
        ("SF0207", PortRange::EPHEMERAL.to_string()),
        ("SF0207", format!("below {}", PortRange::EPHEMERAL.first())),
        ("SF0208", format!("below {first}")),
        ("SF0208", format!("from {first} to {}", plannable.last())),
        ("SF0210", format!("up to {}", plannable.last())),
    ] {
        let page = all_pages().find(|page| page.code.0 == code).unwrap();
        assert!(page.text.contains(&numbers), "{code}: {numbers}");
    }
}

#[test]
fn every_code_in_the_sources_has_a_page() {
    let codes: BTreeSet<String> = rust_files().iter().flat_map(|(_, text)| raised(text)).collect();
    assert!(codes.len() > 40, "the search finds what there is");
    let known: BTreeSet<&str> = all_pages().map(|page| page.code.0).collect();
    let absent: Vec<_> = codes.iter().filter(|code| !known.contains(code.as_str())).collect();
    assert!(absent.is_empty(), "without a page: {absent:?}");
    let unused: Vec<_> = known.iter().filter(|code| !codes.contains(**code)).collect();
    assert!(unused.is_empty(), "pages of codes that nothing raises: {unused:?}");
}

#[test]
fn every_page_stands_beside_a_file_that_raises_its_code() {
    let files = rust_files();
    let pages = sources("md");
    assert_eq!(pages.len(), all_pages().count(), "each page is in a table");
    for page in pages {
        let folder = page.parent().expect("it is in a folder");
        let name = page.file_stem().expect("it has a name");
        // The page of a check is named as the check; others are named by their code.
        let is_beside = if name.starts_with("SF") {
            let mut near = files.iter().filter(|(path, _)| path.starts_with(folder));
            let module = folder.with_extension("rs");
            let own = files.iter().filter(|(path, _)| *path == module);
            near.any(|(_, text)| raised(text).contains(name))
                || own.into_iter().any(|(_, text)| raised(text).contains(name))
        } else {
            let file = page.with_extension("rs");
            files.iter().any(|(path, text)| *path == file && !raised(text).is_empty())
        };
        assert!(is_beside, "nothing beside {page} raises its code");
    }
}

/// The codes that a Rust file raises, as `Code("SF0000")` or `code(SF0000)`.
fn raised(text: &str) -> BTreeSet<String> {
    let starts = ["Code(\"SF", "code(SF"].into_iter();
    let after = starts.flat_map(|start| text.split(start).skip(1));
    after.filter_map(|rest| Some(format!("SF{}", rest.get(..4)?))).collect()
}

fn rust_files() -> Vec<(Utf8PathBuf, String)> {
    let read = |path: Utf8PathBuf| {
        let text = sfgen::fs::read_text(&path).expect("the sources are readable");
        (path, text)
    };
    sources("rs").into_iter().map(read).collect()
}

/// The source files with that ending.
fn sources(ending: &str) -> Vec<Utf8PathBuf> {
    let mut folders = vec![Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().expect("the sources are there") {
            let path = entry.expect("the sources are there").into_path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(ending) {
                found.push(path);
            }
        }
    }
    found
}
