//! `party "alice" { ... }`.

use std::collections::BTreeSet;

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, Node, misspelt},
    types::{
        HostName, Partial, PartyName, Port, PortMapping, Role, RuntimeParty, SecretName,
        ServiceName,
    },
};

use super::{
    Deploy, Host, Identity, Job, MachineFiles, Mount, Pin, Secret, Service, ServicePort, Software,
    host::Addresses,
};

/// One organisation and its machines.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its name.
    pub name: Spanned<PartyName>,
    /// What SecretFlow calls it, where that is written.
    pub alias: Option<Spanned<RuntimeParty>>,
    /// How many parties are declared before it: the first one's first host leads a simulation.
    pub index: usize,
    /// Its hosts as declared. Launcher, driver and SPU nodes live on the first, which is its Ray head too.
    pub hosts: Vec<Host>,
    /// Its certificates; needed in production.
    pub identity: Partial<Option<Identity>>,
    /// How its processes are started.
    pub deploy: Partial<Deploy>,
    /// Its `deploy` node, where it is written.
    pub deploy_span: Option<SourceSpan>,
    /// Its services as declared.
    pub services: Partial<Vec<Service>>,
    /// What is installed for it beside SecretFlow.
    pub software: Software,
    /// Numbers that are already in a firewall, those of its services' ports included.
    pub pins: Vec<Pin>,
    /// What all of its machines have for its processes.
    pub files: MachineFiles,
}

impl Party {
    pub(super) fn read(
        name: Spanned<PartyName>,
        index: usize,
        cursor: &mut Cursor<'_>,
        addresses: &Addresses,
    ) -> Self {
        let node = cursor.node;
        cursor.required_child("host");
        let hosts = node.children_named("host");
        let hosts: Vec<Host> =
            hosts.filter_map(|host| Host::read(&mut cursor.at(host), addresses)).collect();
        // A misspelt node, or one in a part that could not be read, was reported when the file was read; it does not
        // count as absent.
        let may_hide = |name| {
            !node.is_whole || misspelt("party", &node.children).any(|(_, meant)| meant == name)
        };
        let written = node.child("identity");
        let identity = written.and_then(|child| Identity::read(&mut cursor.at(child)));
        let is_whole = written.is_none() == identity.is_none() && !may_hide("identity");
        let identity = Partial::new(identity, is_whole);
        let deploy_node = node.child("deploy");
        let deploy = deploy_node.and_then(|child| Deploy::read(&mut cursor.at(child)));
        let deploy_span = deploy_node.map(Node::span);
        let is_whole = deploy_node.is_none() == deploy.is_none() && !may_hide("deploy");
        let deploy = Partial::new(deploy.unwrap_or(Deploy::Process), is_whole);
        let pins = node.children_named("pin");
        let mut pins: Vec<Pin> = pins.filter_map(|pin| Pin::read(&mut cursor.at(pin))).collect();
        let mut services: Vec<Service> = Vec::new();
        for child in node.children_named("service") {
            let mut cursor = cursor.at(child);
            let Some(name) = cursor.arg::<ServiceName>(0) else { continue };
            // A second one of the same name was reported when the file was read.
            let is_new = services.iter().all(|service| service.name.value != name.value);
            let service = Service::read(&name, &mut cursor);
            services.extend(Some(service).filter(|_| is_new));
        }
        let declared = node.children_named("service").count();
        let is_whole = declared == services.len() && !may_hide("service");
        pins.extend(services.iter().flat_map(|service| service_pins(service, &hosts)));
        let alias = cursor.prop("as");
        let software = Software::read(cursor);
        Self {
            name,
            alias,
            index,
            hosts,
            identity,
            deploy,
            deploy_span,
            services: Partial::new(services, is_whole),
            software,
            pins,
            files: MachineFiles::read(cursor),
        }
    }

    /// What SecretFlow calls it.
    #[must_use]
    pub fn runtime_name(&self) -> RuntimeParty {
        let alias = self.alias.as_ref();
        alias.map_or_else(|| RuntimeParty::from(&self.name.value), |alias| alias.value.clone())
    }

    /// The host on which launcher, driver and SPU nodes live; `None` where none could be read.
    #[must_use]
    pub fn main_host(&self) -> Option<&Host> {
        self.hosts.first()
    }

