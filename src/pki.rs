//! Reading public certificates.
//!
//! PEM text enters, facts about one certificate leave: compiler and launcher ask the same questions of it. This
//! module knows no private keys beyond refusing them, no files and no TLS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    pem::Pem,
    prelude::FromDer as _,
};

use crate::types::{Digest, HostAddr};

/// Why bytes are not one public certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PkiError {
    /// No PEM block in it, or a block that ends in the middle.
    #[error("this is not PEM: a certificate starts with `-----BEGIN CERTIFICATE-----`")]
    NotPem,
    /// A private key where only a public certificate belongs, alone or beside one.
    #[error("this holds a private key, which must never leave its machine")]
    PrivateKey,
    /// An encrypted private key, which is refused too: a person who has the file can try passphrases without end.
    #[error("this holds an encrypted private key, which must never leave its machine either")]
    EncryptedKey,
    /// A certificate in binary form.
    #[error("this is a certificate in DER, which is binary, and PEM is expected")]
    Der,
    /// The binary container of a certificate and its key, `.p12` or `.pfx`.
    #[error("this is PKCS#12, which holds a private key beside its certificates")]
    Pkcs12,
    /// A PEM block of another kind, such as a certificate request.
    #[error("this holds a `{0}`, not a certificate")]
    OtherBlock(String),
    /// A certificate block whose content cannot be read.
    #[error("this certificate cannot be read: {0}")]
    Malformed(String),
    /// More than one certificate where one is expected.
    #[error("this holds {0} certificates where one is expected")]
    SeveralCertificates(usize),
}

/// One certificate, read and checked for shape, not for trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    names: Vec<HostAddr>,
    wildcards: Vec<String>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    is_ca: bool,
    public_key: Vec<u8>,
}

impl Certificate {
    /// Reads the only certificate of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PkiError> {
        // Looked for in the raw bytes, so that a key is noticed in a file that is broken otherwise, too.
        if holds_private_key(pem) {
            let is_encrypted = contains(pem, b"ENCRYPTED");
            return Err(if is_encrypted { PkiError::EncryptedKey } else { PkiError::PrivateKey });
        }
        if let Some(why) = binary(pem) {
            return Err(why);
        }
        let blocks: Result<Vec<Pem>, _> = Pem::iter_from_buffer(pem).collect();
        let blocks = blocks.map_err(|_| PkiError::NotPem)?;
        if let Some(other) = blocks.iter().find(|block| block.label != "CERTIFICATE") {
            return Err(PkiError::OtherBlock(other.label.clone()));
        }
        match blocks.as_slice() {
            [] => Err(PkiError::NotPem),
            [block] => Self::from_der(&block.contents),
            several => Err(PkiError::SeveralCertificates(several.len())),
        }
    }

    /// Reads a certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        let parsed = parse(der)?;
        let (mut names, mut wildcards) = (Vec::new(), Vec::new());
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(san) => {
                    for name in &san.general_names {
                        match name {
                            GeneralName::DNSName(name) => match name.strip_prefix("*.") {
                                Some(domain) => wildcards.push(domain.to_ascii_lowercase()),
                                None => names.extend(name.parse::<HostAddr>().ok()),
                            },
                            GeneralName::IPAddress(bytes) => {
                                names.extend(ip(bytes).map(HostAddr::Ip));
                            }
                            _ => {}
                        }
                    }
                }
                ParsedExtension::ParseError { error } => {
                    return Err(PkiError::Malformed(error.to_string()));
                }
                _ => {}
            }
        }
        let validity = parsed.validity();
        Ok(Self {
            names,
            wildcards,
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
            is_ca: parsed.is_ca(),
            public_key: parsed.public_key().raw.to_vec(),
            der: der.to_vec(),
        })
    }

    /// SHA-256 of the certificate in DER, as `openssl x509 -fingerprint -sha256` prints it without colons.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// The addresses of the subjectAltName, in its order; wildcards and other kinds of names are left out.
    #[must_use]
    pub fn subject_alt_names(&self) -> Vec<HostAddr> {
        self.names.clone()
    }

    /// Whether a client that dials `address` accepts this certificate; `*.` stands for one label.
    #[must_use]
    pub fn covers(&self, address: &HostAddr) -> bool {
        let by_wildcard = match address {
            HostAddr::Ip(_) => false,
            HostAddr::Dns(name) => name
                .split_once('.')
                .is_some_and(|(_, domain)| self.wildcards.iter().any(|known| known == domain)),
        };
        by_wildcard || self.names.contains(address)
    }

    /// The first moment at which it is valid, UTC.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last moment at which it is valid, UTC.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Whether its basic constraints say that it may sign others.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Whether `ca` is named as its issuer and made its signature. Says nothing about time or purpose.
    #[must_use]
    pub fn verify_signed_by(&self, ca: &Self) -> bool {
        let (Ok(leaf), Ok(ca)) = (parse(&self.der), parse(&ca.der)) else { return false };
        leaf.issuer().as_raw() == ca.subject().as_raw()
            && leaf.verify_signature(Some(ca.public_key())).is_ok()
    }

    /// The subjectPublicKeyInfo in DER: equal bytes are the same key.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, PkiError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(PkiError::Malformed("bytes follow its end".to_owned())),
        Err(why) => Err(PkiError::Malformed(why.to_string())),
    }
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|b| IpAddr::V4(Ipv4Addr::from(b)));
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|b| IpAddr::V6(Ipv6Addr::from(b)))).ok()
}

