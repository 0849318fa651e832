#![doc = include_str!("protocol_party_count.md")]

use crate::{
    catalogue::Release,
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
};

use super::protocols::{is_private_for, other_protocols, party_count};

const CODE: Code = Code("SF0402");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("protocol_party_count.md"), protocol_party_count);

fn protocol_party_count(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values().filter(|spu| spu.parties.is_whole()) {
        let Some(facts) = release.protocols.get(&spu.protocol.value) else { continue };
        let count = party_count(spu);
        let protocol = &spu.protocol.value;
        let (fewest, most) = (usize::from(facts.parties.0), usize::from(facts.parties.1));
        if (fewest..=most).contains(&count) {
            continue;
        }
        let need =
            if fewest == most { format!("exactly {fewest}") } else { format!("{fewest} or more") };
        let message = format!(
            "SPU `{}` uses {protocol} with {} parties; {protocol} needs {need}",
            spu.name.value, count
        );
        let mut finding =
            Finding::error(CODE, message).label(spu.protocol.span, format!("for {need}"));
        if let (Some(first), Some(last)) = (spu.parties.first(), spu.parties.last()) {
            let span = SourceSpan { end: last.span.end, ..first.span };
            finding = finding.label(span, format!("these are {count}"));
        }
        let fixes = other_protocols(context, spu);
        findings.push(finding.help(help(release, count)).fixes(fixes));
    }
}

fn help(release: &Release, count: usize) -> String {
    let fits = release.protocols.iter().filter(|(_, facts)| is_private_for(facts, count));
    let fits: Vec<String> = fits.map(|(name, _)| format!("`{name}`")).collect();
    if fits.is_empty() {
        "an SPU needs at least two parties".to_owned()
    } else {
        format!("change who takes part, or use a protocol for {count}: {}", fits.join(", "))
    }
}
