//! What the agreement goes by: who takes part in each job, and what each peer shows.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    launch::peers::rendezvous::{JobEntry, Ticket},
    types::PartyName,
};

/// Who takes part in a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRule {
    /// Its parties, this one among them.
    pub parties: BTreeSet<PartyName>,
    /// How many runs of it a party has at once at most.
    pub slots: u16,
}

/// What is known of a peer.
#[derive(Clone, Copy, Debug)]
pub enum PeerView<'a> {
    /// It was there and is gone, or it must not take part; why, as a phrase that follows its name. One that was never
    /// there is `Present` without entries: it has not left any run.
    Absent(&'a str),
    /// Its latest entries.
    Present(&'a [JobEntry]),
}

/// What every peer shows, looked up by party.
pub(super) type PeerViews<'a> = BTreeMap<PartyName, PeerView<'a>>;

/// The entry that a peer shows under a ticket.
pub(super) fn entry_of<'a>(
    peers: &PeerViews<'a>,
    party: &PartyName,
    ticket: Ticket,
) -> Option<&'a JobEntry> {
    match peers.get(party)? {
        PeerView::Absent(_) => None,
        PeerView::Present(entries) => entries.iter().find(|entry| entry.ticket == ticket),
    }
}
