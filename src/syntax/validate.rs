//! Compares nodes with the table of the language: unknown, repeated and surplus names.

use std::collections::BTreeMap;

use crate::diag::{Code, Finding, Findings, Fix, SourceSpan};

use super::{
    Node, Value, foreign,
    language::{self, Occurs, Rule},
    near::nearest,
};

/// A node or property that the language does not have there.
const UNKNOWN: Code = Code("SF0003");
/// A node or property that stands twice.
const TWICE: Code = Code("SF0004");
/// More or fewer arguments than the node takes.
const ARGUMENTS: Code = Code("SF0007");

/// Reports whatever of `nodes` is not in the table; `parent` is the name of their parent, empty at the top.
pub(super) fn validate(parent: &str, nodes: &[Node], findings: &mut Findings) {
    let mut first: BTreeMap<(&str, Option<&str>), &Node> = BTreeMap::new();
    for node in nodes {
        if findings.is_full() {
            return;
        }
        let name = node.name.value.as_str();
        let Some(rule) = language::child(parent, name) else {
            findings.push(unknown_node(parent, node));
            continue;
        };
        let key = match (rule.occurs, node.args.first().map(|arg| &arg.value)) {
            (Occurs::Once, _) => Some((name, None)),
            (Occurs::Keyed, Some(Value::Text(key))) => Some((name, Some(key.as_str()))),
            _ => None,
        };
        if let Some(key) = key
            && let Some(earlier) = first.get(&key)
        {
            findings.push(twice(node, key.1, earlier));
        } else if let Some(key) = key {
            first.insert(key, node);
        }
        arguments(rule, node, findings);
        properties(rule, node, findings);
        validate(name, &node.children, findings);
    }
}

fn twice(node: &Node, key: Option<&str>, earlier: &Node) -> Finding {
    let name = &node.name.value;
    let modes =
        [earlier, node].map(|node| node.prop("mode").map(|mode| mode.value.value.to_string()));
    let (message, help) = match key {
        None if modes[0] != modes[1] => {
            let [one, two] = modes.map(|mode| mode.map_or("none".to_owned(), |m| format!("`{m}`")));
            (
                format!("`{name}` stands twice, and the modes differ: {one}, then {two}"),
                "keep one of them: a topology is of one mode, and `--mode` compiles it in the other",
            )
        }
        Some(key) => (
            format!("{name} `{key}` is declared twice"),
            "keep one of them, with what both hold; where two are meant, each has a name of its own",
        ),
        None => {
            (format!("`{name}` stands twice"), "keep one of them; neither would win over the other")
        }
    };
    Finding::error(TWICE, message)
        .label(node.span(), "again here")
        .label(earlier.span(), "first here")
        .help(help)
}

fn arguments(rule: &Rule, node: &Node, findings: &mut Findings) {
    let (fewest, most) = rule.arity();
    let count = node.args.len();
    // What is missing in a node that could not be read to its end may stand in the rest.
    if (fewest..=most).contains(&count) || (count < fewest && !node.is_whole) {
        return;
    }
    let surplus = node.args.get(most).map_or(node.name.span, |arg| arg.span);
    let message = if count < fewest {
        format!("`{}` needs {}", rule.name, rule.args_are)
    } else {
        format!("`{}` takes {}, and no more", rule.name, rule.args_are)
    };
    let label = if count < fewest { "an argument is missing here" } else { "this is too much" };
    let help = format!("write `{}` with {}", rule.name, rule.args_are);
    findings.push(Finding::error(ARGUMENTS, message).label(surplus, label).help(help));
}

fn properties(rule: &Rule, node: &Node, findings: &mut Findings) {
    let mut first: BTreeMap<&str, SourceSpan> = BTreeMap::new();
    for prop in &node.props {
        let key = prop.key.value.as_str();
        if rule.prop(key).is_none() {
            let is_there = |name: &str| node.prop(name).is_some();
            findings.push(unknown_property(rule, key, prop.key.span, is_there));
        } else if let Some(earlier) = first.get(key) {
            let finding = Finding::error(TWICE, format!("property `{key}` is given twice"))
                .label(prop.key.span, "again here")
                .label(*earlier, "first here")
                .help("keep one of them; KDL itself would let the last one win in silence");
            findings.push(finding);
        } else {
            first.insert(key, prop.key.span);
        }
    }
}

