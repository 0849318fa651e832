//! `keys new` writes to no path that another party's identity names.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    diag::{Code, Finding, Findings, Spanned},
    model::{Identity, OtherIdentity, other_identities},
    syntax::{Workspace as _, load_those, normalise, spell_helps},
};

use super::owner::Owner;

/// A path belongs to another party.
const TAKEN: Code = Code("SF0557");

/// Refuses a party one of whose four paths another party's identity names.
///
/// Of the other files of the topology, those that mention such a path are read: a party's keys are made in a moment, also
/// among thousands.
pub(super) fn refuse(owner: &Owner, ui: &Ui) -> Result<(), Failure> {
    let marks: Vec<String> = owner.files.all().into_iter().filter_map(mark).collect();
    let is_own = |path: &Utf8Path| path.file_stem() == Some(owner.party.name.value.as_str());
    let mentions = |path: &Utf8Path| {
        let text = owner.workspace.read(path).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        is_own(path) || marks.iter().any(|mark| text.contains(mark.as_str()))
    };
    // Mistakes of others are for `plan` to say.
    let mut quiet = Findings::default();
    let loaded = load_those(&owner.workspace, &owner.root, &mentions, &mut quiet);
    let (own, others) = other_identities(&loaded, &owner.party.name.value);
    let Some(own) = own else { return Ok(()) };
    let found = others.iter().filter_map(|other| clash(&own, other));
    let mut findings: Vec<Finding> = found.collect();
    if findings.is_empty() {
        return Ok(());
    }
    spell_helps(&mut findings, &loaded.sources);
    ui.report(&findings, &loaded.sources);
    let message = format!("no keys were made for `{}`", owner.party.name.value);
    Err(Failure::new(Status::Findings, message))
}

/// The end of a path, by which texts that name it are found however its beginning is written.
fn mark(path: &Utf8Path) -> Option<String> {
    let mut parts = path.components().rev();
    let name = parts.next()?;
    Some(match parts.next() {
        Some(folder) => format!("{folder}/{name}"),
        None => name.to_string(),
    })
}

/// A path of one party that is one of the other's too.
fn clash(own: &OtherIdentity, other: &OtherIdentity) -> Option<Finding> {
    // Private keys lie on the parties' own machines, so the same path is two files on two of them.
    let is_one_machine = own.machine.is_some() && own.machine == other.machine;
    let paths = |identity: &Identity| {
        let Identity { ca, cert, key, .. } = identity.clone();
        [(ca, true), (cert, true), (key, false)]
    };
    for (mine, is_mine_public) in paths(&own.identity) {
        for (theirs, is_public) in paths(&other.identity) {
            let meet = is_mine_public || is_public || is_one_machine;
            if meet && cleaned(&mine) == cleaned(&theirs) {
                let (party, other) = (&own.party, &other.party);
                let message = format!("`{}` of `{party}` is a file of `{other}`", mine.value);
                let finding = Finding::error(TAKEN, message)
                    .label(mine.span, "would be written here")
                    .label(theirs.span, format!("named by `{other}`"));
                return Some(finding.help(format!(
                    "give `{party}` paths of its own, such as `ca=\"pki/{party}/ca.pem\" cert=\"pki/{party}/node.pem\" key=\"keys/{party}/node.key\"`"
                )));
            }
        }
    }
    None
}

/// A path without detours.
fn cleaned(path: &Spanned<Utf8PathBuf>) -> Utf8PathBuf {
    normalise(&path.value).unwrap_or_else(|| path.value.clone())
}
