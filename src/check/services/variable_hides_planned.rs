#![doc = include_str!("variable_hides_planned.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Fix, SourceSpan, Spanned},
    model::{Demand, HostVariable, demands, host_variables},
    types::{HostName, Mode, PartyName, Port, PortRange, Role},
};

use super::texts::{ServiceText, service_texts};

const CODE: Code = Code("SF0165");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("variable_hides_planned.md"), variable_hides_planned);

fn variable_hides_planned(context: Context<'_>, findings: &mut Findings) {
    // Only SecretFlow has task workers, which read these variables.
    if context.secretflow().is_none() {
        return;
    }
    let planned: BTreeMap<&str, HostVariable> = host_variables().into_iter().collect();
    let texts = service_texts(context.topology);
    let set: Vec<(&ServiceText<'_>, &HostVariable)> =
        texts.iter().filter_map(|text| Some((text, planned.get(text.variable?)?))).collect();
    if set.is_empty() {
        return;
    }
    let mut roles: BTreeMap<(&PartyName, &HostName), Vec<Demand<'_>>> = BTreeMap::new();
    for demand in demands(context.topology) {
        roles.entry((demand.party, demand.host)).or_default().push(demand);
    }
    let elsewhere: BTreeSet<_> = set
        .iter()
        .filter(|(text, says)| dials_elsewhere(text, says))
        .map(|(text, _)| of(text))
        .collect();
    for (text, says) in set {
        let is_redis =
            matches!(says, HostVariable::Loopback(_) | HostVariable::First(Role::Service(_)));
        if is_redis && elsewhere.contains(&of(text)) {
            continue;
        }
        let own = roles.get(&(&text.party.name.value, &text.host.name.value));
        let hidden = Hidden { context, text, demands: own.map_or(&[], Vec::as_slice) };
        findings.extend(hidden.finding(says));
    }
}

/// The service that sets a variable.
fn of<'a>(text: &ServiceText<'a>) -> (&'a PartyName, SourceSpan) {
    (&text.party.name.value, text.service.name.span)
}

/// Whether a service is told to dial another machine than its own: then it is not the planned listener that it means.
fn dials_elsewhere(text: &ServiceText<'_>, says: &HostVariable) -> bool {
    let own = text.host.own_address().value.bare();
    let names = ["127.0.0.1", "localhost", "::1", "[::1]", "{host.address}", &own];
    matches!(says, HostVariable::Loopback(_)) && !names.contains(&text.text.as_str())
}

/// A variable of a service that the host's env file has too.
struct Hidden<'c, 'a> {
    context: Context<'a>,
    text: &'c ServiceText<'a>,
    /// The listeners of the host.
    demands: &'c [Demand<'a>],
}

/// What the plan says in place of a variable.
struct Planned {
    /// The value, as far as it is known before ports are allotted.
    same: String,
    /// Where the planned value comes from.
    place: SourceSpan,
    label: String,
    /// What to write to refer to it.
    placeholder: Option<String>,
    /// What to write to have the plan say so.
    change: Option<String>,
}

impl Hidden<'_, '_> {
    fn finding(&self, says: &HostVariable) -> Option<Finding> {
        let planned = self.planned(says)?;
        let (name, text) = (self.text.variable.unwrap_or_default(), &self.text.text);
        // A planned port that is filled in is no mistake, whichever it is.
        let is_filled_in = text.contains("{port.") && is_address(says);
        // One topology serves both modes, and a service may be told the one that it was written for.
        let is_mode = *says == HostVariable::Mode && Mode::WORDS.contains(&text.as_str());
        let is_same = planned.same == *text || planned.placeholder.as_ref() == Some(text);
        if is_filled_in || is_mode || is_same {
            return None;
        }
        let service = &self.text.service.name.value;
        let message =
            format!("variable `{name}` of service `{service}`, `{text}`, hides the planned one");
        let mut ways = vec![format!("drop it: `{}.env` has it", self.text.party.name.value)];
        let mut fixes: Vec<Fix> = self.context.drop_property(self.text.span).into_iter().collect();
        if let Some(written) = &planned.placeholder {
            ways.push(format!("write `{written}`"));
            let value = Spanned::new(text, self.text.span);
            fixes.extend(self.context.write(format!("write `{written}`"), &value, written));
        }
        ways.extend(planned.change);
        let finding = if is_address(says) {
            Finding::error(CODE, message)
        } else {
            Finding::warning(CODE, message)
        };
        let finding = finding
            .label(self.text.span, "what the service reads")
            .label(planned.place, planned.label)
            .help(ways.join(", or "));
        Some(fixes.into_iter().fold(finding, |finding, fix| finding.fixes(Some(fix))))
    }