fn unknown_node(parent: &str, node: &Node) -> Finding {
    let name = node.name.value.as_str();
    let place = if parent.is_empty() {
        "at the top of a topology".to_owned()
    } else {
        format!("in `{parent}`")
    };
    let finding = Finding::error(UNKNOWN, format!("there is no node `{name}` {place}"))
        .label(node.name.span, "unknown here");
    let written = |name: &str| Fix::replace(format!("write `{name}`"), node.name.span, name);
    let mut fix = None;
    let known = || language::children(parent).map(|child| child.rule.name);
    let is_property = language::rule(parent).is_some_and(|rule| rule.keys().any(|key| key == name));
    let help = if is_property {
        format!("`{name}` is a property of `{parent}`: write `{parent} ... {name}=...`")
    } else if let Some(rule) = language::rule(name) {
        format!("`{name}` belongs {}", parents(rule))
    } else if let Some(help) = foreign::help(name) {
        help
    } else if let Some(owners) = owners(name) {
        owners
    } else if let Some(near) = nearest(name, known()) {
        fix = Some(written(near));
        format!("did you mean `{near}`?")
    } else if let Some(near) = nearest(name, language::nodes().iter().map(|rule| rule.name)) {
        let rule = language::rule(near).expect("it was taken from the table");
        format!("did you mean `{near}`? It belongs {}", parents(rule))
    } else {
        format!("known here: {}", list(known()))
    };
    finding.help(help).fixes(fix)
}

fn unknown_property(
    rule: &Rule,
    key: &str,
    span: SourceSpan,
    is_there: impl Fn(&str) -> bool,
) -> Finding {
    let finding = Finding::error(UNKNOWN, format!("`{}` has no property `{key}`", rule.name))
        .label(span, "unknown here");
    let near = nearest(key, rule.keys());
    let mut fix = None;
    let is_child = language::child(rule.name, key).is_some();
    let help = if is_child {
        format!(
            "`{key}` is a node inside `{}`: write `{} ... {{ {key} ... }}`",
            rule.name, rule.name
        )
    } else if let Some(help) = foreign::help(key) {
        help
    } else if let Some(owners) = owners(key) {
        near.map_or_else(
            || owners.clone(),
            |near| format!("{owners}; here, did you mean `{near}`?"),
        )
    } else if let Some(near) = near {
        fix = (!is_there(near)).then(|| Fix::replace(format!("write `{near}`"), span, near));
        format!("did you mean `{near}`?")
    } else if let Some(other) = language::rule(key) {
        format!("`{key}` is a node, and belongs {}", parents(other))
    } else if rule.props.is_empty() {
        format!("`{}` has no properties", rule.name)
    } else {
        format!("known here: {}", list(rule.keys()))
    };
    finding.help(help).fixes(fix)
}

/// Which nodes have a property, in words; `None` where none has.
fn owners(key: &str) -> Option<String> {
    let owners = language::nodes().iter().filter(|rule| rule.keys().any(|own| own == key));
    let owners: Vec<String> = owners
        .map(|rule| match language::parents(rule.name)[..] {
            [""] => format!("`{}`", rule.name),
            _ if is_everywhere(rule) => format!("`{}`", rule.name),
            ref parents => format!("`{}` in {}", rule.name, list(parents.iter().copied())),
        })
        .collect();
    let last = owners.last()?;
    let first = &owners[..owners.len() - 1];
    let all =
        if first.is_empty() { last.clone() } else { format!("{} and {last}", first.join(", ")) };
    Some(format!("`{key}` is a property of {all}"))
}

fn parents(rule: &Rule) -> String {
    match language::parents(rule.name)[..] {
        [""] => "at the top of a topology".to_owned(),
        _ if is_everywhere(rule) => "in any node".to_owned(),
        ref parents => format!("in {}", list(parents.iter().copied())),
    }
}

/// Whether a node may stand in every other one.
fn is_everywhere(rule: &Rule) -> bool {
    language::child(rule.name, rule.name).is_some()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn a_property_at_the_wrong_node_is_told_with_the_nodes_that_have_it() {
        let span = SourceSpan::new(Sources::default().add("t.kdl", ""), 0..0);
        let nodes = language::nodes();
        for rule in nodes.iter().filter(|rule| rule.prop("*").is_none()) {
            for owner in nodes {
                let keys = owner.keys().filter(|key| *key != "*");
                for key in keys.filter(|key| rule.prop(key).is_none()) {
                    let help = unknown_property(rule, key, span, |_| false).help.unwrap();
                    let is_child = language::child(rule.name, key).is_some();
                    let named = if is_child { key } else { owner.name };
                    assert!(help.contains(&format!("`{named}`")), "{key} of {}: {help}", rule.name);
                }
            }
        }
    }
}
