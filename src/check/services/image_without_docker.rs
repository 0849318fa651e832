#![doc = include_str!("image_without_docker.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0114");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("image_without_docker.md"), image_without_docker);

fn image_without_docker(context: Context<'_>, findings: &mut Findings) {
    for party in context.topology.parties.values().filter(|party| party.deploy.is_whole()) {
        let target = party.deploy.target();
        if target.keeper.has_images() {
            continue;
        }
        let target = target.name;
        for service in &party.services {
            let Some(image) = &service.image else { continue };
            let message = format!(
                "service `{}` has an image, and the target `{target}` has no containers",
                service.name.value
            );
            let (span, label) = match party.deploy_span {
                Some(span) => (span, format!("`{target}` starts the command itself")),
                None => {
                    (party.name.span, "without `deploy`, the command itself is started".to_owned())
                }
            };
            let finding = Finding::error(CODE, message)
                .label(image.span, "for containers")
                .label(span, label)
                .remedy(
                    "drop `image` and install the program on the machine",
                    context.drop_property(image.span),
                )
                .remedy("write `deploy \"docker\"`", None);
            findings.push(finding);
        }
    }
}
