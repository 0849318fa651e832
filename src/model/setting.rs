//! Settings that a topology hands on to the runtime by name; which there are is a fact of the release.

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, Node, Value, language},
};

/// A setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name as it is written, those of the nodes round it in front: `cheetah-2pc-config.ot-kind`.
    pub name: String,
    /// Where the last part of the name is written.
    pub span: SourceSpan,
    /// Its value.
    pub value: Spanned<Value>,
}

impl Setting {
    /// Its name as the runtime spells it: `cheetah_2pc_config.ot_kind`.
    #[must_use]
    pub fn field(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Its value in JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        match &self.value.value {
            Value::Bool(truth) => (*truth).into(),
            Value::Integer(number) => i64::try_from(*number).unwrap_or_default().into(),
            other => other.to_string().into(),
        }
    }
}

/// The properties of a node that the table does not name one by one, and those of the nodes in it.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Vec<Setting> {
    let mut settings = Vec::new();
    collect("", cursor, &mut settings);
    settings
}

fn collect(before: &str, cursor: &mut Cursor<'_>, settings: &mut Vec<Setting>) {
    let node = cursor.node;
    let Some(rule) = language::rule(&node.name.value) else { return };
    let is_open = |key: &str| rule.prop(key).is_some_and(|property| property.key == "*");
    for prop in node.props.iter().filter(|prop| is_open(&prop.key.value)) {
        let value = &prop.value.value;
        if !matches!(value, Value::Text(_) | Value::Integer(_) | Value::Bool(_)) {
            let why = format!(
                "a setting is a text, a whole number or a boolean, not {} `{value}`",
                value.kind()
            );
            cursor.reject(prop.value.span, why, "write a value of one of these kinds");
            continue;
        }
        settings.push(Setting {
            name: format!("{before}{}", prop.key.value),
            span: prop.key.span,
            value: prop.value.clone(),
        });
    }
    let is_own = |child: &&Node| rule.children.iter().any(|own| own.rule.name == child.name.value);
    for child in node.children.iter().filter(is_own) {
        collect(&format!("{before}{}.", child.name.value), &mut cursor.at(child), settings);
    }
}
