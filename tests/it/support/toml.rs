//! Writes the nodes of a topology as TOML.

use std::fmt::Write as _;

use sfgen::syntax::{
    Node, Value,
    language::{self, Occurs},
};

/// The nodes in TOML, as `docs/toml.md` says.
pub(crate) fn toml_of(nodes: &[Node]) -> String {
    let mut text = String::new();
    table("", "", nodes, &mut text);
    text
}

/// Writes children as the table at `path`: first what fits on a line, then tables of their own.
fn table(parent: &str, path: &str, nodes: &[Node], text: &mut String) {
    let mut names: Vec<&str> = nodes.iter().map(|node| node.name.value.as_str()).collect();
    names.dedup();
    let mut tables = String::new();
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let all: Vec<&Node> = nodes.iter().filter(|node| node.name.value == name).collect();
        let rule = language::child(parent, name).expect("the nodes are known");
        if rule.occurs == Occurs::Keyed {
            for node in all {
                if node.args.len() > 1 && node.children.is_empty() {
                    writeln!(text, "{name}.{} = {}", key(&node.args[0].value), inline(node, 1))
                        .unwrap();
                    continue;
                }
                let path = format!("{path}{name}.{}", key(&node.args[0].value));
                writeln!(tables, "[{path}]").unwrap();
                properties(node, 1, &mut tables);
                table(name, &format!("{path}."), &node.children, &mut tables);
            }
        } else if name == "pin" {
            let mut roles: Vec<_> = all.iter().map(|node| literal(&node.args[0].value)).collect();
            roles.dedup();
            for role in roles {
                let pins = all.iter().filter(|node| literal(&node.args[0].value) == role);
                let pins: Vec<_> = pins.map(|node| inline(node, 1)).collect();
                // Ray's roles need no quotes, others are words.
                writeln!(text, "pin.{} = {}", role.trim_matches('"'), list(&pins)).unwrap();
            }
        } else if all.iter().all(|node| node.children.is_empty()) {
            let all: Vec<_> = all.iter().map(|node| inline(node, 0)).collect();
            writeln!(text, "{name} = {}", list(&all)).unwrap();
        } else {
            writeln!(tables, "[{path}{name}]").unwrap();
            if let Some(first) = all[0].args.first() {
                writeln!(tables, "name = {}", literal(&first.value)).unwrap();
            }
            properties(all[0], 1, &mut tables);
            table(name, &format!("{path}{name}."), &all[0].children, &mut tables);
        }
    }
    *text += &tables;
}

fn list(all: &[String]) -> String {
    if let [one] = all { one.clone() } else { format!("[{}]", all.join(", ")) }
}

fn properties(node: &Node, skip: usize, text: &mut String) {
    assert!(node.args.len() <= skip, "further arguments of {node:?} are not written here");
    for prop in &node.props {
        writeln!(text, "{} = {}", prop.key.value, literal(&prop.value.value)).unwrap();
    }
}

/// A node without children on a line: an array, or a table if it has properties.
fn inline(node: &Node, skip: usize) -> String {
    let args: Vec<String> = node.args[skip..].iter().map(|arg| literal(&arg.value)).collect();
    if node.props.is_empty() && !(args.is_empty() && skip == 0) {
        return format!("[{}]", args.join(", "));
    }
    let mut parts = Vec::new();
    let (name, rest) =
        if skip == 0 { args.split_at(args.len().min(1)) } else { (&[][..], &args[..]) };
    parts.extend(name.iter().map(|name| format!("name = {name}")));
    if !rest.is_empty() {
        parts.push(format!("args = [{}]", rest.join(", ")));
    }
    let props = node.props.iter();
    parts.extend(props.map(|p| format!("{} = {}", p.key.value, literal(&p.value.value))));
    format!("{{ {} }}", parts.join(", "))
}

/// A key without quotes where it needs none.
fn key(value: &Value) -> String {
    let bare = value.to_string();
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if bare.chars().all(is_bare) { bare } else { literal(value) }
}

fn literal(value: &Value) -> String {
    match value {
        // The escapes of JSON are those of TOML.
        Value::Text(text) => serde_json::to_string(text).unwrap(),
        other => other.to_string(),
    }
}
