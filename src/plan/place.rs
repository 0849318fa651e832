//! A host of the topology: there texts are filled in, and the files found that its processes use.

use std::collections::BTreeMap;

use crate::{
    lockfile::Allocation,
    model::{self, JobKind, Mount, Text, Topology, Variable},
    types::{Access, HostName, MachinePath, PartyName, Port, ProcessName, Role, SecretName},
};

use super::{Deploy, PathUse, SecretUse, Word, targets};

/// A host of a party.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) topology: &'a Topology,
    pub(super) party: &'a model::Party,
    pub(super) host: &'a model::Host,
    pub(super) ports: &'a Allocation,
    pub(super) deploy: &'a Deploy,
}

/// Whose texts and files are meant.
#[derive(Clone, Copy)]
pub(super) enum Who<'a> {
    /// A service.
    Service(&'a model::Service),
    /// A run of a job.
    Job(&'a model::Job),
}

impl Who<'_> {
    fn name(self) -> ProcessName {
        match self {
            Self::Service(service) => ProcessName::Service(service.name.value.clone()),
            Self::Job(job) => ProcessName::Job(job.name.value.clone()),
        }
    }
}

impl<'a> Place<'a> {
    /// Fills in the placeholders of a text; `check` has seen that each has a value.
    pub(super) fn fill(&self, text: &Text, who: Who<'_>) -> String {
        let value = |variable: &Variable| match variable {
            Variable::Port(role) => self.port(role).map(|port| port.to_string()),
            Variable::HostAddress => Some(self.host.own_address().value.bare()),
            Variable::Party => Some(self.party.name.value.to_string()),
            Variable::Home => self.party.deploy.home().map(ToString::to_string),
            Variable::PartyAddress(party, host) => self.dialled_address(party, host.as_ref()),
            Variable::PartyPort(party, host, role) => self.dialled_port(party, host.as_ref(), role),
            Variable::Secret(name) => {
                self.secret(who, name).map(|secret| secret.path.as_str().to_owned())
            }
        };
        text.fill(value).unwrap_or_default()
    }

    /// What peers dial to reach a party: its first host, or the one that is named.
    fn dialled_address(&self, party: &PartyName, host: Option<&HostName>) -> Option<String> {
        let found = match host {
            None => self.topology.parties.get(party)?.main_host(),
            Some(host) => self.topology.host(party, host),
        };
        found.map(|host| host.address.value.bare())
    }

    /// The number that peers dial for a port of a party's service.
    fn dialled_port(
        &self,
        party: &PartyName,
        host: Option<&HostName>,
        role: &Role,
    ) -> Option<String> {
        let Role::Service(port) = role else { return None };
        let host = self.topology.parties.get(party)?.host_with_port(host, port)?;
        let mut ports = self.ports.of_host(party, &host.name.value);
        let (_, range) = ports.find(|(other, _)| *other == role)?;
        Some(host.dialled(role, range).first().to_string())
    }

    pub(super) fn port(&self, role: &Role) -> Option<Port> {
        let mut ports = self.ports.of_host(&self.party.name.value, &self.host.name.value);
        ports.find(|(other, _)| *other == role).map(|(_, own)| own.first())
    }

    /// The data that a process works with.
    pub(super) fn mounts(&self, who: Who<'_>) -> Vec<PathUse> {
        let mut mounts = match who {
            Who::Service(service) => self.party.mounts_of_service(self.host, service),
            Who::Job(job) => self.party.mounts_of_job(self.host, job),
        };
        if let Who::Job(_) = who {
            mounts.extend(self.mounts_of_others());
        }
        paths(mounts)
    }

    /// The data that a Ray node works with: that of the host, and that of each job which runs on it.
    pub(super) fn mounts_of_ray(&self, jobs: &[&model::Job]) -> Vec<PathUse> {
        let own = Mount::visible(&[&self.host.files.mounts, &self.party.files.mounts]);
        let of_jobs = jobs.iter().flat_map(|job| self.party.mounts_of_job(self.host, job));
        paths(own.into_iter().chain(of_jobs))
    }