    /// `None` where the host has no such variable, or nothing can be said of it.
    fn planned(&self, says: &HostVariable) -> Option<Planned> {
        let (party, host, topology) = (self.text.party, self.text.host, self.context.topology);
        let has_ray = self.demands.iter().any(|demand| matches!(demand.role, Role::Ray(_)));
        let is_main = party.main_host().is_some_and(|main| main.name.value == host.name.value);
        let (same, place, label) = match says {
            HostVariable::First(role) => return self.port(role, End::First),
            HostVariable::Last(role) => return self.port(role, End::Last),
            HostVariable::Ranges(role) => return self.port(role, End::Both),
            // The machine itself is what the plan says, and another machine is meant to be another.
            HostVariable::Loopback(_) => return None,
            HostVariable::Party => (party.name.value.to_string(), party.name.span, "the party"),
            HostVariable::Address => (
                host.own_address().value.bare(),
                host.own_address().span,
                "the address of this host",
            ),
            HostVariable::Mode => {
                (topology.mode.to_string(), topology.name.span, "planned in its mode")
            }
            _ if !has_ray => return None,
            HostVariable::RayNodeType => {
                let word = if is_main { "head" } else { "worker" };
                (word.to_owned(), host.name.span, "its Ray node")
            }
            HostVariable::RayHead => (String::new(), host.name.span, "its Ray node"),
            HostVariable::RayCpus => {
                (host.ray.cpus.value.to_string(), host.ray.cpus.span, "the CPUs of Ray")
            }
            HostVariable::RayObjectStore => {
                let bytes = host.ray.object_store.value.bytes().to_string();
                (bytes, host.ray.object_store.span, "the object store of Ray")
            }
        };
        let placeholder = match says {
            HostVariable::Party => Some("{party}"),
            HostVariable::Address => Some("{host.address}"),
            HostVariable::RayHead if is_main => Some("{host.address}:{port.ray.gcs}"),
            _ => None,
        };
        let change = match says {
            HostVariable::RayCpus => Some("change `ray cpus=...` in its `host`".to_owned()),
            HostVariable::RayObjectStore => {
                Some("change `ray object-store=...` in its `host`".to_owned())
            }
            _ => None,
        };
        let (label, placeholder) = (label.to_owned(), placeholder.map(str::to_owned));
        Some(Planned { same, place, label, placeholder, change })
    }

    /// A port of a role; `None` where the host has none, or where the number may be the allotted one, copied.
    fn port(&self, role: &Role, end: End) -> Option<Planned> {
        let demand = self.demands.iter().find(|demand| demand.role == *role)?;
        let written = self.text.text.parse::<Port>().ok();
        let pool = self.context.topology.ports.pool.value;
        if demand.pin.is_none() && written.is_some_and(|port| pool.contains(port)) {
            return None;
        }
        let mut services = self.text.party.services_on(&self.text.host.name.value);
        let declared = services.find_map(|service| {
            let mut ports = service.ports.iter();
            let port = ports.find(|port| Role::Service(port.name.value.clone()) == *role)?;
            Some((&service.name.value, port))
        });
        let (place, label) = match (declared, demand.pin) {
            (Some((service, port)), _) => {
                let text = &self.text.text;
                (port.name.span, format!("`{service}` listens there, and not on {text}"))
            }
            (None, Some(pin)) => (pin.range.span, "pinned here".to_owned()),
            (None, None) => (self.text.host.name.span, "allotted on this host".to_owned()),
        };
        let pinned = demand.pin.map(|pin| pin.range.value);
        let same = match end {
            End::First => pinned.map(|range| range.first().to_string()),
            End::Last => pinned.map(|range| range.last().to_string()),
            End::Both => None,
        };
        let is_first = end == End::First || demand.count == 1;
        let range = written.and_then(|port| PortRange::of_len(port, demand.count));
        let range = range.filter(|range| is_first && PortRange::PLANNABLE.covers(*range));
        let numbers = |range: PortRange| match demand.count {
            1 => range.first().to_string(),
            _ => format!("{} {}", range.first(), range.last()),
        };
        let change = range.filter(|_| demand.pin.is_none()).map(|range| match role {
            Role::Service(name) => format!("pin it: `port \"{name}\" {}`", range.first()),
            _ => format!("pin it: `pin \"{role}\" {}`", numbers(range)),
        });
        Some(Planned {
            same: same.unwrap_or_default(),
            place,
            label,
            placeholder: is_first.then(|| format!("{{port.{role}}}")),
            change,
        })
    }
}

/// Which of the numbers of a role a variable has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
    Both,
}

/// Whether a wrong value leads to where nothing listens.
fn is_address(says: &HostVariable) -> bool {
    match says {
        HostVariable::Address
        | HostVariable::RayHead
        | HostVariable::First(_)
        | HostVariable::Last(_)
        | HostVariable::Ranges(_)
        | HostVariable::Loopback(_) => true,
        HostVariable::Party
        | HostVariable::Mode
        | HostVariable::RayNodeType
        | HostVariable::RayCpus
        | HostVariable::RayObjectStore => false,
    }
}
