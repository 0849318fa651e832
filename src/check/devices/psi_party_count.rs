#![doc = include_str!("psi_party_count.md")]

use std::collections::BTreeSet;

use crate::{
    catalogue::{PsiFacts, Release},
    check::{
        Check, Context,
        services::texts::{service_texts, written},
    },
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    model::{JobKind, Spu},
    types::PartyName,
};

const CODE: Code = Code("SF0411");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("psi_party_count.md"), psi_party_count);

/// A PSI protocol where it is named, and how many parties it takes.
struct Named<'a> {
    protocol: &'a str,
    facts: &'a PsiFacts,
    span: SourceSpan,
}

fn psi_party_count(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    let topology = context.topology;
    for job in topology.jobs.values().filter(|job| job.parties.is_whole()) {
        let JobKind::Script { args, .. } = &job.kind else { continue };
        let named = args.iter().filter_map(|arg| named(release, &written(&arg.value), arg.span));
        findings.extend(named.filter_map(|named| {
            of_job(context, &job.parties, &named).map(|(message, span)| {
                finding(release, &named, &format!("job `{}` {message}", job.name.value), span)
            })
        }));
    }
    for text in service_texts(topology) {
        let Some(named) = named(release, &text.text, text.span) else { continue };
        let own = &text.party.name.value;
        let mut spus = topology.spus.values().filter(|spu| spu.parties.is_whole() && has(spu, own));
        let first = spus.clone().next();
        let (Some(spu), false) = (first, spus.any(|spu| fits(&named, parties(&spu.parties).len())))
        else {
            continue;
        };
        let (message, span) = of_spu(spu, &named);
        let message = format!("service `{}` {message}", text.service.name.value);
        findings.push(finding(release, &named, &message, span));
    }
}

/// The first PSI protocol that a text names as a word of its own.
fn named<'a>(release: &'a Release, text: &str, span: SourceSpan) -> Option<Named<'a>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = text.split(|c| !is_part(c));
    let (protocol, facts) = words.find_map(|word| release.psi.get_key_value(word))?;
    Some(Named { protocol, facts, span })
}

fn fits(named: &Named<'_>, count: usize) -> bool {
    let (fewest, most) = named.facts.parties;
    (usize::from(fewest)..=usize::from(most)).contains(&count)
}

fn parties(names: &[Spanned<PartyName>]) -> BTreeSet<&PartyName> {
    names.iter().map(|name| &name.value).collect()
}

fn has(spu: &Spu, party: &PartyName) -> bool {
    spu.parties.iter().any(|own| own.value == *party)
}

/// What is wrong with a job, and where: its SPUs compute the intersection, or it does so itself where it has none.
fn of_job(
    context: Context<'_>,
    job: &[Spanned<PartyName>],
    named: &Named<'_>,
) -> Option<(String, SourceSpan)> {
    let own = parties(job);
    let complete = context.topology.spus.values().filter(|spu| spu.parties.is_whole());
    let related: Vec<&Spu> = complete
        .filter(|spu| {
            let spu = parties(&spu.parties);
            spu.is_subset(&own) || own.is_subset(&spu)
        })
        .collect();
    let can = |spu: &&Spu| {
        let spu = parties(&spu.parties);
        spu.is_subset(&own) && fits(named, spu.len())
    };
    if related.iter().any(can) {
        return None;
    }
    match related.first() {
        Some(spu) if fits(named, own.len()) => Some(of_spu(spu, named)),
        _ if fits(named, own.len()) => None,
        _ => {
            let message = format!("runs {} with {} parties", named.protocol, own.len());
            Some((message, whole(job)?))
        }
    }
}

fn of_spu(spu: &Spu, named: &Named<'_>) -> (String, SourceSpan) {
    let count = parties(&spu.parties).len();
    let message = format!("runs {} on SPU `{}` of {count} parties", named.protocol, spu.name.value);
    (message, whole(&spu.parties).unwrap_or(spu.name.span))
}

/// The place from the first name of a list to the last.
fn whole(names: &[Spanned<PartyName>]) -> Option<SourceSpan> {
    let (first, last) = (names.first()?, names.last()?);
    Some(SourceSpan { end: last.span.end, ..first.span })
}

fn finding(release: &Release, named: &Named<'_>, message: &str, span: SourceSpan) -> Finding {
    let (fewest, most) = named.facts.parties;
    let need =
        if fewest == most { format!("exactly {fewest}") } else { format!("{fewest} or more") };
    // Only protocols are offered that the same interface knows and that take another number of parties.
    let is_new = |name: &str| name.starts_with("PROTOCOL_");
    let others = release.psi.iter().filter(|(name, facts)| {
        is_new(name) == is_new(named.protocol)
            && (facts.parties.1 > most || facts.parties.1 < fewest)
    });
    let others: Vec<String> = others.map(|(name, _)| format!("`{name}`")).collect();
    let choice = if others.is_empty() {
        String::new()
    } else {
        format!(", or choose a protocol for another number: {}", others.join(", "))
    };
    Finding::error(CODE, format!("{message}; it needs {need}"))
        .label(named.span, format!("for {need}"))
        .label(span, "this many take part")
        .help(format!(
            "name {need} in `parties`, of the job and of the SPU on which it runs{choice}"
        ))
}
