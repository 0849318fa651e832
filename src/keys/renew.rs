//! `keys renew`: another leaf, signed by the CA that is there.
//!
//! The key stays where it is there, so that one file alone is replaced, in one step: certificate and key belong together
//! at every moment. Where the key is lost, a new one is made first.

use camino::{Utf8Path, Utf8PathBuf};
use rcgen::{Issuer, KeyPair, PublicKeyData as _};

use crate::{fs, pki::Certificate};

use super::{KeyFiles, KeysError, NewKeys, store::Created};

/// What a renewal has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The new leaf, public.
    pub cert_pem: String,
    /// Whether a new key was made, since there was none.
    pub has_new_key: bool,
}

/// Signs a new leaf with the party's own CA and puts it in place of the old one; makes a key where there is none.
///
/// # Errors
/// Where the CA or its key is not there, does not fit or has ended, and where the files cannot be written; then all is as
/// it was.
pub fn renew(new: &NewKeys<'_>, files: &KeyFiles) -> Result<Renewed, KeysError> {
    files.are_distinct()?;
    let missing = files.missing().map_err(KeysError::Write)?;
    if missing.contains(files.ca.as_path()) || missing.contains(files.ca_key.as_path()) {
        return Err(KeysError::no_ca(files, &missing));
    }
    let (ca, issuer) = read_ca(new, files)?;
    let has_new_key = missing.contains(files.key.as_path());
    let key = if has_new_key {
        KeyPair::generate().expect("the system gives randomness")
    } else {
        read_key(&files.key)?
    };
    let mut leaf = new.leaf();
    leaf.not_after = leaf.not_after.min(ca.not_after());
    let leaf = leaf.signed_by(&key, &issuer).map_err(|why| unusable(&files.ca_key, &why))?;
    let cert_pem = leaf.pem();
    let mut created = Created::default();
    let written = (|| {
        if has_new_key {
            created.file(&files.key, &key.serialize_pem(), 0o600, 0o700)?;
        }
        if missing.contains(files.cert.as_path()) {
            return created.file(&files.cert, &cert_pem, 0o644, 0o755);
        }
        fs::write_atomically(&files.cert, cert_pem.as_bytes(), 0o644)
    })();
    written.map_err(|why| {
        created.undo();
        KeysError::Write(why)
    })?;
    Ok(Renewed { cert_pem, has_new_key })
}

/// The CA with its key, if both belong together and it may still sign.
fn read_ca(
    new: &NewKeys<'_>,
    files: &KeyFiles,
) -> Result<(Certificate, Issuer<'static, KeyPair>), KeysError> {
    let pem = fs::read_text(&files.ca).map_err(KeysError::Unreadable)?;
    let ca = Certificate::from_pem(pem.as_bytes()).map_err(|why| unusable(&files.ca, &why))?;
    let key = read_key(&files.ca_key)?;
    if !ca.is_ca() {
        return Err(unusable(&files.ca, &"it is a certificate that may not sign others"));
    }
    if ca.not_after() < new.now {
        return Err(unusable(&files.ca, &format!("it ended on {}", ca.not_after().date())));
    }
    if key.subject_public_key_info() != ca.public_key() {
        return Err(unusable(&files.ca_key, &format!("it is not the key of `{}`", files.ca)));
    }
    let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(|why| unusable(&files.ca, &why))?;
    Ok((ca, issuer))
}

fn read_key(path: &Utf8Path) -> Result<KeyPair, KeysError> {
    let pem = fs::read_text(path).map_err(KeysError::Unreadable)?;
    KeyPair::from_pem(&pem).map_err(|_| unusable(path, &"it holds no private key that can sign"))
}

fn unusable(path: &Utf8Path, why: &impl ToString) -> KeysError {
    KeysError::Unusable { path: Utf8PathBuf::from(path), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::keys::{Old, write};

    const NOW: i64 = 1_800_000_000;

    fn keys(address: &str, at: i64, act: impl FnOnce(&NewKeys<'_>)) {
        let (party, topology) = ("alice".parse().unwrap(), "t".parse().unwrap());
        let addresses = [address.parse().unwrap()];
        let now = OffsetDateTime::from_unix_timestamp(at).unwrap();
        act(&NewKeys { party: &party, topology: &topology, addresses: &addresses, now });
    }

    fn made() -> (tempfile::TempDir, KeyFiles) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let files = KeyFiles::of(
            root.join("pki/ca.pem"),
            root.join("pki/node.pem"),
            root.join("keys/node.key"),
        );
        keys("10.0.0.1", NOW, |new| {
            write(&new.generate(), &files, Old::Keep).unwrap();
        });
        (folder, files)
    }

    fn leaf(files: &KeyFiles) -> Certificate {
        Certificate::from_pem(&fs::read(&files.cert).unwrap()).unwrap()
    }

    #[test]
    fn a_renewed_leaf_has_the_new_address_the_old_ca_and_the_old_key() {
        let (_folder, files) = made();
        let (before, key) = (leaf(&files), fs::read(&files.key).unwrap());
        keys("10.0.0.2", NOW, |new| {
            assert!(!renew(new, &files).unwrap().has_new_key);
        });
        let after = leaf(&files);
        let ca = Certificate::from_pem(&fs::read(&files.ca).unwrap()).unwrap();
        assert!(after.verify_signed_by(&ca) && after.covers(&"10.0.0.2".parse().unwrap()));
        assert_eq!(after.public_key(), before.public_key());
        assert_eq!(fs::read(&files.key).unwrap(), key);
        assert_ne!(after.fingerprint(), before.fingerprint());
    }

    #[test]
    fn a_lost_key_is_made_anew_with_its_certificate() {
        let (_folder, files) = made();
        let before = leaf(&files);
        fs::remove_file(&files.key).unwrap();
        keys("10.0.0.1", NOW, |new| {
            assert!(renew(new, &files).unwrap().has_new_key);
        });
        let key = read_key(&files.key).unwrap();
        assert_eq!(key.subject_public_key_info(), leaf(&files).public_key());
        assert_ne!(before.public_key(), leaf(&files).public_key());
    }

    #[test]
    fn a_leaf_does_not_outlive_its_ca() {
        let (_folder, files) = made();
        let ca = Certificate::from_pem(&fs::read(&files.ca).unwrap()).unwrap();
        let late = ca.not_after() - Duration::days(10);
        keys("10.0.0.1", late.unix_timestamp(), |new| {
            renew(new, &files).unwrap();
        });
        assert_eq!(leaf(&files).not_after(), ca.not_after());
        keys("10.0.0.1", (ca.not_after() + Duration::days(1)).unix_timestamp(), |new| {
            let why = renew(new, &files).unwrap_err();
            assert!(matches!(why, KeysError::Unusable { .. }), "{why}");
        });
    }

    #[test]
    fn the_key_of_another_ca_signs_nothing() {
        let ((_folder, files), (_other, others)) = (made(), made());
        let before = leaf(&files);
        std::fs::copy(&others.ca_key, &files.ca_key).unwrap();
        keys("10.0.0.2", NOW, |new| {
            let why = renew(new, &files).unwrap_err();
            assert!(why.to_string().contains("it is not the key of"), "{why}");
        });
        assert_eq!(leaf(&files).fingerprint(), before.fingerprint());
    }
}
