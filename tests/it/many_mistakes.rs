//! A topology with mistakes of thirty kinds in five files: all are reported at once, in order of place, none twice.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use sfgen::{
    diag::{Report, render_text},
    syntax::MemoryWorkspace,
};

use crate::federation::{Beside, compile_with};

const ROOT: &str = r#"topology "credit-risk" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" {
    python "3.12"
    cross-silo timeout="60s" message-max="3GiB"
    allow-deserialize "os" "system"
}
ports { pool 20000 33000; }
include "parties/*.kdl"
include "devices.kdl"
colour "blue"
"#;

const ALICE: &str = r#"party "alice" {
    host "alice-1" address="0.0.0.0" { reserve 19003; ray cpus=0; }
    pin "sf" 19000 19009
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice.key"
    deploy "process"
    service "redis" image="redis:7" {
        command "redis-server" "--port" "{port.redsi}"
        port "redis"
    }
    service "worker" after="rabbit" {
        command "python" "worker.py"
        env CELERY_BROKER_URL="redis://localhost:6379/0" CELERY_RESULT_BACKEND="redis"
    }
}
"#;

const BOB: &str = r#"party "bob" {
    host "bob-1" address="10.0.0.2" listen="127.0.0.1"
    pin "web" 8080
    service "head" { command "ray" "start" "--head"; }
    service "worker" { command "python" "worker.py"; env RAY_ADDRESS="10.0.0.3:7001"; }
    service "sender" host="bob-2" { command "python" "sender.py"; env TOKEN="CHANGE_ME"; }
}
"#;

const CAROL: &str = r#"party "carol" {
    host "carol-1" address="10.0.0.3" address="10.0.0.4"
    identity ca="pki/carol/node.pem" cert="pki/carol/node.pem" key="keys/carol.key"
}
"#;

const DEVICES: &str = r#"spu "spu" protocol="CHEETAH" field="FM32" { parties "alice" "bob" "carol"; }
heu "heu" key-size=512 { sk-keeper "bob"; evaluators "bob" "carol"; }
job "psi" script="jobs/psi.py" { parties "alice" "dave"; }
job "alone" kind="summ" { parties "alice"; }
job "only" { parties "alice"; }
"#;

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let files = MemoryWorkspace::default()
        .with("topology.kdl", ROOT)
        .with("parties/alice.kdl", ALICE)
        .with("parties/bob.kdl", BOB)
        .with("parties/carol.kdl", CAROL)
        .with("devices.kdl", DEVICES);
    let done = compile_with(files, Beside { scripts: false, ..Beside::default() });
    let report = Report::new(&done.findings, &done.sources);
    let lines = report.findings.iter().map(|finding| {
        let place = &finding.places[0];
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        format!("{at:25} {} {}", finding.code, finding.message)
    });
    let lines: Vec<String> = lines.collect();
    let text = render_text(&done.findings, &done.sources, 100, false);
    assert_snapshot!("thirty_mistakes", lines.join("\n") + "\n\n" + &text);
    let codes: BTreeSet<_> = done.findings.iter().map(|finding| finding.code).collect();
    assert_eq!((done.findings.len(), codes.len()), (31, 30));
    let places: Vec<_> = done.findings.iter().map(|finding| finding.labels[0].span).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "in order of place, and no place twice");
    assert!(done.output.is_none());
}
