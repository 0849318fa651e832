//! The order of the layers: a module imports from lower rows only, and never from its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::support::imports::{Source, circles, imports, sources};

/// Lowest first; modules of one row do not import each other.
const ROWS: &[&[&str]] = &[
    &["types", "fs"],
    &["pki"],
    &["diag"],
    &["keys", "catalogue", "syntax"],
    &["model"],
    &["check", "lockfile"],
    &["plan", "rename"],
    &["render", "tree"],
    &["compile"],
    &["output", "launch"],
    &["cli"],
];

#[test]
fn every_module_imports_from_lower_rows_only() {
    let row = |name: &str| ROWS.iter().position(|modules| modules.contains(&name));
    let mut wrong = Vec::new();
    for Source { module, file, code } in sources() {
        let module = &module[0];
        let own = row(module).unwrap_or_else(|| panic!("`{module}` stands in no row"));
        for used in crate_paths(&code) {
            let Some(other) = row(&used) else { continue };
            if used != *module && other >= own {
                wrong.push(format!("{file}: `{module}` imports `{used}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_crate_docs_show_the_same_rows() {
    let listed = rows_in_docs(include_str!("../../src/lib.rs"));
    let rows = ROWS.iter().enumerate();
    let wanted =
        rows.flat_map(|(row, names)| names.iter().map(move |n| (row + 1, (*n).to_owned())));
    assert_eq!(listed, wanted.collect());
}

/// The table `| row | module | ...` in the docs at the head of a file.
fn rows_in_docs(text: &str) -> BTreeSet<(usize, String)> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("//! | ")?.split(" | ");
        let row: usize = cells.next()?.parse().ok()?;
        let module = cells.next()?.trim_start_matches("[`mod@").trim_start_matches("[`");
        Some((row, module.trim_end_matches("`]").to_owned()))
    });
    rows.collect()
}

#[test]
fn the_parts_of_the_launcher_import_from_lower_rows_of_their_table_only() {
    let rows = rows_in_docs(include_str!("../../src/launch/mod.rs"));
    let row: BTreeMap<String, usize> = rows.into_iter().map(|(row, part)| (part, row)).collect();
    let part = |module: &[String]| match module {
        // The table of the pages is about all parts.
        [room, part, ..] if room == "launch" && part != "pages" => Some(part.clone()),
        _ => None,
    };
    let mut wrong = Vec::new();
    for (module, used) in imports(&sources()) {
        let Some(own) = part(&module) else { continue };
        assert!(row.contains_key(&own), "`{own}` stands in no row");
        for other in used.iter().filter_map(|used| part(used)).filter(|other| *other != own) {
            if row[&other] >= row[&own] {
                wrong.push(format!("{}: imports `{other}`", module.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_files_of_a_room_import_each_other_in_no_circle() {
    let edges = imports(&sources());
    let within = |module: &[String], used: &[String]| module[0] == used[0];
    let edges = edges.into_iter().map(|(module, mut used)| {
        used.retain(|used| within(&module, used));
        (module, used)
    });
    let edges: BTreeMap<_, _> = edges.collect();
    let found: Vec<String> = circles(&edges).iter().map(|circle| circle.join(" <-> ")).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_circle_of_imports_is_found_through_re_exports_and_paths_in_code() {
    let source = |module: &[&str], code: &str| Source {
        module: module.iter().map(|part| (*part).to_owned()).collect(),
        file: String::new(),
        code: code.to_owned(),
    };
    let sources = [
        source(&["room"], "mod a;\nmod b;\nmod c;\npub use a::One;\nuse b::{Two, Three};\n"),
        source(&["room", "a"], "use std::fmt;\npub struct One;\n"),
        source(&["room", "b"], "use crate::room::{One, c::{self, Four}};\n"),
        source(&["room", "c"], "fn f() -> u8 { super::b::two() } // super::a::one()\n"),
    ];
    let edges = imports(&sources);
    assert_eq!(edges[&sources[0].module], [sources[2].module.clone()].into());
    assert_eq!(circles(&edges), [["room::b".to_owned(), "room::c".to_owned()]]);
}

#[test]
fn only_the_wrapper_reads_and_only_the_command_line_prints() {
    for Source { module, file, code } in sources() {
        let module = module[0].as_str();
        if module != "cli" && !file.ends_with("guard.rs") {
            assert!(!code.contains("println!") && !code.contains("eprintln!"), "{file} prints");
        }
        let pure = ["syntax", "model", "check", "lockfile", "plan", "render", "compile"];
        if pure.contains(&module) {
            for word in ["std::env::var", "std::fs", "SystemTime", "now_utc", "getrandom"] {
                assert!(
                    !code.contains(word),
                    "{file} uses {word}, and is to be a function of its input"
                );
            }
        }
    }
}

#[test]
fn no_check_imports_another() {
    let sources = sources();
    let checks: Vec<_> =
        sources.iter().filter(|source| source.code.contains("Check::new(")).collect();
    assert!(checks.len() > 80, "the search finds the checks");
    for check in &checks {
        for other in checks.iter().filter(|other| other.file != check.file) {
            let path = format!("{}::", other.module.last().expect("a file has a module"));
            let is_imported = check.code.match_indices(&path).any(|(at, _)| {
                !check.code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            });
            assert!(!is_imported, "{} imports {}", check.file, other.file);
        }
    }
}

#[test]
fn only_generated_files_have_more_than_400_lines() {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() > 300, "the search finds the sources");
    for (file, text) in files {
        let is_generated = text.starts_with("// This file is @generated");
        assert!(is_generated || text.lines().count() <= 400, "{file}");
    }
}

/// The first names behind `crate::`, groups in braces included.
fn crate_paths(text: &str) -> Vec<String> {
    let mut names = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut heads = Vec::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => heads.push(std::mem::take(&mut word)),
                    c if depth == 0 => word.push(c),
                    _ => {}
                }
            }
            heads.push(word);
            for head in heads {
                names.insert(head.trim().split("::").next().unwrap().trim().to_owned());
            }
        } else {
            let end = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
            names.insert(part[..end].to_owned());
        }
    }
    names.into_iter().collect()
}
