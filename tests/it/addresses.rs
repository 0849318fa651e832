//! Values of `address` and `listen` that are not addresses.

use crate::{
    federation::compile_text,
    support::mended::{check, edited, found},
};

/// Two parties that meet.
const PLAIN: &str = r#"topology "t"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" {
    host "a" address="10.0.0.1" listen="0.0.0.0"
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
}
party "bob" {
    host "b" address="10.0.0.2"
    identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"
}
spu "spu" { parties "alice" "bob"; }
job "psi" script="psi.py" slots=3 { parties "alice" "bob"; }
"#;

#[test]
fn a_port_in_an_address_belongs_to_a_pin() {
    let pin = ("    identity ca=\"a/", "    pin \"sf\" 8086 8088\n    identity ca=\"a/");
    let (address, listen) = ("address=\"10.0.0.1\"", "listen=\"0.0.0.0\"");
    let (dialled, bound) = ("address=\"10.0.0.1:8086\"", "listen=\"0.0.0.0:8087\"");
    check(
        PLAIN,
        &[(address, dialled), (listen, bound)],
        "SF0215",
        "write `address=\"10.0.0.1\"` and `listen=\"0.0.0.0\"` without a port, and pin the port in the party: `pin \"sf\" 8086 8088`",
        &[(dialled, address), (bound, listen), pin],
    );
    let same = "listen=\"0.0.0.0:8086\"";
    let help = "`pin \"sf\" 8086 8088`";
    check(
        PLAIN,
        &[(address, dialled), (listen, same)],
        "SF0005",
        help,
        &[(dialled, address), (same, listen), pin],
    );
    check(PLAIN, &[(address, dialled)], "SF0005", help, &[(dialled, address), pin]);
    check(PLAIN, &[(listen, same)], "SF0005", help, &[(same, listen), pin]);
    // Neither root's ports nor those of outgoing connections can be pinned.
    for port in ["443", "40000"] {
        let dialled = format!("address=\"10.0.0.1:{port}\"");
        let help = "without a port: sfgen plans the ports";
        check(PLAIN, &[(address, &dialled)], "SF0005", help, &[(&dialled, address)]);
    }
}

#[test]
fn an_address_that_is_none_is_told_with_what_was_meant() {
    let good = "address=\"10.0.0.2\"";
    for (bad, help, mended) in [
        ("http://10.0.0.2", "write `address=\"10.0.0.2\"`", "10.0.0.2"),
        ("https://10.0.0.2:9/", "write `address=\"10.0.0.2\"` without a port", "10.0.0.2"),
        ("10.0.0.2:30222 of bob", "and pin the port in the party: `pin \"sf\" 30222", "10.0.0.2"),
        (" 10.0.0.2 ", "write `address=\"10.0.0.2\"`", "10.0.0.2"),
        ("host_1", "write `address=\"host-1\"`", "host-1"),
        ("10.0.0.256", "such as `address=\"192.168.1.10\"`", "192.168.1.10"),
        ("", "such as `address=\"192.168.1.10\"`", "192.168.1.10"),
    ] {
        let bad = format!("address=\"{bad}\"");
        let mended = format!("address=\"{mended}\"");
        check(PLAIN, &[(good, &bad)], "SF0005", help, &[(&bad, &mended)]);
    }
}

#[test]
fn a_wrong_address_shows_who_dials_it() {
    let place = |text: &str| {
        let done = compile_text(text);
        let label = found(&done)[0].labels[1].clone();
        let source = done.sources.get(label.span.file);
        let (line, _) = source.line_column(label.span.start);
        (source.text[label.span.start..label.span.end].to_owned(), line, label.text)
    };
    let bad = edited(PLAIN, &[("address=\"10.0.0.2\"", "address=\"10.0.0\"")]);
    let why = "`bob`'s peers dial it because of this";
    assert_eq!(place(&bad), ("\"bob\"".into(), 11, why.into()));
    let alone = edited(&bad, &[("\"alice\" \"bob\"; }\njob", "\"alice\"; }\n/-job")]);
    assert_eq!(place(&alone).2, "`alice` would dial it from here");
    // The machine is named again without an address, which is not a second mistake.
    let again =
        edited(&bad, &[("host \"a\" address=\"10.0.0.1\" listen=\"0.0.0.0\"", "host \"b\"")]);
    assert_eq!(found(&compile_text(&again)).len(), 1);
}