    /// The host on which a service runs; `None` where the party has no such host.
    #[must_use]
    pub fn host_of(&self, service: &Service) -> Option<&Host> {
        match &service.host {
            None => self.main_host(),
            Some(name) => self.hosts.iter().find(|host| host.name.value == name.value),
        }
    }

    /// The services that run on one of its hosts, as declared.
    pub fn services_on(&self, host: &HostName) -> impl Iterator<Item = &Service> {
        let is_here =
            |service: &&Service| self.host_of(service).is_some_and(|own| own.name.value == *host);
        self.services.iter().filter(is_here)
    }

    /// The parties that may dial a port of a service, beside the party's own hosts.
    #[must_use]
    pub fn peers_of_port(&self, host: &HostName, port: &str) -> BTreeSet<&PartyName> {
        let ports = self.services_on(host).flat_map(|service| &service.ports);
        let named = ports.filter(|own| own.name.value == port);
        named.flat_map(|own| &own.peers).map(|peer| &peer.value).collect()
    }

    /// Whether peers dial ports of a role at one of its hosts.
    #[must_use]
    pub fn is_dialled(&self, host: &HostName, role: &Role) -> bool {
        match role {
            Role::Control | Role::Sf | Role::Spu => true,
            Role::Service(name) => !self.peers_of_port(host, name).is_empty(),
            Role::SpuLocal | Role::Heu | Role::Ray(_) => false,
        }
    }

    /// The host that has a service's port of that name: the one that is named, else the first.
    #[must_use]
    pub fn host_with_port(&self, named: Option<&HostName>, port: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| {
            let mut ports = self.services_on(&host.name.value).flat_map(|service| &service.ports);
            named.is_none_or(|name| host.name.value == *name)
                && ports.any(|own| own.name.value == port)
        })
    }

    /// A port that a service of one of its hosts declares.
    #[must_use]
    pub fn service_port(&self, host: &HostName, port: &str) -> Option<&ServicePort> {
        let mut ports = self.services_on(host).flat_map(|service| &service.ports);
        ports.find(|own| own.name.value == port)
    }

    /// The mounts of a service: its own, those of its host, and those of the party, the nearest first.
    #[must_use]
    pub fn mounts_of_service<'a>(&'a self, host: &'a Host, service: &'a Service) -> Vec<&'a Mount> {
        Mount::visible(&[&service.files.mounts, &host.files.mounts, &self.files.mounts])
    }

    /// The mounts of a job at this party: where its data lies is known to the party better than to the job, which all
    /// parties share.
    #[must_use]
    pub fn mounts_of_job<'a>(&'a self, host: &'a Host, job: &'a Job) -> Vec<&'a Mount> {
        Mount::visible(&[&host.files.mounts, &self.files.mounts, &job.mounts])
    }

    /// The secret of that name which processes on a host have: a service's own, else the host's, else the party's.
    #[must_use]
    pub fn secret<'a>(
        &'a self,
        host: &'a Host,
        service: Option<&'a Service>,
        name: &SecretName,
    ) -> Option<&'a Secret> {
        let own = service.and_then(|service| service.files.secret(name));
        own.or_else(|| host.files.secret(name)).or_else(|| self.files.secret(name))
    }

    /// The pin that holds a port, on whichever of its hosts.
    #[must_use]
    pub fn pin_at(&self, port: Port) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.range.value.contains(port))
    }

    /// The ports that the machine passes on to one of its hosts: the one that has the listener, else the first.
    pub fn published_to(&self, host: &HostName) -> impl Iterator<Item = &Spanned<PortMapping>> {
        let main = self.main_host().map(|main| &main.name.value);
        self.deploy.published().iter().filter(move |mapping| {
            let pin = self.pin_at(mapping.value.container.first());
            let owner = pin.and_then(|pin| pin.host.as_ref()).map(|name| &name.value);
            owner.or(main) == Some(host)
        })
    }
}

/// The numbers that a service's ports are pinned to; on a host that the party does not have there are none.
fn service_pins(service: &Service, hosts: &[Host]) -> Vec<Pin> {
    let is_known =
        |name: &Spanned<HostName>| hosts.iter().any(|host| host.name.value == name.value);
    if !service.host.as_ref().is_none_or(is_known) {
        return Vec::new();
    }
    let pins = service.ports.iter().filter_map(|port| {
        let role = Spanned::new(Role::Service(port.name.value.clone()), port.name.span);
        let range = port.number?.map(Into::into);
        Some(Pin { role, range, host: service.host.clone() })
    });
    pins.collect()
}
