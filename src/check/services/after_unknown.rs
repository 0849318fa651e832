#![doc = include_str!("after_unknown.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::{Host, Party, Service},
    syntax::nearest,
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
    name: &Spanned<String>,
) -> Option<Finding> {
    let services = party.services_on(&host.name.value).map(|other| other.name.value.as_str());
    let mut known: Vec<&str> = services.collect();
    known.extend(context.has_ray().then_some(Service::RAY));
    if known.contains(&name.value.as_str()) {
        return None;
    }
    known.retain(|other| *other != service.name.value.as_str());
    let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let here = if list.is_empty() {
        "nothing else runs there; drop `after`".to_owned()
    } else {
        format!("on that host: {}", list.join(", "))
    };
    let elsewhere = party.services.iter().any(|other| other.name.value.as_str() == name.value);
    let near = nearest(&name.value, known).filter(|_| !elsewhere);
    let fix = near.and_then(|near| {
        context.write_part(format!("write `{near}`"), name.span, &name.value, near)
    });
    let help = match near {
        Some(near) => format!("did you mean `{near}`? {here}"),
        None => here,
    };
    let message = match name.value.as_str() {
        Service::RAY => {
            format!("service `{}` waits for Ray, which this runtime has not", service.name.value)
        }
        other if elsewhere => format!(
            "service `{}` waits for `{other}`, which runs on another host",
            service.name.value
        ),
        other => format!(
            "service `{}` waits for `{other}`, which does not run on `{}`",
            service.name.value, host.name.value
        ),
    };
    Some(Finding::error(CODE, message).label(name.span, "waits for this").help(help).fixes(fix))
}
