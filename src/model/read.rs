//! Reads the nodes of a topology.

use std::{cell::Cell, collections::BTreeMap};

use crate::{
    diag::{Findings, SourceSpan, Spanned},
    syntax::{Cursor, Loaded, Node, Value, misspelt, nearest, or_absent},
    types::{HostAddr, Mode, Partial, PartyName, TopologyName},
};

use super::{
    address::{self, Dialling},
    device::{Heu, Spu},
    host::{self, Host},
    identity::Identity,
    job::Job,
    names,
    network::Network,
    party::Party,
    party_name,
    ports::Ports,
    runtime::Runtime,
    targets,
    topology::Topology,
    trust::{read_links, read_tls},
};

const EXAMPLE_TOPOLOGY: &str = "topology \"credit-risk\" mode=\"production\"";
const EXAMPLE_RUNTIME: &str = "runtime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"";

impl Topology {
    /// Reads the nodes of a topology; `None` where no file could be read. What is absent or could not be read has a
    /// stand-in, which no check is about, so that the rest is judged in the same run.
    ///
    /// What is wrong with a node, or with a name that one node uses of another, is reported; whether the whole makes
    /// sense is a matter of `check`.
    #[must_use]
    pub fn read(loaded: &Loaded, findings: &mut Findings) -> Option<Self> {
        let nodes = &loaded.nodes;
        let root = SourceSpan::new(loaded.root?, 0..0);
        // What may stand in a file that could not be read, or under a misspelt name, is not reported as absent.
        let mut unsure = Findings::default();
        let one = |name: &str| nodes.iter().find(|node| node.name.value == name);
        let (topology, runtime) = (one("topology"), one("runtime"));
        let is_whole = loaded.nodes.is_whole() && misspelt("", nodes).next().is_none();
        let absent = if is_whole { &mut *findings } else { &mut unsure };
        if topology.is_none() {
            names::missing_root_node("topology", EXAMPLE_TOPOLOGY, root, absent);
        }
        if runtime.is_none() {
            names::missing_root_node("runtime", EXAMPLE_RUNTIME, root, absent);
        }
        let (name, mode) = read_head(topology, root, findings);
        let runtime = runtime.map_or(Runtime::Unread, |node| Runtime::read(node, findings));
        let ports = Ports::read(one("ports"), root, findings);
        let links = read_links(one("links"), root, findings);
        let tls_off = read_tls(one("tls"), findings);
        let addresses = host::addresses(nodes, findings);
        let declared = Cell::new(0);
        let parties = keyed(nodes, "party", findings, |name: &Spanned<PartyName>, cursor| {
            let index = declared.get();
            declared.set(index + 1);
            Party::read(name.clone(), index, cursor, &addresses)
        });
        targets::refuse(&parties, findings);
        let networks = keyed(nodes, "network", findings, Network::read);
        let spus = keyed(nodes, "spu", findings, Spu::read);
        let heus = keyed(nodes, "heu", findings, Heu::read);
        let jobs = keyed(nodes, "job", findings, Job::read);
        party_name::join_uses(nodes, findings);
        let dialling = Dialling { parties: &parties, spus: &spus, heus: &heus, jobs: &jobs };
        address::report(nodes, dialling, findings);
        let declared = nodes.iter().filter(|node| node.name.value == "network").count();
        // Of a node that was read in part, the name may be in the other part.
        let has_names = |kind: &str| {
            let mut declared = nodes.iter().filter(|node| node.name.value == kind);
            declared.all(|node| node.is_whole || !node.args.is_empty())
        };
        let has_all_networks = is_whole && has_names("network") && declared == networks.len();
        let topology = Self {
            name,
            mode,
            runtime,
            ports,
            links,
            tls_off,
            parties: Partial::new(parties, is_whole && has_names("party")),
            networks: Partial::new(networks, has_all_networks),
            spus,
            heus,
            jobs,
        };
        names::check(&topology, findings);
        names::check_networks(&topology, findings);
        Some(topology)
    }
}

