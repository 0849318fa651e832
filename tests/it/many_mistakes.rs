//! A topology with many mistakes: all are told at once, in order of place, none twice.

use insta::assert_snapshot;
use sfgen::{diag::Report, syntax::MemoryWorkspace};

use crate::federation::{Beside, compile_with};

const ROOT: &str = r#"topology "credit-risk" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" {
    python "3.12"
    allow-deserialize "os" "system"
}
ports { pool 20000 33000; }
include "parties/*.kdl"
include "devices.kdl"
colour "blue"
"#;

const ALICE: &str = r#"party "alice" {
    host "alice-1" address="0.0.0.0" { reserve 19003; ray cpus=0 object-store="1MiB"; }
    pin "sf" 19000 19009
    pin "spu" 443 447
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice.key"
}
"#;

const BOB: &str = r#"party "bob" {
    host "bob-1" address="10.0.0.2" listen="127.0.0.1"
    pin "sf" 19000 host="bob-2"
    pin "redis" 6379
}
party "carol" {
    host "carol-1" adress="10.0.0.3" address="169.254.1.1"
    identity ca="pki/carol/ca.pem" cert="pki/carol/node.pem" key="keys/carol.key"
}
"#;

const DEVICES: &str = r#"spu "spu" protocol="CHEETAH" field="FM32" { parties "alice" "bob" "carol"; }
heu "heu" key-size=512 { sk-keeper "bob"; evaluators "bob" "carol"; }
job "psi" script="jobs/psi.py" { parties "alice" "dave"; }
job "alone" slots=0 { parties "alice"; }
"#;

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let files = MemoryWorkspace::default()
        .with("topology.kdl", ROOT)
        .with("parties/alice.kdl", ALICE)
        .with("parties/bob.kdl", BOB)
        .with("devices.kdl", DEVICES);
    let done = compile_with(files, Beside { scripts: false, ..Beside::default() });
    let report = Report::new(&done.findings, &done.sources);
    let lines = report.findings.iter().map(|finding| {
        let place = &finding.places[0];
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        format!("{at:25} {} {}", finding.code, finding.message)
    });
    let lines: Vec<String> = lines.collect();
    assert_snapshot!(lines.join("\n"), @r"
    topology.kdl:3:12         SF0903 secretflow 1.13.0b0 has no wheels for Python 3.12, only for 3.10
    topology.kdl:4:23         SF0535 names of `os` let a peer run any code on the others' machines
    topology.kdl:6:14         SF0207 the pool, 20000-33000, reaches into 32768-60999, from which Linux takes ports for outgoing connections
    topology.kdl:9:1          SF0003 there is no node `colour` at the top of a topology
    parties/alice.kdl:2:28    SF0202 `alice` advertises 0.0.0.0, which nobody can dial
    parties/alice.kdl:2:64    SF0303 Ray on `alice-1` has no CPU, so every task waits for ever
    parties/alice.kdl:2:79    SF0304 the object store of Ray on `alice-1` is 1MiB, below Ray's minimum
    parties/alice.kdl:3:14    SF0209 `sf` of `alice` is pinned to port 19003, which is reserved on 0.0.0.0
    parties/alice.kdl:4:15    SF0208 the pin of `spu` of `alice`, 443-447, holds ports below 1024
    parties/bob.kdl:1:7       SF0501 `bob` has no identity, so its peers cannot know it
    parties/bob.kdl:2:44      SF0213 `bob` listens on 127.0.0.1, where nobody who dials 10.0.0.2 arrives
    parties/bob.kdl:3:25      SF0212 `bob` has no host `bob-2`
    parties/bob.kdl:4:9       SF0212 host `bob-1` has no listener `redis` to pin
    parties/bob.kdl:7:20      SF0003 `host` has no property `adress`
    parties/bob.kdl:7:46      SF0203 `carol` advertises 169.254.1.1, a link-local address that no router forwards
    devices.kdl:1:20          SF0402 SPU `spu` uses CHEETAH with 3 parties; CHEETAH needs exactly 2
    devices.kdl:1:36          SF0405 SPU `spu` computes in FM32, which is too small for fractions
    devices.kdl:2:20          SF0408 a key of 512 bits can be broken
    devices.kdl:2:54          SF0406 `bob` holds the secret key of HEU `heu` and evaluates too
    devices.kdl:3:18          SF0104 job `psi` cannot run `jobs/psi.py`: there is no such file
    devices.kdl:3:50          SF0101 this job names party `dave`, which is not declared
    devices.kdl:4:19          SF0005 a job needs at least one slot
    devices.kdl:4:31          SF0105 job `alone` has fewer than two parties
    ");
    let places: Vec<_> = done.findings.iter().map(|finding| finding.labels[0].span).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "in order of place, and no place twice");
    assert!(done.output.is_none());
}