/// Whether a private key in PEM stands anywhere in `bytes`, of whatever kind and however broken the rest is.
#[must_use]
pub fn holds_private_key(bytes: &[u8]) -> bool {
    // In two parts, so that no file of this repository looks like a key itself.
    contains(bytes, &[b"PRIVATE KEY".as_slice(), b"-----"].concat())
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

/// What a file in DER is, by its first fields; `None` for text.
fn binary(bytes: &[u8]) -> Option<PkiError> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != SEQUENCE {
        return None;
    }
    // The length takes one byte, or as many more as its low bits say; 0x80 leaves it open.
    let fields = rest.get(usize::from(length).saturating_sub(0x80)..)?;
    match fields {
        // PFX (RFC 7292) is version 3, PKCS#8 version 0 or 1 before an algorithm, PKCS#1 and SEC 1 before numbers.
        [2, 1, 3, SEQUENCE, ..] => Some(PkiError::Pkcs12),
        [2, 1, 0 | 1, SEQUENCE | 2 | 4, ..] => Some(PkiError::PrivateKey),
        [SEQUENCE, ..] if contains(fields.get(..24)?, PKCS5) => Some(PkiError::EncryptedKey),
        _ => X509Certificate::from_der(bytes).is_ok().then_some(PkiError::Der),
    }
}

/// The tag of a sequence in DER.
const SEQUENCE: u8 = 0x30;
/// The object identifier below which passphrases encrypt keys, 1.2.840.113549.1.5, without its last number.
const PKCS5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{KeyMaterial, NewKeys};

    fn material(party: &str) -> KeyMaterial {
        let addresses = ["10.0.0.5", "fd00::5", "bank.example.org"].map(|a| a.parse().unwrap());
        NewKeys {
            party: &party.parse().unwrap(),
            topology: &"credit-risk".parse().unwrap(),
            addresses: &addresses,
            now: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
        }
        .generate()
    }

    #[test]
    fn a_leaf_tells_its_addresses_times_and_issuer() {
        let (alice, bob) = (material("alice"), material("bob"));
        let leaf = Certificate::from_pem(alice.leaf_cert_pem.as_bytes()).unwrap();
        let ca = Certificate::from_pem(alice.ca_cert_pem.as_bytes()).unwrap();
        let names: Vec<_> = leaf.subject_alt_names().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["10.0.0.5", "[fd00::5]", "bank.example.org"]);
        assert_eq!(leaf.not_before().unix_timestamp(), 1_800_000_000 - 300);
        assert_eq!(leaf.not_after().unix_timestamp(), 1_800_000_000 + 825 * 86_400);
        assert!(ca.is_ca() && !leaf.is_ca());
        assert!(leaf.verify_signed_by(&ca) && ca.verify_signed_by(&ca));
        assert_ne!(leaf.public_key(), ca.public_key());
        assert_eq!(leaf.fingerprint(), Digest::of(leaf.der()));
        let other = Certificate::from_pem(bob.ca_cert_pem.as_bytes()).unwrap();
        assert!(!leaf.verify_signed_by(&other));
    }

    #[test]
    fn a_ca_of_the_same_name_with_another_key_signed_nothing() {
        let leaf = Certificate::from_pem(material("alice").leaf_cert_pem.as_bytes()).unwrap();
        let twin = Certificate::from_pem(material("alice").ca_cert_pem.as_bytes()).unwrap();
        assert!(!leaf.verify_signed_by(&twin));
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        let mut params = rcgen::CertificateParams::new(vec!["*.bank.org".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::NoCa;
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let leaf = Certificate::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(leaf.subject_alt_names(), []);
        let covers = |name: &str| leaf.covers(&name.parse().unwrap());
        assert!(covers("sf.bank.org"));
        assert!(!covers("bank.org") && !covers("a.sf.bank.org") && !covers("10.0.0.5"));
    }

    #[test]
    fn what_is_not_one_certificate_is_named() {
        let alice = material("alice");
        let two = alice.leaf_cert_pem.clone() + &alice.ca_cert_pem;
        let both = alice.leaf_cert_pem.clone() + &alice.leaf_key_pem;
        let request = alice.leaf_cert_pem.replace("CERTIFICATE", "CERTIFICATE REQUEST");
        let torn = &alice.leaf_cert_pem[..200];
        let read = |text: &str| Certificate::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(read(""), PkiError::NotPem);
        assert_eq!(read("hello"), PkiError::NotPem);
        assert_eq!(read(torn), PkiError::NotPem);
        assert_eq!(read(&two), PkiError::SeveralCertificates(2));
        assert_eq!(read(&both), PkiError::PrivateKey);
        assert_eq!(read(&alice.leaf_key_pem), PkiError::PrivateKey);
        assert_eq!(read(&request), PkiError::OtherBlock("CERTIFICATE REQUEST".into()));
        let key = rcgen::KeyPair::from_pem(&alice.leaf_key_pem).unwrap().serialize_der();
        let leaf = Certificate::from_pem(alice.leaf_cert_pem.as_bytes()).unwrap();
        let der = |bytes: &[u8]| Certificate::from_pem(bytes).unwrap_err();
        assert_eq!(der(leaf.der()), PkiError::Der);
        assert_eq!(der(&key), PkiError::PrivateKey);
        assert_eq!(der(&[0x30, 0x82, 0x0b, 0xb8, 2, 1, 3, 0x30, 0x82]), PkiError::Pkcs12);
        let encrypted = [&[0x30, 0x81, 0xec, 0x30, 0x57, 6, 9], PKCS5, &[0x0d; 20]].concat();
        assert_eq!(der(&encrypted), PkiError::EncryptedKey);
        assert_eq!(der(&[0x30]), PkiError::NotPem);
        assert_eq!(der(&[0x30, 0x84, 0xff]), PkiError::NotPem);
        let locked = alice.leaf_key_pem.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(read(&locked), PkiError::EncryptedKey);
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(read(junk), PkiError::Malformed(_)));
    }
}
