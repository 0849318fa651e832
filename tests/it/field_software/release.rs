//! Releases that sfgen does not know.

use super::{codes, compile, file, finding, help, read_json, topology, with};

/// A file about a release that knows the engine `threads`.
const RELEASE: &str = r#"name = "secretflow"
version = "0.8.1b1"
python = "3.8"
[engines.threads]
requirements = "threads"
tls = false
allow_list = false
[deserialize]
always = {}
spu = {}
heu = {}
[protocols]
[fields]
"#;

const RELEASE_PATH: &str = "runtimes/secretflow-0.8.1b1.toml";
const LIST_PATH: &str = "runtimes/secretflow-0.8.1b1.threads.txt";

/// A list of one package with a hash.
fn list() -> String {
    format!("secretflow==0.8.1b1 --hash=sha256:{}\n", "0a".repeat(32))
}

#[test]
fn a_release_that_sfgen_does_not_know_can_be_described_beside_the_topology() {
    let text = topology("release-of-ones-own");
    let done = compile(&text, &[]);
    let (found, places) = finding(&done, "SF0901");
    assert_eq!(places[0], r#""0.8.1b1""#);
    assert!(!found.message.contains("there is no"), "{}", found.message);
    for part in ["`1.11.0b1`", "`1.14.0b0`", &format!("`{RELEASE_PATH}`")] {
        assert!(help(found).contains(part), "{}", help(found));
    }

    let done = compile(&text, &[(RELEASE_PATH, RELEASE), (LIST_PATH, &list())]);
    assert_eq!(file(&done, "mill/requirements.txt"), list());
    assert_eq!(read_json(&done, "federation.json")["runtime"]["python"], "3.8");
}

#[test]
fn what_is_wrong_with_a_file_about_a_release_is_told_at_its_place_there() {
    let text = topology("release-of-ones-own");
    let list = list();
    let broken =
        |release: &str, list: &str| compile(&text, &[(RELEASE_PATH, release), (LIST_PATH, list)]);
    let done = broken(&with(RELEASE, "tls = false", "tsl = false"), &list);
    let (found, places) = finding(&done, "SF0960");
    assert_eq!(places, ["tsl"], "{}", found.message);
    assert!(!codes(&done).contains(&"SF0901"), "one mistake is one finding");
    let done = broken(&with(RELEASE, "0.8.1b1", "0.8.2"), &list);
    assert_eq!(finding(&done, "SF0960").1, [r#""0.8.2""#]);
    let done = broken(RELEASE, "secretflow==0.8.1b1\n");
    assert_eq!(finding(&done, "SF0960").1, ["secretflow==0.8.1b1"]);
    let done = broken(RELEASE, "secretflow>=0.8\n");
    assert_eq!(finding(&done, "SF0960").1, ["secretflow>=0.8"]);
    let done = compile(&text, &[(RELEASE_PATH, RELEASE)]);
    assert_eq!(finding(&done, "SF0960").1, [r#""threads""#]);
}
