#![doc = include_str!("engine_not_shipped.md")]

use crate::{
    catalogue::Release,
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    types::Engine,
};

use super::{Check, Context};

const CODE: Code = Code("SF0902");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("engine_not_shipped.md"), engine_not_shipped);

fn engine_not_shipped(context: Context<'_>, findings: &mut Findings) {
    if let Some((settings, release)) = context.secretflow().zip(context.release()) {
        findings.extend(lacking(release, settings.version.span, settings.engine));
    }
}

fn lacking(release: &Release, version: SourceSpan, engine: Spanned<Engine>) -> Option<Finding> {
    if release.engines.contains_key(&engine.value.to_string()) {
        return None;
    }
    let known: Vec<String> = release.engines.keys().map(|name| format!("`{name}`")).collect();
    let message = format!("secretflow {} has no engine `{}`", release.version, engine.value);
    let finding = Finding::error(CODE, message)
        .label(engine.span, "not in this release")
        .label(version, "this one")
        .help(format!("its engines: {}; or name another release", known.join(", ")));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalogue::releases, diag::Sources};

    #[test]
    fn a_release_without_ray_is_named_with_the_engines_that_it_has() {
        let mut release = releases()[0].clone();
        release.engines.remove("ray");
        let file = Sources::default().add("t.kdl", "1.13 ray");
        let version = SourceSpan::new(file, 0..4);
        let at = |engine| Spanned::new(engine, SourceSpan::new(file, 5..8));
        let finding = lacking(&release, version, at(Engine::Ray)).unwrap();
        assert_eq!(finding.message, "secretflow 1.13.0b0 has no engine `ray`");
        assert_eq!(finding.help.unwrap(), "its engines: `threads`; or name another release");
        assert_eq!(finding.labels.len(), 2);
        assert_eq!(lacking(&release, version, at(Engine::Threads)), None);
    }
}