    /// The data of the other parties of a simulation without nodes of its own: its only process runs all of them.
    fn mounts_of_others(&self) -> Vec<&'a Mount> {
        if self.topology.simulation().is_none_or(|cluster| cluster.head.is_some()) {
            return Vec::new();
        }
        let parties = self.topology.parties.values();
        let others = parties.filter(|party| party.name.value != self.party.name.value);
        let hosts = others.filter_map(|party| Some((party, party.main_host()?)));
        hosts
            .flat_map(|(party, host)| Mount::visible(&[&host.files.mounts, &party.files.mounts]))
            .collect()
    }

    /// The secrets that a process reads: those that its texts name, and those that are declared for it alone.
    pub(super) fn secrets(&self, who: Who<'_>) -> Vec<SecretUse> {
        let texts: Vec<&Text> = match who {
            Who::Service(service) => {
                let texts = service.command.iter().chain(service.env.values());
                texts.map(|text| &text.value).collect()
            }
            Who::Job(job) => match &job.kind {
                JobKind::Script { args, .. } => args.iter().map(|text| &text.value).collect(),
                JobKind::Sum { .. } | JobKind::External | JobKind::Unread => Vec::new(),
            },
        };
        let named = texts.into_iter().flat_map(Text::variables).filter_map(|one| match one {
            Variable::Secret(name) => Some(name),
            _ => None,
        });
        let own = match who {
            Who::Service(service) => &service.files.secrets[..],
            Who::Job(_) => &[],
        };
        let all = named.chain(own.iter().map(|secret| &secret.name.value));
        by_name(all.filter_map(|name| self.secret(who, name)))
    }

    /// The secrets of all of these jobs.
    pub(super) fn secrets_of_jobs(&self, jobs: &[&model::Job]) -> Vec<SecretUse> {
        by_name(jobs.iter().flat_map(|job| self.secrets(Who::Job(job))))
    }

    fn secret(&self, who: Who<'_>, name: &SecretName) -> Option<SecretUse> {
        let service = match who {
            Who::Service(service) => Some(service),
            Who::Job(_) => None,
        };
        let secret = self.party.secret(self.host, service, name)?;
        let file = secret.file.value.clone();
        let process = (&self.topology.name.value, &self.party.name.value, &who.name());
        let path = targets::secret_path(self.deploy, process, name, &file);
        Some(SecretUse { name: name.clone(), file, path })
    }

    /// The files with a service's variables, the one that is said of it itself last, since the last one wins.
    pub(super) fn env_files(&self, service: &model::Service) -> Vec<MachinePath> {
        let all = [&self.party.files, &self.host.files, &service.files];
        all.into_iter().flat_map(|files| &files.env_files).map(|file| file.value.clone()).collect()
    }
}

/// What is mounted, each once: what one of several reads and another writes is written.
fn paths<'a>(mounts: impl IntoIterator<Item = &'a Mount>) -> Vec<PathUse> {
    let mut merged: BTreeMap<(&MachinePath, &MachinePath), Access> = BTreeMap::new();
    for mount in mounts {
        let access = mount.access.value;
        let known = merged.entry((&mount.path.value, mount.target())).or_insert(access);
        if access == Access::Write {
            *known = Access::Write;
        }
    }
    let paths = merged.into_iter().map(|((path, target), access)| PathUse {
        path: Word::literal(path.as_str()),
        access,
        mounted_at: Some(target.clone()),
    });
    paths.collect()
}

/// Each secret once, by name.
fn by_name(secrets: impl Iterator<Item = SecretUse>) -> Vec<SecretUse> {
    let named: BTreeMap<_, _> = secrets.map(|secret| (secret.name.clone(), secret)).collect();
    named.into_values().collect()
}
