//! The JSON Schema of `topology.toml`, from the grammar and the table of values.
//!
//! What a key means follows from the grammar as `syntax` reads it (`docs/toml.md`): a node is a value, an array or a
//! table, and one that is told apart by its first argument is a table keyed by it.

use serde_json::{Map, Value, json};

use crate::{
    syntax::{
        grammar::{self, Occurs, RULES, Rule},
        values::{self, Entry, NEEDED, Part, VALUES},
    },
    types::{RayPort, Role},
};

use super::value::facts;

/// The schema of a file.
pub(super) fn schema() -> Value {
    let keys = RULES.iter().map(|rule| (rule.name.to_owned(), key(rule)));
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
    grammar::children_of(parent)
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/$defs/{name}") })))
}

/// What may stand behind a key that is the name of a node.
fn key(rule: &Rule) -> Value {
    let mut schema = if rule.occurs == Occurs::Keyed || rule.name == "pin" {
        keyed(rule)
    } else if rule.occurs == Occurs::Many {
        several(rule, 0)
    } else {
        any_of(forms(rule, 0))
    };
    schema["description"] = values::about(rule.name).into();
    schema
}

/// A table whose keys are first arguments, or a list of nodes that name themselves.
fn keyed(rule: &Rule) -> Value {
    let one = if rule.occurs == Occurs::Keyed { any_of(forms(rule, 1)) } else { several(rule, 1) };
    let name = values::of_arg(rule.name, 0).map(value).unwrap_or_default();
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
    let alone = (rule.args.0 <= 1).then_some(name);
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
    let (fewest, most) = rule.args;
    let mut forms = Vec::new();
    if fewest <= from + 1 && most > from {
        forms.extend(values::of_arg(rule.name, from).map(value));
    }
    if most > from {
        forms.push(array(rule, from));
    }
    forms.push(table(rule, from));
    forms
}

/// The arguments from one index on, as an array.
fn array(rule: &Rule, from: usize) -> Value {
    let (fewest, most) = rule.args;
    let mut schema = json!({ "type": "array", "minItems": fewest.saturating_sub(from) });
    let last = values::of(rule.name).filter_map(|entry| match entry.part {
        Part::Arg(index) => Some(index + 1),
        Part::Rest(index) => Some(index),
        Part::Prop(_) => None,
    });
    let fixed = last.max().unwrap_or(0);
    let entries = (from..fixed).filter_map(|index| values::of_arg(rule.name, index));
    let entries: Vec<Value> = entries.map(value).collect();
    if !entries.is_empty() {
        schema["prefixItems"] = entries.into();
    }
    if most == usize::MAX {
        schema["items"] = values::of_arg(rule.name, fixed.max(from)).map(value).unwrap_or_default();
    } else {
        schema["items"] = false.into();
    }
    schema
}

/// A node as a table: children and properties, and arguments where they have no other place.
fn table(rule: &Rule, from: usize) -> Value {
    let (fewest, most) = rule.args;
    let mut properties: Map<String, Value> = children(rule.name).collect();
    let mut others = Value::from(false);
    let mut required: Vec<&str> = Vec::new();
    for entry in VALUES.iter().filter(|entry| entry.node == rule.name) {
        let Part::Prop(key) = entry.part else { continue };
        if key == "*" {
            others = value(entry);
            continue;
        }
        properties.insert(key.to_owned(), value(entry));
        required.extend(entry.is_required.then_some(key));
    }
    if from == 0 && most > 0 {
        let name = values::of_arg(rule.name, 0).map(value).unwrap_or_default();
        properties.insert("name".to_owned(), name);
        required.extend((fewest > 0).then_some("name"));
    }
    if most > 1 && grammar::find(rule.name, "args").is_none() {
        let alone = values::of_arg(rule.name, 1).filter(|_| fewest <= 2).map(value);
        let args = alone.into_iter().chain([array(rule, 1)]).collect();
        properties.insert("args".to_owned(), any_of(args));
        required.extend((fewest > 1).then_some("args"));
    }
    let needed = NEEDED.iter().filter(|(node, _)| *node == rule.name);
    required.extend(needed.flat_map(|(_, children)| *children));
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": others });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn value(entry: &Entry) -> Value {
    let mut facts = facts(entry.kind);
    facts.insert("description".to_owned(), entry.about.into());
    facts.into()
}

/// One of several schemas.
fn any_of(mut schemas: Vec<Value>) -> Value {
    if schemas.len() == 1 { schemas.remove(0) } else { json!({ "anyOf": schemas }) }
}
