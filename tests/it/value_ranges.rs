//! Values of the wrong unit, kind or size: one finding each, whose help, followed, makes it go away.

use sfgen::diag::render_text;

use crate::federation::compile_text;

const GOOD: &str = r#"topology "t" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" {
    python "3.10"
    cross-silo timeout="60s" message-max="500MiB"
}
ports { pool 20000 31999; }
party "alice" {
    host "a" address="10.0.0.1" { reserve 8080; ray cpus=4 slots=16 object-store="1GiB"; }
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
    pin "sf" 19000 19009
    service "redis" grace="10s" {
        command "redis-server"
        port "redis" 6379
        ready tcp="redis" within="30s"
    }
}
party "bob" { host "b" address="10.0.0.2"; identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"; }
spu "spu" { parties "alice" "bob"; link connect-retries=60 connect-interval="1s" recv-timeout="120s" http-timeout="90s"; }
heu "heu" key-size=2048 { sk-keeper "alice"; evaluators "bob"; }
job "psi" script="psi.py" slots=2 { parties "alice" "bob"; }
"#;

/// Replaces a value by a wrong one, expects that help, and then writes what the help says.
fn check(cases: &[(&str, &str, &str, &str)]) {
    assert!(compile_text(GOOD).findings.is_empty());
    let mut told = String::new();
    for (right, wrong, says, mended) in cases {
        assert_eq!(GOOD.matches(right).count(), 1, "`{right}` stands once");
        let done = compile_text(&GOOD.replace(right, wrong));
        let shown = render_text(&done.findings, &done.sources, 100, false);
        let is_one = done.findings.len() == 1 && done.findings[0].code.0 == "SF0005";
        let help = done.findings.first().and_then(|finding| finding.help.clone());
        if !is_one || !help.unwrap_or_default().contains(says) {
            told += &[wrong, " should say ", says, ":\n", &shown].concat();
        }
        let done = compile_text(&GOOD.replace(right, mended));
        if !done.findings.is_empty() {
            let shown = render_text(&done.findings, &done.sources, 100, false);
            told += &[mended, " should be right:\n", &shown].concat();
        }
    }
    assert!(told.is_empty(), "{told}");
}

#[test]
fn a_duration_has_a_number_a_unit_and_a_sensible_length() {
    check(&[
        ("timeout=\"60s\"", "timeout=\"60\"", "`60s`", "timeout=\"60s\""),
        ("timeout=\"60s\"", "timeout=60", "`60s`, in quotes", "timeout=\"60s\""),
        ("timeout=\"60s\"", "timeout=\"1.5s\"", "`1500ms`", "timeout=\"1500ms\""),
        ("timeout=\"60s\"", "timeout=\"-60s\"", "`60s`", "timeout=\"60s\""),
        ("timeout=\"60s\"", "timeout=\"99999h\"", "`365d` or less", "timeout=\"365d\""),
        ("timeout=\"60s\"", "timeout=\"0s\"", "`1ms` or more", "timeout=\"1ms\""),
        ("connect-interval=\"1s\"", "connect-interval=1", "`1s`", "connect-interval=\"1s\""),
        (
            "connect-interval=\"1s\"",
            "connect-interval=\"60d\"",
            "`connect-interval=\"49d\"`",
            "connect-interval=\"49d\"",
        ),
        ("recv-timeout=\"120s\"", "recv-timeout=\"2 min\"", "`2m`", "recv-timeout=\"2m\""),
        ("http-timeout=\"90s\"", "http-timeout=\"1.5m\"", "`90s`", "http-timeout=\"90s\""),
        (
            "http-timeout=\"90s\"",
            "http-timeout=\"100d\"",
            "`http-timeout=\"49d\"`",
            "http-timeout=\"49d\"",
        ),
        ("grace=\"10s\"", "grace=10", "`10s`", "grace=\"10s\""),
        ("within=\"30s\"", "within=\"30sec\"", "`30s`", "within=\"30s\""),
        ("within=\"30s\"", "within=#true", "such as `60s`", "within=\"60s\""),
    ]);
}

#[test]
fn a_size_has_a_number_and_a_unit() {
    check(&[
        ("\"500MiB\"", "500", "`500MiB`, in quotes", "\"500MiB\""),
        ("\"500MiB\"", "\"500\"", "`500MiB`", "\"500MiB\""),
        ("\"500MiB\"", "524288000", "`500MiB`", "\"500MiB\""),
        ("\"500MiB\"", "\"500 MB\"", "`500MB`", "\"500MB\""),
        ("\"500MiB\"", "\"0.5GiB\"", "`512MiB`", "\"512MiB\""),
        ("\"500MiB\"", "\"2GiB\"", "`message-max=\"2047MiB\"`", "\"2047MiB\""),
        ("\"500MiB\"", "\"-5MiB\"", "such as `2GiB`", "\"1GiB\""),
        ("\"1GiB\"", "\"1G\"", "`1GiB`", "\"1GiB\""),
        ("\"1GiB\"", "\"1gb\"", "`1GB`", "\"1GB\""),
        ("\"1GiB\"", "\"99999999999TiB\"", "2^63", "\"1TiB\""),
        ("\"1GiB\"", "1.5", "`1536KiB`", "\"1536MiB\""),
    ]);
}

#[test]
fn a_number_is_whole_and_within_its_range() {
    check(&[
        ("connect-retries=60", "connect-retries=-1", "from 0 to 1000000", "connect-retries=0"),
        ("connect-retries=60", "connect-retries=\"60\"", "without quotes", "connect-retries=60"),
        ("connect-retries=60", "connect-retries=1e9", "without a fraction", "connect-retries=60"),
        ("connect-retries=60", "connect-retries=99999999999", "from 0 to", "connect-retries=99"),
        ("cpus=4", "cpus=-4", "from 0 to 10000", "cpus=4"),
        ("cpus=4", "cpus=1.5", "without a fraction", "cpus=2"),
        ("cpus=4", "cpus=4000000", "from 0 to 10000", "cpus=8"),
        ("slots=16", "slots=0", "from 1 to 1000000", "slots=1"),
        ("slots=16", "slots=-1", "from 1 to 1000000", "slots=1"),
        ("slots=2", "slots=0", "from 1 to 65535", "slots=1"),
        ("slots=2", "slots=70000", "from 1 to 65535", "slots=3"),
        ("key-size=2048", "key-size=-2048", "from 1 to 16384", "key-size=2048"),
        ("key-size=2048", "key-size=1000000", "from 1 to 16384", "key-size=4096"),
        ("key-size=2048", "key-size=\"2048\"", "without quotes", "key-size=2048"),
        ("python \"3.10\"", "python 3.10", "in quotes", "python \"3.10\""),
    ]);
}

#[test]
fn a_port_is_one_and_a_range_goes_up() {
    check(&[
        ("reserve 8080", "reserve 0", "in that range", "reserve 1"),
        ("reserve 8080", "reserve 65536", "in that range", "reserve 65535"),
        ("reserve 8080", "reserve -1", "in that range", "reserve 1"),
        ("reserve 8080", "reserve \"8080\"", "without quotes", "reserve 8080"),
        ("pool 20000 31999", "pool 0 31999", "in that range", "pool 20001 31999"),
        ("pool 20000 31999", "pool 20000 65536", "in that range", "pool 20000 32000"),
        ("pool 20000 31999", "pool 31999 20000", "lower number first", "pool 20000 31999"),
        (
            "pin \"sf\" 19000 19009",
            "pin \"sf\" 19009 19000",
            "lower number",
            "pin \"sf\" 19000 19009",
        ),
        ("pin \"sf\" 19000 19009", "pin \"sf\" 190000", "in that range", "pin \"sf\" 19000 19001"),
        ("port \"redis\" 6379", "port \"redis\" 0", "in that range", "port \"redis\""),
        ("port \"redis\" 6379", "port \"redis\" \"6379\"", "without quotes", "port \"redis\" 6379"),
    ]);
}
