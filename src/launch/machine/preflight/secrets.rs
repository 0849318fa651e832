//! The party's certificate and key are there, and the key is for its owner alone. Their content is checked
//! when they are loaded (`launch::peers::identity`).

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs::{self, Kind},
};
use camino::Utf8Path;

pub(super) const PROBE: Probe = Probe { name: "certificate and key", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(identity) = &machine.plan.identity else { return Vec::new() };
    let party = &machine.plan.party;
    let mut findings = Vec::new();
    for (what, path) in
        [("CA certificate", &identity.ca), ("certificate", &identity.cert), ("key", &identity.key)]
    {
        let path = machine.path(path);
        let help = if what == "key" {
            format!(
                "`sfgen keys new --party {party}` makes it, once and on this machine; it travels nowhere"
            )
        } else {
            "it is committed beside the topology; pull it here".to_owned()
        };
        findings.extend(missing(what, &path).map(|finding| finding.help(help)));
    }
    findings.extend(open_to_others(&machine.path(&identity.key)));
    findings
}

/// Links are followed: secrets are often mounted as links.
fn missing(what: &str, path: &Utf8Path) -> Option<Finding> {
    let why = fs::read(path).err()?;
    let message = match why.kind() {
        std::io::ErrorKind::NotFound => format!("the {what} `{path}` is not there"),
        _ => format!("the {what} `{path}` cannot be read: {why}"),
    };
    Some(Finding::error(Code("SF0846"), message))
}

fn open_to_others(path: &Utf8Path) -> Option<Finding> {
    let target = fs::resolve(path).ok()?;
    let Ok(Kind::File { mode, .. }) = fs::kind(&target) else { return None };
    (mode & 0o077 != 0).then(|| {
        Finding::error(
            Code("SF0847"),
            format!("other users of this machine may use the key `{path}` (mode {mode:04o})"),
        )
        .help(format!("`chmod 600 {path}`, and make a new key if somebody may have read it"))
    })
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
                format!("SF0846 the certificate `{}` is not there", path("node.pem")),
                format!(
                    "SF0847 other users of this machine may use the key `{}` (mode 0640)",
                    path("node.key")
                ),
            ]
        );
    }
}
