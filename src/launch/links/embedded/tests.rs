//! Sums over loopback with real certificates.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::*;
use crate::{
    fs,
    launch::peers::identity::{
        Credentials, SUM,
        fixtures::{Parties, party},
    },
    plan::{
        Deploy, FORMAT, Federation, FederationJob, FederationParty, FederationRuntime, Identity,
        JobPlan, LinkAddress, LinkTable, Links, Mode, PartyPlan, Program,
    },
    types::{Digest, HostAddr, JobName},
};

const RUN: &str = "0123456789abcdef";

/// One spec for each party. The ports were free a moment ago.
async fn specs(parties: &Parties, inputs: &[(&str, i64)]) -> Vec<SumSpec> {
    let host: HostAddr = "127.0.0.1".parse().unwrap();
    let (mut links, mut held) = (BTreeMap::new(), Vec::new());
    for (name, _) in inputs {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = i128::from(listener.local_addr().unwrap().port()).try_into().unwrap();
        let address = LinkAddress {
            host: host.clone(),
            first: port,
            last: port,
            more: Vec::new(),
            listen: Vec::new(),
        };
        links.insert(party(name), address);
        held.push(listener);
    }
    let spec = |(name, input): &(&str, i64)| SumSpec {
        me: party(name),
        run: RUN.parse().unwrap(),
        job: "total".parse().unwrap(),
        slots: inputs.iter().map(|(name, _)| (party(name), 0)).collect(),
        input: *input,
        listen: host.clone(),
        links: links.clone(),
        credentials: parties.credentials(name),
        patience: Duration::from_secs(20),
    };
    inputs.iter().map(spec).collect()
}

async fn totals(specs: Vec<SumSpec>) -> Vec<Result<i128, SumError>> {
    let mut runs = JoinSet::new();
    for spec in specs {
        runs.spawn(run(spec));
    }
    runs.join_all().await
}

async fn sum(inputs: &[(&str, i64)]) -> Vec<i128> {
    let names: Vec<_> = inputs.iter().map(|(name, _)| *name).collect();
    let specs = specs(&Parties::new(&names), inputs).await;
    totals(specs).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn two_parties_learn_their_total() {
    assert_eq!(sum(&[("alice", 11), ("bob", 31)]).await, [42, 42]);
    assert_eq!(report(42), "sum 42");
}

#[tokio::test]
async fn three_parties_learn_their_total() {
    assert_eq!(sum(&[("alice", 1), ("bob", 20), ("carol", 300)]).await, [321; 3]);
}

#[tokio::test]
async fn a_total_may_be_negative_and_longer_than_its_parts() {
    assert_eq!(sum(&[("alice", -50), ("bob", 8)]).await, [-42, -42]);
    let least = 2 * i128::from(i64::MIN);
    assert_eq!(sum(&[("alice", i64::MIN), ("bob", i64::MIN)]).await, [least, least]);
}

#[test]
fn no_share_is_the_number_and_all_together_are() {
    let peers = [party("bob"), party("carol")];
    let (kept, given) = split(-7, &peers);
    let all = given.values().fold(kept, |sum, share| sum.wrapping_add(*share));
    assert_eq!(all.cast_signed(), -7);
    assert_ne!(split(-7, &peers).0, kept, "made anew each time");
}

#[tokio::test]
async fn a_party_of_another_run_is_named() {
    let parties = Parties::new(&["alice", "bob"]);
    let mut specs = specs(&parties, &[("alice", 1), ("bob", 2)]).await;
    specs[1].run = "fedcba9876543210".parse().unwrap();
    let mut told: Vec<_> =
        totals(specs).await.into_iter().map(|outcome| outcome.unwrap_err().to_string()).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "alice is in run 0123456789abcdef of job `total`, this party in run fedcba9876543210 of job `total`",
            "bob is in run fedcba9876543210 of job `total`, this party in run 0123456789abcdef of job `total`",
        ]
    );
}

#[tokio::test]
async fn a_party_that_does_not_come_is_named_with_the_reason() {
    let parties = Parties::new(&["alice", "bob"]);
    let mut specs = specs(&parties, &[("alice", 1), ("bob", 2)]).await;
    for spec in &mut specs {
        spec.patience = Duration::from_millis(300);
    }
    let port = specs[1].links[&party("bob")].first;
    let bob = run(specs.remove(1)).await.unwrap_err();
    assert_eq!(bob.to_string(), format!("alice did not connect to port {port} of bob in time"));
    let alice = run(specs.remove(0)).await.unwrap_err();
    let wanted = format!("bob at 127.0.0.1:{port} does not listen there (connection refused)");
    assert_eq!(alice.to_string(), wanted);
}

