//! The conformance suite of KDL 2, as the package of the `kdl` crate ships it, against the reader of sfgen.
//!
//! None of it is committed: cargo knows where it has unpacked the package, which is a dependency of the tests.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use sfgen::{
    diag::{Findings, Sources},
    syntax::{Node, Value, parse},
};

/// The release of the crate of which the cases are counted below.
const RELEASE: &str = "6.7.1";
/// How many texts that are KDL are among its cases.
const READ: usize = 234;
/// How many that are none.
const REFUSED: usize = 86;

/// The two cases for which the package lacks the file that says what they mean, as the suite of the specification
/// has it. There, the second is called `zero_space_before_slashdash_arg`, since KDL 2.0.0 wants no blank before `/-`;
/// the crate's own test does not look at it.
const NOT_SHIPPED: [(&str, &str); 2] = [
    ("hex.kdl", "node 12379813812177893520\n"),
    ("zero_space_before_slashdash_arg_fail.kdl", "node string\n"),
];

/// The cases that the crate itself gets wrong.
const WRONG_IN_THE_CRATE: [&str; 3] = [
    "multiline_raw_string_single_line_err_fail.kdl",
    "unicode_delete_fail.kdl",
    "zero_space_before_slashdash_arg_fail.kdl",
];

/// What a program prints.
fn printed(program: &str, args: &[&str]) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let ran = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// Where the cases lie.
fn folder() -> PathBuf {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let platform = printed(&rustc, &["--print", "host-tuple"]);
    // The packages of other platforms need not be on this machine.
    let args = ["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform"];
    let told = printed(env!("CARGO"), &[&args[..], &[platform.trim()]].concat());
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let packages = told["packages"].as_array().unwrap();
    let kdl = packages.iter().find(|package| package["name"] == "kdl").unwrap();
    assert_eq!(kdl["version"], RELEASE, "count the cases of the new release");
    let manifest = Path::new(kdl["manifest_path"].as_str().unwrap());
    manifest.with_file_name("tests").join("test_cases")
}

/// A case of the suite.
struct Case {
    name: String,
    text: String,
    /// What it means, as KDL; `None` where it has to be refused.
    meant: Option<String>,
}

fn cases() -> Vec<Case> {
    let folder = folder();
    let case = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let not_shipped = NOT_SHIPPED.iter().find(|(case, _)| name == *case);
        let meant = match fs::read_to_string(folder.join("expected_kdl").join(&name)) {
            Ok(meant) => Some(meant),
            Err(why) if why.kind() == ErrorKind::NotFound => {
                not_shipped.map(|(_, meant)| (*meant).to_owned())
            }
            Err(why) => panic!("{name}: {why}"),
        };
        Case { name, text: fs::read_to_string(path).unwrap(), meant }
    };
    let mut cases: Vec<Case> =
        fs::read_dir(folder.join("input")).unwrap().map(|at| case(at.unwrap().path())).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    let read = cases.iter().filter(|case| case.meant.is_some()).count();
    assert_eq!((read, cases.len() - read), (READ, REFUSED));
    cases
}

/// The cases that a reader gets wrong. It returns what a text means in a form that can be compared.
fn wrong<T: PartialEq>(read: impl Fn(&str) -> Option<T>) -> Vec<String> {
    let mut wrong = Vec::new();
    for Case { name, text, meant } in cases() {
        let meant = meant.map(|meant| read(&meant).unwrap_or_else(|| panic!("{name}: {meant}")));
        if read(&text) != meant {
            wrong.push(name);
        }
    }
    wrong
}

/// A node without places, its type or the properties that a later one of the same key replaces.
#[derive(PartialEq)]
struct Plain {
    name: String,
    args: Vec<String>,
    props: BTreeMap<String, String>,
    children: Vec<Plain>,
}

#[test]
fn every_case_of_the_official_suite_is_read_or_refused_as_it_says() {
    fn plain(node: &Node) -> Plain {
        let value = |value: &Value| format!("{value:?}");
        let props = node.props.iter();
        Plain {
            name: node.name.value.clone(),
            args: node.args.iter().map(|arg| value(&arg.value)).collect(),
            props: props.map(|p| (p.key.value.clone(), value(&p.value.value))).collect(),
            children: node.children.iter().map(plain).collect(),
        }
    }
    let wrong = wrong(|text| {
        let mut findings = Findings::default();
        let file = Sources::default().add("t.kdl", text);
        let nodes = parse(file, "t.kdl", text, &mut findings);
        assert_eq!(nodes.is_none(), findings.has_errors(), "{text}");
        Some(nodes?.iter().map(plain).collect::<Vec<_>>())
    });
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// What `docs/kdl.md` says of the crate. It fails once a release is better, and then the reasons are to be looked at.
#[test]
fn the_kdl_crate_gets_some_cases_of_its_own_suite_wrong() {
    fn plain(document: &KdlDocument) -> Vec<Plain> {
        let value = |value: &KdlValue| format!("{value:?}");
        let node = |node: &KdlNode| {
            let entries = node.entries().iter();
            let (props, args): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.name().is_some());
            let prop =
                |entry: &KdlEntry| (entry.name().unwrap().value().to_owned(), value(entry.value()));
            Plain {
                name: node.name().value().to_owned(),
                args: args.into_iter().map(|entry| value(entry.value())).collect(),
                props: props.into_iter().map(prop).collect(),
                children: node.children().map(plain).unwrap_or_default(),
            }
        };
        document.nodes().iter().map(node).collect()
    }
    let wrong = wrong(|text| Some(plain(&KdlDocument::parse_v2(text).ok()?)));
    assert_eq!(wrong, WRONG_IN_THE_CRATE);
}
