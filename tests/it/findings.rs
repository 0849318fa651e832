//! Findings as text: places, labels and helps.

use insta::assert_snapshot;
use sfgen::{compile::Compilation, diag::render_text, syntax::MemoryWorkspace};

use crate::federation::{Beside, Flaw, compile_text, compile_with};

fn shown(done: &Compilation) -> String {
    render_text(&done.findings, &done.sources, 100, false)
}

#[test]
fn a_place_is_shown_with_its_whole_line() {
    let done = compile_text(
        r#"topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray" { python "3.12"; }
party "alice" { host "a" address="127.0.0.1"; }
"#,
    );
    assert_snapshot!(shown(&done), @r#"
    SF0903

      × secretflow 1.13.0b0 has no wheels for Python 3.12, only for 3.10
       ╭─[topology.kdl:2:63]
     2 │ runtime "secretflow" version="1.13.0b0" engine="ray" { python "3.12"; }
       ·                              ─────┬────                       ───┬──
       ·                                   │                              ╰── pip would find no matching distribution
       ·                                   ╰── needs Python 3.10
       ╰────
      help: write `python "3.10"`, or drop the node
    "#);
}

#[test]
fn places_in_two_files_are_both_shown() {
    let files = MemoryWorkspace::default()
        .with(
            "topology.kdl",
            "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\ninclude \"parties/*.kdl\"\n",
        )
        .with("parties/alice.kdl", "party \"alice\" {\n    host \"a\" address=\"127.0.0.1\"\n    pin \"heu\" 19000 19009\n}\n")
        .with("parties/bob.kdl", "party \"bob\" {\n    host \"b\" address=\"127.0.0.1\"\n    pin \"heu\" 19005\n}\n");
    let done = compile_with(files, Beside::default());
    assert_snapshot!(shown(&done), @r#"
    SF0205

      × port 19005 on 127.0.0.1 is claimed by both `heu` of `alice` and `heu` of `bob`
       ╭─[parties/bob.kdl:3:15]
     3 │     pin "heu" 19005
       ·               ──┬──
       ·                 ╰── `heu` of `bob` here
       ╰────
      help: move one of the two, or drop a `pin` and sfgen allots free numbers

    Advice: 
      ☞ the other place
       ╭─[parties/alice.kdl:3:15]
     3 │     pin "heu" 19000 19009
       ·               ─────┬─────
       ·                    ╰── `heu` of `alice` here
       ╰────
    "#);
}

#[test]
fn a_near_name_is_offered() {
    let done = compile_text(
        r#"topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0"
party "alice" { host "a" address="127.0.0.1"; pin "ray.gsc" 6379; pin "ray.gc" 6380; }
party "bob" { host "a"; }
spu "spu" protocol="semi2k" { parties "alice" "bob"; }
"#,
    );
    assert_snapshot!(shown(&done), @r#"
    SF0005

      × `ray.gsc` is not a port role; roles are `control`, `sf`, `spu`, `spu-local`, `heu`, `ray.gcs`
      │ and its kin, and the names of service ports
       ╭─[topology.kdl:3:51]
     3 │ party "alice" { host "a" address="127.0.0.1"; pin "ray.gsc" 6379; pin "ray.gc" 6380; }
       ·                                                   ────┬────
       ·                                                       ╰── this value
       ╰────
      help: write a value of that form

    SF0005

      × `ray.gc` is not a port role; roles are `control`, `sf`, `spu`, `spu-local`, `heu`, `ray.gcs`
      │ and its kin, and the names of service ports
       ╭─[topology.kdl:3:71]
     3 │ party "alice" { host "a" address="127.0.0.1"; pin "ray.gsc" 6379; pin "ray.gc" 6380; }
       ·                                                                       ────┬───
       ·                                                                           ╰── this value
       ╰────
      help: write a value of that form

    SF0401

      × there is no protocol `semi2k`
       ╭─[topology.kdl:5:20]
     5 │ spu "spu" protocol="semi2k" { parties "alice" "bob"; }
       ·                    ────┬───
       ·                        ╰── unknown
       ╰────
      help: did you mean `SEMI2K`? known: `ABY3`, `CHEETAH`, `REF2K`, `SECURENN`, `SEMI2K`
    "#);
}

#[test]
fn a_certificate_without_the_dialled_address_names_what_it_lists() {
    let text = r#"topology "t"
runtime "embedded"
party "alice" {
    host "a" address="10.0.0.1"
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
}
party "bob" {
    host "b" address="10.0.0.2"
    identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"
}
"#;
    let files = MemoryWorkspace::default().with("topology.kdl", text);
    let done = compile_with(files, Beside { flaw: Flaw::OtherAddress, ..Beside::default() });
    assert_snapshot!(shown(&done), @r#"
    SF0506

      × the certificate of `alice` does not list 10.0.0.1 in its subjectAltName
       ╭─[topology.kdl:5:33]
     4 │     host "a" address="10.0.0.1"
       ·                      ─────┬────
       ·                           ╰── dialled here
     5 │     identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
       ·                                 ──────┬─────
       ·                                       ╰── lists 192.0.2.99
       ╰────
      help: run `sfgen keys renew --party alice` on the machine of `alice`, which signs another with
            the CA that is there, so that peers need no new CA; or ask your CA for
            `subjectAltName=IP:10.0.0.1`
    "#);
}

#[test]
fn a_number_of_parties_that_a_protocol_does_not_take_names_those_that_do() {
    let done = compile_text(
        r#"topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0"
party "alice" { host "a" address="127.0.0.1"; }
party "bob" { host "a"; }
spu "spu" protocol="ABY3" { parties "alice" "bob"; }
"#,
    );
    assert_snapshot!(shown(&done), @r#"
    SF0402

      × SPU `spu` uses ABY3 with 2 parties; ABY3 needs exactly 3
       ╭─[topology.kdl:5:20]
     5 │ spu "spu" protocol="ABY3" { parties "alice" "bob"; }
       ·                    ───┬──           ──────┬──────
       ·                       │                   ╰── these are 2
       ·                       ╰── for exactly 3
       ╰────
      help: change who takes part, or use a protocol for 2: `CHEETAH`, `SEMI2K`
    "#);
}

#[test]
fn a_file_that_is_not_kdl_is_the_only_finding() {
    let done = compile_text("topology \"t\" mode=simulation {\nruntime \"embedded\"\n");
    assert_snapshot!(shown(&done), @r#"
    SF0001

      × this `{` is never closed
       ╭─[topology.kdl:1:30]
     1 │ topology "t" mode=simulation {
       ·                              ┬
       ·                              ╰── here
       ╰────
      help: close it with `}` where its children end
    "#);
}
