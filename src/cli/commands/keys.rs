//! `sfgen keys new --party NAME` and `sfgen keys renew --party NAME`.

mod owner;
mod path_taken;

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};
use time::OffsetDateTime;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    keys::{self, KeysError, Old},
    pki::Certificate,
    types::{HostAddr, PartyName},
};

use owner::Owner;

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
    /// Sign a new leaf certificate with the CA that is there
    Renew(KeysRenewArgs),
}

/// Arguments of `keys new`.
#[derive(Debug, Args)]
pub(crate) struct KeysNewArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Whose keys
    #[arg(long)]
    pub(crate) party: PartyName,
    /// Where files are there already, give them another name and make all four anew
    #[arg(long)]
    pub(crate) replace: bool,
}

/// Arguments of `keys renew`.
#[derive(Debug, Args)]
pub(crate) struct KeysRenewArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Whose certificate
    #[arg(long)]
    pub(crate) party: PartyName,
}

/// Runs the command.
pub(in crate::cli) fn run(args: &KeysArgs, ui: &Ui) -> Result<Status, Failure> {
    match &args.command {
        KeysCommand::New(args) => new(args, ui),
        KeysCommand::Renew(args) => renew(args, ui),
    }
}

fn new(args: &KeysNewArgs, ui: &Ui) -> Result<Status, Failure> {
    let command = "sfgen keys new --party NAME";
    let owner = Owner::read(args.topology.as_ref(), &args.party, command, ui)?;
    path_taken::refuse(&owner, ui)?;
    let (files, addresses) = (&owner.files, owner.addresses());
    let material = owner.new_keys(&addresses, OffsetDateTime::now_utc()).generate();
    let old = if args.replace { Old::SetAside } else { Old::Keep };
    let aside = keys::write(&material, files, old).map_err(|why| failure(&owner, &why))?;
    for (path, name) in aside {
        ui.result(format!("{}: `{path}` is `{name}` now", args.party));
    }
    told(ui, args.party.as_str(), &addresses, &material.leaf_cert_pem);
    ui.result(format!("  commit       {} {}", files.ca, files.cert));
    ui.result(format!("  never commit {} {}", files.key, files.ca_key));
    Ok(Status::Done)
}

fn renew(args: &KeysRenewArgs, ui: &Ui) -> Result<Status, Failure> {
    let command = "sfgen keys renew --party NAME";
    let owner = Owner::read(args.topology.as_ref(), &args.party, command, ui)?;
    let addresses = owner.addresses();
    let new = owner.new_keys(&addresses, OffsetDateTime::now_utc());
    let renewed = keys::renew(&new, &owner.files).map_err(|why| failure(&owner, &why))?;
    told(ui, args.party.as_str(), &addresses, &renewed.cert_pem);
    if renewed.has_new_key {
        ui.result(format!("  never commit {}, which is new", owner.files.key));
    }
    ui.result(format!(
        "  commit       {}, plan again, and let the peers pull: the CA is the one that they have",
        owner.files.cert
    ));
    Ok(Status::Done)
}

/// The certificate as a line of the result.
fn told(ui: &Ui, party: &str, addresses: &[HostAddr], pem: &str) {
    let leaf = Certificate::from_pem(pem.as_bytes());
    let leaf = leaf.expect("a certificate that was just made can be read");
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let end = leaf.not_after().date();
    ui.result(format!("{party}: a certificate for {}, valid until {end}", names.join(", ")));
}

/// A failure with what to do about it, which depends on the files that are there.
fn failure(owner: &Owner, why: &KeysError) -> Failure {
    let failure = Failure::of(Status::NotReady, why);
    let commands = owner.commands();
    let company = "ask the CA that signed it, if that is your company's";
    match (why, owner.files.missing()) {
        (KeysError::Exists { .. }, Ok(missing)) if missing.is_empty() => failure.help(format!(
            "{} signs a new certificate with this CA, so that peers need no new one; {} makes all four anew and sets the old ones aside",
            commands.renew(),
            commands.replace()
        )),
        (KeysError::Exists { .. }, Ok(missing)) => {
            failure.help(commands.remedy(&owner.files, &missing))
        }
        (KeysError::NoCa { .. }, Ok(missing)) => {
            failure.help(format!("{company}; {}", commands.remedy(&owner.files, &missing)))
        }
        (KeysError::Unusable { .. }, _) => failure.help(format!(
            "{company}; {} makes all four files anew and sets the old ones aside; the peers then pull the new CA, and all plan again",
            commands.replace()
        )),
        _ => failure,
    }
}
