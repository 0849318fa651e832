//! Mistakes of every layer in one topology: grammar, words of the language, values, references, releases, devices,
//! ports, files. One run tells all of them, and what their helps say to write leads to no further finding.

use std::collections::BTreeSet;

use sfgen::{
    compile::Compilation,
    diag::{Report, render_text},
    syntax::MemoryWorkspace,
};

use crate::{
    federation::{Beside, compile_root, compile_with},
    support::mended::edited,
};

/// Without a mistake.
const SOUND: &str = include_str!("../field/all_layers.kdl");

/// A mistake with its code, and what its help says to write in its place.
struct Mistake {
    code: &'static str,
    sound: &'static str,
    wrong: &'static str,
    /// A part of the help.
    help: &'static str,
}

const fn mistake(
    code: &'static str,
    sound: &'static str,
    wrong: &'static str,
    help: &'static str,
) -> Mistake {
    Mistake { code, sound, wrong, help }
}

const MISTAKES: &[Mistake] = &[
    // Grammar.
    mistake("SF0001", "}; service \"web\"", "} service \"web\"", "`}; service`"),
    mistake("SF0001", "cpus=8", "cpus=", "`key=value`"),
    mistake("SF0001", "env LOG=\"on\"", "env LOG=true", "#true"),
    // Words of the language.
    mistake("SF0003", "deploy \"process\" // alice", "depoly \"process\" // alice", "`deploy`"),
    mistake("SF0003", "object-store=", "objectstore=", "`object-store`"),
    mistake("SF0011", "mode=\"production\"", "mode=\"prodution\"", "`production`"),
    mistake(
        "SF0004",
        "pin \"spu\" 19600 19609",
        "identity ca=\"a\" cert=\"b\" key=\"c\"",
        "keep one",
    ),
    // Values.
    mistake("SF0005", "address=\"192.168.1.10\"", "address=\"0.0.0.0:8080\"", "192.168.1.10"),
    mistake("SF0005", "slots=2", "slots=0", "from 1 to 65535"),
    mistake("SF0005", "recv-timeout=\"120s\"", "recv-timeout=\"120 seconds\"", "`120s`"),
    // The release, and what depends on it.
    mistake("SF0901", "version=\"1.13.0b0\"", "version=\"1.13.0\"", "`1.13.0b0`"),
    mistake("SF0903", "python \"3.10\"", "python \"3.12\"", "3.10"),
    // References.
    mistake(
        "SF0101",
        "parties \"alice\" \"bob\" // psi",
        "parties \"alice\" \"bbo\" // psi",
        "alice, bob",
    ),
    mistake("SF1001", "network=\"host\"", "network=\"hots\"", "`host`"),
    mistake("SF0106", "after=\"redis\"", "after=\"rediss\"", "`redis`"),
    mistake("SF0108", "{port.redis}", "{port.redsi}", "`{port.redis}`"),
    // Devices.
    mistake("SF0401", "protocol=\"SEMI2K\"", "protocol=\"SEMI2\"", "`SEMI2K`"),
    mistake("SF0404", "field=\"FM128\"", "field=\"FM129\"", "`FM128`"),
    mistake("SF0408", "key-size=2048", "key-size=7", "2048"),
    // Ports.
    mistake("SF0208", "pin \"sf\" 19000 19009", "pin \"sf\" 80 89", "1024"),
    mistake("SF0209", "reserve 22 5432", "reserve 22 19700", "`reserve`"),
    // Files beside the topology.
    mistake("SF0104", "script=\"jobs/psi.py\"", "script=\"jobs/ps.py\"", "commit it"),
    // What was left in.
    mistake("SF0016", "\"--key\" \"id\"", "\"--key\" \"__NAME__\"", "value"),
];

fn compile(text: &str) -> Compilation {
    let files = MemoryWorkspace::default()
        .with("topology.kdl", text)
        .with("jobs/psi.py", "pass\n")
        .with("jobs/sum.py", "pass\n");
    compile_with(files, Beside { scripts: false, ..Beside::default() })
}

fn told(done: &Compilation) -> Vec<String> {
    done.findings.iter().map(|finding| finding.code.to_string()).collect()
}

fn shown(done: &Compilation) -> String {
    render_text(&done.findings, &done.sources, 100, false)
}

