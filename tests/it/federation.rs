//! Topologies in memory, with certificates and scripts for what they name.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

use camino::Utf8Path;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair,
};
use sfgen::{
    compile::{Compilation, Input, compile},
    diag::Findings,
    keys::{KeyMaterial, NewKeys},
    model::{JobKind, Topology},
    syntax::{self, MemoryWorkspace},
    types::{HostAddr, Mode, PartyName},
};
use time::{Duration, OffsetDateTime, macros::datetime};

/// When every topology of a test is compiled.
pub(crate) const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);

/// What is wrong with the certificates of the first party; those of the others are sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    #[default]
    None,
    Absent,
    Expired,
    NotYetValid,
    Ending,
    OtherAddress,
    ForeignCa,
    LeafAsCa,
    SharedCa,
    PrivateKey,
    CriticalExtension,
    ServerOnly,
    CaAsLeaf,
}

/// What exists beside the topology.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    pub(crate) flaw: Flaw,
    pub(crate) scripts: bool,
}

impl Default for Beside {
    fn default() -> Self {
        Self { flaw: Flaw::None, scripts: true }
    }
}

/// Compiles `topology.kdl` among `files`, to which certificates and scripts are added.
pub(crate) fn compile_with(files: MemoryWorkspace, beside: Beside) -> Compilation {
    compile_mode(None, files, beside)
}

/// Compiles `root` among `files`, to which certificates and scripts are added.
pub(crate) fn compile_root(root: &str, files: MemoryWorkspace, beside: Beside) -> Compilation {
    compile_as(Utf8Path::new(root), None, files, beside, |files| files)
}

/// Compiles `topology.kdl` among `files`, with certificates and scripts, one file of which has other bytes.
pub(crate) fn compile_beside(files: MemoryWorkspace, path: &str, bytes: Vec<u8>) -> Compilation {
    let root = Utf8Path::new("topology.kdl");
    compile_as(root, None, files, Beside::default(), |files| files.with(path, bytes))
}

fn compile_mode(mode: Option<Mode>, files: MemoryWorkspace, beside: Beside) -> Compilation {
    compile_as(Utf8Path::new("topology.kdl"), mode, files, beside, |files| files)
}

fn compile_as(
    root: &Utf8Path,
    mode: Option<Mode>,
    files: MemoryWorkspace,
    beside: Beside,
    change: impl FnOnce(MemoryWorkspace) -> MemoryWorkspace,
) -> Compilation {
    let mut quiet = Findings::default();
    let topology = Topology::read(&syntax::load(&files, root, &mut quiet), &mut quiet);
    let files = topology.iter().fold(files, |files, topology| add(files, topology, beside));
    let files = change(files);
    compile(&Input { workspace: &files, root, lock: Utf8Path::new("sfgen.lock"), mode, now: NOW })
}

/// Compiles `topology.kdl` among `files` in another mode than it says.
pub(crate) fn compile_in(mode: Mode, files: MemoryWorkspace, beside: Beside) -> Compilation {
    compile_mode(Some(mode), files, beside)
}

/// Compiles a topology of one file, beside which all is as it should be.
pub(crate) fn compile_text(text: &str) -> Compilation {
    compile_with(MemoryWorkspace::default().with("topology.kdl", text), Beside::default())
}

fn add(mut files: MemoryWorkspace, topology: &Topology, beside: Beside) -> MemoryWorkspace {
    for job in topology.jobs.values().filter(|_| beside.scripts) {
        if let JobKind::Script { path, .. } = &job.kind {
            files.0.insert(path.value.clone(), b"pass\n".to_vec());
        }
    }
    let everywhere: Vec<HostAddr> =
        topology.hosts().map(|(_, host)| host.address.value.clone()).collect();
    for (index, party) in topology.parties.values().enumerate() {
        let Some(identity) = party.identity.as_ref() else { continue };
        let flaw =
            if index == 0 || beside.flaw == Flaw::SharedCa { beside.flaw } else { Flaw::None };
        let own = party.hosts.iter().map(|host| host.address.value.clone()).collect();
        let (age, addresses) = match flaw {
            Flaw::Expired => (Duration::days(826), own),
            Flaw::Ending => (Duration::days(810), own),
            Flaw::NotYetValid => (Duration::days(-10), own),
            Flaw::OtherAddress => (Duration::ZERO, vec!["192.0.2.99".parse().unwrap()]),
            _ => (Duration::ZERO, own),
        };
        let name = party.name.value.as_str();
        let (ca, leaf) = match flaw {
            Flaw::Absent => continue,
            Flaw::SharedCa => {
                let shared = material("shared", age, &everywhere);
                (shared.ca_cert_pem, shared.leaf_cert_pem)
            }
            Flaw::ForeignCa => {
                let foreign = material("foreign", age, &addresses).ca_cert_pem;
                (foreign, material(name, age, &addresses).leaf_cert_pem)
            }
            Flaw::LeafAsCa => {
                let leaf = material(name, age, &addresses).leaf_cert_pem;
                (leaf.clone(), leaf)
            }
            Flaw::PrivateKey => {
                let all = material(name, age, &addresses);
                (all.ca_cert_pem, all.leaf_cert_pem + &all.leaf_key_pem)
            }
            Flaw::CriticalExtension | Flaw::ServerOnly | Flaw::CaAsLeaf => {
                peculiar(flaw, name, &addresses)
            }
            _ => {
                let all = material(name, age, &addresses);
                (all.ca_cert_pem, all.leaf_cert_pem)
            }
        };
        files.0.insert(identity.ca.value.clone(), ca.into_bytes());
        files.0.insert(identity.cert.value.clone(), leaf.into_bytes());
    }
    files
}

/// A CA, and a leaf of it that no `sfgen keys new` would make.
fn peculiar(flaw: Flaw, name: &str, addresses: &[HostAddr]) -> (String, String) {
    let within = |params: &mut CertificateParams, name: &str| {
        (params.not_before, params.not_after) = (NOW - Duration::DAY, NOW + Duration::days(365));
        params.distinguished_name.push(DnType::CommonName, name);
    };
    let mut ca = CertificateParams::default();
    within(&mut ca, &format!("{name} CA"));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let bare: Vec<String> = addresses.iter().map(HostAddr::bare).collect();
    let mut leaf = CertificateParams::new(bare).unwrap();
    within(&mut leaf, name);
    match flaw {
        Flaw::CriticalExtension => {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
            extension.set_criticality(true);
            leaf.custom_extensions.push(extension);
        }
        Flaw::ServerOnly => leaf.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth),
        _ => leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
    }
    let issuer = Issuer::from_params(&ca, &ca_key);
    (ca_pem, leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().pem())
}

/// Keys take time to make: each set is made once in a test run.
pub(crate) fn material(name: &str, age: Duration, addresses: &[HostAddr]) -> KeyMaterial {
    type Key = (String, Duration, Vec<HostAddr>);
    static MADE: LazyLock<Mutex<BTreeMap<Key, KeyMaterial>>> = LazyLock::new(Mutex::default);
    let key = (name.to_owned(), age, addresses.to_vec());
    let mut made = MADE.lock().expect("no test fails while it makes keys");
    let generate = || {
        let party: PartyName = name.parse().unwrap();
        let topology = "t".parse().unwrap();
        NewKeys { party: &party, topology: &topology, addresses, now: NOW - age }.generate()
    };
    made.entry(key).or_insert_with(generate).clone()
}
