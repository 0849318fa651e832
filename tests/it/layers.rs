//! The order of the layers: a module imports from lower rows only, and never from its own.

use std::{collections::BTreeSet, fs, path::Path};

/// Lowest first; modules of one row do not know each other.
const ROWS: &[&[&str]] = &[
    &["types", "fs"],
    &["pki"],
    &["diag"],
    &["keys", "catalogue", "syntax"],
    &["model"],
    &["check", "lockfile"],
    &["plan", "rename"],
    &["render"],
    &["compile"],
    &["output", "launch"],
    &["cli"],
];

#[test]
fn every_module_imports_from_lower_rows_only() {
    let row = |name: &str| ROWS.iter().position(|modules| modules.contains(&name));
    let mut wrong = Vec::new();
    for (module, file, text) in sources() {
        let own = row(&module).unwrap_or_else(|| panic!("`{module}` stands in no row"));
        let code = text.split("#[cfg(test)]").next().unwrap();
        for used in crate_paths(code) {
            let Some(other) = row(&used) else { continue };
            if used != module && other >= own {
                wrong.push(format!("{file}: `{module}` imports `{used}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_crate_docs_show_the_same_rows() {
    let text = include_str!("../../src/lib.rs");
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("//! | ")?.split(" | ");
        let row: usize = cells.next()?.parse().ok()?;
        let module = cells.next()?.trim_start_matches("[`mod@").trim_start_matches("[`");
        Some((row, module.trim_end_matches("`]").to_owned()))
    });
    let listed: BTreeSet<_> = rows.collect();
    let rows = ROWS.iter().enumerate();
    let wanted =
        rows.flat_map(|(row, names)| names.iter().map(move |n| (row + 1, (*n).to_owned())));
    assert_eq!(listed, wanted.collect());
}

#[test]
fn only_the_wrapper_reads_and_only_the_command_line_prints() {
    for (module, file, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap();
        if module != "cli" && !file.ends_with("guard.rs") {
            assert!(!code.contains("println!") && !code.contains("eprintln!"), "{file} prints");
        }
        let pure = ["syntax", "model", "check", "lockfile", "plan", "render", "compile"];
        if pure.contains(&module.as_str()) {
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
    let checks: Vec<_> =
        sources().into_iter().filter(|(_, _, text)| text.contains("Check::new(")).collect();
    let stem = |file: &str| Path::new(file).file_stem().unwrap().to_str().unwrap().to_owned();
    assert!(checks.len() > 80, "the search finds the checks");
    for (_, file, text) in &checks {
        for (_, other, _) in checks.iter().filter(|(_, other, _)| other != file) {
            let path = format!("{}::", stem(other));
            let is_imported = text.match_indices(&path).any(|(at, _)| {
                !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            });
            assert!(!is_imported, "{file} imports {other}");
        }
    }
}

/// Every source file with the top-level module to which it belongs.
fn sources() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    found
}

fn walk(folder: &Path, module: &str, found: &mut Vec<(String, String, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = if module.is_empty() { stem.clone() } else { module.to_owned() };
        if path.is_dir() {
            walk(&path, &module, found);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !["main", "lib"].contains(&module.as_str())
        {
            found.push((module, path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
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
