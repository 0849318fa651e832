#![doc = include_str!("unknown_release.md")]

use crate::{
    catalogue,
    check::{Check, Context, names::unknown},
    diag::{Code, Findings, SourceSpan},
};

const CODE: Code = Code("SF0901");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unknown_release.md"), unknown_release);

fn unknown_release(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow().filter(|_| !context.has_own_release) else { return };
    if catalogue::release(&settings.version.value).is_some() {
        return;
    }
    let known = catalogue::releases().iter().map(|release| release.version.as_str());
    let version = &settings.version.value;
    let mut finding = unknown(context, CODE, "release", &settings.version, known);
    finding.message = format!("sfgen does not know release `{version}` of SecretFlow");
    let own =
        format!("; or describe it beside the topology, in `runtimes/secretflow-{version}.toml`");
    finding.help = finding.help.map(|help| help + &own);
    findings.push(match by_release(context) {
        Some((span, what)) => finding.label(
            span,
            format!("releases lay out `{what}` in different ways, this one's is not known"),
        ),
        None => finding,
    });
}

/// What of a topology becomes an argument that the releases of SecretFlow lay out in different ways.
fn by_release(context: Context<'_>) -> Option<(SourceSpan, &'static str)> {
    let topology = context.topology;
    let spu = topology.spus.values().next().map(|spu| (spu.name.span, "cluster_def"));
    let has_tls = context.is_production() && topology.tls_off.is_none();
    let mut identities = topology.parties.values().filter_map(|party| party.identity.as_ref());
    let identity = identities.next().filter(|_| has_tls);
    spu.or_else(|| identity.map(|identity| (identity.cert.span, "tls_config")))
}
