#![doc = include_str!("python_not_the_releases.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::PythonVersion,
};

const CODE: Code = Code("SF0903");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("python_not_the_releases.md"), python_not_the_releases);

fn python_not_the_releases(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, release)) = context.secretflow().zip(context.release) else { return };
    let Some(wanted) = &settings.python else { return };
    let own: PythonVersion = release.python.parse().expect("the catalogue names a version");
    if wanted.value.minor == own.minor {
        return;
    }
    let message = format!(
        "secretflow {} has no wheels for Python {}, only for {}",
        release.version, wanted.value, release.python
    );
    let write = format!("write `python \"{}\"`", release.python);
    let finding = Finding::error(CODE, message)
        .label(wanted.span, "pip would find no matching distribution")
        .label(settings.version.span, format!("needs Python {}", release.python))
        .remedy(&write, context.write(&write, wanted, &release.python))
        .remedy("drop the node", context.drop_node("drop `python`", "python", wanted.span));
    findings.push(finding);
}