#[test]
fn mistakes_of_all_layers_are_told_in_one_run() {
    let sound = compile(SOUND);
    assert!(sound.findings.is_empty(), "{}", shown(&sound));
    let edits: Vec<_> = MISTAKES.iter().map(|one| (one.sound, one.wrong)).collect();
    let done = compile(&edited(SOUND, &edits));
    let mut wanted: Vec<&str> = MISTAKES.iter().map(|one| one.code).collect();
    let mut codes = told(&done);
    wanted.sort_unstable();
    codes.sort_unstable();
    assert_eq!(codes, wanted, "{}", shown(&done));
    for one in MISTAKES {
        let mut of_code = done.findings.iter().filter(|finding| finding.code.0 == one.code);
        let helps = |finding: &sfgen::diag::Finding| {
            finding.help.as_ref().is_some_and(|help| help.contains(one.help))
        };
        assert!(of_code.any(helps), "{}: {}\n{}", one.code, one.help, shown(&done));
    }
    let report = Report::new(&done.findings, &done.sources);
    let places = report.findings.iter().map(|finding| &finding.places[0]);
    let places: BTreeSet<_> = places.map(|place| (place.line, place.column)).collect();
    assert_eq!(places.len(), MISTAKES.len(), "each at a place of its own");
}

#[test]
fn each_of_them_mended_leaves_the_others_and_nothing_new() {
    for mended in MISTAKES {
        let others = MISTAKES.iter().filter(|one| one.wrong != mended.wrong);
        let edits: Vec<_> = others.clone().map(|one| (one.sound, one.wrong)).collect();
        let done = compile(&edited(SOUND, &edits));
        let mut wanted: Vec<&str> = others.map(|one| one.code).collect();
        let mut codes = told(&done);
        wanted.sort_unstable();
        codes.sort_unstable();
        assert_eq!(codes, wanted, "without `{}`:\n{}", mended.wrong, shown(&done));
    }
}

#[test]
fn a_mistake_in_one_table_of_toml_hides_nothing_in_the_others() {
    let text = "[topology]\nname = \"t\"\nmode = \"production\"\n\n\
                [runtime]\nname = \"secretflow\"\nversion = \"1.13.0\"\nengine = \"ray\"\n\n\
                [party.alice]\nhost.alice-1.address = \"10.0.0.1:80\"\n\
                identity = { ca = \"pki/a/ca.pem\", cert = \"pki/a/node.pem\", key = \"keys/a.key\" }\n\n\
                [party.bob]\nhost.bob-1.address = 10.0.0.2\ndeploy = \"proces\"\n\n\
                [spu.spu]\nprotocol = \"SEMI2\"\nparties = [\"alice\", \"bob\"]\n\n\
                [job.psi]\nscript = \"jobs/psi.py\"\nparties = [\"alice\", \"bob\"]\nslots = 0\n";
    let files = MemoryWorkspace::default().with("topology.toml", text);
    let done = compile_root("topology.toml", files, Beside { scripts: false, ..Beside::default() });
    let mut codes = told(&done);
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["SF0001", "SF0005", "SF0005", "SF0104", "SF0401", "SF0901"],
        "{}",
        shown(&done)
    );
}

/// What stands between two texts of a help.
fn between<'h>(help: &'h str, before: &str, after: &str) -> &'h str {
    let rest = help.split_once(before).map_or(help, |(_, rest)| rest);
    rest.split_once(after).map_or(rest, |(inner, _)| inner)
}

#[test]
fn what_is_said_of_an_address_with_a_port_can_be_written_as_it_is_said() {
    for written in [
        "0.0.0.0:8080",
        "0.0.0.0:80",
        "127.0.0.1:9394",
        "169.254.1.1:9394",
        "http://10.0.0.7:8000/",
        "10.0.0.7:80",
        "10.0.0.7:5432",
        "10.0.0.7:10050",
        "10.0.0.7:40000",
        "10.0.0.7:19999",
        "alice_1.bank:7000",
        "alice 1",
    ] {
        let own = "address=\"192.168.1.10\"";
        let without_pin = edited(SOUND, &[("    pin \"sf\" 19000 19009\n", "")]);
        let bad = edited(&without_pin, &[(own, &format!("address=\"{written}\""))]);
        let done = compile(&bad);
        assert_eq!(told(&done), ["SF0005"], "{written}: {}", shown(&done));
        let help = done.findings[0].help.clone().unwrap();
        let address = format!("address=\"{}\"", between(&help, "address=\"", "\""));
        let mut mended = edited(&bad, &[(&format!("address=\"{written}\""), &address)]);
        if help.contains("`pin ") {
            let pin = between(&help, "in the party: `", "`");
            mended = edited(
                &mended,
                &[(
                    "    deploy \"process\" // alice\n",
                    &format!("    deploy \"process\" // alice\n    {pin}\n"),
                )],
            );
        }
        let done = compile(&mended);
        assert!(done.findings.is_empty(), "{written}: {help}\n{}", shown(&done));
    }
}
