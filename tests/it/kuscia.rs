//! Parties that Kuscia runs.

use crate::{
    federation::compile_text,
    support::mended::{NOT_GENERATED, check, edited, found, shown},
};

/// Two domains of Kuscia.
const DOMAINS: &str = r#"topology "t"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" {
    host "a" address="192.168.5.133"
    host "a2" address="192.168.5.134"
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
    deploy "kuscia" protocol="mtls" gateway=18080 endpoint="https://192.168.5.133:18080"
}
party "bob" {
    host "b" address="192.168.5.140"
    identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"
    deploy "kuscia" gateway=28080
}
"#;

#[test]
fn an_endpoint_is_the_gateway_as_others_dial_it() {
    let right = "endpoint=\"https://192.168.5.133:18080\"";
    let write = "write `endpoint=\"https://192.168.5.133:18080\"`";
    for (url, code, help) in [
        ("http://192.168.5.133:18080", "SF1101", write),
        ("https://192.168.5.133:6443", "SF1102", write),
        ("https://192.168.5.133", "SF1102", write),
        ("https://10.9.9.9:18080", "SF1103", write),
        ("https://localhost:18080", "SF1103", write),
        (
            "https://192.168.5.134:8080",
            "SF1102",
            "write `endpoint=\"https://192.168.5.134:18080\"`",
        ),
    ] {
        let wrong = format!("endpoint=\"{url}\"");
        check(DOMAINS, &[(right, &wrong)], code, help, &[(&wrong, right)]);
        check(DOMAINS, &[(right, &wrong)], code, help, &[(&wrong, "")]);
    }
    // Where the protocol is not written, its default is on the other side.
    let plain = "gateway=28080 endpoint=\"http://192.168.5.140:28080\"";
    let good = "gateway=28080 endpoint=\"https://192.168.5.140:28080\"";
    check(DOMAINS, &[("gateway=28080", plain)], "SF1101", "https://", &[(plain, good)]);
    let notls = edited(
        DOMAINS,
        &[
            ("gateway=28080", plain),
            ("\"kuscia\" gateway", "\"kuscia\" protocol=\"notls\" gateway"),
        ],
    );
    assert!(found(&compile_text(&notls)).is_empty());
}

#[test]
fn what_is_no_endpoint_is_refused_before_it_is_compared() {
    let right = "endpoint=\"https://192.168.5.133:18080\"";
    for url in
        ["192.168.5.133:18080", "https://192.168.5.133:180800", "https://a b:1", "https://a:1/x"]
    {
        let done = compile_text(&edited(DOMAINS, &[(right, &format!("endpoint=\"{url}\""))]));
        let codes: Vec<&str> = found(&done).iter().map(|finding| finding.code.0).collect();
        assert_eq!(codes, ["SF0005"], "{}", shown(&done));
    }
    let done = compile_text(&edited(DOMAINS, &[("gateway=28080", "")]));
    assert_eq!(found(&done)[0].code.0, "SF0006", "{}", shown(&done));
}

#[test]
fn nothing_is_generated_for_kuscia_yet_whatever_the_mode() {
    for mode in ["production", "simulation"] {
        let text =
            edited(DOMAINS, &[("topology \"t\"", &format!("topology \"t\" mode=\"{mode}\""))]);
        let done = compile_text(&text);
        let [finding] = done.findings.as_slice() else { panic!("{}", shown(&done)) };
        assert_eq!((finding.code.0, finding.labels.len()), (NOT_GENERATED, 3));
        assert!(done.output.is_none());
    }
    let kuscia = "deploy \"kuscia\" protocol=\"mtls\" gateway=18080 endpoint=\"https://192.168.5.133:18080\"";
    let mended =
        [(kuscia, "deploy \"docker\""), ("deploy \"kuscia\" gateway=28080", "deploy \"systemd\"")];
    assert!(compile_text(&edited(DOMAINS, &mended)).findings.is_empty());
    let allowed = format!("{kuscia}\n    allow \"{NOT_GENERATED}\" because=\"x\"");
    let done = compile_text(&edited(DOMAINS, &[(kuscia, &allowed)]));
    assert!(done.output.is_none(), "nobody can allow it");
}
