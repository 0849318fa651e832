//! Deployments that failed in public threads, written as topologies: each yields its finding before anything starts.
//!
//! A file of `tests/failures/` names its thread, its finding and the help. Lines that end in `// here` are the places
//! of the finding, once per place. Where the finding offers fixes, each is applied; where it has words alone, a line
//! `// fix: ...` is what the line above becomes when the help is followed, and an empty one removes it.
//! `// also: ...` names what is found before and after.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    compile::Compilation,
    diag::{Finding, Label, render_text},
};

use crate::{federation::compile_text, fixes, generated::blesses};

/// The threads of which the cause is visible in a topology.
const STATIC: &str = include_str!("../failures/static.txt");
const README: &str = include_str!("../../README.md");

const HERE: &str = " // here";
const FIX: &str = "// fix:";

/// A thread as a topology.
struct Thread {
    path: Utf8PathBuf,
    text: String,
}

impl Thread {
    /// `owner/repository#number`, from the place of the file.
    fn name(&self) -> String {
        let name = self.path.strip_prefix(folder()).expect("it was found there").with_extension("");
        let (repository, number) = name.as_str().rsplit_once('/').expect("a folder and a file");
        format!("{repository}#{number}")
    }

    fn header(&self, key: &str) -> Option<&str> {
        let start = format!("// {key}: ");
        self.text.lines().find_map(|line| line.strip_prefix(&start))
    }

    fn code(&self) -> &str {
        self.header("finding").expect("each file names its finding")
    }

    /// The number of each line that is a place, once per place.
    fn places(&self) -> Vec<usize> {
        let lines = self.text.lines().enumerate();
        lines.flat_map(|(index, line)| vec![index + 1; line.matches(HERE).count()]).collect()
    }

    /// The topology with the help followed.
    fn fixed(&self) -> String {
        let mut lines: Vec<&str> = Vec::new();
        for line in self.text.lines() {
            if let Some(fix) = line.strip_prefix(FIX) {
                lines.pop().expect("a fix has a line above it");
                lines.push(fix.strip_prefix(' ').unwrap_or(fix));
            } else {
                lines.push(line);
            }
        }
        lines.join("\n") + "\n"
    }

    /// What is not as the file promises.
    fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let done = compile_text(&self.text);
        let of_code: Vec<&Finding> =
            done.findings.iter().filter(|finding| finding.code.0 == self.code()).collect();
        if let [finding] = of_code[..] {
            let found = lines(finding, &done);
            if found != self.places() {
                broken.push(format!("the places are {found:?}, not {:?}", self.places()));
            }
            if found.len() < 2 {
                broken.push("a conflict has two places".to_owned());
            }
            if finding.help.as_deref() != self.header("help") {
                broken.push(format!("// help: {}", finding.help.as_deref().unwrap_or_default()));
            }
        } else {
            broken.push(format!("{} is found {} times", self.code(), of_code.len()));
        }
        if !self.has_only(&done, Some(self.code())) {
            broken.push(render_text(&done.findings, &done.sources, 100, false));
        }
        let offered =
            of_code.first().map(|finding| fixes::fixed(&done, finding)).unwrap_or_default();
        if !offered.is_empty() && self.text.contains(FIX) {
            broken.push("the finding offers a fix; the file needs none of its own".to_owned());
        }
        let by_hand = || vec![("the help".to_owned(), self.fixed())];
        for (label, text) in if offered.is_empty() { by_hand() } else { offered } {
            let fixed = compile_text(&text);
            if !self.has_only(&fixed, None) {
                let text = render_text(&fixed.findings, &fixed.sources, 100, false);
                broken.push(format!("when this is followed: {label}\n{text}"));
            }
        }
        broken
    }

    fn has_only(&self, done: &Compilation, code: Option<&str>) -> bool {
        let mut found: Vec<&str> = done.findings.iter().map(|finding| finding.code.0).collect();
        let also = self.header("also").unwrap_or_default();
        let mut wanted: Vec<&str> = also.split_whitespace().chain(code).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        found == wanted
    }
}

/// The lines of a finding's places, from the top.
fn lines(finding: &Finding, done: &Compilation) -> Vec<usize> {
    let line = |label: &Label| done.sources.get(label.span.file).line_column(label.span.start).0;
    let mut lines: Vec<usize> = finding.labels.iter().map(line).collect();
    lines.sort_unstable();
    lines
}

fn folder() -> &'static Utf8Path {
    Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/failures"))
}

fn threads() -> Vec<Thread> {
    let mut threads = Vec::new();
    collect(folder(), &mut threads);
    threads.sort_by(|a, b| a.path.cmp(&b.path));
    threads
}

fn collect(folder: &Utf8Path, threads: &mut Vec<Thread>) {
    for entry in folder.read_dir_utf8().expect("the folder is there") {
        let path = entry.expect("the folder is readable").into_path();
        if path.is_dir() {
            collect(&path, threads);
        } else if path.extension() == Some("kdl") {
            let text = sfgen::fs::read_text(&path).expect("the file is readable");
            threads.push(Thread { path, text });
        }
    }
}

#[test]
fn every_thread_yields_its_finding_and_following_the_help_removes_it() {
    let mut report = String::new();
    for mut thread in threads() {
        if blesses() {
            thread.bless_help();
        }
        let broken = thread.broken_promises();
        if !broken.is_empty() {
            report += &[thread.path.as_str(), ":\n", &broken.join("\n"), "\n\n"].concat();
        }
    }
    assert!(report.is_empty(), "{report}");
}

impl Thread {
    /// Writes down the help as it is now, for the review of the change.
    fn bless_help(&mut self) {
        let done = compile_text(&self.text);
        let finding = done.findings.iter().find(|finding| finding.code.0 == self.code());
        let Some(help) = finding.and_then(|finding| finding.help.as_deref()) else { return };
        let code = format!("// finding: {}", self.code());
        let lines = self.text.lines().filter(|line| !line.starts_with("// help: "));
        let lines = lines.flat_map(|line| {
            let help = (line == code).then(|| format!("// help: {help}"));
            std::iter::once(line.to_owned()).chain(help)
        });
        self.text = lines.map(|line| line + "\n").collect();
        std::fs::write(&self.path, &self.text).expect("the sources can be written");
    }
}

#[test]
fn no_thread_is_left_out_and_the_readme_has_the_count() {
    let found: Vec<String> = threads().iter().map(Thread::name).collect();
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = STATIC.lines().collect();
    assert!(found.is_subset(&wanted), "{:?}", found.difference(&wanted));
    let count = format!("{} of {} ", found.len(), wanted.len());
    assert!(README.contains(&count), "the README says `{count}`");
}
