//! The text of a first topology, with comments that say what each part is for and what comes next.

use std::fmt::Write as _;

use camino::Utf8Path;

use crate::{
    cli::{
        args::ModeChoice,
        topology::{naming, to_be_named},
    },
    types::{HostAddr, PartyName},
};

use super::{
    answers::{Answers, NewParty},
    args::{DeployChoice, EngineChoice, RuntimeChoice},
};

/// The release of SecretFlow that this one knows best.
const RELEASE: &str = "1.13.0b0";

/// The topology, laid out as `sfgen fmt` would.
pub(super) fn topology(answers: &Answers) -> String {
    let mut text = String::new();
    head(answers, &mut text);
    runtime(answers, &mut text);
    text.push_str(
        "\n// Every port is allotted from here and remembered in sfgen.lock. What firewalls must let through\n// is in generated/PORTS.md.\n\
         ports {\n    pool 20000 31999\n}\n",
    );
    for party in &answers.parties {
        self::party(party, answers, &mut text);
    }
    if answers.runtime == RuntimeChoice::Secretflow && answers.parties.len() > 1 {
        write(
            &mut text,
            format_args!(
                "\n// An SPU: the parties compute on data that none of them sees. SEMI2K takes two parties or more.\n\
             spu \"spu\" protocol=\"SEMI2K\" field=\"FM128\" {{\n    parties {}\n}}\n",
                names(answers)
            ),
        );
    }
    job(answers, &mut text);
    text
}

/// What to do after the file is written, a line each.
pub(super) fn next_steps(answers: &Answers, path: &Utf8Path) -> Vec<String> {
    let command = |command: &str| {
        to_be_named(Some(&path.to_owned())).map_or_else(
            || command.to_owned(),
            |topology| naming(&format!("`{command}`"), topology).trim_matches('`').to_owned(),
        )
    };
    let mut lines = vec!["next:".to_owned()];
    if answers.mode == ModeChoice::Production {
        let keys = command("sfgen keys new --party NAME");
        lines.push(format!("  each party on its own machine: {keys}"));
        if answers.runtime == RuntimeChoice::Embedded {
            let file = path.with_file_name("keys/NAME/number");
            lines.push(format!("  and its number for the sum: echo 11 > {file}"));
        }
        lines.push("  commit topology and pki/, never keys/, which git leaves out".to_owned());
    }
    lines.push(format!("  {}", command("sfgen plan")));
    lines
}

fn head(answers: &Answers, text: &mut String) {
    let mode = match answers.mode {
        ModeChoice::Production => "production",
        ModeChoice::Simulation => "simulation",
    };
    let first = match answers.mode {
        ModeChoice::Production => "After `sfgen keys new` at each party, ",
        ModeChoice::Simulation => "",
    };
    write(
        text,
        format_args!(
            "// What this federation is made of. Commit it, and review changes of it like code.\n\
             // {first}`sfgen plan` checks it, and writes to generated/ what each machine needs.\n\
             // `sfgen explain CODE` tells more of a finding.\n\
         topology \"{}\" mode=\"{mode}\"\n",
            answers.name
        ),
    );
}

fn runtime(answers: &Answers, text: &mut String) {
    match (answers.runtime, answers.engine) {
        (RuntimeChoice::Embedded, _) => text.push_str(
            "\n// sfgen's own arithmetic: it adds private numbers, and there is nothing to install.\n\
             // For other work write `runtime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"`.\n\
             runtime \"embedded\"\n",
        ),
        (RuntimeChoice::Secretflow, EngineChoice::Ray) => write(text, format_args!(
            "\n// The release that all parties run, each in a Ray cluster of its own.\n\
             runtime \"secretflow\" version=\"{RELEASE}\" engine=\"ray\" {{\n    python \"3.10\"\n}}\n"
        )),
        (RuntimeChoice::Secretflow, EngineChoice::Threads) => write(text, format_args!(
            "\n// The release that all parties run, without Ray. This engine cannot limit what messages of peers unpickle,\n\
             // and each plan says so (SF0533).\n\
             runtime \"secretflow\" version=\"{RELEASE}\" engine=\"threads\" {{\n    python \"3.10\"\n}}\n"
        )),
    }
    let is_plain = answers.runtime == RuntimeChoice::Secretflow
        && answers.engine == EngineChoice::Threads
        && answers.mode == ModeChoice::Production;
    if is_plain {
        write(
            text,
            format_args!(
                "\n// This engine's links have no working TLS: protect them otherwise, and each plan says so (SF0530).\n\
             tls \"off\" because=\"the threads engine of {RELEASE} has no working TLS\"\n"
            ),
        );
    }
}

fn party(party: &NewParty, answers: &Answers, text: &mut String) {
    let NewParty { name, address } = party;
    let is_local = address.parse::<HostAddr>().is_ok_and(|address| address.is_loopback());
    let note = if is_local {
        "this machine only; elsewhere write what the others dial"
    } else {
        "what the others dial"
    };
    write(
        text,
        format_args!(
            "\nparty \"{name}\" {{\n    host \"{}\" address=\"{address}\" // {note}\n",
            host_name(name)
        ),
    );
    if answers.mode == ModeChoice::Production {
        write(
            text,
            format_args!(
                "    // Made on this machine by `sfgen keys new --party {name}`. Commit pki/; the key stays here.\n    \
             identity ca=\"pki/{name}/ca.pem\" cert=\"pki/{name}/node.pem\" key=\"keys/{name}/node.key\"\n"
            ),
        );
    }
    text.push_str(match answers.deploy {
        DeployChoice::Process => "    deploy \"process\" // `sfgen apply` starts what runs here, and stops it\n",
        DeployChoice::Systemd => {
            "    deploy \"systemd\" user=\"secretflow\" home=\"/opt/secretflow\" // the account and its folder on this machine\n"
        }
        DeployChoice::Docker => "    deploy \"docker\" network=\"host\" // containers on the machine's own network\n",
    });
    text.push_str("}\n");
}

fn job(answers: &Answers, text: &mut String) {
    match answers.runtime {
        RuntimeChoice::Embedded => {
            text.push_str(
                "\n// Adds one private number per party, each from a file on that party's machine alone: `sfgen run total`.\n\
                 job \"total\" kind=\"sum\" {\n",
            );
            write(text, format_args!("    parties {}\n", names(answers)));
            for NewParty { name, .. } in &answers.parties {
                write(text, format_args!("    input \"{name}\" file=\"keys/{name}/number\"\n"));
            }
            text.push_str("}\n");
        }
        RuntimeChoice::Secretflow => write(
            text,
            format_args!(
                "\n// Ports for one run at a time. Add `script=\"jobs/compute.py\"` once it is written, the same file at every party:\n\
             // it says `import sf_party; cluster = sf_party.init()` and holds no address, port or path.\n\
             job \"compute\" slots=1 {{\n    parties {}\n}}\n",
                names(answers)
            ),
        ),
    }
}

/// `alice-1`; the name itself where that would be too long for a name.
fn host_name(party: &PartyName) -> String {
    let numbered = format!("{party}-1");
    if numbered.len() > 63 { party.to_string() } else { numbered }
}

fn names(answers: &Answers) -> String {
    let quoted = answers.parties.iter().map(|party| format!("\"{}\"", party.name));
    quoted.collect::<Vec<_>>().join(" ")
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a String takes all text");
}
