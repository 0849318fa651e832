//! Every artifact, by what it is made for, and the making of a whole tree.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    plan::{Effect, Federation, Groups, PartyPlan, Requirements},
    types::PartyName,
};

use super::{
    artifact::{File, FileContent, Kind, OfHost, OfParty, OfTree},
    cluster_config,
    engine::{Engine, Source},
    env,
    error::RenderError,
    federation, firewall, party_plan, ports, runbook,
    scene::{HostScene, PartyScene, Scene, TreeScene},
    targets, tls,
    tree::{ArtifactTree, TreeBuilder},
};

/// Artifacts that all parties share, in the root of the tree.
const TREE_ARTIFACTS: &[&Kind<OfTree>] = &[
    &federation::FEDERATION,
    &federation::NODES,
    &federation::SF_PARTY,
    &ports::ARTIFACT,
    &tls::AUTHORITIES,
];

/// Artifacts of one party, in `<party>/`.
const PARTY_ARTIFACTS: &[&Kind<OfParty>] = &[
    &party_plan::PLAN,
    &party_plan::REQUIREMENTS,
    &runbook::ARTIFACT,
    &tls::ALLOWLIST,
    &tls::PEERS,
];

/// Artifacts of one host, in `<party>/<host>/`, whatever its target; [`targets`] adds those of the target.
const HOST_ARTIFACTS: &[&Kind<OfHost>] = &[
    &cluster_config::CLUSTER_CONFIG,
    &cluster_config::SPU,
    &cluster_config::HEU,
    &env::ARTIFACT,
    &firewall::ARTIFACT,
];

/// What is rendered.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// What all parties share.
    pub federation: &'a Federation,
    /// Each party's own plan. Each is given up as soon as its files are made, since those take as much memory.
    pub parties: BTreeMap<PartyName, PartyPlan>,
    /// The CA certificates as committed.
    pub ca_pems: &'a BTreeMap<PartyName, String>,
    /// The pinned packages of the runtime.
    pub requirements: &'a Requirements,
    /// The user's own templates by their path below `templates/`, such as `party/RUNBOOK.md.hbs`.
    pub templates: &'a BTreeMap<String, String>,
}

/// Which artifacts are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All.
    Whole,
    /// Those that a user's template makes, and that may be impossible therefore.
    Replaced,
}

/// Renders the tree of a federation.
pub fn render(input: Input<'_>) -> Result<ArtifactTree, RenderError> {
    let mut tree = TreeBuilder::default();
    render_each(input, Extent::Whole, |path, content, effect| tree.insert(path, content, effect))?;
    Ok(tree.build())
}

/// Whether the tree of a federation can be rendered: fills in the user's templates, and keeps nothing.
pub fn verify(input: Input<'_>) -> Result<(), RenderError> {
    render_each(input, Extent::Replaced, |_, _, _| {})
}

fn render_each(
    input: Input<'_>,
    extent: Extent,
    mut receive: impl FnMut(Utf8PathBuf, FileContent, Effect),
) -> Result<(), RenderError> {
    let Input { federation, parties, ca_pems, requirements, templates } = input;
    let engine = Engine::new(&templates_of_all_artifacts(), templates)?;
    let groups = Groups::of(federation);
    let hosts = parties.values().flat_map(|plan| plan.hosts.values());
    let addresses = hosts.map(|host| host.own_address().clone()).collect();
    let scene = Scene { federation, addresses: &addresses, ca_pems, requirements, engine: &engine };
    let mut add = |folder: &Utf8Path, effect: Effect, files: Vec<File>| {
        for File { path, content } in files {
            receive(folder.join(path), content, effect);
        }
    };
    let is_made = |used: &[Source]| {
        let is_replaced = |source: &Source| templates.contains_key(source.name);
        extent == Extent::Whole || used.iter().any(is_replaced)
    };
    let whole = TreeScene { scene: &scene, parties: &parties };
    for kind in TREE_ARTIFACTS.iter().filter(|kind| is_made(kind.templates)) {
        add(Utf8Path::new(""), kind.effect, (kind.files)(&whole)?);
    }
    for plan in parties.into_values() {
        let party = PartyScene::new(&scene, &groups, &plan);
        let folder = Utf8Path::new(plan.party.as_str());
        for kind in PARTY_ARTIFACTS.iter().filter(|kind| is_made(kind.templates)) {
            add(folder, kind.effect, (kind.files)(&party)?);
        }
        for (name, host) in &plan.hosts {
            let host = HostScene { party: &party, name, host };
            let folder = folder.join(name.as_str());
            let kinds = HOST_ARTIFACTS.iter().chain(targets::artifacts(&plan.deploy));
            for kind in kinds.filter(|kind| is_made(kind.templates)) {
                add(&folder, kind.effect, (kind.files)(&host)?);
            }
        }
    }
    Ok(())
}

