#![doc = include_str!("engine_not_shipped.md")]

use crate::{
    catalogue::{Release, releases},
    check::{Check, Context},
    diag::{Code, Finding, Findings, Fix},
};

const CODE: Code = Code("SF0902");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("engine_not_shipped.md"), engine_not_shipped);

fn engine_not_shipped(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, release)) = context.secretflow().zip(context.release) else { return };
    let engine = settings.engine.value.to_string();
    if release.engines.contains_key(&engine) {
        return;
    }
    let message = format!("secretflow {} has no engine `{engine}`", release.version);
    let finding = Finding::error(CODE, message)
        .label(settings.engine.span, "not in this release")
        .label(settings.version.span, "this release")
        .help(help(&engine, release, context.is_production()))
        .fixes(fixes(context, &engine, release));
    findings.push(finding);
}

/// Which releases have the engine, and which engine this one has, of use in production only.
fn help(engine: &str, release: &Release, is_production: bool) -> String {
    let with = releases().iter().filter(|other| other.engines.contains_key(engine));
    let versions: Vec<String> = with.map(|other| format!("`{}`", other.version)).collect();
    let releases = format!("name a release that has it: {}", versions.join(", "));
    let engines: Vec<String> =
        release.engines.keys().map(|name| format!("`engine=\"{name}\"`")).collect();
    if is_production { format!("{releases}; or write {}", engines.join(" or ")) } else { releases }
}

/// Each of them as a change of the file.
fn fixes(context: Context<'_>, engine: &str, release: &Release) -> Vec<Fix> {
    let Some(settings) = context.secretflow() else { return Vec::new() };
    let with = releases().iter().filter(|other| other.engines.contains_key(engine));
    let by_release = with.filter_map(|other| {
        let version = &other.version;
        context.write(format!("write `version=\"{version}\"`"), &settings.version, version)
    });
    let engines = release.engines.keys().filter(|_| context.is_production());
    let by_engine = engines.filter_map(|name| {
        context.write(format!("write `engine=\"{name}\"`"), &settings.engine, name)
    });
    by_engine.chain(by_release).collect()
}
