//! The variables of a host, the same for all of its processes: those that task workers read (`docs/runtime.md`, Task
//! workers).

use crate::{
    model::{HostVariable, host_variables},
    types::{Mode, PortRanges, RayPort, Role, RuntimeParty},
};

use super::{HostPlan, variable::Variable};

/// The variables of a host, given its ports and its Ray node.
pub(super) fn variables(party: &RuntimeParty, mode: Mode, host: &HostPlan) -> Vec<Variable> {
    let all = host_variables().into_iter().filter_map(|(name, says)| {
        let value = value(&says, party, mode, host)?;
        Some(Variable { name: name.to_owned(), value })
    });
    all.collect()
}

fn value(says: &HostVariable, party: &RuntimeParty, mode: Mode, host: &HostPlan) -> Option<String> {
    let ranges = |role: &Role| host.ports.get(role).map(PortRanges::ranges);
    let ray = host.ray.as_ref();
    Some(match says {
        HostVariable::Party => party.to_string(),
        // Ray's node has this address. What peers dial stands in `nodes.json`.
        HostVariable::Address => host.own_address().bare(),
        HostVariable::Mode => mode.to_string(),
        HostVariable::RayNodeType => if ray?.join.is_none() { "head" } else { "worker" }.to_owned(),
        HostVariable::RayHead => {
            let own = || {
                let port = host.port(&Role::Ray(RayPort::Gcs))?;
                Some(format!("{}:{port}", host.own_address()))
            };
            ray?.join.clone().or_else(own)?
        }
        HostVariable::RayCpus => ray?.cpus.to_string(),
        HostVariable::RayObjectStore => ray?.object_store.bytes().to_string(),
        HostVariable::First(role) => host.port(role)?.to_string(),
        // Between two places are ports of others, so the usual pair stops at the end of the first.
        HostVariable::Last(role) => ranges(role)?.first()?.last().to_string(),
        HostVariable::Ranges(role) => {
            let several = ranges(role).filter(|ranges| ranges.len() > 1)?;
            let pairs = several.iter().map(|range| format!("{}-{}", range.first(), range.last()));
            pairs.collect::<Vec<_>>().join(",")
        }
        HostVariable::Loopback(role) => host.port(role).map(|_| "127.0.0.1".to_owned())?,
    })
}