/// Reads one party alone, and the name of the topology: what its keys depend on, whatever else is wrong.
#[must_use]
pub fn read_party(
    loaded: &Loaded,
    name: &PartyName,
    findings: &mut Findings,
) -> Option<(TopologyName, Party)> {
    let addresses = host::addresses(&loaded.nodes, &mut Findings::default());
    let topology = loaded.nodes.iter().find(|node| node.name.value == "topology")?;
    let topology = Cursor::new(topology, findings).arg::<TopologyName>(0)?;
    let is_it = |node: &&Node| {
        node.name.value == "party"
            && matches!(node.args.first().map(|arg| &arg.value), Some(Value::Text(text)) if text == name.as_str())
    };
    let node = loaded.nodes.iter().find(is_it).filter(|node| is_whole(node))?;
    let mut cursor = Cursor::new(node, findings);
    let name = cursor.arg::<PartyName>(0)?;
    let party = Party::read(name, 0, &mut cursor, &addresses);
    let parties = BTreeMap::from([(party.name.value.clone(), party)]);
    let (spus, heus, jobs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let dialling = Dialling { parties: &parties, spus: &spus, heus: &heus, jobs: &jobs };
    address::report(&loaded.nodes, dialling, findings);
    parties.into_values().next().map(|party| (topology.value, party))
}

/// The names of all parties that are declared, whether or not they can be names.
#[must_use]
pub fn party_names(loaded: &Loaded) -> Vec<String> {
    let parties = loaded.nodes.iter().filter(|node| node.name.value == "party");
    parties.filter_map(|node| Some(node.args.first()?.value.to_string())).collect()
}

/// What a party names as its certificates and key, as far as it can be read.
#[derive(Clone, Debug)]
pub struct OtherIdentity {
    /// The party.
    pub party: PartyName,
    /// The paths.
    pub identity: Identity,
    /// The addresses of its first host: what peers dial, and what the machine has itself.
    pub machine: Option<(HostAddr, HostAddr)>,
}

/// The identity of `own`, and those of the other parties. What cannot be read is left out.
#[must_use]
pub fn other_identities(
    loaded: &Loaded,
    own: &PartyName,
) -> (Option<OtherIdentity>, Vec<OtherIdentity>) {
    let mut quiet = Findings::default();
    let addresses = host::addresses(&loaded.nodes, &mut quiet);
    let parties = loaded.nodes.iter().filter(|node| node.name.value == "party");
    let all = parties.filter_map(|node| {
        let mut cursor = Cursor::new(node, &mut quiet);
        let party = cursor.arg::<PartyName>(0)?.value;
        let identity = node.child("identity")?;
        let identity = Identity::read(&mut cursor.at(identity))?;
        let host = node.child("host");
        let host = host.and_then(|host| Host::read(&mut cursor.at(host), &addresses));
        let machine =
            host.map(|host| (host.address.value.clone(), host.own_address().value.clone()));
        Some(OtherIdentity { party, identity, machine })
    });
    let (mine, others): (Vec<_>, Vec<_>) = all.partition(|one| one.party == *own);
    (mine.into_iter().next(), others)
}

/// Whether a party's keys follow from what could be read of it.
fn is_whole(party: &Node) -> bool {
    let is_needed = |child: &&Node| ["host", "identity"].contains(&child.name.value.as_str());
    party.is_whole && party.children.iter().filter(is_needed).all(|child| child.is_whole)
}

/// Name and mode; where there is no readable name, that of the language's example.
fn read_head(
    node: Option<&Node>,
    root: SourceSpan,
    findings: &mut Findings,
) -> (Spanned<TopologyName>, Mode) {
    let written = node.and_then(|node| Cursor::new(node, findings).arg(0));
    let is_written = node.is_some();
    let node = or_absent(node, "topology", root);
    let mut cursor = Cursor::new(&node, findings);
    let mode = match (cursor.prop::<Mode>("mode"), node.prop("mode")) {
        (Some(mode), _) => mode.value,
        (None, Some(wrong)) => meant_mode(&wrong.value.value),
        (None, None) if is_written && node.is_whole => {
            cursor.default_prop("mode", node.span()).value
        }
        (None, None) => UNREAD_MODE,
    };
    let unread = || Spanned::new("unread".parse().expect("it is a name"), node.span());
    (written.unwrap_or_else(unread), mode)
}

/// The mode where none could be read: the one that asks for less, since its findings hold in the other one too.
const UNREAD_MODE: Mode = Mode::Simulation;

/// The mode that a wrong word was probably meant to be.
fn meant_mode(wrong: &Value) -> Mode {
    let words = [Mode::Simulation, Mode::Production].map(|mode| (mode.to_string(), mode));
    let near = nearest(&wrong.to_string(), words.iter().map(|(word, _)| word.as_str()));
    let meant = words.iter().find(|(word, _)| Some(word.as_str()) == near);
    meant.map_or(UNREAD_MODE, |(_, mode)| *mode)
}

/// Reads all nodes `kind`, told apart by their first argument; a second one of the same name was
/// reported when the file was read.
fn keyed<K: Ord + Clone + std::str::FromStr<Err: std::fmt::Display>, V>(
    nodes: &[Node],
    kind: &str,
    findings: &mut Findings,
    read: impl Fn(&Spanned<K>, &mut Cursor<'_>) -> V,
) -> BTreeMap<K, V> {
    let mut all = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.name.value == kind) {
        let mut cursor = Cursor::new(node, findings);
        let Some(name) = cursor.arg::<K>(0) else { continue };
        let value = read(&name, &mut cursor);
        all.entry(name.value.clone()).or_insert(value);
    }
    all
}
