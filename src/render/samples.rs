//! Small topologies for tests, here and in `tests/it`, planned without certificates on a disk.

use std::collections::BTreeMap;

use camino::Utf8Path;
use sfgen::{
    catalogue::release,
    diag::Findings,
    lockfile::{Lock, allocate},
    model::{PackageLists, Topology},
    plan::{Federation, Fingerprints, PartyPlan, Requirements, build},
    render::{ArtifactTree, Input, RenderError, render},
    syntax::{self, MemoryWorkspace},
    types::{Digest, PartyName},
};

/// All that [`render`] takes.
#[derive(Clone)]
pub(crate) struct Sample {
    text: String,
    pub(crate) federation: Federation,
    pub(crate) parties: BTreeMap<PartyName, PartyPlan>,
    pub(crate) ca_pems: BTreeMap<PartyName, String>,
}

/// Three parties in production: alice with units, bob with containers, carol with two hosts and processes.
const PRODUCTION: &str = r#"
topology "credit-risk" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" {
    host "alice-1" address="192.168.1.10" { ray cpus=4 object-store="512MiB"; }
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="/etc/sfgen/alice/node.key"
    deploy "systemd" user="secretflow" home="/opt/secretflow"
    service "redis" {
        command "redis-server" "--port" "{port.redis}"
        port "redis"
        ready tcp="redis" within="90s"
    }
    service "worker" after="redis ray" grace="60s" {
        command "python" "src/worker.py" "50% of $HOME; \"x\" \\"
        env WORKER_CONCURRENCY="2 $x %n \"q\"\n"
    }
}
party "bob" {
    host "bob-1" address="192.168.1.11" { ray cpus=4 object-store="512MiB"; }
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="/etc/sfgen/bob/node.key"
    deploy "docker" network="host"
    service "redis" image="redis:7-alpine" {
        command "redis-server" "--port" "{port.redis}"
        port "redis"
        ready tcp="redis" within="90s"
    }
    service "worker" after="redis ray" grace="60s" {
        command "python" "src/worker.py" "50% of $HOME; \"x\" \\"
        env WORKER_CONCURRENCY="2 $x %n \"q\"\n"
    }
}
party "carol" {
    host "carol-1" address="fd00::12" { ray cpus=4 object-store="512MiB"; }
    host "carol-2" address="fd00::13" { ray cpus=4 object-store="512MiB"; }
    identity ca="pki/carol/ca.pem" cert="pki/carol/node.pem" key="/etc/sfgen/carol/node.key"
}
spu "spu" protocol="SEMI2K" field="FM128" { parties "alice" "bob"; }
heu "heu" { sk-keeper "alice"; evaluators "carol"; }
job "psi" script="jobs/psi.py" slots=2 { parties "alice" "bob"; args "--key"; }
"#;

/// Two parties of one laboratory in containers on a bridge.
const SIMULATION: &str = r#"
topology "bridge" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray"
network "sfnet" subnet="192.168.0.0/24"
party "alice" {
    host "alice-1" address="192.168.0.10"
    deploy "docker" network="sfnet" {
        publish "6080:1080"
        publish "127.0.0.1:8075-8077:8075-8077"
    }
}
party "bob" {
    host "bob-1" address="192.168.0.20"
    deploy "docker" network="sfnet"
}
spu "spu" protocol="SEMI2K" field="FM128" { parties "alice" "bob"; }
"#;

/// Two parties on loopback with the embedded runtime, alice with services.
const EMBEDDED: &str = r#"
topology "sum" mode="production"
runtime "embedded"
party "alice" {
    host "alice-1" address="127.0.0.1"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
    service "redis" {
        command "redis-server" "--port" "{port.redis}"
        port "redis"
        ready tcp="redis"
    }
}
party "bob" {
    host "bob-1" address="127.0.0.1"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
}
job "total" kind="sum" { parties "alice" "bob"; input "alice" 11; input "bob" 31; }
"#;

