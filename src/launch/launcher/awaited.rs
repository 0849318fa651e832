//! Whom a request waits for, as its client is told while it waits and when it gives up.

use tokio::time::Instant;

use crate::{
    launch::{local::Reply, peers::rendezvous::Ticket},
    types::{JobName, PartyName},
};

use super::state::Launcher;

impl Launcher<'_> {
    /// Tells every client whose request waits, if it is time for it.
    pub(super) fn remind_clients(&mut self, now: Instant) {
        for (ticket, left) in self.runs.due_for_reminder(now) {
            let Some(job) = self.job_of(ticket) else { continue };
            let reply = Reply::Waiting { whom: self.awaited(&job), left: left.as_secs() };
            if let Some(active) = self.runs.active.get(&ticket) {
                let _ = active.client.try_send(reply); // progress may be lost
            }
        }
    }

    /// The job of a request that this launcher has.
    pub(super) fn job_of(&self, ticket: Ticket) -> Option<JobName> {
        let entries = self.lockstep.entries();
        entries.into_iter().find(|entry| entry.ticket == ticket).map(|entry| entry.job)
    }

    /// What a request for the job waits for, as part of a sentence: parties that are not there, each with address and
    /// reason, and parties that are there and did not ask for it; else what this party itself still lacks.
    pub(super) fn awaited(&self, job: &JobName) -> String {
        let parties = self.side.plan.jobs.get(job).map(|job| &job.parties);
        let takes_part = |party: &PartyName| parties.is_some_and(|all| all.contains(party));
        let missing = self.peers.missing(takes_part);
        let idle = self.peers.not_asking(job, takes_part).into_iter().map(|party| {
            format!(
                "{party}, who did not ask for job `{job}` yet (`sfgen run {job} --party {party}` there)"
            )
        });
        let words: Vec<_> =
            Some(missing).filter(|words| !words.is_empty()).into_iter().chain(idle).collect();
        let hosts = self.hosts.missing();
        if !words.is_empty() {
            words.join("; ")
        } else if !self.services_ready {
            "its own services".to_owned()
        } else if !hosts.is_empty() {
            let party = self.side.party();
            format!("its {hosts} (`sfgen apply --party {party} --host NAME` there)")
        } else {
            "a free slot".to_owned()
        }
    }
}
