//! Ports that machines pass on to containers, and the listeners behind them.

use std::collections::BTreeSet;

use crate::{
    check::Context,
    diag::Spanned,
    model::{Demand, Party, demands},
    types::{PartyName, PortMapping, PortRange, Role},
};

use super::bridges::parties_beyond;

/// What is published, without the parties that cannot be on a bridge at all.
pub(super) struct Published<'a> {
    context: Context<'a>,
    beyond: BTreeSet<&'a PartyName>,
    /// Empty where nothing is published.
    demands: Vec<Demand<'a>>,
}

impl<'a> Published<'a> {
    pub(super) fn new(context: Context<'a>) -> Self {
        let parties = &context.topology.parties;
        if parties.values().all(|party| party.deploy.published().is_empty()) {
            return Self { context, beyond: BTreeSet::new(), demands: Vec::new() };
        }
        Self { context, beyond: parties_beyond(context), demands: demands(context.topology) }
    }

    /// Every mapping with the party whose containers it leads to.
    pub(super) fn mappings(&self) -> impl Iterator<Item = (&'a Party, &'a Spanned<PortMapping>)> {
        let parties = self.context.topology.parties.values();
        let parties = parties.filter(|party| !self.beyond.contains(&party.name.value));
        parties.flat_map(|party| party.deploy.published().iter().map(move |one| (party, one)))
    }

    /// The line that puts a listener of the party there: that of its links, else the first that has no pin.
    pub(super) fn pin_for(&self, party: &Party, range: PortRange) -> Option<String> {
        let (name, main) = (&party.name.value, &party.main_host()?.name.value);
        let start =
            self.demands.partition_point(|demand| (demand.party, demand.host) < (name, main));
        let own = self.demands[start..].iter();
        let own = own.take_while(|demand| (demand.party, demand.host) == (name, main));
        let is_linked = |role: &Role| matches!(role, Role::Sf | Role::Spu | Role::Service(_));
        let demand =
            own.into_iter().find(|demand| demand.pin.is_none() && is_linked(&demand.role))?;
        let needed = PortRange::of_len(range.first(), demand.count)?;
        let last = needed.last().max(range.last());
        if !PortRange::PLANNABLE.contains(needed.first()) || !PortRange::PLANNABLE.contains(last) {
            return None;
        }
        let numbers = match needed.first() {
            first if first == last => first.to_string(),
            first => format!("{first} {last}"),
        };
        Some(format!("`pin \"{}\" {numbers}`", demand.role))
    }
}
