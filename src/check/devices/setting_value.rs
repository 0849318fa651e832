#![doc = include_str!("setting_value.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalogue::SettingFacts,
    check::{Check, Context},
    diag::{Code, Finding, Findings, Fix},
    model::Setting,
    syntax::{Value, nearest},
};

const CODE: Code = Code("SF0461");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("setting_value.md"), setting_value);

fn setting_value(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values() {
        let parts =
            [(&release.runtime_config, &spu.runtime_config), (&release.link_desc, &spu.link.more)];
        for (known, settings) in parts {
            for setting in settings {
                findings
                    .extend(known.get(&setting.field()).and_then(|facts| judge(facts, setting)));
            }
        }
        findings.extend(http_over_one_connection(&release.link_desc, &spu.link.more));
    }
}

fn judge(facts: &SettingFacts, setting: &Setting) -> Option<Finding> {
    let value = &setting.value.value;
    let (expected, fix) = match (facts, value) {
        (SettingFacts::Bool, Value::Bool(_)) | (SettingFacts::Text, Value::Text(_)) => return None,
        (SettingFacts::Number { least, most }, Value::Integer(number))
            if (i128::from(*least)..=i128::from(*most)).contains(number) =>
        {
            return None;
        }
        (SettingFacts::Word { words }, Value::Text(word)) if words.contains(word) => return None,
        (SettingFacts::Bool, _) => ("`#true` or `#false`".to_owned(), None),
        (SettingFacts::Text, _) => ("a text in quotes".to_owned(), None),
        (SettingFacts::Number { least, most }, _) => {
            (format!("a number from {least} to {most}"), None)
        }
        (SettingFacts::Word { words }, _) => {
            let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            (format!("one of {}", list.join(", ")), meant(words, setting))
        }
    };
    let message = format!("`{}` is {expected}, not {} `{value}`", setting.name, value.kind());
    let finding = Finding::error(CODE, message).label(setting.value.span, "this value");
    let help =
        fix.as_ref().map_or_else(|| format!("write {expected}"), |fix: &Fix| fix.label.clone());
    Some(finding.help(help).fixes(fix))
}

/// The word that was probably meant: the one that ends like it, else the nearest.
fn meant(words: &BTreeSet<String>, setting: &Setting) -> Option<Fix> {
    let Value::Text(written) = &setting.value.value else { return None };
    let upper = format!("_{}", written.to_uppercase());
    let mut ending = words.iter().filter(|word| word.to_uppercase().ends_with(&upper));
    let near = ending.next().map(String::as_str);
    let near = near.or_else(|| nearest(written, words.iter().map(String::as_str)))?;
    Some(Fix::quote(format!("write `{near}`"), setting.value.span, near))
}

/// brpc refuses HTTP over one connection for all (`docs/runtime.md`, SPU).
fn http_over_one_connection(
    known: &BTreeMap<String, SettingFacts>,
    settings: &[Setting],
) -> Option<Finding> {
    let of = |name: &str| settings.iter().find(|setting| setting.name == name);
    let is = |setting: &Setting, word: &str| setting.value.value == Value::Text(word.to_owned());
    let protocol = of("brpc-channel-protocol").filter(|protocol| is(protocol, "http"))?;
    let connection = of("brpc-channel-connection-type").filter(|kind| is(kind, "single"))?;
    known.get("brpc_channel_connection_type")?;
    let finding = Finding::error(CODE, "brpc does not send HTTP over a single connection")
        .label(connection.value.span, "one connection for all")
        .label(protocol.value.span, "HTTP")
        .help("write `brpc-channel-connection-type=\"pooled\"`, or leave it out")
        .fixes(Some(Fix::quote("write `pooled`", connection.value.span, "pooled")));
    Some(finding)
}
