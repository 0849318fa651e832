//! Protocols that an SPU can use, by how many take part in it.

use std::collections::BTreeSet;

use crate::{catalogue::ProtocolFacts, check::Context, diag::Fix, model::Spu, types::PartyName};

/// How many parties an SPU has.
pub(super) fn party_count(spu: &Spu) -> usize {
    let parties: BTreeSet<&PartyName> = spu.parties.iter().map(|party| &party.value).collect();
    parties.len()
}

/// Whether a protocol keeps the inputs of that many parties secret.
pub(super) fn is_private_for(facts: &ProtocolFacts, parties: usize) -> bool {
    let (fewest, most) = facts.parties;
    facts.private && (usize::from(fewest)..=usize::from(most)).contains(&parties)
}

/// A change to each protocol that the SPU could use as it is declared, together with the HEUs of the topology.
pub(super) fn other_protocols(context: Context<'_>, spu: &Spu) -> Vec<Fix> {
    let Some(release) = context.release.filter(|_| spu.parties.is_whole()) else {
        return Vec::new();
    };
    let has_heu = !context.topology.heus.is_empty();
    let parties = party_count(spu);
    let others = release.protocols.iter().filter(|(name, facts)| {
        **name != spu.protocol.value && is_private_for(facts, parties) && (facts.heu || !has_heu)
    });
    let fixes = others.filter_map(|(name, _)| {
        context.write(format!("write `protocol=\"{name}\"`"), &spu.protocol, name)
    });
    fixes.collect()
}
