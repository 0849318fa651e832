#![doc = include_str!("path_as_secret.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::{
    places::places,
    remedy::{named, remedy},
    spot::spot_path,
};

const CODE: Code = Code("SF0551");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("path_as_secret.md"), path_as_secret);

fn path_as_secret(context: Context<'_>, findings: &mut Findings) {
    for place in places(context.topology) {
        let Some(spotted) = spot_path(place.given(), &place.text) else { continue };
        let message = format!(
            "{} has the path of a file as its secret: {} is the secret itself",
            place.who,
            named(&spotted)
        );
        let finding = Finding::error(CODE, message)
            .label(place.span, "a path, which stands in the tree for all to read");
        findings.push(finding.help(remedy(&spotted, &place)));
    }
}
