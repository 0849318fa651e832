//! The launchers that `status` and `stop` are about.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    thread::sleep,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    cli::status::{Failure, Status},
    diag::Code,
    fs::FsError,
    launch::{
        install::record::Records,
        machine::{
            side::read_federation,
            state::{Folders, Instance, instances},
        },
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
    known.extend(Records::all(|_| true)?.into_iter().map(|(place, _)| place.party));
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

/// How long a launcher that closes its socket may take to be gone.
const CLOSING: Duration = Duration::from_secs(5);
/// How often it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Asks until there is an answer. `None` means that a launcher comes or goes just now, whose place is looked at again; at
/// the end of its time that is the answer.
pub(super) fn until_settled<T>(
    mut ask: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<Option<T>, Failure> {
    let begun = Instant::now();
    loop {
        let answer = ask()?;
        if answer.is_some() || begun.elapsed() > CLOSING {
            return Ok(answer);
        }
        sleep(LOOK_AGAIN);
    }
}

/// Whether a launcher that closed its socket or the connection has ended, which it may be about to.
pub(super) fn is_gone(instance: &Instance) -> Result<bool, Failure> {
    let gone = until_settled(|| {
        let running = wanted(None)?;
        Ok(running.iter().all(|(other, _)| other.pid != instance.pid).then_some(()))
    })?;
    Ok(gone.is_some())
}

/// An answer over a launcher's socket; `None` where nobody listens there any more.
pub(super) fn if_there<T>(answer: Result<T, FsError>) -> Result<Option<T>, FsError> {
    match answer {
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

/// What is said where none of the launchers that were asked for runs.
pub(super) fn none_runs(party: Option<&PartyName>) -> String {
    party
        .map_or("nothing runs here".to_owned(), |party| format!("no launcher of {party} runs here"))
}
