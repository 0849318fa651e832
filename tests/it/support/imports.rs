//! Which source files of the crate import which: read from their text, re-exports followed to the file that defines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The path of a module below the crate, and the name behind it where one follows.
type ModulePath = Vec<String>;

/// A source file that is a module of its own.
pub(crate) struct Source {
    /// Its module path: `["launch", "peers", "identity"]`.
    pub(crate) module: ModulePath,
    /// Its path on disk.
    pub(crate) file: String,
    /// Its text without the tests at its end.
    pub(crate) code: String,
}

/// Every source file of the crate but `main.rs` and `lib.rs`; files that only tests use are left out.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut found);
    found
}

fn walk(folder: &Path, module: &[String], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && stem != "tests" {
            walk(&path, &[module, &[stem]].concat(), found);
            continue;
        }
        let is_module = path.extension().is_some_and(|ending| ending == "rs")
            && !["main", "lib", "tests", "fixtures"].contains(&stem.as_str())
            && module.last().is_none_or(|folder| folder != "gen");
        if is_module {
            let own: &[String] = if stem == "mod" { &[] } else { &[stem] };
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            let module = [module, own].concat();
            found.push(Source { module, file: path.display().to_string(), code });
        }
    }
}

/// What one file mentions of other modules.
#[derive(Default)]
struct Mentions {
    /// Names that it passes on from elsewhere, with where they are.
    re_exports: BTreeMap<String, ModulePath>,
    /// What it uses itself.
    uses: BTreeSet<ModulePath>,
}

/// Which modules import which, by module path. A file does not import itself.
pub(crate) fn imports(sources: &[Source]) -> BTreeMap<ModulePath, BTreeSet<ModulePath>> {
    let mentions: BTreeMap<&ModulePath, Mentions> =
        sources.iter().map(|source| (&source.module, read(source))).collect();
    let edges = mentions.iter().map(|(module, said)| {
        let targets = said.uses.iter().filter_map(|path| resolve(&mentions, path.clone()));
        ((*module).clone(), targets.filter(|target| target != *module).collect())
    });
    edges.collect()
}

/// The module that defines what a path names.
fn resolve(mentions: &BTreeMap<&ModulePath, Mentions>, mut path: ModulePath) -> Option<ModulePath> {
    // Each turn follows one re-export; more than a few in a row would be a circle of them.
    for _ in 0..8 {
        let depth = (1..=path.len()).rev().find(|n| mentions.contains_key(&path[..*n].to_vec()))?;
        let module = path[..depth].to_vec();
        let passed_on = path.get(depth).and_then(|name| mentions[&module].re_exports.get(name));
        match passed_on {
            Some(origin) => path = [origin.as_slice(), &path[depth + 1..]].concat(),
            None => return Some(module),
        }
    }
    None
}

fn read(source: &Source) -> Mentions {
    let code = without_comments_and_texts(&source.code);
    let children: BTreeSet<&str> = code
        .split("mod ")
        .skip(1)
        .filter_map(|rest| rest.split_once(';'))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
        .collect();
    let absolute = |path: &[String]| absolute(&source.module, &children, path);
    let mut said = Mentions::default();
    let mut rest = String::new();
    for statement in code.split_inclusive(';') {
        let Some((before, tree)) = use_of(statement) else {
            rest.push_str(statement);
            continue;
        };
        let is_public = before.trim_end().ends_with("pub") || before.trim_end().ends_with(')');
        for path in flatten(tree) {
            let Some(target) = absolute(&path) else { continue };
            if is_public {
                said.re_exports.insert(path.last().unwrap().clone(), target);
            } else {
                said.uses.insert(target);
            }
        }
        rest.push_str(before);
    }
    for path in qualified_paths(&rest.replace("pub(in crate::", "pub(in ")) {
        said.uses.extend(absolute(&path));
    }
    said
}

/// The text before the `use` of a statement, and the tree after it.
fn use_of(statement: &str) -> Option<(&str, &str)> {
    let at = statement.rfind("use ")?;
    let before = &statement[..at];
    let is_start = before.is_empty() || before.ends_with([' ', '\n']);
    let tree = statement[at + 4..].strip_suffix(';')?;
    (is_start && !tree.contains(['(', '='])).then_some((before, tree))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The path from the crate on; `None` for what is of another crate.
fn absolute(module: &[String], children: &BTreeSet<&str>, path: &[String]) -> Option<ModulePath> {
    let first = path.first()?.as_str();
    let supers = path.iter().take_while(|part| *part == "super").count();
    Some(match first {
        "crate" => path[1..].to_vec(),
        "self" => [module, &path[1..]].concat(),
        "super" => [&module[..module.len().checked_sub(supers)?], &path[supers..]].concat(),
        child if children.contains(child) => [module, path].concat(),
        _ => return None,
    })
}

/// Every path of a `use` tree, braces written out, `self` and renamings left away.
fn flatten(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap();
        let parts = path.split("::").map(|part| part.trim().to_owned());
        return vec![parts.filter(|part| part != "*").collect()];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let prefix: Vec<String> =
        prefix.split("::").map(str::trim).filter(|part| !part.is_empty()).map(Into::into).collect();
    let mut depth = 0;
    let parts = group.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.filter(|part| !part.trim().is_empty()).collect();
    let inner = parts.into_iter().flat_map(flatten);
    inner
        .map(|path| {
            let path = if path == ["self"] { Vec::new() } else { path };
            [prefix.as_slice(), &path].concat()
        })
        .collect()
}

/// Paths with `::` in code that is no `use`.
fn qualified_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for word in code.split(|c| !is_part(c)) {
        if word.contains("::") && !word.starts_with(':') {
            let parts = word.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
            paths.push(parts.collect());
        }
    }
    paths
}

fn without_comments_and_texts(code: &str) -> String {
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    let mut kept = String::new();
    for (index, part) in lines.collect::<Vec<_>>().join("\n").split('"').enumerate() {
        // Between two quotation marks stands a text; escaped ones only move the border of what is left out.
        if index % 2 == 0 {
            kept.push_str(part);
        }
    }
    kept
}

/// The groups of modules that import each other in a circle.
pub(crate) fn circles(edges: &BTreeMap<ModulePath, BTreeSet<ModulePath>>) -> Vec<Vec<String>> {
    let mut reach: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> = BTreeMap::new();
    for start in edges.keys() {
        let mut found = BTreeSet::new();
        let mut open: Vec<&ModulePath> = edges[start].iter().collect();
        while let Some(module) = open.pop() {
            if found.insert(module) {
                open.extend(edges.get(module).into_iter().flatten());
            }
        }
        reach.insert(start, found);
    }
    let mut circles = BTreeSet::new();
    for (module, found) in &reach {
        if found.contains(module) {
            let members = found
                .iter()
                .filter(|other| reach.get(**other).is_some_and(|theirs| theirs.contains(module)));
            circles.insert(members.map(|module| module.join("::")).collect::<Vec<_>>());
        }
    }
    circles.into_iter().collect()
}
