//! What processes need at fixed paths, and no mount may take the place of.

use crate::model::{Deploy, Mount, Party};

use super::reach::{OF_CONTAINERS, OF_IMAGES};

/// Parts of the machine's or image's system without which no program starts.
const OF_SYSTEMS: [&str; 2] = ["/usr/bin", "/usr/lib"];
/// Parts of the image of sfgen beside them: Python with its packages, and the table with the account.
const OF_OWN_IMAGE: [&str; 4] = ["/usr/local/bin", "/usr/local/lib", ACCOUNTS, SHARED_MEMORY];
/// Where the packages are there; a mount of one package in them hides nothing else.
const PYTHON: &str = "/usr/local/lib/python3";
/// Accounts of the system.
const ACCOUNTS: &str = "/etc/passwd";
/// Where Ray keeps its objects.
const SHARED_MEMORY: &str = "/dev/shm";
/// How the folders of sfgen's units for sockets begin.
const RUN_OF_UNITS: &str = "/run/sfgen-";
/// Folders in a container with nothing but files of sfgen: the tree, and Ray's sockets.
const WHOLE_IN_CONTAINERS: [&str; 2] = ["/srv/sfgen/generated", "/run/sfgen"];

/// What a mount takes the place of, and a process needs; `has_own_image` says that the process is from an image of
/// which sfgen knows nothing.
pub(super) fn hidden_by(party: &Party, has_own_image: bool, mount: &Mount) -> Option<String> {
    let target = mount.target();
    let is_shown_elsewhere = *target != mount.path.value;
    let (needed, whole) = match &*party.deploy {
        // Units see the machine: only what is shown elsewhere takes the place of something.
        Deploy::Systemd(systemd) if is_shown_elsewhere => of_units(systemd.home.value.as_str()),
        Deploy::Docker(_) => of_containers(has_own_image || party.deploy.image().is_some()),
        Deploy::Process | Deploy::Systemd(_) | Deploy::Kuscia(_) => return None,
    };
    let is_in_the_way = |needed: &&String| {
        // The machine's own shared memory does what the container's would.
        target.holds(needed) && (is_shown_elsewhere || target.as_str() != SHARED_MEMORY)
    };
    let hidden = needed.iter().chain(&whole).find(is_in_the_way);
    let hidden = hidden.or_else(|| whole.iter().find(|folder| is_in(target.as_str(), folder)));
    // Of a name that goes on differently on each machine, the path of the mount is shown.
    let is_begun = |hidden: &str| [PYTHON, RUN_OF_UNITS].contains(&hidden);
    hidden.map(|hidden| if is_begun(hidden) { target.to_string() } else { hidden.clone() })
}

/// What units need: paths that no mount may cover, and folders in which none may lie either.
fn of_units(home: &str) -> (Vec<String>, Vec<String>) {
    let others = ["/run", "/run/credentials", ACCOUNTS, SHARED_MEMORY];
    let system = OF_IMAGES.iter().chain(&OF_SYSTEMS).chain(&others).map(ToString::to_string);
    let whole = vec![format!("{home}/generated"), format!("{home}/venv"), RUN_OF_UNITS.to_owned()];
    (std::iter::once(home.to_owned()).chain(system).collect(), whole)
}

/// The same for containers.
fn of_containers(has_own_image: bool) -> (Vec<String>, Vec<String>) {
    let all = OF_CONTAINERS.iter().chain(&OF_IMAGES);
    let mut needed: Vec<String> = all.map(ToString::to_string).collect();
    let mut whole: Vec<String> = WHOLE_IN_CONTAINERS.map(str::to_owned).into();
    if !has_own_image {
        needed.extend(OF_SYSTEMS.iter().chain(&OF_OWN_IMAGE).map(ToString::to_string));
        whole.push(PYTHON.to_owned());
    }
    (needed, whole)
}

/// Whether a path is such a folder or lies in it.
fn is_in(path: &str, folder: &str) -> bool {
    let Some(rest) = path.strip_prefix(folder) else { return false };
    match folder {
        // The version, and the folder of the packages in that of the version.
        PYTHON => rest.split('/').count() <= 2,
        RUN_OF_UNITS => true,
        _ => rest.is_empty() || rest.starts_with('/'),
    }
}

/// A path that none of these mounts is seen at, for a help.
pub(super) fn free_path(mounts: &[&Mount]) -> String {
    let is_free = |path: &String| {
        let mut targets = mounts.iter().map(|mount| mount.target());
        !targets.any(|target| target.holds(path) || target.as_path().starts_with(path))
    };
    let numbered = (2..).map(|number| format!("/data-{number}"));
    let mut paths = std::iter::once("/data".to_owned()).chain(numbered);
    paths.find(is_free).expect("mounts are finitely many")
}
