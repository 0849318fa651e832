#![doc = include_str!("written_out.md")]

use crate::{
    check::{
        Check, Context,
        services::texts::{service_texts, written},
        tree::placeholders::is_placeholder,
        words::parts,
    },
    diag::{Code, Finding, Findings, SourceSpan},
    model::JobKind,
    syntax::{Node, Value},
    types::SecretName,
};

use super::spot::{Given, Spotted, spot};

const CODE: Code = Code("SF0550");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("written_out.md"), written_out);

fn written_out(context: Context<'_>, findings: &mut Findings) {
    for text in service_texts(context.topology) {
        let program = text.service.command.first().map(|word| written(&word.value));
        let given = Given {
            variable: text.variable,
            program: program.as_deref().filter(|_| text.variable.is_none()),
            before: text.before.as_deref(),
        };
        let who = format!("service `{}`", text.service.name.value);
        let program = program.as_deref().unwrap_or_default();
        findings.extend(judge(&who, program, given, &text.text, text.span));
    }
    for node in context.nodes {
        elsewhere(node, findings);
    }
    for job in context.topology.jobs.values() {
        let JobKind::Script { args, .. } = &job.kind else { continue };
        let who = format!("job `{}`", job.name.value);
        let mut before: Option<String> = None;
        for arg in args {
            let text = written(&arg.value);
            let given = Given { before: before.as_deref(), ..Given::default() };
            findings.extend(judge(&who, "", given, &text, arg.span));
            before = Some(text);
        }
    }
}

/// Nodes whose texts are given to programs, and are judged with what stands before them.
const GIVEN: [&str; 3] = ["args", "command", "env"];

/// Judges the other texts of the topology: a URL, say, may stand in any of them.
fn elsewhere(node: &Node, findings: &mut Findings) {
    if GIVEN.contains(&node.name.value.as_str()) {
        return;
    }
    let values = node.args.iter().chain(node.props.iter().map(|prop| &prop.value));
    let who = format!("`{}`", node.name.value);
    findings.extend(values.filter_map(|value| {
        let Value::Text(text) = &value.value else { return None };
        judge(&who, "", Given::default(), text, value.span)
    }));
    for child in &node.children {
        elsewhere(child, findings);
    }
}

/// The secret itself is quoted nowhere: findings end up in logs.
fn judge(
    who: &str,
    program: &str,
    given: Given<'_>,
    text: &str,
    span: SourceSpan,
) -> Option<Finding> {
    // A placeholder is told as what it is.
    let spotted = spot(given, text).filter(|_| !is_placeholder(text))?;
    let what = match &spotted {
        Spotted::Variable(name) => format!("the value of `{name}`"),
        Spotted::Flag(flag) => format!("what stands behind `{flag}`"),
        Spotted::Url => "the password in a URL".to_owned(),
        Spotted::Key => "a private key".to_owned(),
        Spotted::Token => "a token".to_owned(),
    };
    let message = format!("a secret of {who} is written out: {what}");
    let finding =
        Finding::error(CODE, message).secret_label(span, "whoever has the repository has it");
    Some(finding.help(remedy(&spotted, given, program)))
}

/// Where the secret belongs.
fn remedy(spotted: &Spotted, given: Given<'_>, program: &str) -> String {
    let new = "take a new one, since this one is known";
    if let Some(variable) = given.variable {
        return format!(
            "set `{variable}` in a file on the machine, which `env-file \"/etc/sfgen/services.env\"` names; {new}"
        );
    }
    let name = match spotted {
        Spotted::Variable(name) | Spotted::Flag(name) => secret_name(name),
        Spotted::Url | Spotted::Key | Spotted::Token => None,
    };
    let name = name.unwrap_or_else(|| "password".parse().expect("a name"));
    let declare = format!("`secret \"{name}\" file=\"/etc/sfgen/{name}\"`");
    let is_redis = program.ends_with("redis-server") || program.ends_with("valkey-server");
    if is_redis {
        return format!(
            "write the line `requirepass ...` into a file on the machine, declare {declare}, and give the server `\"{{secret.{name}}}\"` as its first argument, a file of settings; {new}"
        );
    }
    format!(
        "put it into a file on the machine, declare {declare}, and give the program the path `{{secret.{name}}}` to read it from; {new}"
    )
}

/// A name after that of a flag or variable.
fn secret_name(name: &str) -> Option<SecretName> {
    parts(name).join("-").parse().ok()
}
