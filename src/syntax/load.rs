//! Reads a root file and what it includes.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::{Code, FileId, Finding, Findings, SourceSpan, Sources},
    types::Partial,
};

use super::{
    Cursor, Node, Workspace, crowded, include, kdl, language,
    limits::{Budget, MAX_FILE, MAX_TOTAL},
    toml::{self, is_toml},
    validate::validate,
};

/// A file that cannot be read or is too large.
const UNREADABLE: Code = Code("SF0008");
/// An `include` that names no readable file.
const BAD_INCLUDE: Code = Code("SF0009");

/// All files of a topology as one list of nodes, in the order of reading.
#[derive(Debug)]
pub struct Loaded {
    /// The top-level nodes of every file, includes resolved; not whole where a file, or a node in one, is left out
    /// because it could not be read.
    pub nodes: Partial<Vec<Node>>,
    /// The files, for places.
    pub sources: Sources,
    /// The root file, if it could be read.
    pub root: Option<FileId>,
}

/// Reads `root` and what it includes; reports what is wrong with the shape of any of them.
pub fn load(workspace: &dyn Workspace, root: &Utf8Path, findings: &mut Findings) -> Loaded {
    load_those(workspace, root, &|_| true, findings)
}

/// Reads `root` and, of the files that are included, those that are `wanted`. The others are left out, as if they could
/// not be read.
pub fn load_those(
    workspace: &dyn Workspace,
    root: &Utf8Path,
    wanted: &dyn Fn(&Utf8Path) -> bool,
    findings: &mut Findings,
) -> Loaded {
    let mut loader = Loader {
        workspace,
        wanted,
        findings,
        nodes: Vec::new(),
        is_whole: true,
        sources: Sources::default(),
        seen: BTreeSet::new(),
        total: 0,
        budget: Budget::default(),
    };
    loader.seen.insert(workspace.canonical(root));
    let root = match loader.read(root) {
        Ok(text) => Some(loader.all(root, &text)),
        Err(why) => {
            let name = workspace.display(root);
            let finding = Finding::error(UNREADABLE, format!("`{name}`: {why}"))
                .help("name the topology file: `sfgen plan path/to/topology.kdl`");
            loader.findings.push(finding);
            loader.is_whole = false;
            None
        }
    };
    if let Some(finding) = crowded::find("", &loader.nodes) {
        loader.findings.push(finding);
        loader.forget();
    }
    let Loader { nodes, is_whole, sources, findings, .. } = loader;
    validate("", &nodes, findings);
    Loaded { nodes: Partial::new(nodes, is_whole), sources, root }
}

/// The nodes of one file, in the syntax that its name says; `None` where there is a mistake in it, which is reported.
pub fn parse(file: FileId, name: &str, text: &str, findings: &mut Findings) -> Option<Vec<Node>> {
    let parse = if is_toml(name) { toml::parse } else { kdl::parse };
    parse(file, text, &mut Budget::default(), findings)
}

/// What can be read of a file although it may have mistakes, and whether no node at its top is lost.
fn parse_partly(
    file: FileId,
    name: &str,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> (Vec<Node>, bool) {
    let mut mistakes = Findings::default();
    let parse = if is_toml(name) { toml::parse_partly } else { kdl::parse_partly };
    let (nodes, is_whole) = parse(file, text, budget, &mut mistakes);
    let is_known = |node: &Node| language::child("", &node.name.value).is_some();
    // A text of another kind has no node of the language, and what is wrong with its words leads nowhere.
    let is_topology = mistakes.is_empty() || nodes.iter().any(is_known);
    findings.extend(mistakes.into_sorted());
    if is_topology { (nodes, is_whole) } else { (Vec::new(), false) }
}

/// A file that an `include` names, and where it does.
struct Included {
    path: Utf8PathBuf,
    span: SourceSpan,
}

struct Loader<'a> {
    workspace: &'a dyn Workspace,
    wanted: &'a dyn Fn(&Utf8Path) -> bool,
    findings: &'a mut Findings,
    nodes: Vec<Node>,
    /// Whether no file was left out.
    is_whole: bool,
    sources: Sources,
    seen: BTreeSet<Utf8PathBuf>,
    total: usize,
    budget: Budget,
}

