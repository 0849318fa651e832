//! `cluster_config.json`, `spu.json` and `heu.json`: arguments of SecretFlow for slot 0, for people and for programs
//! that do not use `sf_party`. They say the same as `templates/sf_party.py` computes from `plan.json`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    plan::{Effect, LinkAddress, Mode, PartyPlan, Spu},
    types::{DeviceName, Endpoint, RuntimeParty},
};

use super::{
    artifact::{File, Files, Kind, OfHost},
    scene::HostScene,
};

pub(super) const CLUSTER_CONFIG: Kind<OfHost> =
    Kind { templates: &[], effect: Effect::Read, files: cluster_config };
pub(super) const SPU: Kind<OfHost> = Kind { templates: &[], effect: Effect::Read, files: spu };
pub(super) const HEU: Kind<OfHost> = Kind { templates: &[], effect: Effect::Read, files: heu };

/// `cluster_config` of `sf.init`.
#[derive(Serialize)]
struct ClusterConfig {
    parties: BTreeMap<RuntimeParty, PartyAddress>,
    self_party: RuntimeParty,
}

#[derive(Serialize)]
struct PartyAddress {
    address: String,
    /// How a peer listens is the peer's own affair.
    #[serde(skip_serializing_if = "Option::is_none")]
    listen_addr: Option<String>,
}

fn cluster_config(host: &HostScene<'_>) -> Files {
    let plan = host.plan();
    // Simulation has one cluster and is told the parties' names alone.
    if plan.secretflow.is_none() || plan.mode == Mode::Simulation || !host.is_main() {
        return Ok(Vec::new());
    }
    let parties = plan.links.sf.iter().map(|(party, link)| {
        let listen_addr = (*party == plan.party).then(|| listen(plan, link));
        (plan.runtime_name(party), PartyAddress { address: dial(link), listen_addr })
    });
    let config =
        ClusterConfig { parties: parties.collect(), self_party: plan.runtime_name(&plan.party) };
    Ok(vec![File::json("cluster_config.json", &config)])
}

/// Arguments of `sf.SPU`.
#[derive(Serialize)]
struct SpuArguments<'a> {
    cluster_def: ClusterDef<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    link_desc: &'a BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct ClusterDef<'a> {
    nodes: Vec<SpuNode>,
    runtime_config: RuntimeConfig<'a>,
}

#[derive(Serialize)]
struct SpuNode {
    party: RuntimeParty,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    listen_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_opts: Option<Value>,
}

#[derive(Serialize)]
struct RuntimeConfig<'a> {
    protocol: &'a str,
    field: &'a str,
    #[serde(flatten)]
    more: &'a BTreeMap<String, Value>,
}

fn spu(host: &HostScene<'_>) -> Files {
    let plan = host.plan();
    if plan.secretflow.is_none() || plan.spus.is_empty() || !host.is_main() {
        return Ok(Vec::new());
    }
    let devices = plan.spus.iter().map(|(name, spu)| (name, spu_arguments(plan, name, spu)));
    Ok(vec![File::json("spu.json", &devices.collect::<BTreeMap<_, _>>())])
}

fn spu_arguments<'a>(plan: &'a PartyPlan, name: &DeviceName, spu: &'a Spu) -> SpuArguments<'a> {
    let links = plan.links.spu.get(name).expect("each SPU of a plan has its links");
    let nodes = spu.parties.iter().map(|party| {
        let link = links.get(party).expect("each party of an SPU has a link");
        let is_own = *party == plan.party && plan.mode == Mode::Production;
        SpuNode {
            party: plan.runtime_name(party),
            address: dial(link),
            listen_address: is_own.then(|| listen(plan, link)),
            tls_opts: if is_own { tls_opts(plan) } else { None },
        }
    });
    SpuArguments {
        cluster_def: ClusterDef {
            nodes: nodes.collect(),
            runtime_config: RuntimeConfig {
                protocol: &spu.protocol,
                field: &spu.field,
                more: &spu.runtime_config,
            },
        },
        link_desc: &spu.link_desc,
    }
}

/// Paths are those of the plan: the CA's from the tree, the others from the topology's folder.
fn tls_opts(plan: &PartyPlan) -> Option<Value> {
    let tls = plan.secretflow.as_ref()?.tls.as_ref()?;
    let options = json!({
        "ca_file_path": tls.ca,
        "certificate_path": tls.cert,
        "private_key_path": tls.key,
        // 0, the default, verifies nothing.
        "verify_depth": 1,
    });
    Some(json!({ "server_ssl_opts": options, "client_ssl_opts": options }))
}

/// Arguments of `sf.HEU`.
#[derive(Serialize)]
struct HeuArguments<'a> {
    config: Value,
    spu_field_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    spu_fxp_fraction_bits: Option<i64>,
}

fn heu(host: &HostScene<'_>) -> Files {
    let plan = host.plan();
    if plan.secretflow.is_none() || plan.heus.is_empty() || !host.is_main() {
        return Ok(Vec::new());
    }
    let devices = plan.heus.iter().map(|(name, heu)| {
        let mut config = heu.config.clone();
        config["sk_keeper"] = json!({ "party": plan.runtime_name(&heu.sk_keeper) });
        let evaluators = heu.evaluators.iter();
        let evaluators = evaluators.map(|party| json!({ "party": plan.runtime_name(party) }));
        config["evaluators"] = evaluators.collect();
        let arguments = HeuArguments {
            config,
            spu_field_type: &heu.field,
            spu_fxp_fraction_bits: heu.fraction_bits,
        };
        (name, arguments)
    });
    Ok(vec![File::json("heu.json", &devices.collect::<BTreeMap<_, _>>())])
}

fn dial(link: &LinkAddress) -> String {
    Endpoint { host: link.host.clone(), port: link.first }.to_string()
}

fn listen(plan: &PartyPlan, link: &LinkAddress) -> String {
    let port = link.listen.first().map_or(link.first, |range| range.first());
    Endpoint { host: plan.listen.clone(), port }.to_string()
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn secretflow_is_told_where_peers_are_and_where_to_listen() {
        let tree = samples::production().render().unwrap();
        let text = |path: &str| String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap();
        insta::assert_snapshot!(
            ["cluster_config", "spu", "heu"]
                .map(|name| text(&format!("alice/alice-1/{name}.json")))
                .join("\n")
        );
    }

    #[test]
    fn only_the_main_host_has_a_driver_to_configure() {
        let tree = samples::production().render().unwrap();
        assert!(tree.get("carol/carol-1/cluster_config.json").is_some());
        assert!(tree.get("carol/carol-2/cluster_config.json").is_none());
    }
}
