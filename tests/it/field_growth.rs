//! Variables and commands of services that say other ports than the plan: each finding has both places, and is gone once
//! its help is followed.

use sfgen::{
    compile::Compilation,
    diag::{Severity, render_text},
    syntax::MemoryWorkspace,
};

use crate::federation::{Beside, compile_text, compile_with};

const OVERRIDDEN: &str = include_str!("../field/redis_port_overridden.kdl");

fn shown(done: &Compilation) -> String {
    render_text(&done.findings, &done.sources, 100, false)
}

/// The code, the labelled texts and the help of the only finding.
fn only(text: &str) -> (String, Vec<String>, String) {
    let done = compile_text(text);
    let [finding] = done.findings.as_slice() else { panic!("one finding: {}", shown(&done)) };
    let places =
        finding.labels.iter().map(|label| text[label.span.start..label.span.end].to_owned());
    (finding.code.to_string(), places.collect(), finding.help.clone().unwrap_or_default())
}

#[track_caller]
fn passes(text: &str) {
    let done = compile_text(text);
    assert!(done.findings.is_empty(), "{text}\n{}", shown(&done));
}

/// The topology with the variables of its worker replaced.
fn with(variables: &str) -> String {
    let usual = "env REDIS_HOST=\"localhost\" REDIS_PORT=\"6379\"";
    assert!(OVERRIDDEN.contains(usual));
    OVERRIDDEN.replace(usual, variables)
}

#[test]
fn a_variable_that_hides_the_planned_port_is_told_with_both_places() {
    let (code, places, help) = only(OVERRIDDEN);
    assert_eq!(code, "SF0165");
    assert_eq!(places, ["\"6379\"", "\"redis\""]);
    assert_eq!(
        help,
        "drop it: `clinic.env` has it, or write `{port.redis}`, or pin it: `port \"redis\" 6379`"
    );
    passes(&with("env REDIS_HOST=\"localhost\""));
    passes(&with("env REDIS_HOST=\"localhost\" REDIS_PORT=\"{port.redis}\""));
    passes(&OVERRIDDEN.replace("port \"redis\"\n", "port \"redis\" 6379\n"));
}

#[test]
fn the_fixes_of_a_hidden_variable_leave_no_finding() {
    let done = compile_text(OVERRIDDEN);
    let fixes = &done.findings[0].fixes;
    assert_eq!(fixes.len(), 2, "{fixes:?}");
    for fix in fixes {
        let [edit] = fix.edits.as_slice() else { panic!("one edit: {fix:?}") };
        let mut text = OVERRIDDEN.to_owned();
        text.replace_range(edit.span.start..edit.span.end, &edit.text);
        passes(&text);
    }
}

#[test]
fn every_variable_of_the_env_file_can_be_hidden() {
    for (variables, place) in [
        ("NODE_IP=\"10.20.0.6\"", "\"10.20.0.5\""),
        ("RAY_NUM_CPUS=\"64\"", ""),
        ("APP_ENV=\"staging\"", "\"tasks\""),
        ("NODE_ID=\"node1\"", "\"clinic\""),
        ("HEU_PORT_RANGE_START=\"19600\"", "\"clinic-1\""),
        ("HEU_PORT_RANGE_END=\"19609\"", "\"clinic-1\""),
        ("HEU_PORT_RANGES=\"19600-19609\"", "\"clinic-1\""),
    ] {
        // Ray is there where a second host makes a cluster.
        let second = "party \"bank\" { host \"bank-1\" address=\"10.20.0.7\"; }\n";
        let text = format!("{}{second}", with(&format!("env {variables}")));
        let done = compile_text(&text);
        let [finding] = done.findings.as_slice() else { panic!("{variables}: {}", shown(&done)) };
        assert_eq!(finding.code.0, "SF0165", "{variables}");
        let is_address = variables.contains("PORT") || variables.contains("IP");
        let severity = if is_address { Severity::Error } else { Severity::Warning };
        assert_eq!(finding.severity, severity, "{variables}");
        let span = finding.labels[1].span;
        if !place.is_empty() {
            assert_eq!(&text[span.start..span.end], place, "{variables}");
        }
    }
}