impl Loader<'_> {
    fn read(&mut self, path: &Utf8Path) -> Result<String, String> {
        let bytes = self.workspace.read(path)?.ok_or("there is no such file")?;
        self.total += bytes.len();
        if bytes.len() > MAX_FILE {
            return Err(format!("the file is larger than {} MiB", MAX_FILE >> 20));
        }
        if self.total > MAX_TOTAL {
            return Err(format!("all files together are larger than {} MiB", MAX_TOTAL >> 20));
        }
        String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())
    }

    /// Parses the root file, and then what it includes, each file before those that come after its `include`; returns
    /// the root file.
    ///
    /// The files still to be read are kept in a list, not in recursive calls: a long chain of includes would use up the
    /// stack.
    fn all(&mut self, root: &Utf8Path, text: &str) -> FileId {
        let (id, mut waiting) = self.file(root, text);
        waiting.reverse();
        while let Some(Included { path, span }) = waiting.pop() {
            if self.budget.is_exceeded {
                break;
            }
            if !(self.wanted)(&path) {
                self.is_whole = false;
                continue;
            }
            if !self.seen.insert(self.workspace.canonical(&path)) {
                continue; // a file that is reached twice, or that includes itself, is read once
            }
            match self.read(&path) {
                Ok(text) => waiting.extend(self.file(&path, &text).1.into_iter().rev()),
                Err(why) => self.reject(path.as_str(), span, &why),
            }
        }
        if self.budget.is_exceeded {
            self.forget();
        }
        id
    }

    /// Drops what was read, since there is too much of it to look at.
    fn forget(&mut self) {
        self.nodes = Vec::new();
        self.is_whole = false;
    }

    /// Parses a file whose text is at hand; returns what it includes, in its order.
    fn file(&mut self, path: &Utf8Path, text: &str) -> (FileId, Vec<Included>) {
        let id = self.sources.add(self.workspace.display(path), text);
        let (mut nodes, is_whole) =
            parse_partly(id, path.as_str(), text, &mut self.budget, self.findings);
        self.is_whole &= is_whole;
        let includes: Vec<_> = nodes.extract_if(.., |node| node.name.value == "include").collect();
        self.nodes.append(&mut nodes);
        validate("", &includes, self.findings);
        let mut files = Vec::new();
        for include in &includes {
            self.is_whole &= include.is_whole;
            for pattern in Cursor::new(include, self.findings).args::<String>() {
                let span = pattern.span;
                match include::resolve(self.workspace, path, &pattern.value) {
                    Ok(paths) => {
                        if let Err(finding) = self.budget.take(paths.len(), span) {
                            self.findings.push(*finding);
                            return (id, Vec::new());
                        }
                        files.extend(paths.into_iter().map(|path| Included { path, span }));
                    }
                    Err(why) => self.reject(&pattern.value, span, &why),
                }
            }
        }
        (id, files)
    }

    fn reject(&mut self, what: &str, span: SourceSpan, why: &str) {
        self.is_whole = false;
        let finding = Finding::error(BAD_INCLUDE, format!("cannot include `{what}`: {why}"))
            .label(span, "included here")
            .help("paths are relative to the including file; `*` matches within one folder");
        self.findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::{super::MemoryWorkspace, *};

    /// Files in memory that remember which of them were read.
    struct Watched(MemoryWorkspace, RefCell<Vec<Utf8PathBuf>>);

    impl Workspace for Watched {
        fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, String> {
            self.1.borrow_mut().push(path.to_owned());
            self.0.read(path)
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

    #[test]
    fn files_that_are_not_wanted_are_not_read() {
        let files = MemoryWorkspace::default()
            .with("topology.kdl", "include \"parties/*.kdl\"\n")
            .with("parties/alice.kdl", "party \"alice\" {}\n")
            .with("parties/bob.kdl", "party \"bob\" {}\n");
        let files = Watched(files, RefCell::default());
        let wanted = |path: &Utf8Path| path.file_stem() == Some("bob");
        let root = Utf8Path::new("topology.kdl");
        let loaded = load_those(&files, root, &wanted, &mut Findings::default());
        assert!(!loaded.nodes.is_whole());
        assert_eq!(loaded.nodes.len(), 1);
        assert_eq!(files.1.into_inner(), ["topology.kdl", "parties/bob.kdl"]);
    }
}
