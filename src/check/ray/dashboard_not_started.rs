#![doc = include_str!("dashboard_not_started.md")]

use crate::{
    catalogue::releases,
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Host, Party, Pin},
    types::{RayPort, Role},
};

const CODE: Code = Code("SF0361");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("dashboard_not_started.md"), dashboard_not_started);

fn dashboard_not_started(context: Context<'_>, findings: &mut Findings) {
    if !context.has_ray() {
        return;
    }
    let cluster = context.topology.simulation();
    for party in context.topology.parties.values() {
        let Some(main) = party.main_host() else { continue };
        let name = &party.name.value;
        let is_head =
            cluster.as_ref().is_none_or(|cluster| cluster.is_head(name, &main.name.value));
        findings.extend(set_beside_the_head(party, main));
        if main.ray.dashboard.value && is_head {
            findings.extend(without_packages(context, main));
            continue;
        }
        let is_dashboard = |pin: &&Pin| pin.role.value == Role::Ray(RayPort::Dashboard);
        let Some(pin) = party.pins.iter().find(is_dashboard) else { continue };
        let range = pin.range.value;
        let mut published = party.deploy.published().iter();
        let mapping = published.find(|mapping| mapping.value.container.overlaps(range));
        // What a simulation does not have may be pinned in it, for production.
        if mapping.is_none() && cluster.is_some() {
            continue;
        }
        let help = if is_head {
            format!(
                "write `ray dashboard=#true` in host `{}`, or drop the pin and what publishes it",
                main.name.value
            )
        } else if cluster.as_ref().is_some_and(|cluster| cluster.head.is_none()) {
            "drop both: a simulation on one host starts Ray inside the job, for the time of it"
                .to_owned()
        } else {
            "drop both here: the first party's first host is the head of a simulation".to_owned()
        };
        let finding = if let Some(mapping) = mapping {
            let message =
                format!("port {range} of `{name}` is published, and no dashboard starts there");
            Finding::error(CODE, message)
                .label(mapping.span, "leads to the dashboard")
                .label(pin.range.span, "its port, on which nothing listens")
        } else {
            let message =
                format!("a port is kept for the dashboard of `{name}`, which is not started");
            Finding::warning(CODE, message).label(pin.range.span, "nothing listens here")
        };
        findings.push(finding.label(node(main), "Ray is started without one").help(help));
    }
}

/// The `ray` node of a host, else the host.
fn node(host: &Host) -> SourceSpan {
    host.ray.span.unwrap_or(host.name.span)
}

/// A dashboard is asked for on hosts that join the head.
fn set_beside_the_head(party: &Party, main: &Host) -> impl Iterator<Item = Finding> {
    let further = party.hosts.iter().filter(|host| host.name.value != main.name.value);
    further.filter(|host| host.ray.dashboard.value).map(|host| {
        let message =
            format!("the Ray node on `{}` is no head, and starts no dashboard", host.name.value);
        Finding::error(CODE, message)
            .label(host.ray.dashboard.span, "this would have no effect")
            .label(main.name.span, "this is the head")
            .help(format!(
                "write it in `ray` of host `{}`, whose dashboard shows all nodes",
                main.name.value
            ))
    })
}

/// The release's dashboard needs packages that nobody has looked for.
fn without_packages(context: Context<'_>, host: &Host) -> Option<Finding> {
    let release = context.release?;
    let engine = context.engine().filter(|engine| engine.dashboard.is_none())?;
    let known = releases()
        .iter()
        .filter(|other| other.engines.get("ray").is_some_and(|engine| engine.dashboard.is_some()));
    let known: Vec<String> = known.map(|other| format!("`{}`", other.version)).collect();
    let message = format!(
        "sfgen does not know what the dashboard of Ray in release {} needs beside `{}`",
        release.version, engine.requirements
    );
    let finding = Finding::error(CODE, message)
        .label(host.ray.dashboard.span, "`ray start` would end with `Cannot include dashboard`")
        .help(format!("drop it, or use a release of which that is known: {}", known.join(", ")));
    Some(finding)
}