#[test]
fn what_says_the_same_or_means_another_machine_hides_nothing() {
    for variables in [
        "REDIS_HOST=\"127.0.0.1\" APP_ENV=\"simulation\" NODE_ID=\"clinic\" NODE_IP=\"{host.address}\"",
        "REDIS_HOST=\"10.20.0.9\" REDIS_PORT=\"6379\"",
        "REDIS_PORT=\"20011\"",
        "OTHER_PORT=\"6379\"",
    ] {
        passes(&with(&format!("env {variables}")));
    }
    let pinned = with("env HEU_PORT_RANGE_START=\"19600\" HEU_PORT_RANGE_END=\"19609\"");
    passes(
        &pinned
            .replace("    service \"redis\"", "    pin \"heu\" 19600 19609\n    service \"redis\""),
    );
}

/// Two parties on one machine, each with a Redis that nobody has told of the other.
const TWO_REDIS: &str = r#"topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" {
    host "box" address="10.0.0.1"
    service "redis" { command "redis-server" "--port" "6379"; }
}
party "bob" {
    host "box"
    service "cache" { command "env" "TZ=UTC" "/usr/bin/redis-server" "--port=6379"; }
}
"#;

#[test]
fn numbers_in_commands_of_well_known_programs_take_part_in_the_overlap_check() {
    let (code, places, help) = only(TWO_REDIS);
    assert_eq!(code, "SF0205");
    assert_eq!(places, ["\"--port=6379\"", "\"6379\""]);
    assert!(help.contains("declare `port \"cache\"`") && help.contains("{port.cache}"), "{help}");
    passes(&TWO_REDIS.replace("\"--port=6379\";", "\"--port={port.cache}\"; port \"cache\";"));
    passes(&TWO_REDIS.replace("\"--port=6379\"", "\"--port=6380\""));
    // A declared port is a claim of its own, and the same number in the command is that port.
    let declared = TWO_REDIS.replace("\"6379\";", "\"6379\"; port \"redis\" 6379;");
    let (code, places, _) = only(&declared);
    assert_eq!((code.as_str(), places[1].as_str()), ("SF0205", "6379"));
    passes(&declared.replace("\"--port=6379\"", "\"--port=6380\""));
}

#[test]
fn a_number_in_a_command_is_not_allotted_to_anybody_else() {
    let text = TWO_REDIS.replace("6379", "20003").replace("--port=20003", "--port=20004");
    let done =
        compile_with(MemoryWorkspace::default().with("topology.kdl", text), Beside::default());
    let allocation = done.output.expect("it compiles").allocation;
    let taken: Vec<String> = allocation
        .ports
        .iter()
        .chain(&allocation.kept)
        .filter(|(_, ports)| ports.iter().any(|port| [20003, 20004].contains(&port.get())))
        .map(|(key, ports)| format!("{key} {ports}"))
        .collect();
    assert_eq!(taken, [""; 0]);
}

#[test]
fn a_number_in_a_command_takes_none_from_a_listener_that_has_it() {
    let lock = "version = 1\n\n[ports]\n\"alice/box/heu\" = [20003, 20012]\n";
    let with_lock = |text: String| {
        let files = MemoryWorkspace::default().with("topology.kdl", text).with("sfgen.lock", lock);
        compile_with(files, Beside::default())
    };
    let done = with_lock(TWO_REDIS.replace("\"6379\"", "\"20003\""));
    let [finding] = done.findings.as_slice() else { panic!("one finding: {}", shown(&done)) };
    assert_eq!(finding.code.to_string(), "SF0612");
    assert_eq!(
        finding.message,
        "`redis` of `alice` listens on 20003, which the lock has for `heu` of `alice`"
    );
    assert!(done.output.is_none(), "nothing moves");
    let declared = "\"{port.redis}\"; port \"redis\";";
    let followed = with_lock(TWO_REDIS.replace("\"6379\";", declared));
    assert!(followed.findings.is_empty(), "{}", shown(&followed));
    // Where nothing listens yet, the number is taken from what is kept for growth.
    let in_room = with_lock(TWO_REDIS.replace("\"6379\"", "\"20012\""));
    let shown = shown(&in_room);
    let allocation = in_room.output.expect(&shown).allocation;
    assert!(allocation.moved.is_empty());
}

#[test]
fn a_service_that_listens_by_its_command_can_be_dialled() {
    let worker = "    service \"w\" { command \"python\" \"w.py\"; env BROKER=\"redis://localhost:6379/0\"; }\n}\nparty \"bob\"";
    let text = TWO_REDIS.replace("}\nparty \"bob\"", worker).replace("=6379\"", "=6380\"");
    passes(&text);
    let nothing = text.replace("\"--port\" \"6379\"", "\"/etc/redis.conf\"");
    assert_eq!(only(&nothing).0, "SF0112");
}
