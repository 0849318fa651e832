//! The JSON Schema of `topology.toml`, from the table of the language.
//!
//! What a key means follows from the table as `syntax` reads it (`docs/toml.md`): a node is a value, an array or a
//! table, and one that is told apart by its first argument is a table keyed by it.

use serde_json::{Map, Value, json};

use crate::{
    syntax::language::{self, Entry, Literal, Occurs, Rule},
    types::{RayPort, Role},
};

use super::value::{description, facts};

/// The schema of a file.
pub(super) fn schema() -> Value {
    let keys = language::nodes().iter().map(|rule| (rule.name.to_owned(), key(rule)));
    let top = children("").collect::<Map<_, _>>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": top,
        "additionalProperties": false,
        "$defs": keys.collect::<Map<_, _>>(),
    })
}

/// The keys of the nodes that may stand in `parent`.
fn children(parent: &str) -> impl Iterator<Item = (String, Value)> {
    language::children(parent).map(|child| {
        let name = child.rule.name;
        (name.to_owned(), json!({ "$ref": format!("#/$defs/{name}") }))
    })
}

/// What may stand behind a key that is the name of a node.
fn key(rule: &Rule) -> Value {
    let mut schema = if rule.has_key() {
        keyed(rule)
    } else if rule.occurs == Occurs::Many {
        several(rule, 0)
    } else {
        any_of(forms(rule, 0))
    };
    schema["description"] = rule.about.into();
    schema
}

/// A table whose keys are first arguments, or a list of nodes that name themselves.
fn keyed(rule: &Rule) -> Value {
    let one = if rule.occurs == Occurs::Keyed { any_of(forms(rule, 1)) } else { several(rule, 1) };
    let name = rule.arg(0).map(value).unwrap_or_default();
    let mut by_name =
        json!({ "type": "object", "propertyNames": name, "additionalProperties": one });
    if rule.name == "pin" {
        // Ray's roles need no quotes: TOML takes the dot of `pin.ray.gcs` for one between tables.
        let ray = RayPort::ALL.map(|port| Role::Ray(port).to_string());
        let ray = ray.iter().filter_map(|role| role.strip_prefix("ray."));
        let ray: Map<_, _> = ray.map(|role| (role.to_owned(), one.clone())).collect();
        let ray = json!({ "type": "object", "properties": ray, "additionalProperties": false });
        by_name["properties"] = json!({ "ray": any_of(vec![one, ray]) });
    }
    let list = json!({ "type": "array", "items": any_of(forms(rule, 0)) });
    let alone = (rule.arity().0 <= 1).then_some(name);
    any_of([by_name, list].into_iter().chain(alone).collect())
}

/// A node, or an array of nodes, which holds an array or table at least: otherwise it is one node's arguments.
fn several(rule: &Rule, from: usize) -> Value {
    let one = forms(rule, from);
    let list = json!({
        "type": "array",
        "items": any_of(one.clone()),
        "contains": { "type": ["array", "object"] },
    });
    any_of(one.into_iter().chain([list]).collect())
}

/// The ways to write one node, of whose arguments `from` stand elsewhere: a value, an array, a table.
fn forms(rule: &Rule, from: usize) -> Vec<Value> {
    let (fewest, most) = rule.arity();
    let mut forms = Vec::new();
    if fewest <= from + 1 && most > from {
        forms.extend(rule.arg(from).map(value));
    }
    if most > from {
        forms.push(array(rule, from));
    }
    forms.push(table(rule, from));
    forms
}

/// The arguments from one index on, as an array.
fn array(rule: &Rule, from: usize) -> Value {
    let (fewest, most) = rule.arity();
    let mut schema = json!({ "type": "array", "minItems": fewest.saturating_sub(from) });
    let fixed = rule.args.iter().filter(|entry| !entry.is_repeated);
    let fixed = fixed.count();
    let entries: Vec<Value> = rule.args[..fixed].iter().skip(from).map(value).collect();
    if !entries.is_empty() {
        schema["prefixItems"] = entries.into();
    }
    if most == usize::MAX {
        schema["items"] = rule.arg(fixed.max(from)).map(value).unwrap_or_default();
    } else {
        schema["items"] = false.into();
    }
    schema
}

/// A node as a table: children and properties, and arguments where they have no other place.
fn table(rule: &Rule, from: usize) -> Value {
    let (fewest, most) = rule.arity();
    let mut properties: Map<String, Value> = children(rule.name).collect();
    let mut others = Value::from(false);
    let mut required: Vec<&str> = Vec::new();
    for prop in rule.props {
        if prop.key == "*" {
            others = value(&prop.value);
            continue;
        }
        properties.insert(prop.key.to_owned(), value(&prop.value));
        required.extend(prop.value.is_required.then_some(prop.key));
    }
    if from == 0 && most > 0 {
        let name = rule.arg(0).map(value).unwrap_or_default();
        properties.insert("name".to_owned(), name);
        required.extend((fewest > 0).then_some("name"));
    }
    if most > 1 && language::child(rule.name, "args").is_none() {
        let alone = rule.arg(1).filter(|_| fewest <= 2).map(value);
        let args = alone.into_iter().chain([array(rule, 1)]).collect();
        properties.insert("args".to_owned(), any_of(args));
        required.extend((fewest > 1).then_some("args"));
    }
    let needed = rule.children.iter().filter(|child| child.needed.is_some());
    required.extend(needed.map(|child| child.rule.name));
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": others });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn value(entry: &Entry) -> Value {
    let mut facts = facts(entry.kind);
    facts.insert("description".to_owned(), description(entry).into());
    let default = entry.default.map(|default| match default {
        Literal::Text(text) => Value::from(text),
        Literal::Number(number) => Value::from(number),
        Literal::Bool(truth) => Value::from(truth),
    });
    facts.extend(default.map(|default| ("default".to_owned(), default)));
    facts.into()
}

/// One of several schemas.
fn any_of(mut schemas: Vec<Value>) -> Value {
    if schemas.len() == 1 { schemas.remove(0) } else { json!({ "anyOf": schemas }) }
}
