//! `sfgen keys new --party NAME`.

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};
use time::OffsetDateTime;

use crate::{
    cli::{
        disk::{DiskWorkspace, topology_or_default},
        status::{Failure, Status},
        topology::locate,
        ui::Ui,
    },
    diag::{Finding, Findings, Sources},
    keys::{self, KeyFiles, NewKeys},
    model::{Identity, Party, read_party},
    pki::Certificate,
    syntax::{load, load_those, spell_helps},
    types::{HostAddr, PartyName, TopologyName},
};

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// What to do with the keys
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a CA and a leaf certificate for every address that the peers dial
    New(KeysNewArgs),
}

/// Arguments of `keys new`.
#[derive(Debug, Args)]
pub(crate) struct KeysNewArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Whose keys
    #[arg(long)]
    pub(crate) party: PartyName,
}

/// Runs the command.
pub(in crate::cli) fn run(args: &KeysArgs, ui: &Ui) -> Result<Status, Failure> {
    match &args.command {
        KeysCommand::New(args) => new(args, ui),
    }
}

fn new(args: &KeysNewArgs, ui: &Ui) -> Result<Status, Failure> {
    ui.is_about(args.topology.as_ref());
    let topology = topology_or_default(args.topology.as_ref());
    let (workspace, root) = locate(args.topology.as_ref(), "sfgen keys new --party NAME")?;
    let (topology_name, party) = read(&workspace, &root, &args.party).map_err(|wrong| {
        ui.report(&wrong.findings, &wrong.sources);
        let message = format!("party `{}` cannot be read from `{topology}`", args.party);
        Failure::new(Status::Findings, message)
    })?;
    let files = key_files(&party, workspace.folder())?;
    let addresses: Vec<HostAddr> =
        party.hosts.iter().map(|host| host.address.value.clone()).collect();
    let new = NewKeys {
        party: &args.party,
        topology: &topology_name,
        addresses: &addresses,
        now: OffsetDateTime::now_utc(),
    };
    let material = new.generate();
    keys::write(&material, &files).map_err(|why| Failure::of(Status::NotReady, &why))?;
    let leaf = Certificate::from_pem(material.leaf_cert_pem.as_bytes())
        .expect("a certificate that was just made can be read");
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    ui.result(format!(
        "{}: a certificate for {}, valid until {}",
        args.party,
        names.join(", "),
        leaf.not_after().date()
    ));
    ui.result(format!(
        "  commit       {} {}",
        shown(&files.ca, &workspace),
        shown(&files.cert, &workspace)
    ));
    ui.result(format!(
        "  never commit {} {}",
        shown(&files.key, &workspace),
        shown(&files.ca_key, &workspace)
    ));
    Ok(Status::Done)
}

/// Why a party cannot be read, and the files in which that is so.
struct Wrong {
    findings: Vec<Finding>,
    sources: Sources,
}

/// The party, and the name of the topology. Only what keys depend on must be right: other mistakes are for `plan` to say.
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
        findings.extend(own.iter().cloned());
        let mut findings = findings.into_sorted();
        spell_helps(&mut findings, &loaded.sources);
        Wrong { findings, sources: loaded.sources }
    })
}

fn shown(path: &Utf8Path, workspace: &DiskWorkspace) -> Utf8PathBuf {
    path.strip_prefix(workspace.folder())
        .map_or(path.to_owned(), |inside| workspace.named().join(inside))
}

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
    let stem = key.value.file_stem().unwrap_or("node");
    // Beside the leaf's key, under a name of its own, so that parties may share a folder.
    let ca_key = key.value.with_file_name(format!("{stem}-ca.key"));
    let files = KeyFiles {
        ca: at(&ca.value),
        cert: at(&cert.value),
        key: at(&key.value),
        ca_key: at(&ca_key),
    };
    if files.key.starts_with(folder.join("generated")) {
        let message = format!("the key `{}` would lie in the tree, which is committed", key.value);
        return Err(
            Failure::new(Status::Findings, message).help("choose a folder outside `generated`")
        );
    }
    Ok(files)
}
