#![doc = include_str!("endpoint_scheme.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::endpoints::endpoints;

const CODE: Code = Code("SF1101");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("endpoint_scheme.md"), endpoint_scheme);

fn endpoint_scheme(context: Context<'_>, findings: &mut Findings) {
    for endpoint in endpoints(context) {
        let protocol = endpoint.kuscia.protocol;
        let (written, needed) = (endpoint.written.value.scheme, protocol.value.scheme());
        if written == needed {
            continue;
        }
        let message = format!(
            "the endpoint of `{}` is dialled with {written}, and its gateway speaks {needed}",
            endpoint.party.name.value
        );
        let label = if protocol.span == endpoint.kuscia.target {
            format!("`protocol` is `{}` unless written", protocol.value)
        } else {
            format!("`{}` means {needed}", protocol.value)
        };
        let finding = Finding::error(CODE, message)
            .label(endpoint.written.span, format!("{written} here"))
            .label(protocol.span, label);
        findings.push(endpoint.mend(context, finding));
    }
}