/// Bob alone, and somebody at his port; what bob says when his time is up.
async fn bob_meets(parties: &Parties, stranger: impl AsyncFnOnce(std::net::SocketAddr)) -> String {
    let mut specs = specs(parties, &[("alice", 1), ("bob", 2)]).await;
    let mut bob = specs.remove(1);
    bob.patience = Duration::from_secs(1);
    let port = bob.links[&party("bob")].first.get();
    let visit = async {
        // Bob binds at his first poll, which may come after ours.
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::task::yield_now().await;
        }
        stranger(([127, 0, 0, 1], port).into()).await;
    };
    tokio::join!(run(bob), visit).0.unwrap_err().to_string()
}

#[tokio::test]
async fn a_client_that_speaks_plain_text_is_turned_away() {
    let parties = Parties::new(&["alice", "bob"]);
    let told = bob_meets(&parties, async |address| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        // An alert, or nothing.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.len() < 16, "{answer:?}");
    })
    .await;
    assert!(told.ends_with("does not speak TLS)"), "{told}");
}

#[tokio::test]
async fn a_client_without_a_certificate_is_turned_away() {
    let parties = Parties::new(&["alice", "bob"]);
    let alice = parties.credentials("alice");
    let told = bob_meets(&parties, async |address| {
        let mut config = anonymous(&alice);
        config.alpn_protocols = vec![SUM.to_vec()];
        let stream = TcpStream::connect(address).await.unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        if let Ok(mut stream) = connector.connect(name, stream).await {
            assert!(stream.read_u8().await.is_err());
        }
    })
    .await;
    assert!(told.ends_with("presented no certificate)"), "{told}");
}

