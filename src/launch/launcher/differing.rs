//! What follows where a peer does not agree with this party: requests that need it fail, and nothing else does.

use crate::launch::{
    local::Problem,
    peers::rendezvous::{Difference, JobState, sentences},
};

use super::state::Launcher;

impl Launcher<'_> {
    /// Fails each request that waits for a party which differs. A run that has begun is judged by the lockstep: it ends
    /// where such a party counts as absent, and goes on where only the clocks differ.
    pub(super) fn fail_requests_of_those_who_differ(&mut self) {
        for entry in self.lockstep.entries() {
            let job = self.side.plan.jobs.get(&entry.job);
            let Some(job) = job.filter(|_| entry.state == JobState::Waiting) else { continue };
            let Some(differences) = self.peers.difference(job.parties.iter()) else { continue };
            let problem = problem(differences);
            let cause = problem.message.clone();
            if let Some(active) = self.runs.active.get_mut(&entry.ticket) {
                active.differs = Some(problem);
            }
            let actions = self.lockstep.withdraw(entry.ticket, &cause);
            self.act_on(actions);
        }
    }
}

/// All differences as one problem; code and help are those of the first.
fn problem(differences: &[Difference]) -> Problem {
    let first = differences.first().expect("a party that differs does so in something");
    Problem { message: sentences(differences), ..Problem::of(first) }
}
