#![doc = include_str!("placeholder_left.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Label, SourceSpan, Spanned},
    syntax::{Node, Value},
};

use super::placeholders::placeholder;

const CODE: Code = Code("SF0016");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("placeholder_left.md"), placeholder_left);

/// A reason is written for people, and may mention placeholders.
const REASON: &str = "because";
/// The label of a value that is nothing but a placeholder.
const WHOLE: &str = "still to be filled in";
/// The label of a value that holds one.
const PART: &str = "a part of it is still to be filled in";

fn placeholder_left(context: Context<'_>, findings: &mut Findings) {
    for node in context.nodes {
        judge(node, findings);
    }
}

fn judge(node: &Node, findings: &mut Findings) {
    let props = node.props.iter().filter(|prop| prop.key.value != REASON);
    let values = node.args.iter().chain(props.map(|prop| &prop.value));
    findings.extend(values.filter_map(finding));
    for child in &node.children {
        judge(child, findings);
    }
}

fn finding(value: &Spanned<Value>) -> Option<Finding> {
    let Value::Text(text) = &value.value else { return None };
    let (word, why) = placeholder(text)?;
    let message = format!("`{word}` is {why}");
    let label = if word == *text { WHOLE } else { PART };
    let finding = Finding::warning(CODE, message).label(value.span, label);
    Some(finding.help("write the real value; what must stay as it is can be allowed: `allow \"SF0016\" because=\"...\"`"))
}

/// Drops each finding about a placeholder where another finding is about the same mistake: the placeholder is the whole
/// value, or the value could not be read because of it. Where the value is wrong in another way too, both stay.
pub(in crate::check) fn drop_repeated(findings: &mut Findings) {
    let others = findings.iter().filter(|finding| finding.code != CODE);
    let found: BTreeMap<SourceSpan, Code> =
        others.filter_map(|finding| Some((finding.labels.first()?.span, finding.code))).collect();
    let is_repeated = |label: &Label| {
        let other = found.get(&label.span);
        other.is_some_and(|code| label.text == WHOLE || code.0.starts_with("SF00"))
    };
    findings.retain(|finding| finding.code != CODE || !finding.labels.iter().any(is_repeated));
}