/// A client configuration that presents nothing.
fn anonymous(credentials: &Credentials) -> rustls::ClientConfig {
    let verifier = credentials.server_verifier(&party("bob")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth()
}

#[tokio::test]
async fn a_client_of_a_foreign_ca_is_turned_away() {
    let parties = Parties::new(&["alice", "bob"]);
    let others = Parties::new(&["alice", "bob"]);
    let alice = others.credentials("alice");
    let told = bob_meets(&parties, async |address| {
        let stream = TcpStream::connect(address).await.unwrap();
        let host = "127.0.0.1".parse().unwrap();
        let refused = alice.connect(&party("bob"), &host, stream, SUM).await;
        assert!(refused.is_err(), "alice does not trust this bob either");
    })
    .await;
    assert!(told.contains("somebody at 127.0.0.1:"), "{told}");
}

#[tokio::test]
async fn a_peer_that_sends_nonsense_is_named() {
    let parties = Parties::new(&["alice", "bob"]);
    let mut specs = specs(&parties, &[("alice", 1), ("bob", 2)]).await;
    let bob = specs.remove(1);
    let address = ("127.0.0.1", bob.links[&party("bob")].first.get());
    let alice = parties.credentials("alice");
    let nonsense = async |frames: &[u8]| {
        let stream = loop {
            match TcpStream::connect(address).await {
                Ok(stream) => break stream,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let host = "127.0.0.1".parse().unwrap();
        let mut stream = alice.connect(&party("bob"), &host, stream, SUM).await.unwrap();
        stream.write_all(frames).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    };
    let hello = Frame::Hello { run: bob.run, job: bob.job.clone() }.encode();
    let early = [hello.clone(), Frame::Partial(1).encode()].concat();
    let huge = [hello, vec![0xff, 0xff]].concat();
    for (frames, wanted) in [
        (&early, "alice sent a partial sum where a share was due"),
        (&huge, "alice sent a frame of 65535 bytes"),
        (&Frame::Share(1).encode(), "alice sent a share before a greeting"),
    ] {
        let (outcome, ()) = tokio::join!(run(bob.clone()), nonsense(frames));
        assert_eq!(outcome.unwrap_err().to_string(), wanted);
    }
}

#[test]
fn a_variable_that_is_missing_or_wrong_is_named() {
    let told =
        |variable: fn(&str) -> Option<String>| spec_from_env(variable).unwrap_err().to_string();
    assert_eq!(told(|_| None), "the variable SFGEN_ROOT is missing or wrong: it is not set");
    let wrong = told(|name| Some(if name == "SFGEN_PARTY" { "Alice" } else { "/x" }.to_owned()));
    assert!(
        wrong.starts_with("the variable SFGEN_PARTY is missing or wrong: a name is"),
        "{wrong}"
    );
}

/// A tree on disk for alice's side of a sum with bob.
fn tree(parties: &Parties) -> BTreeMap<String, String> {
    let (alice, bob) = (party("alice"), party("bob"));
    let both = BTreeSet::from([alice.clone(), bob.clone()]);
    let job = |input| {
        let (parties, program) = (both.clone(), Program::Sum);
        JobPlan { parties, slots: 1, program, process: None, input, input_file: None }
    };
    let member = |name: &PartyName| {
        let identity = Some(parties.pins(name));
        (
            name.clone(),
            FederationParty { runtime_name: None, identity, slots: 1, hosts: BTreeMap::new() },
        )
    };
    let total: JobName = "total".parse().unwrap();
    let shared = FederationJob { parties: both.clone(), slots: 1, program: Program::Sum };
    let federation = Federation {
        format: FORMAT,
        topology: "credit-risk".parse().unwrap(),
        mode: Mode::Production,
        runtime: FederationRuntime::Embedded,
        links: Links::Direct,
        tls: true,
        parties: both.iter().map(member).collect(),
        spus: BTreeMap::new(),
        heus: BTreeMap::new(),
        jobs: [(total.clone(), shared)].into(),
    };
    let federation = serde_json::to_vec(&federation).unwrap();
    let plan = PartyPlan {
        names: BTreeMap::new(),
        format: FORMAT,
        party: alice,
        federation: Digest::of(&federation),
        mode: Mode::Production,
        deploy: Deploy::Process,
        identity: Some(Identity {
            ca: "alice/ca.pem".into(),
            cert: "alice/node.pem".into(),
            key: "alice/node.key".into(),
        }),
        listen: "0.0.0.0".parse().unwrap(),
        main_host: "alice-1".parse().unwrap(),
        hosts: BTreeMap::new(),
        secretflow: None,
        links: LinkTable::default(),
        spus: BTreeMap::new(),
        heus: BTreeMap::new(),
        jobs: [(total, job(Some(11)))].into(),
    };
    let tree = parties.root().join("generated");
    fs::create_folder(&tree.join("alice"), 0o755).unwrap();
    fs::create_folder(&tree.join("ca"), 0o755).unwrap();
    let put = |path: &str, bytes: &[u8]| fs::write_atomically(&tree.join(path), bytes, 0o644);
    put("federation.json", &federation).unwrap();
    put("alice/plan.json", &serde_json::to_vec(&plan).unwrap()).unwrap();
    put("ca/bob.pem", &fs::read(&parties.key_files(&bob).ca).unwrap()).unwrap();
    [
        ("SFGEN_ROOT", parties.root().as_str()),
        ("SFGEN_TREE", tree.as_str()),
        ("SFGEN_PARTY", "alice"),
        ("SFGEN_JOB", "total"),
        ("SFGEN_RUN", RUN),
        ("SFGEN_SLOTS", r#"{"alice": 0, "bob": 3}"#),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[test]
fn the_environment_and_the_tree_say_what_to_do() {
    let parties = Parties::new(&["alice", "bob"]);
    let mut env = tree(&parties);
    let spec = spec_from_env(|name| env.get(name).cloned()).unwrap();
    assert_eq!((spec.input, spec.slots[&party("bob")]), (11, 3));
    assert_eq!(spec.credentials.me(), &party("alice"));

    env.insert("SFGEN_SLOTS".to_owned(), r#"{"alice": 0}"#.to_owned());
    let why = spec_from_env(|name| env.get(name).cloned()).unwrap_err();
    assert!(
        matches!(why, SumError::NotASum { party: ref who, .. } if *who == party("bob")),
        "{why}"
    );
    env.insert("SFGEN_JOB".to_owned(), "psi".to_owned());
    let why = spec_from_env(|name| env.get(name).cloned()).unwrap_err();
    assert!(matches!(why, SumError::NotASum { .. }), "{why}");

    let federation = parties.root().join("generated/federation.json");
    let text = fs::read_text(&federation).unwrap().replace("credit-risk", "other");
    fs::write_atomically(&federation, text.as_bytes(), 0o644).unwrap();
    let why = spec_from_env(|name| env.get(name).cloned()).unwrap_err();
    assert!(why.to_string().ends_with("it belongs to another federation.json"), "{why}");
}
