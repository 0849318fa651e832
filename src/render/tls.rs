//! `ca/<party>.pem`, `<party>/tls/allowlist.json` and `<party>/tls/peers.pem`: whom a party trusts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    plan::{Effect, Fingerprints},
    types::{HostAddr, PartyName},
};

use super::{
    artifact::{File, Files, Kind, OfParty, OfTree},
    error::RenderError,
    scene::{PartyScene, Scene, TreeScene},
};

pub(super) const AUTHORITIES: Kind<OfTree> =
    Kind { templates: &[], effect: Effect::Trust, files: authorities };
pub(super) const ALLOWLIST: Kind<OfParty> =
    Kind { templates: &[], effect: Effect::Trust, files: allowlist };
pub(super) const PEERS: Kind<OfParty> =
    Kind { templates: &[], effect: Effect::Trust, files: peers };

/// A peer as the launcher of another party checks it.
#[derive(Serialize)]
struct Allowed<'a> {
    address: &'a HostAddr,
    #[serde(flatten)]
    identity: &'a Fingerprints,
}

fn authorities(tree: &TreeScene<'_>) -> Files {
    let scene = tree.scene;
    let parties = scene.federation.parties.iter();
    let identified = parties.filter(|(_, party)| party.identity.is_some());
    identified.map(|(name, _)| Ok(File::new(format!("ca/{name}.pem"), pem(scene, name)?))).collect()
}

fn allowlist(party: &PartyScene<'_>) -> Files {
    if party.plan.identity.is_none() {
        return Ok(Vec::new());
    }
    let federation = party.scene.federation;
    let mut allowed = BTreeMap::new();
    for peer in &party.peers {
        let identity = federation.parties.get(*peer).and_then(|peer| peer.identity.as_ref());
        let host = federation.main_host(peer);
        if let (Some(identity), Some((_, host))) = (identity, host) {
            allowed.insert(*peer, Allowed { address: &host.address, identity });
        }
    }
    Ok(vec![File::json("tls/allowlist.json", &allowed)])
}

fn peers(party: &PartyScene<'_>) -> Files {
    if party.plan.identity.is_none() {
        return Ok(Vec::new());
    }
    let mut bundle = String::new();
    for peer in &party.peers {
        bundle.push_str(pem(party.scene, peer)?);
        // The next certificate must begin on a line of its own.
        if !bundle.ends_with('\n') {
            bundle.push('\n');
        }
    }
    Ok(vec![File::new("tls/peers.pem", bundle)])
}

fn pem<'a>(scene: &Scene<'a>, party: &PartyName) -> Result<&'a str, RenderError> {
    let pem = scene.ca_pems.get(party).map(String::as_str);
    pem.ok_or_else(|| RenderError::MissingCa { party: party.clone() })
}

#[cfg(test)]
mod tests {
    use crate::render::{RenderError, samples};

    #[test]
    fn a_party_trusts_the_authorities_of_its_peers_and_no_others() {
        let tree = samples::production().with_unrelated_parties().render().unwrap();
        let text = |path: &str| String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap();
        assert_eq!(text("alice/tls/peers.pem"), "CA of bob\nCA of carol\n");
        assert_eq!(text("ca/bob.pem"), "CA of bob\n");
        insta::assert_snapshot!(text("alice/tls/allowlist.json"));
    }

    #[test]
    fn a_missing_authority_is_named() {
        let mut sample = samples::production();
        sample.ca_pems.remove(&"bob".parse().unwrap());
        let missing = RenderError::MissingCa { party: "bob".parse().unwrap() };
        assert_eq!(sample.render(), Err(missing));
    }
}
