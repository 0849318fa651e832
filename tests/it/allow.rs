//! `allow` takes out findings of the code that it names, in its node and nowhere else.

use camino::Utf8Path;
use sfgen::{
    check,
    compile::{Compilation, Input, compile},
    syntax::MemoryWorkspace,
};

use crate::federation::{NOW, compile_text};

fn codes(done: &Compilation) -> Vec<&str> {
    done.findings.iter().map(|finding| finding.code.0).collect()
}

fn topology(in_alice: &str, in_bob: &str) -> String {
    format!(
        "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n\
         party \"alice\" {{\n    host \"a\" address=\"10.0.0.1\"\n    pin \"ray.gcs\" 33000\n{in_alice}\n}}\n\
         party \"bob\" {{\n    host \"b\" address=\"10.0.0.2\"\n    pin \"ray.node-manager\" 33001\n{in_bob}\n}}\n"
    )
}

#[test]
fn a_finding_is_allowed_in_its_node_alone() {
    let allow = "    allow \"SF0207\" because=\"that machine has another range\"";
    assert_eq!(codes(&compile_text(&topology("", ""))), ["SF0207", "SF0207"]);
    let one = compile_text(&topology(allow, ""));
    assert_eq!(codes(&one), ["SF0207"]);
    assert_eq!(one.findings[0].labels[0].span.start, topology(allow, "").find("33001").unwrap());
    let both = compile_text(&topology(allow, allow));
    assert!(both.findings.is_empty() && both.output.is_some());
}

#[test]
fn an_allow_needs_a_reason_and_an_effect() {
    for (allow, wanted) in [
        ("allow \"SF0207\"", &["SF0006", "SF0207", "SF0207"][..]),
        ("allow \"SF0207\" because=\" \"", &["SF0005", "SF0207", "SF0207"]),
        ("allow because=\"x\"", &["SF0007", "SF0207", "SF0207"]),
        ("allow \"SF0208\" because=\"x\"", &["SF0014", "SF0207", "SF0207"]),
        ("allow \"SF9999\" because=\"x\"", &["SF0014", "SF0207", "SF0207"]),
        ("allow \"SF0101\" because=\"x\"", &["SF0014", "SF0207", "SF0207"]),
        ("allow \"SF0003\" because=\"x\"\n    colour", &["SF0003", "SF0014", "SF0207", "SF0207"]),
    ] {
        let done = compile_text(&topology(allow, ""));
        let mut found = codes(&done);
        found.sort_unstable();
        assert_eq!(found, wanted, "{allow}");
    }
}

#[test]
fn in_toml_it_reaches_every_table_of_its_node() {
    let text = "topology = { name = \"t\", mode = \"simulation\" }\n\
        runtime = { name = \"secretflow\", version = \"1.13.0b0\", engine = \"ray\" }\n\
        [party.alice]\nallow = { name = \"SF0303\", because = \"the tasks need none\" }\n\
        [party.bob.host.a]\n[party.alice.host.a]\naddress = \"127.0.0.1\"\nray.cpus = 0\n";
    let files = MemoryWorkspace::default().with("topology.toml", text);
    let done = compile(&Input {
        workspace: &files,
        root: Utf8Path::new("topology.toml"),
        lock: Utf8Path::new("sfgen.lock"),
        mode: None,
        now: NOW,
    });
    assert!(done.findings.is_empty(), "{:?}", done.findings);
}

/// The plan is built although a check found an error: it must not depend on the check.
#[test]
fn whatever_is_allowed_can_be_planned() {
    for check in check::all() {
        let code = check.page.code.0;
        for block in check.page.text.split("```kdl fails").skip(1) {
            let (words, text) = block.split_once('\n').unwrap();
            let text = text.split_once("```").unwrap().0;
            let beside = crate::pages::beside(words);
            let allowed = allow_everywhere(text, code);
            let files = MemoryWorkspace::default().with("topology.kdl", allowed.as_str());
            let done = crate::federation::compile_with(files, beside);
            // What no file or program can carry cannot be allowed; a placeholder may be meant as it stands.
            let can_be_allowed = !code.starts_with("SF00") || code == "SF0016";
            assert_eq!(
                !codes(&done).contains(&code),
                can_be_allowed,
                "{allowed}\n{:?}",
                done.findings
            );
            assert!(can_be_allowed || codes(&done).contains(&"SF0014"), "{allowed}");
            let has_errors = done.findings.iter().any(crate::pages::is_error);
            assert_eq!(done.output.is_some(), !has_errors, "{code}");
        }
    }
}

/// The topology with an `allow` in each of its top-level nodes.
fn allow_everywhere(text: &str, code: &str) -> String {
    let allow = format!("allow \"{code}\" because=\"a test\"");
    let mut depth = 0_i32;
    let lines = text.lines().map(|line| {
        let is_node = depth == 0 && line.starts_with(|c: char| c.is_ascii_lowercase());
        depth += i32::try_from(line.matches('{').count()).unwrap();
        depth -= i32::try_from(line.matches('}').count()).unwrap();
        let is_block = line.contains('{');
        match (is_node, is_block) {
            (true, true) => line.replacen('{', &format!("{{ {allow}; "), 1),
            (true, false) => format!("{line} {{ {allow}; }}"),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
