#![doc = include_str!("receiver_not_tied.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0360");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("receiver_not_tied.md"), receiver_not_tied);

fn receiver_not_tied(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, engine)) = context.links().filter(|_| context.has_ray()) else { return };
    let back_end = &settings.cross_silo.back_end;
    if engine.tied_back_ends.contains(back_end.value.word()) {
        return;
    }
    for party in context.topology.parties.values() {
        let [main, second, ..] = party.hosts.as_slice() else { continue };
        let name = &party.name.value;
        let message = format!(
            "peers dial `{}` of `{name}`, and Ray may start the receiver of `{}` on another of its hosts",
            main.name.value, back_end.value
        );
        let mut finding = Finding::error(CODE, message)
            .label(second.name.span, "Ray may place it here")
            .label(back_end.span, "this back-end's receiver can be tied to no host");
        let mut jobs = context.topology.jobs.values();
        let job = jobs.find(|job| job.parties.iter().any(|member| member.value == *name));
        if let Some(job) = job {
            finding = finding.label(job.name.span, "its peers would wait in vain");
        }
        let tied = engine.tied_back_ends.iter();
        let tied = tied.map(|word| format!("`back-end=\"{word}\"` of `cross-silo`"));
        let others = ["give the party one host".to_owned(), "use `engine=\"threads\"`".to_owned()];
        let help = tied.map(|write| format!("write {write}")).chain(others);
        findings.push(finding.help(help.collect::<Vec<_>>().join(", or ")));
    }
}
