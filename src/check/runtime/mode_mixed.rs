#![doc = include_str!("mode_mixed.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    syntax::{Node, Value},
    types::Role,
};

const CODE: Code = Code("SF0907");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("mode_mixed.md"), mode_mixed);

fn mode_mixed(context: Context<'_>, findings: &mut Findings) {
    // A topology of production that is compiled as a simulation, or the other way round, is meant to serve both.
    let Some(mode) = written_simulation(context.nodes).filter(|_| !context.is_production()) else {
        return;
    };
    let places = production_only(context);
    let Some((first, _)) = places.first() else { return };
    let others = match places.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let message =
        format!("this is a simulation, and has {first}{others}, which only production has");
    let mut finding = Finding::error(CODE, message).label(mode, "one program drives all parties");
    for (_, span) in &places {
        finding = finding.label(*span, "between programs of several parties");
    }
    findings.push(finding.help(
        "choose one: `mode=\"production\"`, in which every party runs the job, or drop what only production has; one topology for both says `mode=\"production\"`, and `--mode simulation` compiles it as the other",
    ));
}

/// Where `mode="simulation"` is written.
fn written_simulation(nodes: &[Node]) -> Option<SourceSpan> {
    let topology = nodes.iter().find(|node| node.name.value == "topology")?;
    let mode = &topology.prop("mode")?.value;
    matches!(&mode.value, Value::Text(word) if word == "simulation").then_some(mode.span)
}

/// What is written and has no meaning in a simulation, in order of place, without what every simulation ignores.
fn production_only(context: Context<'_>) -> Vec<(String, SourceSpan)> {
    let mut places = Vec::new();
    for runtime in context.nodes.iter().filter(|node| node.name.value == "runtime") {
        let nodes = runtime.children_named("cross-silo");
        places.extend(nodes.map(|node| ("`cross-silo`".to_owned(), node.span())));
    }
    for pin in context.topology.parties.values().flat_map(|party| &party.pins) {
        if matches!(pin.role.value, Role::Sf | Role::Control) {
            places.push((format!("a pin of `{}`", pin.role.value), pin.role.span));
        }
    }
    places.sort_by_key(|(_, span)| *span);
    places
}
