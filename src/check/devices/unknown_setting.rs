#![doc = include_str!("unknown_setting.md")]

use std::collections::BTreeMap;

use crate::{
    catalogue::{self, Release, SettingFacts},
    check::{Check, Context},
    diag::{Code, Finding, Findings, Fix},
    model::Setting,
    syntax::nearest,
};

const CODE: Code = Code("SF0460");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unknown_setting.md"), unknown_setting);

/// A part of the settings of an SPU.
struct Part {
    /// For messages.
    what: &'static str,
    facts: fn(&Release) -> &BTreeMap<String, SettingFacts>,
    /// What stands elsewhere in the language, and how it is written there.
    elsewhere: &'static [(&'static str, &'static str)],
}

const RUNTIME_CONFIG: Part = Part {
    what: "field of `RuntimeConfig`",
    facts: |release| &release.runtime_config,
    elsewhere: &[
        ("protocol", "`spu ... protocol=\"SEMI2K\"`"),
        ("field", "`spu ... field=\"FM128\"`"),
    ],
};

const LINK: Part = Part {
    what: "key of `link_desc`",
    facts: |release| &release.link_desc,
    elsewhere: &[
        ("connect_retry_times", "`connect-retries=60`"),
        ("connect_retry_interval_ms", "`connect-interval=\"1s\"`"),
        ("recv_timeout_ms", "`recv-timeout=\"120s\"`"),
        ("http_timeout_ms", "`http-timeout=\"120s\"`"),
        (
            "timeout",
            "`recv-timeout=\"120s\"`; what engines wait for each other is `timeout=\"60s\"` of `cross-silo`",
        ),
    ],
};

fn unknown_setting(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values() {
        for (part, settings) in [(RUNTIME_CONFIG, &spu.runtime_config), (LINK, &spu.link.more)] {
            let known = (part.facts)(release);
            // A file about a release may say nothing of them.
            if known.is_empty() {
                continue;
            }
            for setting in settings {
                let is_elsewhere = part.elsewhere.iter().any(|(name, _)| *name == setting.field());
                if !known.contains_key(&setting.field())
                    || is_elsewhere
                    || setting.name.contains('_')
                {
                    findings.push(unknown(&part, release, setting));
                }
            }
        }
    }
}

fn unknown(part: &Part, release: &Release, setting: &Setting) -> Finding {
    let field = setting.field();
    let written = |field: &str| field.replace('_', "-");
    let known: Vec<String> = (part.facts)(release)
        .keys()
        .filter(|name| part.elsewhere.iter().all(|(other, _)| other != name))
        .map(|name| written(name))
        .collect();
    let others = catalogue::releases().iter();
    let others = others.filter(|other| (part.facts)(other).contains_key(&field));
    let others: Vec<String> = others.map(|other| format!("`{}`", other.version)).collect();
    let elsewhere = part.elsewhere.iter().find(|(name, _)| *name == field);
    let near = nearest(&setting.name, known.iter().map(String::as_str));
    let mut fix = None;
    let help = if let Some((_, here)) = elsewhere {
        format!("it is written as {here}")
    } else if let Some(near) =
        near.filter(|near| near.replace('-', "_") == field || others.is_empty())
    {
        // Only the last part of the name stands at the place.
        let (last, is_same_node) = last_part(&setting.name, near);
        fix = is_same_node.then(|| Fix::replace(format!("write `{last}`"), setting.span, last));
        format!("did you mean `{near}`?")
    } else if others.is_empty() {
        let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        format!("known: {}", known.join(", "))
    } else {
        format!("known in {}", others.join(", "))
    };
    let message = format!("release {} has no {} `{}`", release.version, part.what, setting.name);
    Finding::error(CODE, message).label(setting.span, "unknown").help(help).fixes(fix)
}

/// The last part of a name, and whether another name has the same parts before it.
fn last_part<'a>(written: &str, near: &'a str) -> (&'a str, bool) {
    let before = |name: &str| name.rfind('.').map_or(0, |at| at + 1);
    let (own, other) = (before(written), before(near));
    (&near[other..], written[..own] == near[..other])
}
