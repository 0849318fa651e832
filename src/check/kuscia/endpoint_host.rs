#![doc = include_str!("endpoint_host.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::endpoints::endpoints;

const CODE: Code = Code("SF1103");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("endpoint_host.md"), endpoint_host);

fn endpoint_host(context: Context<'_>, findings: &mut Findings) {
    for endpoint in endpoints(context).filter(|endpoint| !endpoint.names_host()) {
        let host = &endpoint.written.value.host;
        let message = format!(
            "the endpoint of `{}` leads to {host}, which is none of its hosts",
            endpoint.party.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(endpoint.written.span, "other domains would dial this")
            .label(endpoint.host.address.span, "the peers reach the party here");
        findings.push(endpoint.mend(context, finding));
    }
}
