//! A CA and a leaf, made and signed in memory.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use crate::types::{HostAddr, PartyName, TopologyName};

/// How long a CA is valid: it is replaced by agreement of all parties, so rarely.
pub const CA_VALIDITY: Duration = Duration::days(3652);

/// How long a leaf is valid: what browsers and companies' rules accept at most.
pub const LEAF_VALIDITY: Duration = Duration::days(825);

/// How far validity reaches back, so that a peer whose clock is a little slow accepts new keys.
pub const BACKDATED: Duration = Duration::minutes(5);

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

    /// What a leaf says; who signs it is the caller's business.
    pub(super) fn leaf(&self) -> CertificateParams {
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
