//! Plans in, files out: every artifact of the tree, as bytes in memory.
//!
//! Pure: no disk, no clock, no environment. It decides nothing that the plan could have said; what it adds is the
//! spelling of each format. JSON is serialised; text for people and shells comes from `templates/`, which users can
//! override. A value that a format cannot carry is a [`RenderError`].
//!
//! A new artifact is a file here with its `ARTIFACT`, and a line in one of the three tables.

#![expect(clippy::unnecessary_wraps, reason = "the tables hold functions of one signature")]

mod cluster_config;
mod command;
mod engine;
mod env;
mod error;
mod federation;
mod firewall;
mod party_plan;
mod ports;
mod quote;
mod reach;
mod runbook;
mod scene;
mod spell;
mod targets;
mod tls;
mod tree;

#[cfg(test)]
mod samples;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    plan::{Federation, Groups, PartyPlan, json_bytes},
    types::PartyName,
};

pub use error::{RenderError, ValueError};
pub use tree::{Artifact, ArtifactTree, FileMode};

use engine::{Engine, Source};
use scene::{HostScene, PartyScene, Scene};

/// A file that an artifact makes; the path is relative to the folder of its scope.
struct File {
    path: Utf8PathBuf,
    bytes: Vec<u8>,
}

impl File {
    fn new(path: impl Into<Utf8PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }

    /// A value as JSON for programs and reviewers: indented, with a line feed at the end.
    fn json(path: impl Into<Utf8PathBuf>, value: &impl serde::Serialize) -> Self {
        Self::new(path, json_bytes(value))
    }
}

/// No file where the artifact does not apply, several where it stands for a group.
type Files = Result<Vec<File>, RenderError>;

/// One kind of artifact, made by `F` once per scope.
struct Kind<F> {
    /// The templates it fills in.
    templates: &'static [Source],
    /// Makes its files.
    files: F,
}

type OfTree = for<'a> fn(&Scene<'a>) -> Files;
type OfParty = for<'a> fn(&PartyScene<'a>) -> Files;
type OfHost = for<'a> fn(&HostScene<'a>) -> Files;

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

/// Renders the tree of a federation.
///
/// `ca_pems` are the CA certificates as committed, `requirements` the pinned packages of the runtime, `templates`
/// the user's own by their path below `templates/`, such as `party/RUNBOOK.md.hbs`.
pub fn render(
    federation: &Federation,
    parties: &BTreeMap<PartyName, PartyPlan>,
    ca_pems: &BTreeMap<PartyName, String>,
    requirements: &str,
    templates: &BTreeMap<String, String>,
) -> Result<ArtifactTree, RenderError> {
    let engine = Engine::new(&templates_of_all_artifacts(), templates)?;
    let groups = Groups::of(federation);
    let scene =
        Scene { federation, groups: &groups, parties, ca_pems, requirements, engine: &engine };
    let mut tree = ArtifactTree::default();
    let root = Utf8Path::new("");
    for kind in TREE_ARTIFACTS {
        add(&mut tree, root, (kind.files)(&scene)?);
    }
    for plan in parties.values() {
        let party = PartyScene { scene: &scene, plan };
        let folder = root.join(plan.party.as_str());
        for kind in PARTY_ARTIFACTS {
            add(&mut tree, &folder, (kind.files)(&party)?);
        }
        for (name, host) in &plan.hosts {
            let host = HostScene { party: &party, name, host };
            for kind in HOST_ARTIFACTS.iter().chain(targets::artifacts(&plan.deploy)) {
                add(&mut tree, &folder.join(name.as_str()), (kind.files)(&host)?);
            }
        }
    }
    Ok(tree)
}

fn add(tree: &mut ArtifactTree, folder: &Utf8Path, files: Vec<File>) {
    for File { path, bytes } in files {
        tree.insert(folder.join(path), Artifact { bytes, mode: FileMode::Plain });
    }
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
    use crate::{plan::federation_bytes, types::Digest};

    fn tree(sample: &samples::Sample) -> ArtifactTree {
        sample.render().unwrap()
    }

    fn paths(tree: &ArtifactTree) -> Vec<&str> {
        tree.iter().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn the_tree_has_what_the_design_lists() {
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
        let file = tree(&sample).get("federation.json").unwrap().bytes.clone();
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
        let after = before.clone().with_stranger();
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
            String::from_utf8(tree.get("PORTS.md").unwrap().bytes.clone()).unwrap()
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
