//! The end of a launch: peers are told, jobs and services end, nothing is left.

use std::time::Duration;

use tokio::{sync::mpsc, time::timeout};

use crate::launch::{
    local::{Problem, Reply, RunEnd},
    peers::rendezvous::{Phase, Snapshot},
};

use super::{Happening, LaunchEnd, LaunchError, Launcher, Sources, events::Event, runs::FAILED};

/// How long peers may take to acknowledge the last word. They answer within milliseconds where they live.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How long a client on this machine may take to read its last word.
const CLIENT_PATIENCE: Duration = Duration::from_secs(1);

impl Launcher<'_> {
    /// Brings everything down, and returns what the launch ended with.
    pub(super) async fn leave(
        mut self,
        outcome: Result<LaunchEnd, LaunchError>,
        sources: &mut Sources,
    ) -> Result<LaunchEnd, LaunchError> {
        (self.report)(Event::Phase(Phase::Stopping));
        let why = match &outcome {
            Ok(LaunchEnd::Stopped) if self.single => "its job is over".to_owned(),
            Ok(LaunchEnd::Stopped) => "it was stopped".to_owned(),
            Ok(LaunchEnd::Interrupted) => "it was interrupted".to_owned(),
            // The first line only: what a service printed is not for others.
            Err(why) => why.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        let actions = self.muster.withdraw_all(&why);
        self.act_on(actions);
        self.last_word(&why);
        while self.runs.any_alive() {
            // Each process ends within its grace period, and its guard sees to it.
            if let Happening::Run(ticket, event) = sources.next(&mut self.runs, None).await {
                self.run_event(ticket, event);
            }
        }
        let actions = self.muster.step(&self.peers.views());
        self.act_on(actions);
        let sequence = self.last_word(&why);
        let present = self.peers.present();
        if self.meeting.wait_acknowledged(sequence, &present, LAST_WORD).await.is_err() {
            (self.report)(Event::Note("some peers did not hear that we leave".to_owned()));
        }
        let Self { meeting, mut supervisor, mut runs, deployment, .. } = self;
        meeting.stop().await;
        supervisor.stop().await;
        // Whoever asked for the end may start anew as soon as they hear of it, so the place is free by then.
        drop(deployment);
        let (unsettled, stopping) = runs.take_clients();
        let problem = Problem::new(FAILED, format!("the launcher ended: {why}"), "start it again");
        for client in unsettled {
            say(client, Reply::Ended(RunEnd::Failed(problem.clone()))).await;
        }
        for client in stopping {
            say(client, Reply::Stopped).await;
        }
        outcome
    }

    fn last_word(&mut self, why: &str) -> u64 {
        let jobs = self.muster.entries();
        let leaving = Some(why.to_owned());
        let last = Snapshot { phase: Phase::Stopping, jobs, leaving, ..self.published.clone() };
        self.published = last.clone();
        self.meeting.publish(last)
    }
}

/// Gives a client its last word, and waits until it has gone away with it.
async fn say(client: mpsc::Sender<Reply>, word: Reply) {
    let told = async {
        if client.send(word).await.is_ok() {
            client.closed().await;
        }
    };
    // A client that does not read is not waited for.
    let _ = timeout(CLIENT_PATIENCE, told).await;
}
