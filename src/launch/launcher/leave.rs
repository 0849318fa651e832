//! The end of a launch: peers learn of it, jobs and services end, nothing is left.

use std::time::Duration;

use tokio::{sync::mpsc, time::timeout};

use crate::launch::{
    local::{Problem, Reply, RunEnd},
    peers::rendezvous::{LauncherPhase, Snapshot},
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
        self.publish_last(&why);
        while self.runs.any_alive() {
            // Each process ends within its grace period, and its guard sees to it.
            if let LauncherInput::Run(ticket, event) = sources.next(&mut self.runs, None).await {
                self.run_event(ticket, event);
            }
        }
        let actions = self.lockstep.step(&self.peers.views());
        self.act_on(actions);
        let sequence = self.publish_last(&why);
        let present = self.peers.present();
        if let Some((meeting, sequence)) = self.meeting.as_mut().zip(sequence)
            && meeting.wait_acknowledged(sequence, &present, LAST_SNAPSHOT).await.is_err()
        {
            (self.report)(LaunchEvent::Note("some peers did not hear that we leave".to_owned()));
        }
        // No period will end any more.
        for line in self.repeats.rest() {
            (self.report)(LaunchEvent::Note(line));
        }
        let Self { meeting, mut supervisor, mut runs, deployment, sweeper, .. } = self;
        if let Some(meeting) = meeting {
            meeting.stop().await;
        }
        supervisor.stop().await;
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
async fn say(client: mpsc::Sender<Reply>, word: Reply) {
    let told = async {
        if client.send(word).await.is_ok() {
            client.closed().await;
        }
    };
    // A client that does not read is not waited for.
    let _ = timeout(LAST_REPLY, told).await;
}
