//! What all plans of a topology are built from.

use crate::{
    catalogue::Release,
    lockfile::Allocation,
    model::{self, Cluster, PackageLists, Topology},
    types::{Endpoint, RayPort, Role},
};

/// A topology with what was found out about it.
pub(super) struct Builder<'a> {
    pub(super) topology: &'a Topology,
    pub(super) ports: &'a Allocation,
    pub(super) release: Option<&'a Release>,
    /// The lists of packages that the topology names.
    pub(super) lists: &'a PackageLists,
    /// The one cluster of a simulation.
    pub(super) cluster: Option<Cluster<'a>>,
}

impl Builder<'_> {
    /// `host:port` of a head's GCS.
    pub(super) fn gcs(&self, party: &model::Party, host: &model::Host) -> Option<String> {
        self.ray_port(party, host, RayPort::Gcs)
    }

    /// A port of a host's Ray node as the others of its cluster dial it.
    pub(super) fn ray_port(
        &self,
        party: &model::Party,
        host: &model::Host,
        port: RayPort,
    ) -> Option<String> {
        let mut ports = self.ports.of_host(&party.name.value, &host.name.value);
        let (_, own) = ports.find(|(role, _)| **role == Role::Ray(port))?;
        Some(Endpoint { host: host.own_address().value.clone(), port: own.first() }.to_string())
    }
}
