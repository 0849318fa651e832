//! `keys new`: a party's own CA and the leaf that it signs.
//!
//! Names, addresses and the time enter; four PEM texts leave, and a second step writes them where nothing is yet.
//! Private keys exist here and on the party's disk only. The topology says where that is.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::{
    diag::{Page, page},
    fs::{self, FsError, Kind},
    types::{HostAddr, PartyName, TopologyName},
};

/// The pages of the findings about keys, sorted by code.
pub const PAGES: &[Page] =
    &[page!("keys", "SF0510"), page!("keys", "SF0511"), page!("keys", "SF0512")];

/// How long a CA is valid: it is replaced by agreement of all parties, so rarely.
pub const CA_VALIDITY: Duration = Duration::days(3652);

/// How long a leaf is valid: what browsers and companies' rules accept at most.
pub const LEAF_VALIDITY: Duration = Duration::days(825);

/// How far validity reaches back, so that a peer whose clock is a little slow accepts new keys.
pub const BACKDATED: Duration = Duration::minutes(5);

/// What could not be done with key files.
#[derive(Debug, Error, Diagnostic)]
pub enum KeysError {
    /// One of the files is there already.
    #[error("`{path}` exists already, and keys are never overwritten")]
    #[diagnostic(
        code(SF0510),
        help("to start anew, move the old files away; peers then need the new certificates")
    )]
    Exists {
        /// The first of the four that exists.
        path: Utf8PathBuf,
    },
    /// Two of the four files have the same path.
    #[error("`{path}` is named for two of the four files")]
    #[diagnostic(
        code(SF0511),
        help("give `ca`, `cert` and `key` of the identity paths of their own")
    )]
    SamePath {
        /// The path.
        path: Utf8PathBuf,
    },
    /// Writing failed; whatever this call had created was removed again.
    #[error("the keys were not written")]
    #[diagnostic(
        code(SF0512),
        help("run it as the user that owns the folder; nothing was left behind")
    )]
    Write(#[source] FsError),
}

/// What new keys are made for.
#[derive(Clone, Copy, Debug)]
pub struct NewKeys<'a> {
    /// The party, which becomes the leaf's common name.
    pub party: &'a PartyName,
    /// The topology, for people who find the certificate later.
    pub topology: &'a TopologyName,
    /// Every address at which the party is dialled, which becomes the subjectAltName.
    pub addresses: &'a [HostAddr],
    /// The moment from which validity counts.
    pub now: OffsetDateTime,
}

/// A CA and a leaf with their private keys, as PEM. Its `Debug` shows no key.
#[derive(Clone)]
pub struct KeyMaterial {
    /// The CA's certificate, public.
    pub ca_cert_pem: String,
    /// The CA's private key.
    pub ca_key_pem: String,
    /// The leaf's certificate, public.
    pub leaf_cert_pem: String,
    /// The leaf's private key.
    pub leaf_key_pem: String,
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaterial").finish_non_exhaustive()
    }
}

/// Where the four files of a party lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// The CA's certificate.
    pub ca: Utf8PathBuf,
    /// The leaf's certificate.
    pub cert: Utf8PathBuf,
    /// The leaf's private key.
    pub key: Utf8PathBuf,
    /// The CA's private key.
    pub ca_key: Utf8PathBuf,
}

impl NewKeys<'_> {
    /// Makes a P-256 CA and a leaf signed by it. Two calls never make the same keys.
    #[must_use]
    pub fn generate(&self) -> KeyMaterial {
        const SOUND: &str = "names and times of ours make a certificate";
        let ca_key = KeyPair::generate().expect("the system gives randomness");
        let leaf_key = KeyPair::generate().expect("the system gives randomness");

        let ca_params = self.ca();
        let ca = ca_params.self_signed(&ca_key).expect(SOUND);
        let issuer = Issuer::from_params(&ca_params, &ca_key);
        let leaf = self.leaf().signed_by(&leaf_key, &issuer).expect(SOUND);
        KeyMaterial {
            ca_cert_pem: ca.pem(),
            leaf_cert_pem: leaf.pem(),
            leaf_key_pem: leaf_key.serialize_pem(),
            ca_key_pem: ca_key.serialize_pem(),
        }
    }

    fn ca(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        // X.509 allows 64 characters in these fields; a name of ours alone may have 63.
        params.distinguished_name = subject(&format!("{:.61} CA", self.party.as_str()));
        let organisation = format!("sfgen {:.58}", self.topology.as_str());
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = self.now - BACKDATED;
        params.not_after = self.now + CA_VALIDITY;
        params
    }

    fn leaf(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(self.party.as_str());
        params.subject_alt_names = self
            .addresses
            .iter()
            .map(|address| match address {
                HostAddr::Ip(ip) => SanType::IpAddress(*ip),
                HostAddr::Dns(name) => {
                    SanType::DnsName(name.as_str().try_into().expect("a DNS name is ASCII"))
                }
            })
            .collect();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = self.now - BACKDATED;
        params.not_after = self.now + LEAF_VALIDITY;
        params
    }
}

