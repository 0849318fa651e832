#![doc = include_str!("service_without_image.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF1012");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("service_without_image.md"), service_without_image);

fn service_without_image(context: Context<'_>, findings: &mut Findings) {
    // SecretFlow's image is made from its requirements; the embedded runtime has none to make one from.
    if !context.is_embedded() {
        return;
    }
    let parties = context.topology.parties.values();
    for party in parties.filter(|party| party.deploy.target().keeper.has_images()) {
        for service in party.services.iter().filter(|service| service.image.is_none()) {
            let message = format!("service `{}` has no image to run in", service.name.value);
            let span = party.deploy_span.unwrap_or(party.name.span);
            let finding = Finding::error(CODE, message)
                .label(service.name.span, "this service")
                .label(span, "its container needs an image, and this runtime makes none")
                .help(
                    "name one, such as `image=\"redis:7-alpine\"`, or write `deploy \"process\"`",
                );
            findings.push(finding);
        }
    }
}
