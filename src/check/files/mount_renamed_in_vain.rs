#![doc = include_str!("mount_renamed_in_vain.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Mount, Party},
    types::TargetName,
};

const CODE: Code = Code("SF0251");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("mount_renamed_in_vain.md"), mount_renamed_in_vain);

fn mount_renamed_in_vain(context: Context<'_>, findings: &mut Findings) {
    let parties = &context.topology.parties;
    for party in parties.values().filter(|party| is_process(party)) {
        let of_hosts = party.hosts.iter().flat_map(|host| &host.files.mounts);
        let of_services = party.services.iter().flat_map(|service| &service.files.mounts);
        let own = party.files.mounts.iter().chain(of_hosts).chain(of_services);
        findings.extend(own.filter_map(|mount| finding(context, party, mount)));
    }
    for job in context.topology.jobs.values() {
        let mut members = job.parties.iter().filter_map(|name| parties.get(&name.value));
        let Some(party) = members.find(|party| is_process(party)) else { continue };
        findings.extend(job.mounts.iter().filter_map(|mount| finding(context, party, mount)));
    }
}

fn is_process(party: &Party) -> bool {
    party.deploy.is_whole() && party.deploy.target().name == TargetName::Process
}

fn finding(context: Context<'_>, party: &Party, mount: &Mount) -> Option<Finding> {
    let target = mount.seen_as.as_ref().filter(|target| target.value != mount.path.value)?;
    let name = &party.name.value;
    let message = format!(
        "`{}` cannot be seen as `{}` at {name}, whose processes see the machine itself",
        mount.path.value, target.value
    );
    let help = format!(
        "drop `as` and give the programs `{}`, make that path a link on the machine, or write `deploy \"docker\"` or `\"systemd\"`",
        mount.path.value
    );
    let finding = Finding::error(CODE, message)
        .label(target.span, "nothing is there under this name")
        .label(party.deploy_span.unwrap_or(party.name.span), "started without a view of its own");
    Some(finding.help(help).fixes(context.drop_property(target.span)))
}
