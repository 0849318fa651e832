//! What bytes are that are not one public certificate.

use thiserror::Error;

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
