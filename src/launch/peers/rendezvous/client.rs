//! The client half: sends this launcher's state to one peer for as long as the meeting lasts.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request,
    transport::{self, Channel, ClientTlsConfig},
};

use super::{
    event::{HEARTBEAT, MeetingEvent, SILENCE},
    server::{HOST, MESSAGE},
    snapshot::{Snapshot, now_millis},
    wire::pb::{self, rendezvous_client::RendezvousClient},
};
use crate::{
    launch::peers::identity::{Credentials, HANDSHAKE, explain},
    types::{Endpoint, HostAddr, HostName, PartyName},
};

/// The pause after a first failure; it doubles from failure to failure.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause, short enough that a peer which starts late is soon dialled.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is needed to send one peer this launcher's state.
pub(super) struct Outbound {
    pub(super) party: PartyName,
    pub(super) endpoint: Endpoint,
    /// The address that the certificate there is for, where another one is dialled.
    pub(super) name: Option<HostAddr>,
    /// Which host of its party this is, where it calls the first one.
    pub(super) host: Option<HostName>,
    pub(super) credentials: Arc<Credentials>,
    pub(super) mine: watch::Receiver<Snapshot>,
    pub(super) acked: Arc<watch::Sender<BTreeMap<PartyName, u64>>>,
    pub(super) events: mpsc::Sender<MeetingEvent>,
}

impl Outbound {
    /// Dials, sends, and dials again when the call has ended. Ends with the task.
    pub(super) async fn run(mut self) {
        let mut pause = PAUSE;
        let mut told = None;
        loop {
            let mut heard = false;
            let why = self.attend(&mut heard).await;
            if heard {
                (pause, told) = (PAUSE, None);
            }
            if told.as_ref() != Some(&why) {
                told = Some(why.clone());
                let event = MeetingEvent::Unreachable { party: self.party.clone(), why };
                let _ = self.events.send(event).await;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One call, from the dialling to its end; returns why it ended. `heard` tells whether the peer ever answered.
    async fn attend(&mut self, heard: &mut bool) -> String {
        let channel = match timeout(HANDSHAKE, self.dial()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(why)) => return explain(&why),
            Err(_) => return "does not answer (a firewall that drops packets?)".to_owned(),
        };
        let mut client = RendezvousClient::new(channel)
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE);
        let (states, outbound) = mpsc::channel(4);
        let (party, acked, host) = (self.party.clone(), self.acked.clone(), self.host.clone());
        let events = self.events.clone();
        let listening = async {
            let call = request(ReceiverStream::new(outbound), host.as_ref());
            let call = timeout(HANDSHAKE, client.attend(call));
            let mut acks = match call.await {
                Ok(Ok(response)) => response.into_inner(),
                Ok(Err(why)) => return explain(&why),
                Err(_) => return "does not answer the call".to_owned(),
            };
            loop {
                let sequence = match timeout(SILENCE, acks.message()).await {
                    Ok(Ok(Some(pb::Ack { sequence }))) => sequence,
                    Ok(Ok(None)) => return "closed the connection".to_owned(),
                    Ok(Err(why)) => return explain(&why),
                    Err(_) => return "does not acknowledge what it is told".to_owned(),
                };
                if !*heard {
                    *heard = true;
                    let event = MeetingEvent::Reached { party: party.clone() };
                    let _ = events.send(event).await; // the launcher may have ended
                }
                acked.send_if_modified(|acked| {
                    acked.insert(party.clone(), sequence) != Some(sequence)
                });
            }
        };
        tokio::select! {
            why = listening => why,
            () = tell(&mut self.mine, states) => "closed the connection".to_owned(),
        }
    }

    async fn dial(&self) -> Result<Channel, transport::Error> {
        let (cert, key) = self.credentials.pem();
        let tls = ClientTlsConfig::new()
            .domain_name(self.name.as_ref().unwrap_or(&self.endpoint.host).bare())
            .identity(transport::Identity::from_pem(cert, key));
        let verifier = self.credentials.server_verifier(&self.party);
        let verifier = verifier.expect("the meeting dials the parties that the credentials know");
        transport::Endpoint::from_shared(format!("https://{}", self.endpoint))?
            .tls_config_with_verifier(tls, verifier)?
            .connect()
            .await
    }
}

/// The call, in which a further host of a party says which one it is.
fn request<T>(states: T, host: Option<&HostName>) -> Request<T> {
    let mut request = Request::new(states);
    if let Some(host) = host {
        let host = host.as_str().parse().expect("a name of letters, digits and hyphens");
        request.metadata_mut().insert(HOST, host);
    }
    request
}

/// Sends the state at once, on each change, and with each heartbeat, until the call has ended.
async fn tell(mine: &mut watch::Receiver<Snapshot>, states: mpsc::Sender<pb::Snapshot>) {
    loop {
        let mut state = pb::Snapshot::from(&*mine.borrow_and_update());
        if let Some(facts) = &mut state.facts {
            facts.clock_millis = now_millis();
        }
        if states.send(state).await.is_err() {
            return;
        }
        tokio::select! {
            changed = mine.changed() => if changed.is_err() { return },
            () = sleep(HEARTBEAT) => {}
        }
    }
}
