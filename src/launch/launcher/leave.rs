//! The end of a launch: peers learn of it, jobs and services end, nothing is left.

use std::{collections::BTreeSet, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use crate::{
    launch::{
        local::{Problem, Reply, RunEnd},
        peers::rendezvous::{Facts, LauncherPhase, MeetingEvent, Snapshot, now_millis},
    },
    types::PartyName,
};

use super::{
    attendance::RUN_IS_OVER,
    error::LaunchError,
    events::LaunchEvent,
    input::{LauncherInput, Sources},
    runs::FAILED,
    state::{LaunchEnd, Launcher},
};

/// How long peers may take to acknowledge the last snapshot; peers that run do so within milliseconds.
const LAST_SNAPSHOT: Duration = Duration::from_secs(2);
/// How long a client on this machine may take to read its last reply.
const LAST_REPLY: Duration = Duration::from_secs(1);

impl Launcher<'_> {
    /// Brings everything down, and returns what the launch ended with.
    pub(super) async fn leave(
        mut self,
        outcome: Result<LaunchEnd, LaunchError>,
        sources: &mut Sources,
    ) -> Result<LaunchEnd, LaunchError> {
        (self.report)(LaunchEvent::Phase(LauncherPhase::Stopping));
        let why = match &outcome {
            Ok(LaunchEnd::Stopped) if self.single => RUN_IS_OVER.to_owned(),
            Ok(LaunchEnd::Stopped) => "it was stopped".to_owned(),
            Ok(LaunchEnd::Interrupted) => "it was interrupted".to_owned(),
            // The first line only: what a service printed is not for others.
            Err(why) => why.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        let actions = self.lockstep.withdraw_all(&why);
        self.act_on(actions);
        let first = self.publish_last(&why);
        while self.runs.any_alive() {
            // Each process ends within its grace period, and its guard sees to it.
            match sources.next(&mut self.runs, None).await {
                LauncherInput::Run(ticket, event) => self.run_event(ticket, event),
                // Peers leave as soon as they hear of it, and those that did are not waited for.
                LauncherInput::Meeting(event) => self.note_quietly(event),
                _ => {}
            }
        }
        let actions = self.lockstep.step(&self.peers.views());
        self.act_on(actions);
        let sequence = self.publish_last(&why);
        if let Some((first, last)) = first.zip(sequence) {
            for deaf in self.wait_for_peers(first, last, sources).await {
                let note = format!("{deaf} did not hear that this launcher leaves");
                (self.report)(LaunchEvent::Note(note));
            }
        }
        // No period will end any more.
        for line in self.repeats.rest() {
            (self.report)(LaunchEvent::Note(line));
        }
        let Self { meeting, mut services, mut runs, deployment, sweeper, .. } = self;
        if let Some(meeting) = meeting {
            meeting.stop().await;
        }
        services.stop().await;
        // Clients may start a new launcher as soon as they hear of the end, so the place must be free by then.
        drop(deployment);
        sweeper.end().await;
        let (unsettled, stopping) = runs.take_clients();
        let problem = Problem::new(FAILED, format!("the launcher ended: {why}"), "start it again");
        for client in unsettled {
            say(client, Reply::Ended(RunEnd::Failed(problem.clone()))).await;
        }
        for client in stopping {
            say(client, Reply::Stopped).await;
        }
        // Replies about runs that had just ended may still be on their way. A client that does not read is not waited for.
        let _ = timeout(LAST_REPLY, runs.clients_gone()).await;
        outcome
    }

    /// Waits until every peer has taken in the snapshot `last` or is gone. Returns the peers that are there and have not
    /// even taken in `first`, which said that this launcher leaves.
    async fn wait_for_peers(
        &mut self,
        first: u64,
        last: u64,
        sources: &mut Sources,
    ) -> BTreeSet<PartyName> {
        let deadline = Instant::now() + LAST_SNAPSHOT;
        loop {
            let Some(meeting) = &self.meeting else { return BTreeSet::new() };
            let present = self.peers.present();
            let left = deadline.saturating_duration_since(Instant::now());
            let event = tokio::select! {
                told = meeting.wait_acknowledged(last, &present, left) => {
                    if told.is_ok() {
                        return BTreeSet::new();
                    }
                    let heard = meeting.wait_acknowledged(first, &present, Duration::ZERO).await;
                    return heard.err().unwrap_or_default();
                }
                Some(event) = sources.meeting() => event,
            };
            self.note_quietly(event);
        }
    }

    /// Takes in what happens to peers while this launcher leaves, which is nobody's trouble any more.
    fn note_quietly(&mut self, event: MeetingEvent) {
        let facts = Facts { clock: now_millis(), ..self.published.facts.clone() };
        let _ = self.peers.note(event, &facts);
    }

    /// Says the last word, and returns its number; `None` where there is nobody to hear it.
    fn publish_last(&mut self, why: &str) -> Option<u64> {
        let jobs = self.lockstep.entries();
        let leaving = Some(why.to_owned());
        let last =
            Snapshot { phase: LauncherPhase::Stopping, jobs, leaving, ..self.published.clone() };
        self.published = last.clone();
        self.meeting.as_mut().map(|meeting| meeting.publish(last))
    }
}

/// Sends a client its last reply, and waits until it has closed the connection.
pub(super) async fn say(client: mpsc::Sender<Reply>, word: Reply) {
    let told = async {
        if client.send(word).await.is_ok() {
            client.closed().await;
        }
    };
    // A client that does not read is not waited for.
    let _ = timeout(LAST_REPLY, told).await;
}