/// Two parties that share a job with each other and nothing with the other parties.
const UNRELATED: &str = r#"
party "dave" {
    host "dave-1" address="192.168.1.40"
    identity ca="pki/dave/ca.pem" cert="pki/dave/node.pem" key="/etc/sfgen/dave/node.key"
}
party "erin" {
    host "erin-1" address="192.168.1.41"
    identity ca="pki/erin/ca.pem" cert="pki/erin/node.pem" key="/etc/sfgen/erin/node.key"
}
job "other" { parties "dave" "erin"; }
"#;

pub(crate) fn production() -> Sample {
    Sample::of(PRODUCTION)
}

pub(crate) fn simulation() -> Sample {
    Sample::of(SIMULATION)
}

pub(crate) fn embedded() -> Sample {
    Sample::of(EMBEDDED)
}

impl Sample {
    /// The plans of a topology, which must have no mistake that a reader can see.
    pub(crate) fn of(text: &str) -> Self {
        let workspace = MemoryWorkspace::default().with("topology.kdl", text);
        let mut findings = Findings::default();
        let loaded = syntax::load(&workspace, Utf8Path::new("topology.kdl"), &mut findings);
        let topology = Topology::read(&loaded, &mut findings).expect("a topology");
        let allocation = allocate(&topology, &Lock::default(), &mut findings);
        assert!(!findings.has_errors(), "{:?}", findings.into_sorted());
        let with_identity = topology.parties.iter().filter(|(_, party)| party.identity.is_some());
        let identities: BTreeMap<_, _> = with_identity
            .map(|(name, _)| {
                let fingerprints = Fingerprints {
                    ca: Digest::of(format!("{name} CA").as_bytes()),
                    leaf: Digest::of(name.as_str().as_bytes()),
                    not_after: Some("2027-11-21".into()),
                };
                (name.clone(), fingerprints)
            })
            .collect();
        let ca_pems = identities.keys().map(|name| (name.clone(), format!("CA of {name}\n")));
        let ca_pems = ca_pems.collect();
        let settings = topology.runtime.secretflow();
        let release = settings.and_then(|settings| release(&settings.version.value));
        let lists = PackageLists::new();
        let plans = build(&topology, release, &lists, &allocation, &identities);
        let (federation, parties) = (plans.federation, plans.parties);
        Self { text: text.to_owned(), federation, parties, ca_pems }
    }

    /// The same with some words of the topology replaced, all of their occurrences.
    pub(crate) fn with(&self, from: &str, to: &str) -> Self {
        assert!(self.text.contains(from), "{from}");
        Self::of(&self.text.replace(from, to))
    }

    /// The tree of this sample.
    pub(crate) fn render(&self) -> Result<ArtifactTree, RenderError> {
        self.render_with(&BTreeMap::new())
    }

    /// The tree of this sample with templates of the user.
    pub(crate) fn render_with(
        &self,
        templates: &BTreeMap<String, String>,
    ) -> Result<ArtifactTree, RenderError> {
        let requirements = &Requirements {
            runtime: b"numpy==1.26.4\n".as_slice().into(),
            ..Requirements::default()
        };
        let (federation, ca_pems) = (&self.federation, &self.ca_pems);
        let parties = self.parties.clone();
        render(Input { federation, parties, ca_pems, requirements, templates })
    }

    /// A file of the tree as text.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> String {
        let tree = self.render().unwrap();
        let file = tree.get(path).unwrap_or_else(|| panic!("there is no {path}"));
        String::from_utf8(file.bytes.to_vec()).unwrap()
    }

    /// Two more parties, which have nothing to do with the others. They get the ports that are left.
    pub(crate) fn with_unrelated_parties(self) -> Self {
        Self::of(&format!("{}{UNRELATED}", self.text))
    }

    /// Alice's worker gets one more variable.
    pub(crate) fn with_env(self, variable: &str, value: &str) -> Self {
        let env = format!("env {variable}={value:?}\n        env WORKER");
        Self::of(&self.text.replacen("env WORKER", &env, 1))
    }

    /// Alice's account lives elsewhere.
    pub(crate) fn with_home(self, home: &str) -> Self {
        self.with("home=\"/opt/secretflow\"", &format!("home={home:?}"))
    }
}
