//! The same text in TOML, comments included.
//!
//! It is made from the KDL that `init` writes, and from no other: each node of the top begins at the margin and holds
//! one node a line. So both languages have one text, and say the same.

use std::fmt::Write as _;

use crate::{
    diag::{Findings, Sources},
    syntax::{Value, in_toml, language, parse, spell},
};

/// A topology as [`super::text::topology`] writes it, in TOML.
pub(super) fn of(kdl: &str) -> String {
    let (mut toml, mut inputs) = (String::new(), Vec::new());
    for line in kdl.lines() {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        let (node, comment) = match rest.split_once("// ") {
            Some((node, comment)) => (node.trim_end(), format!("# {}", in_toml(comment))),
            None => (rest, String::new()),
        };
        let spelled = match node {
            "" | "}" => String::new(),
            _ if indent.is_empty() => table(node.trim_end_matches(" {")),
            _ => match node.strip_prefix("input ") {
                // A node that stands several times is an array.
                Some(_) => {
                    inputs.extend(spell(node));
                    continue;
                }
                None => spell(node).unwrap_or_default(),
            },
        };
        if node == "}" {
            write_inputs(&mut toml, &std::mem::take(&mut inputs));
            continue;
        }
        let gap = if spelled.is_empty() || comment.is_empty() { "" } else { "  " };
        writeln!(toml, "{spelled}{gap}{comment}").expect("a String takes all text");
    }
    toml
}

/// A node of the top as the header of its table, with what stands in its line as keys.
fn table(node: &str) -> String {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = sources.add("", node);
    let nodes = parse(file, "topology.kdl", node, &mut findings).unwrap_or_default();
    let Some(node) = nodes.first() else { return String::new() };
    let name = &node.name.value;
    let is_keyed = language::rule(name).is_some_and(language::Rule::has_key);
    let mut lines = match node.args.first() {
        Some(first) if is_keyed => vec![format!("[{name}.{}]", first.value)],
        Some(first) => vec![format!("[{name}]"), format!("name = {}", literal(&first.value))],
        None => vec![format!("[{name}]")],
    };
    let props = node.props.iter();
    lines.extend(props.map(|prop| format!("{} = {}", prop.key.value, literal(&prop.value.value))));
    lines.join("\n")
}

fn literal(value: &Value) -> String {
    match value {
        // The escapes of JSON are those of TOML.
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}

fn write_inputs(toml: &mut String, inputs: &[String]) {
    if inputs.is_empty() {
        return;
    }
    let values = inputs.iter().filter_map(|input| Some(input.split_once(" = ")?.1));
    let values: Vec<&str> = values.collect();
    writeln!(toml, "input = [\n    {},\n]", values.join(",\n    "))
        .expect("a String takes all text");
}
