//! Options at the wrong layer, and options as the runtimes spell them: one finding that names the right place.

use sfgen::diag::render_text;

use crate::federation::compile_text;

const GOOD: &str = r#"topology "t" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" {
    cross-silo timeout="60s" message-max="500MiB"
}
party "alice" {
    host "a" address="10.0.0.1" { ray cpus=4; }
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
    deploy "process"
}
party "bob" { host "b" address="10.0.0.2"; identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"; }
spu "spu" protocol="SEMI2K" { parties "alice" "bob"; link connect-retries=60; }
heu "heu" field="FM128" { sk-keeper "alice"; evaluators "bob"; }
job "psi" script="psi.py" { parties "alice" "bob"; args "--key" "id"; }
"#;

#[test]
fn options_of_another_node_and_of_the_runtimes_are_told_with_the_node_that_has_them() {
    assert!(compile_text(GOOD).findings.is_empty());
    for (node, more, help) in [
        ("cross-silo ", "recv-timeout=\"60s\" ", "`recv-timeout` is a property of `link` in `spu`"),
        (
            "heu \"heu\" ",
            "protocol=\"SEMI2K\" ",
            "`protocol` is a property of `deploy` in `party` and `spu`",
        ),
        (
            "spu \"spu\" ",
            "connect-retries=60 ",
            "`connect-retries` is a property of `link` in `spu`",
        ),
        ("host \"a\" ", "engine=\"ray\" ", "`engine` is a property of `runtime`"),
        (
            "party \"alice\" ",
            "address=\"10.0.0.1\" ",
            "`address` is a property of `host` in `party`",
        ),
        ("job \"psi\" ", "parties=\"alice\" ", "`parties` is a node inside `job`"),
        ("deploy \"process\"", " subnet=\"10.0.0.0/24\"", "`subnet` is a property of `network`"),
        ("host \"a\" ", "listen_addr=\"0.0.0.0:9000\" ", "`host ... listen="),
        ("host \"a\" ", "listen_address=\"0.0.0.0:9000\" ", "`host ... listen="),
        ("spu \"spu\" ", "runtime_config=\"x\" ", "`protocol=` and `field=` of `spu`"),
        ("identity ", "ca_cert=\"x\" ", "`ca=` of `identity`"),
        ("ray ", "min_worker_port=10002 ", "`pin \"ray.workers\""),
        ("ray ", "num_cpus=4 ", "`cpus=8` of `ray`"),
    ] {
        let at = GOOD.find(node).expect("it stands there") + node.len();
        let text = [&GOOD[..at], more, &GOOD[at..]].concat();
        expect(&text, help);
    }
    for (node, help) in [
        ("cluster_config \"x\"", "`party` nodes"),
        ("cluster_def \"x\"", "`spu \"spu\" protocol="),
        ("cross_silo_comm_options timeout=1", "`cross-silo timeout="),
        ("tls_config \"x\"", "`identity ca="),
        ("serializing_allowed_list \"numpy\"", "`allow-deserialize"),
        ("sk_keeper \"alice\"", "`sk-keeper \"alice\"` in `heu`"),
        ("link connect-retries=1", "`link` belongs in `spu`"),
        ("address \"10.0.0.1\"", "`address` is a property of `host` in `party`"),
    ] {
        expect(&format!("{GOOD}{node}\n"), help);
    }
    expect(&GOOD.replace("sk-keeper", "sk_keeper"), "`sk-keeper \"alice\"` in `heu`");
}

#[test]
fn keys_of_a_link_that_are_written_otherwise_are_told_with_how() {
    for (more, help) in [
        ("timeout=\"60s\" ", "`timeout=\"60s\"` of `cross-silo`"),
        ("recv_timeout_ms=60000 ", "`recv-timeout=\"120s\"`"),
        ("connect_retry_times=60 ", "`connect-retries=60`"),
    ] {
        expect_code(&GOOD.replacen("link ", &format!("link {more}"), 1), "SF0460", help);
    }
}

fn expect(text: &str, help: &str) {
    expect_code(text, "SF0003", help);
}

fn expect_code(text: &str, code: &str, help: &str) {
    let done = compile_text(text);
    let shown = render_text(&done.findings, &done.sources, 100, false);
    let [finding] = done.findings.as_slice() else { panic!("one finding:\n{text}{shown}") };
    assert_eq!(finding.code.0, code, "{shown}");
    assert!(finding.help.as_ref().unwrap().contains(help), "{shown}");
}
