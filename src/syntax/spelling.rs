//! Helps in the syntax of the file that they are about.
//!
//! Helps show what to write, in KDL, between backticks. About a TOML file they say it in TOML: each piece that is a node
//! or a property of the language is spelled anew, by the same [`language`] that reads it. So no help is written twice.

use std::collections::BTreeMap;

use crate::diag::{Finding, Findings, Sources};

use super::{Node, Value, kdl, language, limits::Budget, toml::is_toml};

/// What stands for anything in a piece, which is then a pattern and no node.
const ANYTHING: &str = "...";

/// Spells the helps of findings about TOML files in TOML.
pub fn spell_helps(findings: &mut [Finding], sources: &Sources) {
    // A file with thousands of mistakes has few different ones.
    let mut spelled: BTreeMap<String, String> = BTreeMap::new();
    for finding in findings {
        let file = finding.labels.first().map(|label| sources.get(label.span.file));
        if !file.is_some_and(|file| is_toml(&file.name)) {
            continue;
        }
        let labels = finding.fixes.iter_mut().map(|fix| &mut fix.label);
        for help in finding.help.iter_mut().chain(labels) {
            let toml = spelled.entry(help.clone()).or_insert_with_key(|help| in_toml(help));
            help.clone_from(toml);
        }
    }
}

/// A text whose pieces of KDL between backticks are spelled in TOML.
#[must_use]
pub fn in_toml(help: &str) -> String {
    let mut parts = Vec::new();
    for (index, part) in help.split('`').enumerate() {
        let piece = (index % 2 == 1).then(|| spell(part)).flatten();
        parts.push(piece.unwrap_or_else(|| part.to_owned()));
    }
    parts.join("`")
}

/// A node or its properties in TOML; `None` for all that is neither.
#[must_use]
pub fn spell(piece: &str) -> Option<String> {
    if let Some([node]) = parse(piece).as_deref()
        // Helps write texts in quotes; words without are commands.
        && (piece.contains('"') || node.args.iter().all(|arg| !matches!(arg.value, Value::Text(_))))
        && let Some(toml) = spell_node(node)
    {
        return Some(toml);
    }
    let nodes = parse(&format!("node {piece}"))?;
    let [Node { args, props, children, .. }] = &nodes[..] else { return None };
    let is_known = |key: &str| {
        language::nodes().iter().flat_map(|rule| rule.keys()).any(|own| own == key && own != "*")
    };
    let are_known = props.iter().all(|prop| is_known(&prop.key.value));
    let is_piece = args.is_empty() && children.is_empty() && !props.is_empty() && are_known;
    is_piece.then(|| properties(&nodes[0]).join(", "))
}

fn parse(text: &str) -> Option<Vec<Node>> {
    let file = Sources::default().add("", text);
    kdl::parse(file, text, &mut Budget::default(), &mut Findings::default())
}

/// `key = value`; `None` where it is no node of the language, or a name alone.
fn spell_node(node: &Node) -> Option<String> {
    let name = node.name.value.as_str();
    let rule = language::rule(name)?;
    let is_bare = node.args.is_empty() && node.props.is_empty() && node.children.is_empty();
    let is_pattern = node.args.iter().any(|arg| arg.value == Value::Text(ANYTHING.to_owned()));
    let (fewest, most) = rule.arity();
    // A node that is only named, by its first argument, has that alone.
    let is_named = node.args.len() == 1 && most > 0;
    let is_complete = (fewest..=most).contains(&node.args.len()) || is_named;
    if is_bare || is_pattern || !is_complete {
        return None;
    }
    let is_keyed = rule.has_key();
    let alone = node.props.is_empty() && node.children.is_empty();
    let (mut path, mut args) = (name.to_owned(), &node.args[..]);
    if is_keyed && !(alone && args.len() == 1 && fewest == 1) {
        let (first, rest) = args.split_first()?;
        path = format!("{path}.{}", key(&first.value.to_string()));
        args = rest;
    }
    if alone && args.is_empty() {
        return Some(path);
    }
    let values: Vec<String> = args.iter().map(|arg| literal(&arg.value)).collect();
    if alone {
        return Some(format!("{path} = {}", list(&values)));
    }
    let mut parts = Vec::new();
    if !is_keyed {
        parts.extend(values.first().map(|value| format!("name = {value}")));
    }
    let rest = if is_keyed { &values[..] } else { values.get(1..).unwrap_or_default() };
    if !rest.is_empty() {
        parts.push(format!("args = [{}]", rest.join(", ")));
    }
    parts.extend(properties(node));
    for child in &node.children {
        language::child(name, &child.name.value)?;
        parts.push(spell_node(child)?);
    }
    Some(match &parts[..] {
        [one] => format!("{path}.{one}"),
        _ => format!("{path} = {{ {} }}", parts.join(", ")),
    })
}

