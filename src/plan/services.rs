//! The services of a host: placeholders filled in, ports looked up, put into the order in which they start.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    lockfile::Allocation,
    model::{self, Text, Variable},
    types::Role,
};

use super::ServicePlan;

/// What the workers of the seeds are configured by, and what their settings really read (RUNTIME 9).
const CONCURRENCY: (&str, &str) = ("WORKER_CONCURRENCY", "CELERY_WORKER_CONCURRENCY");

/// Where a text is filled in.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) party: &'a model::Party,
    pub(super) host: &'a model::Host,
    pub(super) ports: &'a Allocation,
}

impl Place<'_> {
    /// Fills in the placeholders of a text; `check` has seen that each has a value.
    pub(super) fn fill(&self, text: &Text) -> String {
        let value = |variable: &Variable| match variable {
            Variable::Port(role) => self.port(role).map(|port| port.to_string()),
            Variable::HostAddress => Some(self.host.address.value.bare()),
            Variable::Party => Some(self.party.name.value.to_string()),
            Variable::Home => self.party.deploy.home().map(ToString::to_string),
        };
        text.fill(value).unwrap_or_default()
    }

    fn port(&self, role: &Role) -> Option<crate::types::Port> {
        let mut ports = self.ports.of_host(&self.party.name.value, &self.host.name.value);
        ports.find(|(other, _)| *other == role).map(|(_, range)| range.first())
    }

    /// The services of the host in start order; `has_ray` says whether a Ray node runs here.
    pub(super) fn services(&self, has_ray: bool) -> Vec<ServicePlan> {
        let declared: Vec<_> = self.party.services_on(&self.host.name.value).collect();
        let is_here =
            |name: &str| declared.iter().any(|service| service.name.value.as_str() == name);
        let is_planned =
            |name: &str| if name == model::Service::RAY { has_ray } else { is_here(name) };
        let ordered = in_start_order(declared.clone());
        ordered.into_iter().map(|service| self.service(service, is_planned)).collect()
    }

    fn service(&self, service: &model::Service, is_planned: impl Fn(&str) -> bool) -> ServicePlan {
        let env = service.env.iter().map(|(name, value)| (name.clone(), self.fill(&value.value)));
        let mut env: BTreeMap<String, String> = env.collect();
        if let Some(workers) = env.get(CONCURRENCY.0).cloned() {
            env.entry(CONCURRENCY.1.to_owned()).or_insert(workers);
        }
        let ready = service.ready.as_ref();
        let ready = ready.and_then(|port| self.port(&Role::Service(port.value.clone())));
        // A simulation may have its Ray elsewhere, or inside the job; the same topology is fine in production. Other
        // names that nothing here has were allowed by the user: there is nothing to wait for.
        let after = service.after.iter().map(|name| name.value.clone());
        let after = after.filter(|name| is_planned(name));
        ServicePlan {
            name: service.name.value.clone(),
            image: service.image.as_ref().map(|image| image.value.to_string()),
            command: service.command.iter().map(|word| self.fill(&word.value)).collect(),
            env,
            after: after.collect(),
            ready,
            ready_within: service.ready_within,
            grace: service.grace,
        }
    }
}

/// Each after all that it names, else as declared.
fn in_start_order(mut open: Vec<&model::Service>) -> Vec<&model::Service> {
    let mut ordered = Vec::new();
    while !open.is_empty() {
        let waiting: BTreeSet<&str> =
            open.iter().map(|service| service.name.value.as_str()).collect();
        let is_next = |service: &&model::Service| {
            service.after.iter().all(|name| !waiting.contains(name.value.as_str()))
        };
        // In a circle, which `check` refuses, nobody is next.
        let next = open.iter().position(is_next).unwrap_or(0);
        ordered.push(open.remove(next));
    }
    ordered
}
