//! The name of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use crate::{
    launch::peers::rendezvous::Ticket,
    types::{Digest, PartyName},
};

/// Name of a run, the same at all of its parties: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId([u8; 8]);

impl RunId {
    /// The name of the run that these requests make.
    #[must_use]
    pub fn of(tickets: &BTreeMap<PartyName, Ticket>) -> Self {
        let sorted: BTreeSet<&Ticket> = tickets.values().collect();
        let bytes: Vec<u8> = sorted.into_iter().flat_map(|ticket| *ticket.bytes()).collect();
        let digest = Digest::of(&bytes);
        let (id, _) = digest.bytes().split_first_chunk().expect("a digest has 32 bytes");
        Self(*id)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for RunId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("a run is named by 16 hexadecimal digits, not `{text}`");
        if text.len() != 16 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong());
        }
        u64::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes())).map_err(|_| wrong())
    }
}
