#![doc = include_str!("endpoint_port.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Port,
};

use super::endpoints::endpoints;

const CODE: Code = Code("SF1102");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("endpoint_port.md"), endpoint_port);

fn endpoint_port(context: Context<'_>, findings: &mut Findings) {
    for endpoint in endpoints(context) {
        let (dialled, gateway) = (endpoint.port(), endpoint.kuscia.dialled(endpoint.host));
        if dialled == gateway.value {
            continue;
        }
        let is_mapped = gateway.span != endpoint.kuscia.gateway.span;
        let (verb, place) = if is_mapped {
            ("reached from outside at", "the port from which it is passed on")
        } else {
            ("published on", "the port that was given with `-p`")
        };
        let message = format!(
            "the endpoint of `{}` leads to port {dialled}, and its gateway is {verb} {}",
            endpoint.party.name.value, gateway.value
        );
        let label = known(dialled).unwrap_or("not the gateway's port");
        let finding = Finding::error(CODE, message)
            .label(endpoint.written.span, label)
            .label(gateway.span, place);
        findings.push(endpoint.mend(context, finding));
    }
}

/// What listens on other well-known ports of a Kuscia or SecretPad machine (`docs/runtime.md`, Kuscia).
fn known(port: Port) -> Option<&'static str> {
    Some(match port.get() {
        80 => "the port of applications inside a domain",
        1080 => "the gateway's port inside its container",
        6443 => "the API of k3s, which serves nobody outside",
        8080 | 8088 => "the web port of SecretPad, given with `-s`",
        8082 | 13082 | 18082 | 40802 | 41802 => "the HTTP port of KusciaAPI, given with `-k`",
        8083 | 13083 | 18083 | 40803 | 41803 => "the gRPC port of KusciaAPI, given with `-g`",
        9091 => "the port of metrics",
        13081 => "the port of applications inside a domain, given with `-q`",
        _ => return None,
    })
}