fn subject(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// Writes all four files, certificates 0644 and keys 0600, or none.
///
/// Refuses, before anything is written, where one of them exists. Folders that are missing are created, those of
/// keys with mode 0700. Where a later file fails, what this call created is removed again.
pub fn write(material: &KeyMaterial, files: &KeyFiles) -> Result<(), KeysError> {
    // Keys first: a folder that holds both kinds is then created for its owner alone.
    let planned = [
        (&files.ca_key, &material.ca_key_pem, 0o600, 0o700),
        (&files.key, &material.leaf_key_pem, 0o600, 0o700),
        (&files.ca, &material.ca_cert_pem, 0o644, 0o755),
        (&files.cert, &material.leaf_cert_pem, 0o644, 0o755),
    ];
    for (index, (path, ..)) in planned.iter().enumerate() {
        if planned[..index].iter().any(|(earlier, ..)| earlier == path) {
            return Err(KeysError::SamePath { path: (*path).clone() });
        }
        if fs::kind(path).map_err(KeysError::Write)? != Kind::Absent {
            return Err(KeysError::Exists { path: (*path).clone() });
        }
    }
    let mut created = Created::default();
    for (path, text, file_mode, folder_mode) in planned {
        created.file(path, text, file_mode, folder_mode).map_err(|why| {
            created.undo();
            KeysError::Write(why)
        })?;
    }
    Ok(())
}

/// What one call brought into being, in its order.
#[derive(Default)]
struct Created {
    folders: Vec<Utf8PathBuf>,
    files: Vec<Utf8PathBuf>,
}

impl Created {
    fn file(
        &mut self,
        path: &Utf8Path,
        text: &str,
        file_mode: u32,
        folder_mode: u32,
    ) -> Result<(), FsError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
            let mut missing = Vec::new();
            for above in folder.ancestors().filter(|above| !above.as_str().is_empty()) {
                if fs::kind(above)? != Kind::Absent {
                    break;
                }
                missing.push(above.to_owned());
            }
            self.folders.extend(missing.into_iter().rev());
            fs::create_folder(folder, folder_mode)?;
        }
        fs::write_new(path, text.as_bytes(), file_mode)?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn undo(&self) {
        for path in &self.files {
            // The first error is the one to report; a file that cannot be removed either is named by the next try.
            let _ = fs::remove_file(path);
        }
        self.folders.iter().rev().for_each(|folder| fs::remove_empty_folder(folder));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn material() -> KeyMaterial {
        let name = "a".repeat(63);
        NewKeys {
            party: &name.parse().unwrap(),
            topology: &name.parse().unwrap(),
            addresses: &["10.0.0.5".parse().unwrap()],
            now: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
        }
        .generate()
    }

    fn files(folder: &tempfile::TempDir) -> KeyFiles {
        let root = Utf8Path::from_path(folder.path()).unwrap();
        KeyFiles {
            ca: root.join("pki/alice/ca.pem"),
            cert: root.join("pki/alice/node.pem"),
            key: root.join("secret/alice/node.key"),
            ca_key: root.join("secret/alice/ca.key"),
        }
    }

    #[test]
    fn keys_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder);
        write(&material(), &files).unwrap();
        for (path, wanted) in
            [(&files.ca, 0o644), (&files.cert, 0o644), (&files.key, 0o600), (&files.ca_key, 0o600)]
        {
            assert!(
                matches!(fs::kind(path).unwrap(), Kind::File { mode, .. } if mode == wanted),
                "{path}"
            );
        }
        let secret = std::fs::metadata(files.key.parent().unwrap()).unwrap();
        assert_eq!(secret.permissions().mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_file_that_exists_is_named_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder);
        fs::create_folder(files.cert.parent().unwrap(), 0o755).unwrap();
        fs::write_new(&files.cert, b"mine", 0o644).unwrap();
        let why = write(&material(), &files).unwrap_err();
        assert!(matches!(why, KeysError::Exists { ref path } if *path == files.cert), "{why}");
        assert_eq!(fs::kind(files.key.parent().unwrap()).unwrap(), Kind::Absent);
        assert_eq!(fs::read(&files.cert).unwrap(), b"mine");
    }

    #[test]
    fn a_set_that_cannot_be_completed_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(&folder);
        // A file stands where the last one needs a folder.
        let blocked = Utf8Path::from_path(folder.path()).unwrap().join("blocked");
        fs::write_new(&blocked, b"", 0o644).unwrap();
        files.cert = blocked.join("node.pem");
        assert!(matches!(write(&material(), &files), Err(KeysError::Write(_))));
        let left = fs::list(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        assert_eq!(left, ["blocked"]);
    }

    #[test]
    fn two_files_with_one_path_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(&folder);
        files.cert = files.ca.clone();
        assert!(matches!(write(&material(), &files), Err(KeysError::SamePath { .. })));
    }

    #[test]
    fn a_key_never_shows_in_debug_output() {
        assert_eq!(format!("{:?}", material()), "KeyMaterial { .. }");
    }
}
