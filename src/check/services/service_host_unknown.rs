#![doc = include_str!("service_host_unknown.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    syntax::nearest,
};

const CODE: Code = Code("SF0111");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("service_host_unknown.md"), service_host_unknown);

fn service_host_unknown(context: Context<'_>, findings: &mut Findings) {
    for party in context.topology.parties.values() {
        for service in party.services.iter().filter(|service| party.host_of(service).is_none()) {
            // A party without any host is reported for that.
            let Some(host) = service.host.as_ref().filter(|_| !party.hosts.is_empty()) else {
                continue;
            };
            let names: Vec<&str> = party.hosts.iter().map(|own| own.name.value.as_str()).collect();
            let known = format!("its hosts: {}", names.join(", "));
            let near = nearest(host.value.as_str(), names);
            let fix = near.and_then(|near| context.write(format!("write `{near}`"), host, near));
            let help = near
                .map_or_else(|| known.clone(), |near| format!("did you mean `{near}`? {known}"));
            let message = format!("`{}` has no host `{}`", party.name.value, host.value);
            let finding = Finding::error(CODE, message)
                .label(host.span, "no such host of this party")
                .help(help)
                .fixes(fix);
            findings.push(finding);
        }
    }
}
