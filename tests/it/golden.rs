//! Each example compiles to the tree in `tests/golden/<example>`, byte for byte. `SFGEN_BLESS=1` writes it anew.
//!
//! Nothing is masked. A tree depends on certificates, whose keys and signatures are random; so the public halves are
//! kept in `tests/golden/<example>/pki`, as a repository of parties keeps them, and every digest follows from them.
//! They are made, and their private keys thrown away, where an example has none yet. The clock stands at [`NOW`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::Mutex,
};

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    compile::{Input, Output, compile},
    diag::{Findings, render_text},
    keys::NewKeys,
    model::Topology,
    output,
    plan::{Deploy, Mode, PartyPlan},
    syntax::{self, MemoryWorkspace},
    types::{PartyName, Role},
};

use crate::{examples, federation::NOW, generated::blesses};

/// Every example.
pub(crate) const EXAMPLES: &[&str] =
    &["two_parties", "secretflow_loopback", "secretflow_threads", "credit_risk", "psi_csv"];

const ROOT: &str = "topology.kdl";
const LOCK: &str = "sfgen.lock";

const SF_PARTY: &[u8] = include_bytes!("../../templates/sf_party.py");

/// Files by path, sorted.
type Files = Vec<(String, Vec<u8>)>;

fn folder(example: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(example)
}

/// The example with the certificates that are kept for it.
fn workspace(example: &str) -> MemoryWorkspace {
    // So that of two tests that bless, one makes certificates and the other takes them.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let mut files = examples::files(example);
    let mut quiet = Findings::default();
    let loaded = syntax::load(&files, Utf8Path::new(ROOT), &mut quiet);
    let topology = Topology::read(&loaded, &mut quiet).expect("an example has a topology");
    for party in topology.parties.values() {
        let identity = party.identity.as_ref().expect("every party of an example has an identity");
        let [ca, cert] = [&identity.ca.value, &identity.cert.value];
        let [kept_ca, kept_cert] = [ca, cert].map(|path| folder(example).join(path));
        if blesses() && !kept_ca.exists() {
            let addresses: Vec<_> =
                party.hosts.iter().map(|host| host.address.value.clone()).collect();
            let keys = NewKeys {
                party: &party.name.value,
                topology: &topology.name.value,
                addresses: &addresses,
                now: NOW,
            };
            let keys = keys.generate();
            fs::create_dir_all(kept_ca.parent().unwrap()).unwrap();
            fs::write(&kept_ca, keys.ca_cert_pem).unwrap();
            fs::write(&kept_cert, keys.leaf_cert_pem).unwrap();
        }
        for (path, kept) in [(ca, kept_ca), (cert, kept_cert)] {
            let bytes = fs::read(&kept).unwrap_or_else(|why| panic!("{kept}: {why}"));
            files.0.insert(path.clone(), bytes);
        }
    }
    files
}

fn compiled(example: &str, mode: Option<Mode>) -> Output {
    let input = Input {
        workspace: &workspace(example),
        root: Utf8Path::new(ROOT),
        lock: Utf8Path::new(LOCK),
        mode,
        now: NOW,
    };
    let done = compile(&input);
    let text = render_text(&done.findings, &done.sources, 100, false);
    done.output.unwrap_or_else(|| panic!("{text}"))
}

/// Lock and tree of an example, written to a fresh folder as `plan` writes them.
pub(crate) fn generate(example: &str) -> Files {
    generate_as(example, None)
}

/// The same in another mode than the example's own.
pub(crate) fn generate_as(example: &str, mode: Option<Mode>) -> Files {
    let output = compiled(example, mode);
    let temporary = tempfile::tempdir().unwrap();
    let out = Utf8Path::from_path(temporary.path()).unwrap().join("generated");
    let comparison = output::compare(&output.tree, output.digest, &out).unwrap();
    output::write(&comparison, &out).unwrap();
    let mut files = vec![(LOCK.to_owned(), output.allocation.lock_text().into_bytes())];
    collect(&out, "generated/", &mut files);
    files.sort();
    files
}

fn collect(folder: &Utf8Path, prefix: &str, files: &mut Files) {
    for entry in folder.read_dir_utf8().unwrap_or_else(|why| panic!("{folder}: {why}")) {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name());
        if entry.path().is_dir() {
            collect(entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(entry.path()).unwrap()));
        }
    }
}