fn properties(node: &Node) -> Vec<String> {
    let all = node.props.iter();
    all.map(|prop| format!("{} = {}", key(&prop.key.value), literal(&prop.value.value))).collect()
}

/// One value as it is, several as an array.
fn list(values: &[String]) -> String {
    if let [one] = values { one.clone() } else { format!("[{}]", values.join(", ")) }
}

/// A key, without quotes where it has none in the manual: a dotted role is a key in a table.
fn key(text: &str) -> String {
    let is_bare = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    if text.split('.').all(is_bare) {
        text.to_owned()
    } else {
        literal(&Value::Text(text.to_owned()))
    }
}

fn literal(value: &Value) -> String {
    match value {
        // The escapes of JSON are those of TOML.
        Value::Text(text) => serde_json::to_string(text).expect("a text is JSON"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::toml;

    /// The table in which a node can stand.
    fn table_of(rule: &language::Rule) -> String {
        let parent = language::parents(rule.name).into_iter().find_map(language::rule);
        parent.map_or_else(String::new, |parent| {
            let key = if parent.has_key() { ".x" } else { "" };
            format!("{}{}{key}.", table_of(parent), parent.name)
        })
    }

    fn find<'a>(nodes: &'a [Node], name: &str) -> Option<&'a Node> {
        let mut inner = nodes.iter().filter_map(|node| find(&node.children, name));
        nodes.iter().find(|node| node.name.value == name).or_else(|| inner.next())
    }

    #[track_caller]
    fn assert_spelled(kdl: &str, toml: &str) {
        assert_eq!(spell(kdl).as_deref(), Some(toml));
        let nodes = parse(kdl);
        let Some([node]) = nodes.as_deref() else { return }; // properties alone
        let rule = language::rule(&node.name.value).unwrap();
        let text = format!("{}{toml}\n", table_of(rule));
        let file = Sources::default().add("t.toml", text.as_str());
        let read =
            toml::parse(file, &text, &mut Budget::default(), &mut Findings::default()).unwrap();
        let read = find(&read, &node.name.value).unwrap();
        assert!(read.means(node), "{text}{read:?}");
    }

    #[test]
    fn a_node_means_the_same_in_toml() {
        for (kdl, toml) in [
            (r#"pin "sf" 8086"#, "pin.sf = 8086"),
            (
                r#"pin "ray.gcs" 6379 6380 host="b""#,
                r#"pin.ray.gcs = { args = [6379, 6380], host = "b" }"#,
            ),
            (r#"links "direct""#, r#"links = "direct""#),
            (r#"parties "alice" "bob""#, r#"parties = ["alice", "bob"]"#),
            (r#"host "a-1" address="10.0.0.1""#, r#"host.a-1.address = "10.0.0.1""#),
            (r#"port "redis" 6379"#, "port.redis = 6379"),
            (r#"port "redis""#, r#"port = "redis""#),
            (r#"tls "off" because="...""#, r#"tls = { name = "off", because = "..." }"#),
            ("ray cpus=4", "ray.cpus = 4"),
            (
                "identity ca=\"a\" cert=\"b\" key=\"c\"",
                r#"identity = { ca = "a", cert = "b", key = "c" }"#,
            ),
            (r#"allow-deserialize "m" "N""#, r#"allow-deserialize = ["m", "N"]"#),
            ("env NAME=\"value\"", r#"env.NAME = "value""#),
            (
                "service \"redis\" { command \"redis-server\" \"{port.redis}\"; port \"redis\"; }",
                r#"service.redis = { command = ["redis-server", "{port.redis}"], port = "redis" }"#,
            ),
        ] {
            assert_spelled(kdl, toml);
        }
    }

    #[test]
    fn properties_are_keys_and_all_else_stays() {
        assert_spelled("address=\"192.168.1.10\"", r#"address = "192.168.1.10""#);
        assert_spelled("slots=1", "slots = 1");
        assert_eq!(spell("pin \"ray.workers\"").as_deref(), Some("pin.ray.workers"));
        for other in [
            "alice",
            "ports",
            "{port.redis}",
            "sfgen keys new --party alice",
            "SF0403",
            "A=B",
            "ray.gcs",
            "spu ... { link ... }",
            "10.0.0.0/24",
            "\"*\"",
            "3.10",
            "",
            "docker network create x",
            "ray stop",
            "python worker.py",
        ] {
            assert_eq!(spell(other), None, "{other}");
        }
        assert_eq!(
            in_toml("did you mean `sf`? write `slots=1`, or drop it"),
            "did you mean `sf`? write `slots = 1`, or drop it"
        );
    }
}
