#![doc = include_str!("heu_setting.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context, names::unknown},
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    model::Encoding,
};

const CODE: Code = Code("SF0462");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("heu_setting.md"), heu_setting);

/// SecretFlow's own encoder.
const DEFAULT_ENCODER: &str = "FloatEncoder";

fn heu_setting(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    let facts = &release.heu;
    for heu in context.topology.heus.values() {
        let mut word = |what, word: &Spanned<String>, known: &BTreeSet<String>| {
            if !known.is_empty() && !known.contains(&word.value) {
                let known = known.iter().map(String::as_str);
                findings.push(unknown(context, CODE, what, word, known));
            }
        };
        word("cryptosystem", &heu.scheme, &facts.schemes);
        let Some(encoding) = &heu.encoding else { continue };
        if let Some(cleartext) = &encoding.cleartext_type {
            word("type of numbers", cleartext, &facts.cleartext_types);
        }
        if let Some(encoder) = &encoding.encoder {
            let encoders = facts.encoders.keys().cloned().collect();
            word("encoder", encoder, &encoders);
        }
        let name = encoding.encoder.as_ref().map_or(DEFAULT_ENCODER, |encoder| &encoder.value);
        let Some(takes) = facts.encoders.get(name) else { continue };
        findings.extend(arguments(encoding).filter_map(|(argument, span)| {
            let is_taken = takes.contains(&argument.replace('-', "_"));
            (!is_taken).then(|| not_taken(name, argument, span, takes))
        }));
    }
}

fn arguments(encoding: &Encoding) -> impl Iterator<Item = (&'static str, SourceSpan)> {
    let all = [("scale", encoding.scale), ("padding-bits", encoding.padding_bits)];
    all.into_iter().filter_map(|(name, value)| Some((name, value?.span)))
}

fn not_taken(encoder: &str, argument: &str, span: SourceSpan, takes: &BTreeSet<String>) -> Finding {
    let takes: Vec<String> =
        takes.iter().map(|name| format!("`{}`", name.replace('_', "-"))).collect();
    let help = if takes.is_empty() {
        "drop it: the encoder takes no arguments".to_owned()
    } else {
        format!(
            "drop it, or choose an encoder that takes it; `{encoder}` takes {}",
            takes.join(", ")
        )
    };
    Finding::error(CODE, format!("`{encoder}` takes no `{argument}`"))
        .label(span, "this would be an error of SecretFlow")
        .help(help)
}
