//! The public certificates that a topology names, as they were read by the compiler.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::{
    pki::{Certificate, PkiError},
    types::PartyName,
};

/// The result of reading a certificate file.
#[derive(Clone, Debug)]
pub enum ReadCertificate {
    /// It was read; the PEM text goes into the tree as it is.
    Read {
        /// Its content.
        certificate: Box<Certificate>,
        /// The file.
        pem: String,
    },
    /// There is no such file.
    Absent,
    /// The file holds something else than one public certificate.
    Broken(Unreadable),
}

/// Why a file is not one public certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It cannot be read, in words.
    #[error("{0}")]
    File(String),
    /// It was read, but holds something else.
    #[error(transparent)]
    Content(#[from] PkiError),
}

impl ReadCertificate {
    /// The certificate, where there is one.
    #[must_use]
    pub fn get(&self) -> Option<&Certificate> {
        match self {
            Self::Read { certificate, .. } => Some(certificate),
            Self::Absent | Self::Broken(_) => None,
        }
    }
}

/// A party's two public certificates.
#[derive(Clone, Debug)]
pub struct PartyCertificates {
    /// Its CA.
    pub ca: ReadCertificate,
    /// Its leaf.
    pub leaf: ReadCertificate,
    /// Whether the CA signed the leaf, where both were read.
    is_signed: Option<bool>,
}

impl PartyCertificates {
    /// The two, as they were read. The signature is verified here, once: that costs more than all else about a certificate, and
    /// several checks ask.
    #[must_use]
    pub fn new(ca: ReadCertificate, leaf: ReadCertificate) -> Self {
        let is_signed = match (ca.get(), leaf.get()) {
            (Some(ca), Some(leaf)) => Some(leaf.verify_signed_by(ca)),
            _ => None,
        };
        Self { ca, leaf, is_signed }
    }

    /// Whether the CA signed the leaf; `None` where one of them was not read.
    #[must_use]
    pub fn is_signed(&self) -> Option<bool> {
        self.is_signed
    }
}

/// The certificates of all parties that have an `identity`.
pub type Certificates = BTreeMap<PartyName, PartyCertificates>;
