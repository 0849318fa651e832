//! The schema of `topology.kdl` in the KDL Schema Language, from the table of the language.

use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::syntax::language::{self, Entry, Literal, Occurs, Rule};

use super::value::{description, facts};

/// The schema of a file.
pub(super) fn schema(title: &str) -> String {
    let mut text = Text::default();
    text.open("document");
    text.open("info");
    text.line(format_args!("title {}", quoted(title)));
    text.line(format_args!(
        "description \"In the KDL Schema Language, made from sfgen's table of the language. Arguments are values, in order.\""
    ));
    text.close();
    children("", &mut text);
    text.open("definitions");
    for rule in language::nodes() {
        node(rule, &mut text);
    }
    text.close();
    text.close();
    text.0
}

/// Text in lines that are indented by the braces round them.
#[derive(Default)]
struct Text(String, usize);

impl Text {
    fn line(&mut self, what: fmt::Arguments<'_>) {
        self.0.extend(std::iter::repeat_n(' ', self.1 * 4));
        self.0.write_fmt(what).expect("a String takes all text");
        self.0.push('\n');
    }

    fn open(&mut self, what: impl fmt::Display) {
        self.line(format_args!("{what} {{"));
        self.1 += 1;
    }

    fn close(&mut self) {
        self.1 -= 1;
        self.line(format_args!("}}"));
    }
}

/// A node where it is defined.
fn node(rule: &Rule, text: &mut Text) {
    let about = quoted(rule.about);
    text.open(format_args!("node {0} id={0} description={about}", quoted(rule.name)));
    for entry in rule.args {
        text.open(format_args!(
            "value description={}",
            about_value(entry, "Without the node it is")
        ));
        text.line(format_args!("min {}", usize::from(entry.is_required)));
        if !entry.is_repeated {
            text.line(format_args!("max 1"));
        }
        validations(entry, text);
        text.close();
    }
    for prop in rule.props {
        let key = if prop.key == "*" { String::new() } else { format!(" {}", quoted(prop.key)) };
        text.open(format_args!(
            "prop{key} description={}",
            about_value(&prop.value, "The default is")
        ));
        if prop.value.is_required {
            text.line(format_args!("required #true"));
        }
        validations(&prop.value, text);
        text.close();
    }
    if language::children(rule.name).next().is_some() {
        text.open("children");
        children(rule.name, text);
        text.close();
    }
    text.close();
}

/// What a value is for, with its default, for which the language of schemas has no word.
fn about_value(entry: &Entry, otherwise: &str) -> String {
    let about = description(entry);
    quoted(&match entry.default {
        Some(Literal::Text(default)) => format!("{about} {otherwise} `{default}`."),
        Some(Literal::Number(default)) => format!("{about} {otherwise} {default}."),
        Some(Literal::Bool(default)) => format!("{about} {otherwise} `#{default}`."),
        None => about,
    })
}

/// The nodes that may stand in `parent`, each defined once.
fn children(parent: &str, text: &mut Text) {
    for child in language::children(parent) {
        let name = quoted(child.rule.name);
        let head = format!("node {name} ref=#\"[id={name}]\"#");
        let is_once = child.rule.occurs == Occurs::Once;
        let (min, max) = (child.needed.map(|_| "min 1"), is_once.then_some("max 1"));
        let limits: Vec<&str> = min.into_iter().chain(max).collect();
        if limits.is_empty() {
            text.line(format_args!("{head}"));
        } else {
            text.line(format_args!("{head} {{ {}; }}", limits.join("; ")));
        }
    }
}

/// What a value looks like, in the words of the language.
fn validations(entry: &Entry, text: &mut Text) {
    for (fact, value) in facts(entry.kind) {
        match (fact.as_str(), &value) {
            ("type", Value::String(kind)) => {
                let kind = if kind == "integer" { "number" } else { kind };
                text.line(format_args!("type {}", quoted(kind)));
            }
            // The language of schemas has no word for one of several types.
            ("type", _) => {}
            ("pattern", Value::String(pattern)) => {
                text.line(format_args!("pattern #\"{pattern}\"#"));
            }
            ("minimum", least) => text.line(format_args!("\">=\" {least}")),
            ("maximum", most) => text.line(format_args!("\"<=\" {most}")),
            ("enum", Value::Array(words)) => {
                let words: Vec<String> = words.iter().map(ToString::to_string).collect();
                text.line(format_args!("enum {}", words.join(" ")));
            }
            (other, _) => unreachable!("no fact is called {other}"),
        }
    }
}

/// A string of ours; none holds what KDL would spell otherwise than JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
