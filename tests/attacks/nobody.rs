//! Certificates that the plan does not list.

use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer,
    KeyPair,
};

use sfgen::keys::NewKeys;
use time::OffsetDateTime;

use crate::support::workspace::Workspace;

/// A critical extension that nobody knows.
pub(super) fn unknown_critical_extension() -> CustomExtension {
    let mut extension =
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
    extension.set_criticality(true);
    extension
}

/// Gives bob keys whose CA can sign again; certificate and key, as PEM, of a second leaf of it with these extensions.
pub(super) fn second_leaf(ws: &Workspace, extensions: &[CustomExtension]) -> (String, String) {
    let keys = NewKeys {
        party: &"bob".parse().unwrap(),
        topology: &"attacked".parse().unwrap(),
        addresses: &["127.0.0.1".parse().unwrap()],
        now: OffsetDateTime::now_utc(),
    };
    let keys = keys.generate();
    ws.write("pki/bob/ca.pem", &keys.ca_cert_pem);
    ws.write("pki/bob/node.pem", &keys.leaf_cert_pem);
    ws.write("keys/bob/node.key", &keys.leaf_key_pem);
    leaf(&keys.ca_key_pem, extensions)
}

fn leaf(ca_key: &str, extensions: &[CustomExtension]) -> (String, String) {
    let ca_key = KeyPair::from_pem(ca_key).unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name = DistinguishedName::new();
    ca.distinguished_name.push(DnType::CommonName, "bob CA");
    ca.distinguished_name.push(DnType::OrganizationName, "sfgen attacked");
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    leaf.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    leaf.custom_extensions = extensions.to_vec();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    (leaf.pem(), key.serialize_pem())
}
