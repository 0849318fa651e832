//! Parties with real keys on disk, for the tests of this layer.

use std::{collections::BTreeMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;

use super::{Credentials, OwnFiles, PeerFiles};
use crate::{
    fs,
    keys::{self, KeyFiles, KeyMaterial, NewKeys},
    pki::Certificate,
    plan::Fingerprints,
    types::PartyName,
};

pub(crate) fn party(name: &str) -> PartyName {
    name.parse().unwrap()
}

/// Keys of several parties, all at 127.0.0.1, in one temporary folder.
pub(crate) struct Parties {
    folder: tempfile::TempDir,
    names: Vec<PartyName>,
}

impl Parties {
    pub(crate) fn new(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parties = Self { folder, names: names.iter().map(|name| party(name)).collect() };
        for name in &parties.names {
            parties.renew(name);
        }
        parties
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    /// Throws a party's keys away and makes new ones.
    pub(crate) fn renew(&self, name: &PartyName) {
        fs::remove_folder(&self.root().join(name.as_str())).unwrap();
        keys::write(&material(name, "127.0.0.1"), &self.key_files(name), keys::Old::Keep).unwrap();
    }

    pub(crate) fn key_files(&self, name: &PartyName) -> KeyFiles {
        let path = |file: &str| -> Utf8PathBuf { self.root().join(name.as_str()).join(file) };
        KeyFiles {
            ca: path("ca.pem"),
            cert: path("node.pem"),
            key: path("node.key"),
            ca_key: path("ca.key"),
        }
    }

    pub(crate) fn own(&self, name: &PartyName) -> OwnFiles {
        let files = self.key_files(name);
        OwnFiles { pins: self.pins(name), ca: files.ca, cert: files.cert, key: files.key }
    }

    pub(crate) fn pins(&self, name: &PartyName) -> Fingerprints {
        let files = self.key_files(name);
        let print = |path| Certificate::from_pem(&fs::read(path).unwrap()).unwrap().fingerprint();
        Fingerprints { ca: print(&files.ca), leaf: print(&files.cert), not_after: None }
    }

    pub(crate) fn peers(&self, me: &PartyName) -> BTreeMap<PartyName, PeerFiles> {
        let others = self.names.iter().filter(|name| *name != me);
        others
            .map(|name| {
                let ca = self.key_files(name).ca;
                (name.clone(), PeerFiles { ca, pins: self.pins(name) })
            })
            .collect()
    }

    pub(crate) fn credentials(&self, name: &str) -> Arc<Credentials> {
        let me = party(name);
        let peers = self.peers(&me);
        Arc::new(Credentials::read(me.clone(), &self.own(&me), &peers).unwrap())
    }
}

pub(crate) fn material(name: &PartyName, address: &str) -> KeyMaterial {
    NewKeys {
        party: name,
        topology: &"credit-risk".parse().unwrap(),
        addresses: &[address.parse().unwrap()],
        now: OffsetDateTime::now_utc(),
    }
    .generate()
}
