//! A topology with one mistake yields one finding: its consequences are not reported as well.

use proptest::prelude::*;
use sfgen::diag::{Severity, render_text};

use crate::{federation::compile_text, fixes::broken_fixes};

const SECRETFLOW: &str = r#"topology "credit-risk" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" {
    python "3.10"
    allow-deserialize "pandas.core.frame" "DataFrame"
}
ports scope="global" { pool 20000 31999; }
party "alice" {
    host "alice-1" address="10.0.0.1" { reserve 8080; ray cpus=4 object-store="1GiB"; }
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice.key"
    deploy "systemd" user="secretflow"
    pin "sf" 19000 19009
}
party "bob" {
    host "bob-1" address="10.0.0.2"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob.key"
}
party "carol" {
    host "carol-1" address="10.0.0.3"
    identity ca="pki/carol/ca.pem" cert="pki/carol/node.pem" key="keys/carol.key"
}
spu "spu" protocol="ABY3" field="FM128" { parties "alice" "bob" "carol"; link connect-retries=60; }
heu "heu" key-size=2048 { sk-keeper "alice"; evaluators "bob"; }
job "psi" script="psi.py" slots=2 { parties "alice" "bob"; args "--key" "id"; }
"#;

const EMBEDDED: &str = r#"topology "total"
runtime "embedded"
party "alice" {
    host "alice-1" address="127.0.0.1"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice.key"
}
party "bob" {
    host "alice-1"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob.key"
}
job "total" kind="sum" { parties "alice" "bob"; input "alice" 11; input "bob" 31; }
"#;

const SERVICES: &str = r#"topology "workers"
runtime "secretflow" version="1.13.0b0" engine="ray"
network "sfnet" subnet="10.0.0.0/24"
network "lab" subnet="10.0.1.0/24"
party "alice" {
    host "alice-1" address="10.0.0.10" { ray slots=16; }
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice.key"
    deploy "docker" network="sfnet"
    service "redis" image="redis:7" grace="20s" {
        command "redis-server" "--port" "{port.redis}"
        port "redis" 6379
        ready tcp="redis" within="30s"
    }
    service "worker" after="redis ray" host="alice-1" {
        command "python" "worker.py"
        env WORKER_CONCURRENCY="2" NAME="{party}"
        env LOG_LEVEL="INFO"
    }
}
party "bob" {
    host "bob-1" address="10.0.0.11"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob.key"
    service "cache" { command "redis-server"; port "cache"; }
}
"#;

