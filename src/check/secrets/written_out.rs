#![doc = include_str!("written_out.md")]

use crate::{
    check::{Check, Context, tree::placeholders::is_placeholder},
    diag::{Code, Finding, Findings, SourceSpan},
    syntax::{Node, Value},
};

use super::{
    places::places,
    remedy::{named, remedy},
    spot::{Given, Spotted, spot},
};

const CODE: Code = Code("SF0550");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("written_out.md"), written_out);

fn written_out(context: Context<'_>, findings: &mut Findings) {
    for place in places(context.topology) {
        let spotted = judge(place.given(), &place.text);
        findings.extend(spotted.map(|spotted| {
            let help = remedy(&spotted, &place);
            finding(&place.who, &spotted, place.span, &help)
        }));
    }
    for node in context.nodes {
        elsewhere(node, findings);
    }
}

/// Nodes whose texts are given to programs, and are judged with what stands before them.
const GIVEN: [&str; 3] = ["args", "command", "env"];

/// A property whose form allows no password, so that its reader has told of one.
const WITHOUT_PASSWORD: &str = "index-url";

/// Judges the other texts of the topology: a URL, say, may stand in any of them.
fn elsewhere(node: &Node, findings: &mut Findings) {
    if GIVEN.contains(&node.name.value.as_str()) {
        return;
    }
    let props = node.props.iter().filter(|prop| prop.key.value != WITHOUT_PASSWORD);
    let values = node.args.iter().chain(props.map(|prop| &prop.value));
    let who = format!("`{}`", node.name.value);
    findings.extend(values.filter_map(|value| {
        let Value::Text(text) = &value.value else { return None };
        let spotted = judge(Given::default(), text)?;
        Some(finding(&who, &spotted, value.span, "keep it in a file on the machine"))
    }));
    for child in &node.children {
        elsewhere(child, findings);
    }
}

/// A placeholder is told as what it is.
fn judge(given: Given<'_>, text: &str) -> Option<Spotted> {
    spot(given, text).filter(|_| !is_placeholder(text))
}

/// The secret itself is quoted nowhere: findings end up in logs.
fn finding(who: &str, spotted: &Spotted, span: SourceSpan, help: &str) -> Finding {
    let message = format!("a secret of {who} is written out: {}", named(spotted));
    Finding::error(CODE, message)
        .secret_label(span, "whoever has the repository has it")
        .help(format!("{help}; take a new one, since this one is known"))
}
