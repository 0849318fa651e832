//! The mounts that each process has.

use crate::model::{Host, Job, Mount, Party, Service, Topology};

/// The mounts of a process, and whether all that are written could be read.
pub(super) struct Visible<'a> {
    pub(super) mounts: Vec<&'a Mount>,
    pub(super) is_whole: bool,
}

impl<'a> Visible<'a> {
    /// Those of a service.
    pub(super) fn of_service(party: &'a Party, host: &'a Host, service: &'a Service) -> Self {
        let is_whole = is_whole(party, host) && service.files.mounts.is_whole();
        Self { mounts: party.mounts_of_service(host, service), is_whole }
    }

    /// Those of a job at one of its parties.
    pub(super) fn of_job(party: &'a Party, host: &'a Host, job: &'a Job) -> Self {
        let is_whole = is_whole(party, host) && job.mounts.is_whole();
        Self { mounts: party.mounts_of_job(host, job), is_whole }
    }

    /// Those of the Ray node on a host, which runs what the party's jobs hand to devices.
    pub(super) fn of_ray(topology: &'a Topology, party: &'a Party, host: &'a Host) -> Self {
        let is_main = party.main_host().is_some_and(|main| main.name.value == host.name.value);
        let takes_part = |job: &&Job| job.parties.iter().any(|name| name.value == party.name.value);
        let jobs = topology.jobs.values().filter(takes_part).filter(|_| is_main);
        let own = Mount::visible(&[&host.files.mounts, &party.files.mounts]);
        let of_jobs = jobs.flat_map(|job| party.mounts_of_job(host, job));
        Self { mounts: own.into_iter().chain(of_jobs).collect(), is_whole: true }
    }
}

fn is_whole(party: &Party, host: &Host) -> bool {
    party.files.mounts.is_whole() && host.files.mounts.is_whole()
}
