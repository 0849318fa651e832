#![doc = include_str!("after_unknown.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::{Host, Party, Service},
    syntax::nearest,
    types::{ProcessName, ServiceName},
};

const CODE: Code = Code("SF0106");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("after_unknown.md"), after_unknown);

fn after_unknown(context: Context<'_>, findings: &mut Findings) {
    let parties = context.topology.parties.values();
    for party in parties.filter(|party| party.services.is_whole()) {
        for service in &party.services {
            let Some(host) = party.host_of(service) else { continue };
            for name in &service.after {
                findings.extend(judge(context, party, host, service, name));
            }
        }
    }
}

fn judge(
    context: Context<'_>,
    party: &Party,
    host: &Host,
    service: &Service,
    name: &Spanned<ProcessName>,
) -> Option<Finding> {
    let services = party.services_on(&host.name.value).map(|other| &other.name.value);
    let services: Vec<&ServiceName> = services.collect();
    let is_known = match &name.value {
        ProcessName::Ray => context.has_ray(),
        other => other.service().is_some_and(|wanted| services.contains(&wanted)),
    };
    if is_known {
        return None;
    }
    let others = services.into_iter().filter(|other| **other != service.name.value);
    let mut known: Vec<&str> = others.map(ServiceName::as_str).collect();
    known.extend(context.has_ray().then_some(ProcessName::RAY));
    let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let here = if list.is_empty() {
        "nothing else runs there; drop `after`".to_owned()
    } else {
        format!("on that host: {}", list.join(", "))
    };
    let elsewhere =
        party.services.iter().any(|other| name.value.service() == Some(&other.name.value));
    let written = name.value.to_string();
    let near = nearest(&written, known).filter(|_| !elsewhere);
    let fix = near
        .and_then(|near| context.write_part(format!("write `{near}`"), name.span, &written, near));
    let help = match near {
        Some(near) => format!("did you mean `{near}`? {here}"),
        None => here,
    };
    let who = &service.name.value;
    let message = if name.value == ProcessName::Ray {
        format!("service `{who}` waits for Ray, which this runtime has not")
    } else if elsewhere {
        format!("service `{who}` waits for `{written}`, which runs on another host")
    } else {
        format!(
            "service `{who}` waits for `{written}`, which does not run on `{}`",
            host.name.value
        )
    };
    Some(Finding::error(CODE, message).label(name.span, "waits for this").help(help).fixes(fix))
}
