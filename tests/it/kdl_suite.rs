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

use sfgen::{
    diag::{Findings, Sources},
    syntax::{Node, Property, parse},
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

/// What a program prints.
fn printed(program: &str, args: &[&str]) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let ran = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// Where the cases lie.
fn cases() -> PathBuf {
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

/// The nodes of a text without the properties that a later one of the same key replaces, and with the others in the
/// order of their keys: so the suite writes down what a text means.
fn read(text: &str) -> Option<Vec<Node>> {
    fn settle(node: &mut Node) {
        let last: BTreeMap<String, Property> =
            node.props.drain(..).map(|prop| (prop.key.value.clone(), prop)).collect();
        node.props = last.into_values().collect();
        node.children.iter_mut().for_each(settle);
    }
    let mut findings = Findings::default();
    let file = Sources::default().add("t.kdl", text);
    let mut nodes = parse(file, "t.kdl", text, &mut findings);
    assert_eq!(nodes.is_none(), findings.has_errors(), "{text}");
    nodes.iter_mut().flatten().for_each(settle);
    nodes
}

#[test]
fn every_case_of_the_official_suite_is_read_or_refused_as_it_says() {
    let cases = cases();
    let (mut read_as_told, mut refused, mut wrong) = (0, 0, Vec::new());
    for case in fs::read_dir(cases.join("input")).unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap();
        let nodes = read(&fs::read_to_string(&case).unwrap());
        let not_shipped = NOT_SHIPPED.iter().find(|(case, _)| name == *case);
        let meant = match fs::read_to_string(cases.join("expected_kdl").join(name)) {
            Ok(meant) => Some(meant),
            Err(why) if why.kind() == ErrorKind::NotFound => {
                not_shipped.map(|(_, meant)| (*meant).to_owned())
            }
            Err(why) => panic!("{}: {why}", name.display()),
        };
        if let Some(meant) = meant {
            let meant = read(&meant).unwrap();
            let is_right = nodes.is_some_and(|nodes| {
                nodes.len() == meant.len() && nodes.iter().zip(&meant).all(|(a, b)| a.means(b))
            });
            read_as_told += usize::from(is_right);
            wrong.extend((!is_right).then(|| name.to_owned()));
        } else {
            refused += usize::from(nodes.is_none());
            wrong.extend(nodes.is_some().then(|| name.to_owned()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((read_as_told, refused), (READ, REFUSED));
}