/// Replaces one text by another and expects one finding of that code.
fn check(good: &str, cases: &[(&str, &str, &str)]) {
    assert!(compile_text(good).findings.is_empty());
    let mut wrong = String::new();
    for (from, to, code) in cases {
        assert_eq!(good.matches(from).count(), 1, "`{from}` stands once");
        let done = compile_text(&good.replace(from, to));
        let codes: Vec<&str> = done.findings.iter().map(|finding| finding.code.0).collect();
        wrong += &broken_fixes(&done, compile_text);
        if codes != [*code] {
            let text = render_text(&done.findings, &done.sources, 100, false);
            wrong += &["`", from, "` -> `", to, "`, expected ", code, "\n", &text, "\n"].concat();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn one_mistake_in_words_and_values_is_one_finding() {
    check(
        SECRETFLOW,
        &[
            ("mode=\"production\"", "mode=\"prod\"", "SF0011"),
            ("topology \"credit-risk\"", "topolgy \"credit-risk\"", "SF0003"),
            ("runtime \"secretflow\"", "runtme \"secretflow\"", "SF0003"),
            ("version=\"1.13.0b0\"", "versoin=\"1.13.0b0\"", "SF0003"),
            ("topology \"credit-risk\"", "topology \"Credit Risk\"", "SF0005"),
            ("runtime \"secretflow\"", "runtime \"secretflo\"", "SF0011"),
            ("version=\"1.13.0b0\"", "version=\"1.13\"", "SF0901"),
            (" version=\"1.13.0b0\"", "", "SF0006"),
            ("engine=\"ray\"", "engine=\"rays\"", "SF0011"),
            ("python \"3.10\"", "python 3.10", "SF0005"),
            ("python \"3.10\"", "python \"3.11\"", "SF0903"),
            ("\"pandas.core.frame\" \"DataFrame\"", "\"pandas.core.frame\"", "SF0006"),
            ("\"pandas.core.frame\" \"DataFrame\"", "\"*\"", "SF0006"),
            ("\"pandas.core.frame\" \"DataFrame\"", "\"subprocess\" \"Popen\"", "SF0535"),
            ("scope=\"global\"", "scope=\"all\"", "SF0011"),
            ("pool 20000 31999", "pool 31999 20000", "SF0005"),
            ("pool 20000 31999", "pool 20000 \"31999\"", "SF0005"),
            ("pool 20000 31999", "pool 20000 20010", "SF0210"),
            ("deploy \"systemd\"", "deploy \"system\"", "SF0011"),
            ("deploy \"systemd\"", "deploy \"docker\"", "SF0012"),
        ],
    );
}

#[test]
fn one_mistake_in_hosts_and_identities_is_one_finding() {
    let carol = "    host \"carol-1\" address=\"10.0.0.3\"\n";
    check(
        SECRETFLOW,
        &[
            ("address=\"10.0.0.1\"", "address=\"127.0.0.1\"", "SF0201"),
            ("address=\"10.0.0.1\"", "address=\"0.0.0.0\"", "SF0202"),
            ("address=\"10.0.0.1\"", "address=\"::\"", "SF0202"),
            ("address=\"10.0.0.1\"", "address=\"fe80::1\"", "SF0203"),
            ("address=\"10.0.0.1\"", "address=\"fd00::1\"", "SF0204"),
            ("address=\"10.0.0.1\"", "address=\"::1\"", "SF0204"),
            ("address=\"10.0.0.1\"", "address=\"10.0.0.1\" listen=\"::\"", "SF0204"),
            ("address=\"10.0.0.1\"", "address=\"10.0.0.1\" listen=\"127.0.0.1\"", "SF0213"),
            ("address=\"10.0.0.1\"", "address=\"10.0.0.1:9000\"", "SF0005"),
            (" address=\"10.0.0.1\"", "", "SF0006"),
            ("address=\"10.0.0.1\"", "adress=\"10.0.0.1\"", "SF0003"),
            ("host \"carol-1\"", "hosts \"carol-1\"", "SF0003"),
            ("party \"carol\"", "partie \"carol\"", "SF0003"),
            (carol, "", "SF0006"),
            ("host \"carol-1\"", "host \"bob-1\"", "SF0103"),
            ("reserve 8080", "reserve 19001", "SF0209"),
            ("reserve 8080", "reserve \"ssh\"", "SF0005"),
            ("cpus=4", "cpus=0", "SF0303"),
            ("object-store=\"1GiB\"", "object-store=\"1 GiB\"", "SF0005"),
            (" key=\"keys/alice.key\"", "", "SF0006"),
            ("identity ca=\"pki/alice", "identty ca=\"pki/alice", "SF0003"),
            ("cert=\"pki/alice/node.pem\"", "cert=\"pki/alice/ca.pem\"", "SF0537"),
            ("cert=\"pki/alice/node.pem\"", "cert=\"pki/alice/../alice/ca.pem\"", "SF0537"),
            ("ca=\"pki/carol/ca.pem\"", "ca=\"/etc/carol/ca.pem\"", "SF0503"),
            ("pin \"sf\" 19000 19009", "pin \"sf\" 19000", "SF0211"),
            ("pin \"sf\" 19000 19009", "pin \"sff\" 19000 19009", "SF0212"),
            ("pin \"sf\" 19000 19009", "pin \"sf\" 900 909", "SF0208"),
            ("pin \"sf\" 19000 19009", "pin \"sf\" 33000 33009", "SF0207"),
            ("pin \"sf\" 19000 19009", "pin \"sf\" 19009 19000", "SF0005"),
            ("pin \"sf\" 19000 19009", "pin \"ray.workers\" 19000 19009", "SF0301"),
            ("user=\"secretflow\"", "user=\"secret flow\"", "SF0005"),
            ("user=\"secretflow\"", "home=\"/opt/my sf\"", "SF0005"),
            ("key=\"keys/alice.key\"", "key=\"~/alice.key\"", "SF0005"),
            ("ca=\"pki/alice/ca.pem\"", "ca=\"\"", "SF0005"),
        ],
    );
}

#[test]
fn one_mistake_in_devices_and_jobs_is_one_finding() {
    check(
        SECRETFLOW,
        &[
            ("protocol=\"ABY3\"", "protocol=\"ABY4\"", "SF0401"),
            ("protocol=\"ABY3\"", "protocol=\"CHEETAH\"", "SF0402"),
            ("protocol=\"ABY3\"", "protocol=\"REF2K\"", "SF0403"),
            ("protocol=\"ABY3\"", "protocol=\"SECURENN\"", "SF0410"),
            ("field=\"FM128\"", "field=\"FM16\"", "SF0404"),
            ("field=\"FM128\"", "field=\"FM32\"", "SF0405"),
            ("parties \"alice\" \"bob\" \"carol\"; link", "link", "SF0006"),
            ("parties \"alice\" \"bob\" \"carol\"; link", "parties; link", "SF0007"),
            ("\"alice\" \"bob\" \"carol\"; link", "\"alice\" \"bob\" \"dave\"; link", "SF0101"),
            (
                "\"alice\" \"bob\" \"carol\"; link",
                "\"alice\" \"bob\" \"bob\" \"carol\"; link",
                "SF0102",
            ),
            ("connect-retries=60", "connect-retries=\"60\"", "SF0005"),
            ("key-size=2048", "key-size=768", "SF0408"),
            ("key-size=2048", "key-size=-1", "SF0005"),
            ("sk-keeper \"alice\"; ", "", "SF0006"),
            ("sk-keeper \"alice\"", "sk-keper \"alice\"", "SF0003"),
            ("evaluators \"bob\"", "evaluators \"alice\" \"bob\"", "SF0406"),
            ("evaluators \"bob\"", "evaluators", "SF0007"),
            ("script=\"psi.py\"", "script=\"../psi.py\"", "SF0104"),
            ("script=\"psi.py\"", "kind=\"summ\" script=\"psi.py\"", "SF0011"),
            ("slots=2", "slots=0", "SF0005"),
            ("slots=2", "slots=70000", "SF0005"),
            ("parties \"alice\" \"bob\"; args", "parties \"alice\"; args", "SF0105"),
            ("parties \"alice\" \"bob\"; args", "parties \"alice\" \"alice\"; args", "SF0102"),
            ("parties \"alice\" \"bob\"; args", "parties; args", "SF0007"),
            ("parties \"alice\" \"bob\"; args", "parties \"alice\" \"Bob\"; args", "SF0005"),
            ("parties \"alice\" \"bob\"; args", "args", "SF0006"),
            ("args \"--key\" \"id\"", "args \"{nope}\"", "SF0005"),
            ("args \"--key\" \"id\"", "args \"\\u{0}\"", "SF0017"),
            ("script=\"psi.py\"", "script=\"-psi.py\"", "SF0005"),
        ],
    );
}

#[test]
fn one_mistake_in_the_embedded_runtime_is_one_finding() {
    check(
        EMBEDDED,
        &[
            ("kind=\"sum\"", "kind=\"summ\"", "SF0011"),
            ("kind=\"sum\"", "kind=\"sum\" script=\"a.py\"", "SF0013"),
            ("; input \"bob\" 31", "", "SF0905"),
            ("input \"bob\" 31", "input \"bob\"", "SF0006"),
            ("input \"bob\" 31", "input \"bob\" \"31\"", "SF0005"),
            ("input \"bob\" 31", "input \"bob\" 31; input \"bob\" 32", "SF0102"),
            ("input \"bob\" 31", "input \"bob\" 31; input \"dave\" 32", "SF0101"),
            (
                "runtime \"embedded\"",
                "runtime \"embedded\"; spu \"s\" { parties \"alice\" \"bob\"; }",
                "SF0409",
            ),
            ("runtime \"embedded\"", "runtime \"embedded\"; links \"gateway\"", "SF0536"),
            ("runtime \"embedded\"", "runtime \"embedded\"; links \"gatway\"", "SF0011"),
            ("runtime \"embedded\"", "runtime \"embedded\"; tls \"off\"", "SF0006"),
            ("runtime \"embedded\"", "runtime \"embedded\"; tls \"off\" because=\" \"", "SF0005"),
            ("runtime \"embedded\"", "runtime \"embedded\"; include \"nope.kdl\"", "SF0009"),
            ("keys/bob.key", "keys/alice.key", "SF0508"),
        ],
    );
}

#[test]
fn one_mistake_in_services_is_one_finding() {
    check(
        SERVICES,
        &[
            ("service \"redis\"", "service \"Redis\"", "SF0005"),
            ("service \"redis\"", "servce \"redis\"", "SF0003"),
            ("service \"redis\"", "service \"worker\"", "SF0004"),
            ("service \"cache\"", "service \"ray\"", "SF0005"),
            ("grace=\"20s\"", "grace=20", "SF0005"),
            ("command \"python\" \"worker.py\"", "", "SF0006"),
            ("command \"python\" \"worker.py\"", "command", "SF0007"),
            ("\"{port.redis}\"", "\"{port.redsi}\"", "SF0108"),
            ("\"{port.redis}\"", "\"{redis}\"", "SF0005"),
            ("\"{party}\"", "\"{home}\"", "SF0108"),
            ("port \"redis\" 6379", "port \"sf\" 6379", "SF0005"),
            ("port \"redis\" 6379", "prot \"redis\" 6379", "SF0003"),
            ("port \"redis\" 6379", "port \"redis\" 700", "SF0208"),
            ("port \"redis\" 6379", "port \"redis\" 70000", "SF0005"),
            ("port \"redis\" 6379", "port \"redis\" 6379; port \"redis\" 6380", "SF0004"),
            ("tcp=\"redis\"", "tcp=\"web\"", "SF0110"),
            (" tcp=\"redis\"", "", "SF0006"),
            ("within=\"30s\"", "within=\"soon\"", "SF0005"),
            ("after=\"redis ray\"", "after=\"redsi ray\"", "SF0106"),
            ("after=\"redis ray\"", "after=\"worker\"", "SF0107"),
            ("image=\"redis:7\"", "image=\"redis:7\" after=\"worker\"", "SF0107"),
            ("host=\"alice-1\"", "host=\"bob-1\"", "SF0111"),
            ("NAME=\"{party}\"", "\"a b\"=\"{party}\"", "SF0005"),
            ("NAME=\"{party}\"", "LOG_LEVEL=\"{party}\"", "SF0004"),
            ("NAME=\"{party}\"", "NAME=2", "SF0005"),
            (
                "{ command \"redis-server\"; port",
                "{ command \"redis-server\"; env A=\"}\"; port",
                "SF0005",
            ),
            (
                "service \"cache\" {",
                "service \"web\" { command \"web\"; port \"cache\"; }; service \"cache\" {",
                "SF0109",
            ),
            ("slots=16", "slots=0", "SF0005"),
            ("image=\"redis:7\"", "image=\"Redis:7\"", "SF0005"),
            ("\"worker.py\"", "\"\\u{fffe}\"", "SF0017"),
            ("command \"python\"", "command \"\"", "SF0018"),
        ],
    );
}

#[test]
fn one_mistake_in_networks_is_one_finding() {
    check(
        SERVICES,
        &[
            ("network \"sfnet\" subnet", "netwrk \"sfnet\" subnet", "SF0003"),
            ("network \"sfnet\" subnet=\"10.0.0.0/24\"", "network \"sfnet\"", "SF0006"),
            ("network \"lab\" subnet", "network \"host\" subnet", "SF0005"),
            ("network \"lab\" subnet", "network \"sfnet\" subnet", "SF0004"),
            ("network=\"sfnet\"", "network=\"sfnt\"", "SF1001"),
            ("\"10.0.0.0/24\"", "\"10.0.0.0\"", "SF0005"),
            ("\"10.0.0.0/24\"", "\"10.0.0.7/24\"", "SF1002"),
            ("\"10.0.0.0/24\"", "\"10.2.0.0/24\"", "SF1003"),
            ("address=\"10.0.0.10\"", "address=\"alice.lan\"", "SF1003"),
            ("address=\"10.0.0.10\"", "address=\"10.0.0.0\"", "SF1004"),
            ("address=\"10.0.0.10\"", "address=\"10.0.0.1\"", "SF1004"),
            ("address=\"10.0.0.10\"", "address=\"10.0.0.255\"", "SF1004"),
            ("\"10.0.1.0/24\"", "\"10.0.0.0/16\"", "SF1005"),
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is cut out of a topology, the compiler says something about it or plans it.
    #[test]
    fn a_piece_that_is_cut_out_never_breaks_the_compiler(
        from in 0..SECRETFLOW.len(),
        length in 1_usize..60,
        embedded in any::<bool>(),
    ) {
        let good = if embedded { EMBEDDED } else { SECRETFLOW };
        let from = from.min(good.len());
        let to = (from + length).min(good.len());
        let done = compile_text(&[&good[..from], &good[to..]].concat());
        let has_error = done.findings.iter().any(|finding| finding.severity == Severity::Error);
        prop_assert_eq!(done.output.is_none(), has_error);
        let text = render_text(&done.findings, &done.sources, 80, false);
        prop_assert!(done.findings.iter().all(|finding| text.contains(finding.code.0)));
    }
}
