//! The files that `apply` reads are those that `plan` wrote.

use super::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs,
    plan::ManifestFile,
    types::Digest,
};
use camino::Utf8Path;

pub(super) const PROBE: Probe = Probe { name: "the tree matches its manifest", run };

/// The shared files and the party's own; another party's are none of our business.
fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let party = machine.plan.party.as_str();
    let mine = machine.manifest.files.iter().filter(|(path, _)| {
        let first = path.components().next().map_or("", |part| part.as_str());
        first == party || first == "ca" || path.components().count() == 1
    });
    mine.filter_map(|(path, expected)| {
        let what = difference(&machine.tree.join(path), expected)?;
        Some(
            Finding::error(Code("SF0840"), format!("`{path}` {what}")).help(
                "run `sfgen plan` where the topology is, commit the tree, and pull it here; nothing is edited in the tree",
            ),
        )
    })
    .collect()
}

fn difference(path: &Utf8Path, expected: &ManifestFile) -> Option<String> {
    let bytes = match fs::kind(path) {
        Ok(fs::Kind::File { .. }) => fs::read(path),
        Ok(fs::Kind::Absent) => return Some("is missing from the tree".to_owned()),
        Ok(_) => return Some("is no regular file".to_owned()),
        Err(why) => Err(why),
    };
    match bytes {
        Ok(bytes) if Digest::of(&bytes) == expected.sha256 => None,
        Ok(_) => Some("is not what `sfgen plan` wrote".to_owned()),
        Err(why) => Some(format!("cannot be checked: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};

    #[test]
    fn every_file_of_ours_that_differs_is_named_and_no_file_of_others() {
        let mut sample = Sample::new();
        for path in
            ["federation.json", "alice/plan.json", "alice/alice-1/alice.env", "bob/plan.json"]
        {
            let file =
                ManifestFile { sha256: Digest::of(b"planned"), mode: "644".into(), effect: None };
            sample.manifest.files.insert(path.into(), file);
        }
        fs::create_folder(&sample.path().join("alice"), 0o755).unwrap();
        fs::write_new(&sample.path().join("federation.json"), b"planned", 0o644).unwrap();
        fs::write_new(&sample.path().join("alice/plan.json"), b"edited", 0o644).unwrap();
        assert_eq!(
            sample.messages(&PROBE),
            [
                "SF0840 `alice/alice-1/alice.env` is missing from the tree",
                "SF0840 `alice/plan.json` is not what `sfgen plan` wrote",
            ]
        );
    }
}
