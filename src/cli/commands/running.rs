//! The launchers that `status` and `stop` are about.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    cli::status::{Failure, Status},
    diag::Code,
    launch::machine::{
        side::read_federation,
        state::{Folders, Instance, instances},
    },
    types::PartyName,
};

/// Nothing is known of the party.
const UNKNOWN_PARTY: Code = Code("SF0887");
/// Where `plan` writes its tree unless told otherwise.
const TREE: &str = "generated";

/// The launchers of this account that run now, with their sockets; those of one party where one is named. A party that
/// neither runs here nor is one of the tree in this folder is a failure, which names the ones that are known.
pub(super) fn wanted(party: Option<&PartyName>) -> Result<Vec<(Instance, Utf8PathBuf)>, Failure> {
    let mut running = instances(&Folders::from_env())?;
    let Some(party) = party else { return Ok(running) };
    let mut known: BTreeSet<PartyName> =
        running.iter().map(|(instance, _)| instance.party.clone()).collect();
    // A tree that is not there or cannot be read says nothing of names.
    let planned = read_federation(Utf8Path::new(TREE)).map(|federation| federation.parties);
    known.extend(planned.unwrap_or_default().into_keys());
    if !known.is_empty() && !known.contains(party) {
        let known = known.iter().map(PartyName::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("there is no party {party} here, but {known}");
        let help =
            "name one of these with `--party`, or leave it out for all launchers that run here";
        let failure = Failure::new(Status::Usage, message).help(help);
        return Err(Failure { code: Some(UNKNOWN_PARTY.to_string()), ..failure });
    }
    running.retain(|(instance, _)| instance.party == *party);
    Ok(running)
}

/// What is said where none of the launchers that were asked for runs.
pub(super) fn none_runs(party: Option<&PartyName>) -> String {
    party
        .map_or("nothing runs here".to_owned(), |party| format!("no launcher of {party} runs here"))
}