fn bless(example: &str, made: &Files) {
    let _ = fs::remove_dir_all(folder(example).join("generated"));
    for (path, bytes) in made {
        let path: PathBuf = folder(example).join(path).into();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn check(example: &str) {
    let mut made = generate(example);
    assert_eq!(made, generate(example), "same input, other bytes");
    // Kept once, where it comes from.
    made.retain(|(path, bytes)| {
        let is_copy = path == "generated/sf_party.py";
        assert!(!is_copy || bytes == SF_PARTY, "{example}/{path} is no copy");
        !is_copy
    });
    if blesses() {
        return bless(example, &made);
    }
    let mut kept = Files::new();
    collect(&folder(example), "", &mut kept);
    kept.retain(|(path, _)| !path.starts_with("pki/"));
    kept.sort();
    let names = |files: &Files| files.iter().map(|file| file.0.clone()).collect::<BTreeSet<_>>();
    assert_eq!(names(&made), names(&kept), "{example} has other files");
    for ((path, made), (_, kept)) in made.iter().zip(&kept) {
        let [made, kept] = [made, kept].map(|bytes| str::from_utf8(bytes).expect("all is text"));
        let diff = similar::TextDiff::from_lines(kept, made);
        let diff = diff.unified_diff().header("golden", "generated").to_string();
        assert!(made == kept, "{example}/{path}; SFGEN_BLESS=1 accepts it\n{diff}");
    }
}

macro_rules! golden {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_example_has_a_golden_tree() {
            assert_eq!(EXAMPLES, [$(stringify!($name)),*]);
            let folders = folder("").read_dir_utf8().unwrap().map(|entry| entry.unwrap());
            for entry in folders {
                assert!(EXAMPLES.contains(&entry.file_name()), "{} is of no example", entry.path());
            }
        }
    };
}

golden! { two_parties secretflow_loopback secretflow_threads credit_risk psi_csv }

/// What only a party itself has to know: its key's path, its account, its private numbers, its own ports.
fn private(plan: &PartyPlan) -> Vec<String> {
    let mut words: Vec<String> = plan.identity.iter().map(|own| own.key.to_string()).collect();
    if let Deploy::Systemd { user, home } = &plan.deploy {
        words.extend([format!("User={user}"), home.to_string()]);
    }
    let inputs = plan.jobs.values().filter_map(|job| job.input);
    words.extend(inputs.map(|input| format!("\"input\": {input}")));
    let ports = plan.hosts.values().flat_map(|host| &host.ports);
    let own = ports.filter(|(role, _)| matches!(role, Role::Ray(_) | Role::Service(_)));
    words.extend(own.map(|(_, range)| range.first().to_string()));
    words
}

/// Whether `word` stands in `text` by itself, not within a longer number or a digest.
fn mentions(text: &str, word: &str) -> bool {
    let is_outside = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        is_outside(text[..at].chars().next_back())
            && is_outside(text[at + word.len()..].chars().next())
    })
}

/// The plans of all parties, in a tree as it was written.
fn plans(files: &Files) -> BTreeMap<PartyName, PartyPlan> {
    let plans = files.iter().filter(|(path, _)| path.ends_with("/plan.json"));
    let plans = plans.map(|(_, bytes)| serde_json::from_slice::<PartyPlan>(bytes).unwrap());
    plans.map(|plan| (plan.party.clone(), plan)).collect()
}

#[test]
fn nothing_private_of_one_party_is_in_the_folder_of_another() {
    for example in EXAMPLES {
        let files = generate(example);
        let plans = plans(&files);
        for (owner, plan) in &plans {
            let others: Vec<_> = plans.keys().filter(|party| *party != owner).collect();
            let words = private(plan);
            let own: String = files
                .iter()
                .filter(|(path, _)| path.starts_with(&format!("generated/{owner}/")))
                .map(|(_, bytes)| str::from_utf8(bytes).unwrap())
                .collect();
            let missed = words.iter().find(|word| !mentions(&own, word));
            assert_eq!((missed, words.is_empty()), (None, false), "the search finds what is there");
            for (path, bytes) in &files {
                let text = str::from_utf8(bytes).unwrap();
                let of_another =
                    others.iter().any(|other| path.starts_with(&format!("generated/{other}/")));
                let shared = path.ends_with("federation.json") || path.ends_with("nodes.json");
                let read = of_another || shared;
                let found = words.iter().find(|word| read && mentions(text, word));
                assert_eq!(found, None, "{owner}'s own, in {example}/{path}");
            }
        }
    }
}

#[test]
fn no_private_key_is_in_a_golden_tree() {
    let mut files = Files::new();
    collect(&folder(""), "", &mut files);
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("PRIVATE KEY"), "{path}");
    }
}
