//! Reading public certificates.
//!
//! PEM text enters, facts about one certificate leave: compiler and launcher ask the same questions of it. This
//! module knows no private keys beyond refusing them, no files and no TLS.

mod error;
mod fault;
mod private_key;

pub use error::PkiError;
pub use fault::Fault;
pub use private_key::{holds_pem_key, holds_private_key};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use private_key::{binary, contains};
use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    der_parser::Oid,
    extensions::{GeneralName, ParsedExtension},
    oid_registry::{
        OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
        OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_NAME_CONSTRAINTS,
        OID_X509_EXT_SUBJECT_ALT_NAME,
    },
    pem::Pem,
    prelude::FromDer as _,
};

use crate::types::{Digest, HostAddr};

/// The extensions that webpki, which checks the certificates of peers, understands where they are critical.
const KNOWN_EXTENSIONS: [Oid<'static>; 6] = [
    OID_X509_EXT_KEY_USAGE,
    OID_X509_EXT_SUBJECT_ALT_NAME,
    OID_X509_EXT_BASIC_CONSTRAINTS,
    OID_X509_EXT_NAME_CONSTRAINTS,
    OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
    OID_X509_EXT_EXTENDED_KEY_USAGE,
];

/// One certificate, read and checked for shape, not for trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    names: Vec<HostAddr>,
    wildcards: Vec<String>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    is_ca: bool,
    /// Purposes that launchers need and that its extended key usage leaves out.
    missing_usages: Vec<&'static str>,
    /// Critical extensions that the TLS of the launchers does not know.
    unknown_critical: Vec<String>,
    public_key: Vec<u8>,
}

impl Certificate {
    /// Reads the only certificate of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PkiError> {
        // Looked for in the raw bytes, so that a key is noticed in a file that is broken otherwise, too.
        if holds_pem_key(pem) {
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
        let (mut missing_usages, mut unknown_critical) = (Vec::new(), Vec::new());
        for extension in parsed.extensions() {
            if extension.critical && !KNOWN_EXTENSIONS.contains(&extension.oid) {
                unknown_critical.push(extension.oid.to_id_string());
            }
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
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    let needed =
                        [(usage.server_auth, "serverAuth"), (usage.client_auth, "clientAuth")];
                    let missing = needed.into_iter().filter(|(is_there, _)| !is_there);
                    missing_usages.extend(missing.map(|(_, name)| name));
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
            missing_usages,
            unknown_critical,
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

#[cfg(test)]
mod tests {
    use super::{private_key::PKCS5, *};
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
