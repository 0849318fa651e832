//! What checks see, and the questions that several of them ask of it.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use crate::{
    catalogue::{self, EngineFacts, Release},
    diag::{Sources, Spanned},
    model::{Host, Identity, Network, PackageLists, Party, Runtime, Secretflow, Topology},
    syntax::Node,
    types::{Engine, HostAddr, JobName, Links, Mode, Subnet},
};

use super::trust::certificates::{Certificates, PartyCertificates};

/// All that checks see.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The topology.
    pub topology: &'a Topology,
    /// The nodes from which it was read, as they are written.
    pub nodes: &'a [Node],
    /// The files in which those stand.
    pub sources: &'a Sources,
    /// The public certificates that it names.
    pub certificates: &'a Certificates,
    /// What is known about the release, or about the one that was probably meant: once that is corrected, the rest has been
    /// said. `None` for the embedded runtime and for other unknown releases.
    pub release: Option<&'a Release>,
    /// Whether a file beside the topology is about the release, even one that could not be read, which was reported.
    pub has_own_release: bool,
    /// The lists of packages that `requirements` names.
    pub package_lists: &'a PackageLists,
    /// Why a job's script cannot be run, for each job of which that is so.
    pub unusable_scripts: &'a BTreeMap<JobName, String>,
    /// When the check is made: certificates end.
    pub now: OffsetDateTime,
}

impl<'a> Context<'a> {
    /// Whether organisations meet, each with its own machines and keys.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.topology.mode == Mode::Production
    }

    /// Whether the runtime is sfgen's own.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.topology.runtime, Runtime::Embedded)
    }

    /// SecretFlow's settings, if it is the runtime.
    #[must_use]
    pub fn secretflow(&self) -> Option<&'a Secretflow> {
        self.topology.runtime.secretflow()
    }

    /// Whether Ray runs on the hosts.
    #[must_use]
    pub fn has_ray(&self) -> bool {
        self.secretflow().is_some_and(|settings| settings.engine.value == Engine::Ray)
    }

    /// The releases of which one runs, as far as can be told: all that are known where it is none of them; none for the
    /// embedded runtime, and where the user's own file about the release could not be read.
    #[must_use]
    pub fn releases(&self) -> Vec<&'a Release> {
        match self.release {
            Some(release) => vec![release],
            None if self.is_embedded() || self.has_own_release => Vec::new(),
            None => catalogue::releases().iter().collect(),
        }
    }

    /// What is known about the engine.
    #[must_use]
    pub fn engine(&self) -> Option<&'a EngineFacts> {
        self.release?.engines.get(&self.secretflow()?.engine.value.to_string())
    }

    /// SecretFlow's settings and the engine's facts where parties talk to each other through it, in production.
    #[must_use]
    pub fn links(&self) -> Option<(&'a Secretflow, &'a EngineFacts)> {
        self.secretflow().zip(self.engine()).filter(|_| self.is_production())
    }

    /// Whether the engine has no working TLS and the topology does not say what to do about it.
    #[must_use]
    pub fn is_tls_undecided(&self) -> bool {
        let direct = self.topology.links.value == Links::Direct;
        let lacking = self.links().is_some_and(|(_, engine)| !engine.tls);
        lacking && direct && self.topology.tls_off.is_none()
    }

    /// Whether nobody but programs of this machine can be a peer, as far as can be told: every address is loopback.
    #[must_use]
    pub fn is_one_machine(&self) -> bool {
        self.topology.hosts().all(|(_, host)| host.address.value.is_loopback() || !host.has_address)
    }

    /// A host for each address that is written and dialled; a machine that is named again has the first one's.
    ///
    /// A simulation on one machine dials nothing.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&'a Party, &'a Host)> {
        let machines: BTreeSet<&HostAddr> =
            self.topology.hosts().map(|(_, host)| &host.address.value).collect();
        if !self.is_production() && machines.len() < 2 {
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        let hosts = self.topology.hosts().filter(|(_, host)| host.has_address);
        hosts.filter(|(_, host)| seen.insert(host.address.span)).collect()
    }

    /// Each host whose containers join a network, with the network and its subnet.
    pub fn bridged(
        &self,
    ) -> impl Iterator<Item = (&'a Party, &'a Host, &'a Network, &'a Spanned<Subnet>)> {
        let topology = self.topology;
        topology.hosts().filter(|(_, host)| host.has_address).filter_map(|(party, host)| {
            let network = topology.networks.get(party.deploy.bridge()?.value)?;
            Some((party, host, network, network.subnet.as_ref()?))
        })
    }

    /// Every party that has an identity whose two certificates were looked for and are two files.
    pub fn identities(
        &self,
    ) -> impl Iterator<Item = (&'a Party, &'a Identity, &'a PartyCertificates)> {
        let Self { topology, certificates, .. } = *self;
        topology.parties.values().filter_map(|party| {
            let read = certificates.get(&party.name.value)?;
            let identity = party.identity.as_ref().filter(|own| !own.is_one_file())?;
            Some((party, identity, read))
        })
    }
}
