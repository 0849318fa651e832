//! The lists of packages that a topology names with `requirements`.

use camino::Utf8PathBuf;

use crate::{
    catalogue,
    diag::{Code, Finding, Findings, SourceSpan, Sources, Spanned},
    model::{ListedPackage, PackageLists, Topology},
    syntax::Workspace,
};

use super::beside;

/// A list of packages that cannot be used.
const BROKEN: Code = Code("SF0961");

/// Reads every list, and reports what is wrong with it.
pub(super) fn read(
    workspace: &dyn Workspace,
    topology: &Topology,
    sources: &mut Sources,
    findings: &mut Findings,
) -> PackageLists {
    let all = topology.runtime.secretflow().map(|settings| &settings.software);
    let own = topology.parties.values().map(|party| &party.software);
    let mut lists = PackageLists::new();
    for path in all.into_iter().chain(own).filter_map(|software| software.requirements.as_ref()) {
        if lists.contains_key(&path.value) {
            continue;
        }
        match text(workspace, &path.value) {
            Ok(text) => {
                let file = sources.add(workspace.display(&path.value), text.as_str());
                let (pins, wrong) = catalogue::pins(&text);
                let place = |range| SourceSpan::new(file, range);
                let wrong = wrong.into_iter().map(|line| {
                    Finding::error(BROKEN, line.why).label(place(line.place), "this line")
                        .help("write a line `name==version` for each package, and hashes behind it or nothing")
                });
                findings.extend(wrong);
                let bare = pins.iter().find(|pin| pin.hashes.is_empty());
                let hashed = pins.iter().find(|pin| !pin.hashes.is_empty());
                if let Some((bare, hashed)) = bare.zip(hashed) {
                    let message = format!(
                        "`{}` has no hash, and other packages of the list have",
                        bare.package
                    );
                    let finding = Finding::error(BROKEN, message)
                        .label(place(bare.place.clone()), "without a hash")
                        .label(place(hashed.place.clone()), "with one")
                        .help("give each package of the list its hashes, as `pip-compile --generate-hashes` does, or none");
                    findings.push(finding);
                }
                let packages = pins.into_iter().map(|pin| ListedPackage {
                    package: Spanned::new(pin.package, place(pin.place)),
                    hashes: pin.hashes,
                });
                lists.insert(path.value.clone(), packages.collect());
            }
            Err(why) => {
                let finding = Finding::error(
                    BROKEN,
                    format!("list of packages `{}`: {why}", path.value),
                )
                .label(path.span, "named here")
                .help(
                    "name a file beside the topology with a line `name==version` for each package",
                );
                findings.push(finding);
                lists.insert(path.value.clone(), Vec::new());
            }
        }
    }
    lists
}

fn text(workspace: &dyn Workspace, path: &Utf8PathBuf) -> Result<String, String> {
    let bytes = beside::read(workspace, path)?.ok_or("there is no such file")?;
    String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())
}
