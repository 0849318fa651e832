//! Whose keys are made: the party, as far as they depend on it.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;

use crate::{
    cli::{
        disk::{DiskWorkspace, topology_or_default},
        status::{Failure, Status},
        topology::locate,
        ui::Ui,
    },
    diag::{Finding, Findings, Sources},
    keys::{KeyFiles, KeysCommands, NewKeys},
    model::{Identity, Party, party_names, read_party},
    syntax::{load, load_those, nearest, spell_helps},
    types::{HostAddr, PartyName, TopologyName},
};

/// A party whose keys are made, and where they lie.
pub(super) struct Owner {
    /// The folder of the topology.
    pub(super) workspace: DiskWorkspace,
    /// The root file in it.
    pub(super) root: Utf8PathBuf,
    /// The name of the topology.
    pub(super) topology: TopologyName,
    /// The party.
    pub(super) party: Party,
    /// Where its four files lie, as the user would name them.
    pub(super) files: KeyFiles,
}

/// Why a party cannot be read, and the files in which that is so.
struct Wrong {
    findings: Vec<Finding>,
    sources: Sources,
    /// The parties that there are, where the one that is asked for is not among them.
    known: Option<Vec<String>>,
}

impl Owner {
    /// Reads the party, for `command`. Only what keys depend on must be right: other mistakes are for `plan` to say.
    pub(super) fn read(
        named: Option<&Utf8PathBuf>,
        party: &PartyName,
        command: &str,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        ui.is_about(named);
        let topology = topology_or_default(named);
        let (workspace, root) = locate(named, command)?;
        let (name, read) = read(&workspace, &root, party).map_err(|wrong| {
            if let Some(known) = &wrong.known {
                return unknown(party, &topology, known);
            }
            ui.report(&wrong.findings, &wrong.sources);
            let message = format!("party `{party}` cannot be read from `{topology}`");
            Failure::new(Status::Findings, message)
        })?;
        let files = key_files(&read, workspace.named())?;
        Ok(Self { workspace, root, topology: name, party: read, files })
    }

    /// The commands that make its keys.
    pub(super) fn commands(&self) -> KeysCommands<'_> {
        KeysCommands { party: &self.party.name.value }
    }

    /// Every address at which it is dialled, each once.
    pub(super) fn addresses(&self) -> Vec<HostAddr> {
        let mut seen = BTreeSet::new();
        let hosts = self.party.hosts.iter().map(|host| &host.address.value);
        hosts.filter(|address| seen.insert(*address)).cloned().collect()
    }

    /// What its keys are made for.
    pub(super) fn new_keys<'a>(
        &'a self,
        addresses: &'a [HostAddr],
        now: OffsetDateTime,
    ) -> NewKeys<'a> {
        NewKeys { party: &self.party.name.value, topology: &self.topology, addresses, now }
    }
}

/// The party, and the name of the topology.
///
/// Where each party has a file of its name, that file suffices, and a thousand others are not read.
fn read(
    workspace: &DiskWorkspace,
    root: &Utf8Path,
    name: &PartyName,
) -> Result<(TopologyName, Party), Wrong> {
    let is_named = |path: &Utf8Path| path.file_stem() == Some(name.as_str());
    let (mut of_files, mut own) = (Findings::default(), Findings::default());
    let loaded = load_those(workspace, root, &is_named, &mut of_files);
    if let Some(read) = read_party(&loaded, name, &mut own).filter(|_| !own.has_errors()) {
        return Ok(read);
    }
    let (mut findings, mut own) = (Findings::default(), Findings::default());
    let loaded = load(workspace, root, &mut findings);
    let read = read_party(&loaded, name, &mut own);
    read.filter(|_| !own.has_errors()).ok_or_else(|| {
        let known = party_names(&loaded);
        // A file that cannot be read may hold the party, and what is wrong with it is what there is to say.
        let is_absent = loaded.nodes.is_whole() && !known.iter().any(|one| one == name.as_str());
        findings.extend(own.iter().cloned());
        let mut findings = findings.into_sorted();
        spell_helps(&mut findings, &loaded.sources);
        Wrong { findings, sources: loaded.sources, known: is_absent.then_some(known) }
    })
}

fn unknown(party: &PartyName, topology: &Utf8Path, known: &[String]) -> Failure {
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let near = nearest(party.as_str(), known.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let mut failure =
        Failure::new(Status::Findings, format!("there is no party `{party}` in `{topology}`"));
    failure.code = Some("SF0101".to_owned());
    failure.help(format!("{near}declared parties: {list}"))
}

/// Where the party's files lie, below the folder of the topology as the user named it.
fn key_files(party: &Party, folder: &Utf8Path) -> Result<KeyFiles, Failure> {
    let Some(Identity { ca, cert, key, .. }) = party.identity.as_ref() else {
        let message = format!("party `{}` has no `identity` node", party.name.value);
        let help = format!(
            "add `identity ca=\"pki/{0}/ca.pem\" cert=\"pki/{0}/node.pem\" key=\"keys/{0}/node.key\"`",
            party.name.value
        );
        return Err(Failure::new(Status::Findings, message).help(help));
    };
    let at = |path: &Utf8PathBuf| folder.join(path);
    let files = KeyFiles::of(at(&ca.value), at(&cert.value), at(&key.value));
    if files.key.starts_with(folder.join("generated")) {
        let message = format!("the key `{}` would lie in the tree, which is committed", key.value);
        return Err(
            Failure::new(Status::Findings, message).help("choose a folder outside `generated`")
        );
    }
    Ok(files)
}
