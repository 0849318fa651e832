//! The embedded job `sum`: the parties learn the total of their private numbers, and nothing else.
//!
//! Additive secret sharing: each number is split into random shares that add up to it in the ring of integers
//! modulo 2^128, one for each party; each party publishes the sum of the shares it holds; the total of these is the
//! total of the numbers. Secure against parties that follow the protocol and pool what they saw, as long as two do
//! not. It runs in a process of its own, which the launcher starts, and prints nothing itself.

mod error;
mod frame;
mod links;
mod spec;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::{frame::Frame, links::Link};
use crate::types::PartyName;

pub use error::SumError;
pub use spec::{PATIENCE, SumSpec, spec_from_env};

/// The line that a party's process prints: `sum 42`.
#[must_use]
pub fn report(total: i128) -> String {
    format!("sum {total}")
}

/// Takes part in one sum; returns the total of all parties' numbers.
pub async fn run(spec: SumSpec) -> Result<i128, SumError> {
    let mut links = links::connect(&spec).await?;

    let peers: Vec<PartyName> = links.keys().cloned().collect();
    let (kept, given) = split(spec.input, &peers);
    for (party, link) in &mut links {
        link.send(&Frame::Share(given[party])).await?;
    }
    let mut partial = kept;
    for link in links.values_mut() {
        partial = partial.wrapping_add(link.share().await?);
    }
    for link in links.values_mut() {
        link.send(&Frame::Partial(partial)).await?;
    }
    let mut total = partial;
    for link in links.values_mut() {
        total = total.wrapping_add(link.partial().await?);
    }
    for link in links.into_values() {
        link.close().await;
    }
    Ok(total.cast_signed())
}

/// Shares of `input`: the one to keep, and one for each peer. Any of them alone is uniformly random.
fn split(input: i64, peers: &[PartyName]) -> (u128, BTreeMap<PartyName, u128>) {
    let mut kept = i128::from(input).cast_unsigned();
    let mut given = BTreeMap::new();
    for peer in peers {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system gives randomness");
        let share = u128::from_be_bytes(bytes);
        kept = kept.wrapping_sub(share);
        given.insert(peer.clone(), share);
    }
    (kept, given)
}

impl Link {
    async fn share(&mut self) -> Result<u128, SumError> {
        match self.receive().await? {
            Frame::Share(share) => Ok(share),
            other => Err(self.wrong(format!("sent {} where a share was due", other.kind()))),
        }
    }

    async fn partial(&mut self) -> Result<u128, SumError> {
        match self.receive().await? {
            Frame::Partial(partial) => Ok(partial),
            other => Err(self.wrong(format!("sent {} where a partial sum was due", other.kind()))),
        }
    }
}
