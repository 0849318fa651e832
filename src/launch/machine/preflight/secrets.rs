//! The party's certificate and key are there, and nobody else can read or replace the key. Their content is checked
//! when they are loaded (`launch::peers::identity`).

use std::collections::BTreeSet;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs::{self, Kind},
    keys::{KeyFiles, KeysCommands, key_credential, own_key},
    types::PartyName,
};
use camino::Utf8Path;

pub(super) const PROBE: Probe = Probe { name: "certificate and key", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(identity) = &machine.plan.identity else { return Vec::new() };
    let party = &machine.plan.party;
    let mut findings = Vec::new();
    let at = |path| machine.path(path);
    let key = own_key(machine.root, &identity.key);
    let files = KeyFiles::of(at(&identity.ca), at(&identity.cert), key);
    findings.extend(missing(party, &files));
    for (what, path) in
        [("CA certificate", &files.ca), ("certificate", &files.cert), ("key", &files.key)]
    {
        findings.extend(unreadable(what, path));
    }
    // systemd shows a credential to its unit alone, in a folder of its own.
    if key_credential().is_some() {
        return findings;
    }
    let key = machine.path(&identity.key);
    findings.extend(open_to_others(&key).or_else(|| replaceable(&key)));
    findings
}

/// One finding for all files that the launcher needs and that are not there. What to do depends on the CA's key too, which
/// only `keys renew` needs.
fn missing(party: &PartyName, files: &KeyFiles) -> Option<Finding> {
    // Links are followed: secrets are often mounted as links.
    let is_absent = |path: &&Utf8Path| {
        fs::read(path).is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound)
    };
    let absent: BTreeSet<&Utf8Path> = files.all().into_iter().filter(is_absent).collect();
    let needed = files.all().into_iter().filter(|path| *path != files.ca_key);
    let names: Vec<String> =
        needed.filter(|path| absent.contains(path)).map(|path| format!("`{path}`")).collect();
    let (last, rest) = names.split_last()?;
    let message = match rest {
        [] => format!("{last} is not there"),
        _ => format!("{} and {last} are not there", rest.join(", ")),
    };
    let commands = KeysCommands { party };
    let is_public = |path: &&Utf8Path| *path == files.ca || *path == files.cert;
    let pull = if absent.iter().any(is_public) { "pull what was committed; else " } else { "" };
    let help = format!("{pull}{}", commands.remedy(files, &absent));
    Some(Finding::error(Code("SF0846"), message).help(help))
}

fn unreadable(what: &str, path: &Utf8Path) -> Option<Finding> {
    let why = fs::read(path).err().filter(|why| why.kind() != std::io::ErrorKind::NotFound)?;
    let message = format!("the {what} `{path}` cannot be read: {}", why.reason());
    let help = "run the launcher as the user that owns it";
    Some(Finding::error(Code("SF0846"), message).help(help))
}

fn open_to_others(path: &Utf8Path) -> Option<Finding> {
    let target = fs::resolve(path).ok()?;
    let Ok(Kind::File { mode, owner, .. }) = fs::kind(&target) else { return None };
    let (message, remedy) = if !fs::is_own_or_roots(owner) {
        (
            format!("the key `{path}` belongs to another user of this machine (uid {owner})"),
            format!("`chown $USER {path}`"),
        )
    } else if mode & 0o077 != 0 {
        (
            format!("other users of this machine may use the key `{path}` (mode {mode:04o})"),
            format!("`chmod 600 {path}`"),
        )
    } else {
        return None;
    };
    let help = format!("{remedy}, and make a new key if somebody may have read it");
    Some(Finding::error(Code("SF0847"), message).help(help))
}

/// A key that cannot be looked at is told as one that cannot be read.
fn replaceable(key: &Utf8Path) -> Option<Finding> {
    let folder = fs::open_folder_above(key).ok()??;
    let message = format!(
        "other users of this machine may replace the key `{key}`: `{}` {}",
        folder.path, folder.openness
    );
    let help = match folder.remedy() {
        Some(remedy) => format!("{remedy}, or keep the key in a folder of your own, of mode 0700"),
        None => "keep the key in a folder of your own, of mode 0700, and name that in the topology"
            .to_owned(),
    };
    Some(Finding::error(Code("SF0847"), message).help(help))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::plan::Identity;

    #[test]
    fn a_missing_certificate_and_a_readable_key_are_both_told() {
        let mut sample = Sample::new();
        let [ca, cert, key] = ["ca.pem", "node.pem", "node.key"].map(Into::into);
        sample.plan.identity = Some(Identity { ca, cert, key });
        let path = |name| sample.path().join(name);
        fs::write_new(&path("ca.pem"), b"", 0o644).unwrap();
        fs::write_new(&path("node.key"), b"", 0o640).unwrap();
        assert_eq!(
            sample.messages(&PROBE),
            [
                format!("SF0846 `{}` is not there", path("node.pem")),
                format!(
                    "SF0847 other users of this machine may use the key `{}` (mode 0640)",
                    path("node.key")
                ),
            ]
        );
    }

    #[test]
    fn a_key_of_another_user_is_told_with_its_owner() {
        if !nix::unistd::geteuid().is_root() {
            return; // only root gives files away
        }
        let mut sample = Sample::new();
        let [ca, cert, key] = ["ca.pem", "node.pem", "keys/node.key"].map(Into::into);
        sample.plan.identity = Some(Identity { ca, cert, key });
        let path = |name| sample.path().join(name);
        fs::create_folder(&path("keys"), 0o755).unwrap();
        for (name, mode) in [("ca.pem", 0o644), ("node.pem", 0o644), ("keys/node.key", 0o600)] {
            fs::write_new(&path(name), b"", mode).unwrap();
        }
        assert!(sample.messages(&PROBE).is_empty());
        std::os::unix::fs::chown(path("keys"), Some(65534), None).unwrap();
        let (key, folder) = (path("keys/node.key"), path("keys"));
        assert_eq!(
            sample.messages(&PROBE),
            [format!(
                "SF0847 other users of this machine may replace the key `{key}`: `{folder}` belongs to another user (uid 65534)"
            )]
        );
        std::os::unix::fs::chown(&key, Some(65534), None).unwrap();
        assert_eq!(
            sample.messages(&PROBE),
            [format!("SF0847 the key `{key}` belongs to another user of this machine (uid 65534)")]
        );
    }

    #[test]
    fn a_key_that_others_may_replace_is_told_with_the_folder() {
        use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};
        let mut sample = Sample::new();
        let [ca, cert, key] = ["ca.pem", "node.pem", "open/keys/node.key"].map(Into::into);
        sample.plan.identity = Some(Identity { ca, cert, key });
        let path = |name| sample.path().join(name);
        fs::create_folder(&path("open/keys"), 0o700).unwrap();
        for (name, mode) in [("ca.pem", 0o644), ("node.pem", 0o644), ("open/keys/node.key", 0o600)]
        {
            fs::write_new(&path(name), b"", mode).unwrap();
        }
        assert!(sample.messages(&PROBE).is_empty());
        std::fs::set_permissions(path("open"), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(
            sample.messages(&PROBE),
            [format!(
                "SF0847 other users of this machine may replace the key `{}`: `{}` has mode 0777",
                path("open/keys/node.key"),
                path("open"),
            )]
        );
    }
}
