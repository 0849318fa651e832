#![doc = include_str!("gateway_not_carried.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Links,
};

const CODE: Code = Code("SF0536");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("gateway_not_carried.md"), gateway_not_carried);

fn gateway_not_carried(context: Context<'_>, findings: &mut Findings) {
    let links = context.topology.links;
    if links.value == Links::Gateway && context.is_production() {
        let written = links.map(|_| "gateway");
        let write = "write `links \"direct\"`";
        let finding =
            Finding::error(CODE, "this release does not carry links through a gateway yet")
                .label(links.span, "nothing would serve these links")
                .remedy("drop the node", context.drop_node("drop `links`", "links", links.span))
                .remedy(write, context.write(write, &written, "direct"));
        findings.push(finding);
    }
}
