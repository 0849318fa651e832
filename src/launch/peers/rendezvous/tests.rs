//! Meetings on loopback with real certificates.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use super::*;
use crate::{
    launch::peers::identity::{
        Credentials,
        fixtures::{Parties, party},
    },
    types::{Digest, Endpoint, PartyName},
};

pub(super) fn snapshot(sequence: u64) -> Snapshot {
    let runtime = [("python", "3.10.13"), ("ray", "2.42.0")];
    Snapshot {
        sequence,
        facts: Facts {
            plan: Digest::of(b"plan"),
            topology: "credit-risk".parse().unwrap(),
            sfgen: "0.1.0".into(),
            runtime: runtime.map(|(name, release)| (name.into(), release.into())).into(),
            engine: Some("ray".into()),
            clock: 1_800_000_000_000,
        },
        phase: LauncherPhase::Meeting,
        jobs: vec![],
        leaving: None,
    }
}

const LOOPBACK: &str = "127.0.0.1:0";

fn bound() -> (Listeners, Endpoint) {
    let listeners = Listeners::bind(&[LOOPBACK.parse().unwrap()]).unwrap();
    let endpoint = endpoint(listeners.addresses()[0]);
    (listeners, endpoint)
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint {
        host: address.ip().to_string().parse().unwrap(),
        port: i128::from(address.port()).try_into().unwrap(),
    }
}

fn start(
    listeners: Listeners,
    peers: &[(&str, &Endpoint)],
    credentials: Arc<Credentials>,
) -> (Meeting, mpsc::Receiver<MeetingEvent>) {
    let peers: BTreeMap<PartyName, Endpoint> =
        peers.iter().map(|(name, endpoint)| (party(name), (*endpoint).clone())).collect();
    let own = OwnHosts::Further(Vec::new());
    Meeting::start(MeetingConfig { listeners, peers, credentials, own, first: snapshot(0) })
}