/// The templates that users can replace, by their paths below `templates/`.
pub fn template_names() -> impl Iterator<Item = &'static str> {
    templates_of_all_artifacts().into_iter().map(|source| source.name)
}

fn templates_of_all_artifacts() -> Vec<Source> {
    let tree = TREE_ARTIFACTS.iter().map(|kind| kind.templates);
    let party = PARTY_ARTIFACTS.iter().map(|kind| kind.templates);
    let host =
        HOST_ARTIFACTS.iter().copied().chain(targets::all_artifacts()).map(|kind| kind.templates);
    tree.chain(party).chain(host).flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::federation_bytes, render::samples, types::Digest};

    fn tree(sample: &samples::Sample) -> ArtifactTree {
        sample.render().unwrap()
    }

    fn paths(tree: &ArtifactTree) -> Vec<&str> {
        tree.iter().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn the_tree_of_three_parties_has_these_files() {
        let tree = tree(&samples::production());
        insta::assert_snapshot!(paths(&tree).join("\n"));
    }

    #[test]
    fn simulation_has_nothing_about_identities() {
        let tree = tree(&samples::simulation());
        for path in paths(&tree) {
            assert!(!path.contains("tls/") && !path.starts_with("ca/"), "{path}");
            assert!(!path.ends_with("cluster_config.json"), "{path}");
        }
    }

    #[test]
    fn the_embedded_runtime_needs_neither_env_files_nor_requirements() {
        let tree = tree(&samples::embedded());
        for path in paths(&tree) {
            for absent in [".env", "requirements.txt", "sf_party.py", "nodes.json", "spu.json"] {
                assert!(!path.ends_with(absent), "{path}");
            }
        }
    }

    #[test]
    fn the_plan_digest_is_that_of_the_file() {
        let sample = samples::production();
        let file = tree(&sample).get("federation.json").unwrap().bytes.to_vec();
        assert_eq!(Digest::of(&file), Digest::of(&federation_bytes(&sample.federation)));
        assert_eq!(serde_json::from_slice::<Federation>(&file).unwrap(), sample.federation);
    }

    #[test]
    fn the_same_plan_gives_the_same_bytes() {
        let sample = samples::production();
        assert_eq!(tree(&sample), tree(&sample));
    }

    #[test]
    fn another_party_leaves_the_files_of_those_it_does_not_meet_alone() {
        let before = samples::production();
        let after = before.clone().with_unrelated_parties();
        let (before, after) = (tree(&before), tree(&after));
        let shared = ["federation.json", "PORTS.md", "nodes.json"];
        for (path, artifact) in before.iter() {
            let file = after.get(path.as_str()).unwrap();
            if path.ends_with("plan.json") || shared.contains(&path.as_str()) {
                continue; // a plan names the digest of the federation
            }
            assert_eq!(file, artifact, "{path}");
        }
        let ports = |tree: &ArtifactTree| {
            String::from_utf8(tree.get("PORTS.md").unwrap().bytes.to_vec()).unwrap()
        };
        for line in ports(&before).lines() {
            assert!(ports(&after).lines().any(|other| other == line), "{line}");
        }
    }

    #[test]
    fn every_template_has_its_own_path_and_lies_in_the_folder_of_templates() {
        let mut names: Vec<_> = templates_of_all_artifacts().iter().map(|t| t.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for name in names {
            let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name);
            assert!(path.is_file(), "{path}");
        }
    }
}
