//! The ports of the machines under which Kuscia's gateways are published.

use crate::{
    check::Context,
    diag::Spanned,
    model::{Deploy, Machine, Party},
    types::Port,
};

/// A gateway on its machine.
#[derive(Clone, Copy)]
pub(super) struct Gateway<'a> {
    pub(super) party: &'a Party,
    pub(super) machine: Machine<'a>,
    pub(super) port: Spanned<Port>,
}

/// The gateway of every party that Kuscia runs, as declared. A simulation has none.
pub(super) fn gateways(context: Context<'_>) -> Vec<Gateway<'_>> {
    let parties = context.topology.declared().into_iter().filter(|_| context.is_production());
    let gateways = parties.filter_map(|party| {
        let Deploy::Kuscia(kuscia) = &*party.deploy else { return None };
        Some(Gateway { party, machine: party.main_host()?.machine(), port: kuscia.gateway })
    });
    gateways.collect()
}
