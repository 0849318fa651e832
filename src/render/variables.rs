//! The variables of a template, as its view declares them: names, kinds and meanings.

use schemars::Schema;
use serde_json::{Map, Value};

/// A variable that a template may mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// Whether it may have no value, for which `#if` asks.
    pub is_optional: bool,
    /// What it holds.
    pub shape: Shape,
}

/// What a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// Values of one shape, in order; `#each` goes through them.
    List(Box<Shape>),
    /// Values of one shape by name; `#each` goes through them, and `@key` is the name.
    Map(Box<Shape>),
    /// Variables of its own.
    Group(Vec<Variable>),
}

impl Shape {
    /// The kind in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::List(element) => format!("list of {}", element.words()),
            Self::Map(element) => format!("{} by name", element.words()),
            Self::Group(_) => "group".to_owned(),
        }
    }

    /// The variables inside: of a group, or of each element of a list.
    #[must_use]
    pub fn inside(&self) -> &[Variable] {
        match self {
            Self::Group(variables) => variables,
            Self::List(element) | Self::Map(element) => element.inside(),
            Self::Text | Self::Number | Self::Flag => &[],
        }
    }
}

/// The shape of the values that a schema describes.
pub(super) fn shape(schema: &Schema) -> Shape {
    const OBJECT: &str = "views are structs";
    let root = schema.as_object().expect(OBJECT);
    let empty = Map::new();
    let definitions = root.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    Reader { definitions }.shape(root)
}

struct Reader<'a> {
    definitions: &'a Map<String, Value>,
}

impl<'a> Reader<'a> {
    fn shape(&self, schema: &'a Map<String, Value>) -> Shape {
        let schema = self.resolved(schema).0;
        let element = |key: &str| {
            let element = schema.get(key).and_then(Value::as_object);
            Box::new(element.map_or(Shape::Text, |element| self.shape(element)))
        };
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let known = properties.iter().filter_map(|(name, one)| Some((name, one.as_object()?)));
            return Shape::Group(known.map(|(name, one)| self.variable(name, one)).collect());
        }
        match kind(schema) {
            Some("array") => Shape::List(element("items")),
            Some("object") => Shape::Map(element("additionalProperties")),
            Some("integer" | "number") => Shape::Number,
            Some("boolean") => Shape::Flag,
            _ => Shape::Text,
        }
    }

    fn variable(&self, name: &str, schema: &'a Map<String, Value>) -> Variable {
        let meaning = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        Variable {
            name: name.to_owned(),
            meaning: meaning.split_whitespace().collect::<Vec<_>>().join(" "),
            is_optional: self.resolved(schema).1,
            shape: self.shape(schema),
        }
    }

    /// What a schema says once references are followed, and whether `null` is a value of it.
    fn resolved(&self, schema: &'a Map<String, Value>) -> (&'a Map<String, Value>, bool) {
        let choices = schema.get("anyOf").and_then(Value::as_array);
        let choices = choices.into_iter().flatten().filter_map(Value::as_object);
        if let Some(choice) = choices.clone().find(|choice| kind(choice) != Some("null")) {
            return (self.resolved(choice).0, true);
        }
        let name = schema.get("$ref").and_then(Value::as_str);
        let name = name.and_then(|path| path.strip_prefix("#/$defs/"));
        if let Some(defined) = name.and_then(|name| self.definitions.get(name)?.as_object()) {
            return self.resolved(defined);
        }
        let kinds = schema.get("type").and_then(Value::as_array);
        (schema, kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null")))
    }
}

/// The kind that a schema names, beside `null`.
fn kind(schema: &Map<String, Value>) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::{JsonSchema, schema_for};

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct View {
        /// Over
        /// two lines.
        one: Option<Inner>,
        /// Each.
        all: Vec<Inner>,
        /// Maybe.
        maybe: Option<String>,
        /// By name.
        named: BTreeMap<String, u32>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Inner {
        /// Whether.
        is: bool,
    }

    #[test]
    fn a_view_declares_its_variables() {
        let Shape::Group(variables) = shape(&schema_for!(View)) else { panic!("a group") };
        let told: Vec<_> = variables
            .iter()
            .map(|one| {
                let inside = one.shape.inside().first().map(|inner| inner.name.as_str());
                (&*one.name, &*one.meaning, one.is_optional, one.shape.words(), inside)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("one", "Over two lines.", true, "group".to_owned(), Some("is")),
                ("all", "Each.", false, "list of group".to_owned(), Some("is")),
                ("maybe", "Maybe.", true, "text".to_owned(), None),
                ("named", "By name.", false, "number by name".to_owned(), None),
            ]
        );
    }
}
