//! How much room ranges that can grow are given.
//!
//! Room is kept while at least half of the pool stays free of it, so that parties who come later find numbers. Where
//! it would take more, it shrinks in quarters, at all listeners that share the pool alike, and down to none: whoever
//! has numbers without room still has them.

use std::collections::BTreeMap;

use crate::model::{Demand, Machine};

use super::book::Book;

/// Into how many parts room is divided.
const PARTS: u32 = 4;

/// The share of its room that each listener is given.
pub(super) struct Room<'a> {
    /// Parts of [`PARTS`] by machine; all machines are one, `None`, where none may have a number of another.
    shares: BTreeMap<Option<Machine<'a>>, u32>,
    is_global: bool,
}

impl<'a> Room<'a> {
    /// The shares for these demands, of each of which so many numbers are missing.
    pub(super) fn new(
        wanted: impl Iterator<Item = (&'a Demand<'a>, u16)>,
        book: &Book<'a>,
    ) -> Self {
        let is_global = book.is_global();
        let mut sums: BTreeMap<Option<Machine<'_>>, (&Demand<'_>, u32, u32)> = BTreeMap::new();
        for (demand, missing) in wanted {
            let machine = (!is_global).then_some(demand.machine);
            let (_, needed, room) = sums.entry(machine).or_insert((demand, 0, 0));
            *needed = needed.saturating_add(missing.into());
            *room = room.saturating_add(demand.room.into());
        }
        let half = book.pool().count() / 2;
        let shares = sums.into_iter().map(|(machine, (one, needed, room))| {
            let used = book.used(one).saturating_add(needed);
            let fits = |share: &u32| used.saturating_add(room / PARTS * share) <= half;
            (machine, (0..=PARTS).rev().find(fits).unwrap_or(0))
        });
        Self { shares: shares.collect(), is_global }
    }

    /// How many numbers a demand is given beside those that it needs.
    pub(super) fn of(&self, demand: &Demand<'a>) -> u16 {
        let machine = (!self.is_global).then_some(demand.machine);
        let share = self.shares.get(&machine).copied().unwrap_or(0);
        u16::try_from(u32::from(demand.room) * share / PARTS).unwrap_or(u16::MAX)
    }

    /// Gives up the room of a machine, of all where they share the pool; whether there was any.
    pub(super) fn give_up(&mut self, machine: Machine<'a>) -> bool {
        let machine = (!self.is_global).then_some(machine);
        self.shares.get_mut(&machine).is_some_and(|share| std::mem::take(share) > 0)
    }
}
