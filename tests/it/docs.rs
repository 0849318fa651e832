//! The README is executed: its topologies compile, its tables are what the program says, its links lead somewhere.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use sfgen::diag::render_text;

use crate::{generated::compare_or_bless, pages, support::workspace::Workspace};

const README: &str = include_str!("../../README.md");
const ADDRESSES: &str = include_str!("../../docs/addresses.md");
const LAUNCHER: &str = include_str!("../../docs/launcher.md");
const FILES: &str = include_str!("../../docs/files.md");
const RUNTIME: &str = include_str!("../../docs/runtime.md");

/// The rows of the table below a heading, without head and rule.
fn table(heading: &str) -> Vec<Vec<String>> {
    let section = README.split(&format!("\n## {heading}\n")).nth(1).expect("there is the section");
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The help text of a command.
fn help(ws: &Workspace, command: &[&str]) -> String {
    let mut args = command.to_vec();
    args.push("--help");
    ws.run(&args).success().stdout
}

/// Names and descriptions of the subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<(&str, &str)> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (name, about) = line.trim().split_once(' ')?;
        Some((name, about.trim()))
    });
    lines.filter(|(name, _)| *name != "help").collect()
}

#[test]
fn every_topology_of_the_documentation_compiles_without_a_finding() {
    let all = [README, FILES].map(|text| {
        let blocks = pages::blocks(text);
        assert_eq!(blocks.len(), text.matches("```kdl").count(), "each block says that it passes");
        assert!(!blocks.is_empty());
        blocks
    });
    for block in all.into_iter().flatten() {
        let done = pages::run(&block);
        let text = render_text(&done.findings, &done.sources, 100, false);
        assert!(done.findings.is_empty() && done.output.is_some(), "{text}");
    }
}

#[test]
fn the_topologies_of_the_readme_are_laid_out() {
    let ws = Workspace::empty();
    for block in pages::blocks(README) {
        ws.write("topology.kdl", &block.text);
        ws.run(&["fmt", "--check"]).success();
    }
}

#[test]
fn the_topologies_of_the_page_about_addresses_compile_without_a_finding() {
    let blocks = pages::blocks(ADDRESSES);
    assert_eq!(blocks.len(), ADDRESSES.matches("```kdl").count());
    for block in blocks {
        let done = pages::run(&block);
        let text = render_text(&done.findings, &done.sources, 100, false);
        assert!(done.findings.is_empty() && done.output.is_some(), "{text}");
    }
}

#[test]
fn the_first_topology_of_the_readme_runs_on_one_machine() {
    let ws = Workspace::empty();
    let block = &pages::blocks(README)[0];
    let topology = ["192.168.1.10", "192.168.1.11"]
        .iter()
        .fold(block.text.clone(), |text, address| text.replace(address, "127.0.0.1"));
    ws.write("topology.kdl", &format!("{topology}{}", ws.ports.node()));
    let ws = ws.with_numbers(&[11, 31]);
    ws.run(&["keys", "new", "--party", "alice"]).success();
    ws.run(&["keys", "new", "--party", "bob"]).success();
    ws.run(&["plan"]).success();
    let ran = ws.run(&["run", "total", "--all"]).success();
    assert_eq!(ran.stdout, "sum 42\n");
}

#[test]
fn the_readme_has_the_exit_statuses_of_the_help_text() {
    let rows = table("Exit status");
    let statuses: Vec<String> = rows.iter().map(|row| row.join(" ")).collect();
    let help = help(&Workspace::empty(), &[]);
    let words: Vec<&str> = help.split_whitespace().collect();
    let wanted = format!("Exit status: {}.", statuses.join("; "));
    assert!(words.join(" ").ends_with(&wanted), "{wanted}");
}

#[test]
fn the_readme_lists_the_commands_of_the_help_text() {
    let help = help(&Workspace::empty(), &[]);
    let rows = table("Commands");
    let told: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').strip_prefix("sfgen ").unwrap(), row[1].as_str()))
        .collect();
    assert_eq!(told, subcommands(&help));
}

#[test]
fn links_of_the_documents_lead_to_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![(root.to_owned(), README.to_owned())];
    for entry in fs::read_dir(root.join("docs")).unwrap() {
        documents.push((root.join("docs"), fs::read_to_string(entry.unwrap().path()).unwrap()));
    }
    assert!(documents.len() > 5, "the search finds the documents");
    for (folder, text) in documents {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_file = !target.contains("://");
            assert!(!is_file || folder.join(target).exists(), "{target}");
        }
    }
    assert!(README.lines().count() < 250 && LAUNCHER.lines().count() <= 120);
}

/// The comments of a source file as one text, or all of it where `#` and `{{!` begin the comments.
fn comments(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let is_rust = path.extension().is_some_and(|ending| ending == "rs");
    let lines = text.lines().filter_map(|line| {
        let comment = if is_rust { line.split_once("//")?.1 } else { line };
        Some(comment.trim_start_matches(['/', '!', '#', ' ']))
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// The source files below a folder that may have comments.
fn commented(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        if path.is_dir() {
            // Golden trees are generated, and cases of fuzzing are no text for readers.
            let is_read =
                !path.ends_with("golden") && !path.ends_with("corpus") && !path.ends_with("target");
            is_read.then(|| commented(&path, found));
        } else if ["rs", "toml", "py", "hbs", "proto", "kdl"].contains(&ending) {
            found.push(path);
        }
    }
}

#[test]
fn comments_cite_only_documents_of_the_repository_and_sections_that_they_have() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "runtimes", "templates", "benches", "fuzz", "proto"] {
        commented(&root.join(folder), &mut files);
    }
    assert!(files.len() > 300, "the search finds the sources");
    let generated = ["PORTS.md", "RUNBOOK.md"];
    let sections = format!("\n{RUNTIME}");
    let (mut wrong, mut cited) = (Vec::new(), 0);
    for path in files {
        let text = comments(&path);
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
        for word in text.split(|c| !is_part(c)).map(|word| word.trim_end_matches('.')) {
            let name = word.rsplit('/').next().unwrap();
            let is_document = name
                .split_once('.')
                .is_some_and(|(stem, ending)| !stem.is_empty() && ending == "md");
            let is_cited = is_document && !generated.contains(&name);
            let places = [root.to_owned(), path.parent().unwrap().to_owned()];
            if is_cited && !places.iter().any(|folder| folder.join(word).is_file()) {
                wrong.push(format!("{}: there is no `{word}`", path.display()));
            }
        }
        for citation in text.split("`docs/runtime.md`, ").skip(1) {
            let section = citation.split([')', ':']).next().unwrap();
            cited += 1;
            if !sections.contains(&format!("\n## {section}\n")) {
                wrong.push(format!("{}: there is no section `{section}`", path.display()));
            }
        }
    }
    assert!(cited > 10, "the search finds citations");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_help_of_every_command_is_as_kept() {
    let ws = Workspace::empty();
    let (mut commands, mut text) = (vec![Vec::<String>::new()], String::new());
    while let Some(command) = commands.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = help(&ws, &words);
        let line = [&["sfgen"], &words[..], &["--help"]].concat().join(" ");
        text.extend(["$ ", &line, "\n"]);
        // Editors drop spaces at the end of a line, of which clap leaves some.
        text.extend(help.lines().flat_map(|line| [line.trim_end(), "\n"]));
        text.push('\n');
        for (name, _) in subcommands(&help).into_iter().rev() {
            commands.push([command.clone(), vec![name.to_owned()]].concat());
        }
    }
    compare_or_bless("tests/it/snapshots/help.txt", &text);
}