/// The first event that `wanted` picks; fails after a time that only a broken meeting needs.
async fn next<T>(
    events: &mut mpsc::Receiver<MeetingEvent>,
    wanted: impl Fn(MeetingEvent) -> Option<T>,
) -> T {
    let found = async {
        loop {
            let event = events.recv().await.expect("the meeting goes on");
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    };
    timeout(Duration::from_secs(20), found).await.expect("the event came")
}

fn state(event: MeetingEvent) -> Option<(PartyName, Snapshot)> {
    match event {
        MeetingEvent::Peer { party, snapshot } => Some((party, snapshot)),
        _ => None,
    }
}

fn gone(event: MeetingEvent) -> Option<(PartyName, String)> {
    match event {
        MeetingEvent::Gone { party, why } => Some((party, why)),
        _ => None,
    }
}

fn refused(event: MeetingEvent) -> Option<String> {
    match event {
        MeetingEvent::Refused { why, .. } => Some(why),
        _ => None,
    }
}

fn unreachable(event: MeetingEvent) -> Option<String> {
    match event {
        MeetingEvent::Unreachable { why, .. } => Some(why),
        _ => None,
    }
}

#[tokio::test]
async fn parties_see_each_others_changes_and_acknowledge_them() {
    let parties = Parties::new(&["alice", "bob"]);
    let ((at_alice, alice), (at_bob, bob)) = (bound(), bound());
    let (a, mut seen_by_a) = start(at_alice, &[("bob", &bob)], parties.credentials("alice"));
    let (b, mut seen_by_b) = start(at_bob, &[("alice", &alice)], parties.credentials("bob"));
    let (who, first) = next(&mut seen_by_a, state).await;
    assert_eq!((who, first.sequence), (party("bob"), 1));
    assert!(first.facts.clock > 1_800_000_000_000 - 200_000_000_000, "the clock is set on sending");

    let sequence = a.publish(Snapshot { phase: LauncherPhase::Running, ..snapshot(0) });
    assert_eq!(sequence, 2);
    assert_eq!(
        a.publish(Snapshot { phase: LauncherPhase::Running, ..snapshot(9) }),
        2,
        "nothing new"
    );
    let running = |event| state(event).filter(|(_, state)| state.phase == LauncherPhase::Running);
    assert_eq!(next(&mut seen_by_b, running).await.1.sequence, 2);
    let everybody = BTreeSet::from([party("bob")]);
    assert_eq!(a.wait_acknowledged(2, &everybody, Duration::from_secs(10)).await, Ok(()));
    let never = a.wait_acknowledged(99, &everybody, Duration::from_millis(10)).await;
    assert_eq!(never, Err(everybody));
    tokio::join!(a.stop(), b.stop());
}

#[tokio::test]
async fn who_leaves_is_gone_with_its_reason_and_may_come_back() {
    let parties = Parties::new(&["alice", "bob"]);
    let ((at_alice, alice), (at_bob, bob)) = (bound(), bound());
    let (a, mut seen) = start(at_alice, &[("bob", &bob)], parties.credentials("alice"));
    let (b, _events) = start(at_bob, &[("alice", &alice)], parties.credentials("bob"));
    next(&mut seen, state).await;
    let last = b.publish(Snapshot { leaving: Some("Ctrl-C".into()), ..snapshot(0) });
    let everybody = BTreeSet::from([party("alice")]);
    b.wait_acknowledged(last, &everybody, Duration::from_secs(10)).await.unwrap();
    b.stop().await;
    assert_eq!(next(&mut seen, gone).await, (party("bob"), "left: Ctrl-C".into()));

    let again: SocketAddr = format!("{}:{}", bob.host, bob.port).parse().unwrap();
    let at_bob = Listeners::bind(&[again]).expect("`stop` closed the listener");
    let (b, mut seen_by_b) = start(at_bob, &[("alice", &alice)], parties.credentials("bob"));
    assert_eq!(next(&mut seen, state).await.1.sequence, 1, "a new launcher counts anew");
    assert_eq!(next(&mut seen_by_b, state).await.0, party("alice"), "alice dialled again");
    tokio::join!(a.stop(), b.stop());
}

/// Who calls, as the meeting has found.
fn caller(event: MeetingEvent) -> Option<String> {
    match event {
        MeetingEvent::Peer { party, .. } => Some(format!("party {party}")),
        MeetingEvent::Host { host, .. } => Some(format!("host {host}")),
        _ => None,
    }
}

#[tokio::test]
async fn who_says_to_be_a_host_of_a_party_is_one_with_the_party_s_own_certificate_only() {
    let parties = Parties::new(&["alice", "bob"]);
    let ((listeners, alice), (_at_bob, bob)) = (bound(), bound());
    let credentials = |name| Arc::into_inner(parties.credentials(name)).unwrap();
    let of_alice = || Arc::new(credentials("alice").with_own_hosts());
    let (meeting, mut seen) = Meeting::start(MeetingConfig {
        listeners,
        peers: [(party("bob"), bob)].into(),
        credentials: of_alice(),
        own: OwnHosts::Further(vec!["127.0.0.1".parse().unwrap()]),
        first: snapshot(0),
    });
    for (who, found) in [(Arc::new(credentials("bob")), "party bob"), (of_alice(), "host alice-2")]
    {
        let mut client = dial(&who, &alice).await;
        let (states, outbound) = mpsc::channel(1);
        states.send(wire::pb::Snapshot::from(&snapshot(1))).await.unwrap();
        let mut call = tonic::Request::new(tokio_stream::wrappers::ReceiverStream::new(outbound));
        call.metadata_mut().insert("sfgen-host", "alice-2".parse().unwrap());
        let _acks = client.attend(call).await.unwrap();
        assert_eq!(next(&mut seen, caller).await, found);
    }
    meeting.stop().await;
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_gone() {
    let parties = Parties::new(&["alice", "bob"]);
    let (at_alice, alice) = bound();
    let (_at_bob, bob) = bound();
    let (a, mut seen) = start(at_alice, &[("bob", &bob)], parties.credentials("alice"));
    let mut client = dial(&parties.credentials("bob"), &alice).await;
    let (states, outbound) = mpsc::channel(1);
    states.send(wire::pb::Snapshot::from(&snapshot(1))).await.unwrap();
    let stream = tokio_stream::wrappers::ReceiverStream::new(outbound);
    let _acks = client.attend(stream).await.unwrap();
    assert_eq!(next(&mut seen, state).await.0, party("bob"));
    assert_eq!(next(&mut seen, gone).await, (party("bob"), "said nothing to alice for 3 s".into()));
    a.stop().await;
}

#[tokio::test]
async fn a_peer_that_sends_garbage_is_dropped_with_the_reason() {
    let parties = Parties::new(&["alice", "bob"]);
    let (at_alice, alice) = bound();
    let (_at_bob, bob) = bound();
    let (a, mut seen) = start(at_alice, &[("bob", &bob)], parties.credentials("alice"));
    let mut client = dial(&parties.credentials("bob"), &alice).await;
    let mut message = wire::pb::Snapshot::from(&snapshot(1));
    message.facts = None;
    let mut acks = client.attend(tokio_stream::iter([message])).await.unwrap().into_inner();
    let (who, why) = next(&mut seen, gone).await;
    assert_eq!((who, why.as_str()), (party("bob"), "sent a message without `facts`"));
    assert!(acks.message().await.unwrap().is_none());

    let mut huge = snapshot(1);
    huge.leaving = Some("x".repeat(2 << 20));
    let huge = wire::pb::Snapshot::from(&huge);
    let _acks = client.attend(tokio_stream::iter([huge])).await.unwrap();
    let (_, why) = next(&mut seen, gone).await;
    assert!(why.contains("too large"), "{why}");
    a.stop().await;
}

async fn dial(
    credentials: &Credentials,
    endpoint: &Endpoint,
) -> wire::pb::rendezvous_client::RendezvousClient<tonic::transport::Channel> {
    let (cert, key) = credentials.pem();
    let tls = tonic::transport::ClientTlsConfig::new()
        .domain_name(endpoint.host.bare())
        .identity(tonic::transport::Identity::from_pem(cert, key));
    let verifier = credentials.server_verifier(&party("alice")).unwrap();
    let channel = tonic::transport::Endpoint::from_shared(format!("https://{endpoint}"))
        .unwrap()
        .tls_config_with_verifier(tls, verifier)
        .unwrap();
    wire::pb::rendezvous_client::RendezvousClient::new(channel.connect().await.unwrap())
}

#[tokio::test]
async fn strangers_stay_outside_and_both_sides_learn_why() {
    let parties = Parties::new(&["alice", "bob"]);
    let ((at_alice, alice), (at_bob, bob)) = (bound(), bound());
    let (a, mut seen_by_a) = start(at_alice, &[("bob", &bob)], parties.credentials("alice"));
    let mut plain = TcpStream::connect(format!("{alice}")).await.unwrap();
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    assert_eq!(next(&mut seen_by_a, refused).await, "does not speak TLS");

    // Bob has new keys that alice's plan does not know.
    parties.renew(&party("bob"));
    let (b, mut seen_by_b) = start(at_bob, &[("alice", &alice)], parties.credentials("bob"));
    let foreign = "presents a certificate of a CA that is not in the plan";
    // Alice is dialled and dials; which she notices first is chance.
    let mut told = BTreeSet::new();
    while told.len() < 2 {
        let (how, why) = next(&mut seen_by_a, |event| match event {
            MeetingEvent::Refused { why, .. } => Some(("refused", why)),
            MeetingEvent::Unreachable { why, .. } => Some(("unreachable", why)),
            _ => None,
        })
        .await;
        if why == foreign {
            told.insert(how);
        }
    }
    let why = next(&mut seen_by_b, unreachable).await;
    assert!(why.starts_with("refuses this party's certificate"), "{why}");
    tokio::join!(a.stop(), b.stop());
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unreachable_once() {
    let parties = Parties::new(&["alice", "bob"]);
    let (at_alice, _) = bound();
    let nobody = TcpListener::bind(LOOPBACK).await.unwrap();
    let bob = endpoint(nobody.local_addr().unwrap());
    drop(nobody);
    let (a, mut seen) = start(at_alice, &[("bob", &bob)], parties.credentials("alice"));
    let why = next(&mut seen, unreachable).await;
    assert_eq!(why, "does not listen there (connection refused)");
    assert!(timeout(Duration::from_millis(500), seen.recv()).await.is_err(), "said once");
    a.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = taken.local_addr().unwrap();
    let why = Listeners::bind(&[address]).unwrap_err();
    assert!(why.to_string().starts_with(&format!("cannot listen on {address}")), "{why}");
}
