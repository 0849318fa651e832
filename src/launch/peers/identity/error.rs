//! What can be wrong with this party's own files.

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

use crate::{fs::FsError, pki::PkiError, types::PartyName};

/// Why this party cannot show who it is, or cannot tell who its peers are.
#[derive(Debug, Error, Diagnostic)]
pub enum IdentityError {
    /// A certificate or key cannot be read.
    #[error(transparent)]
    #[diagnostic(
        code(SF0801),
        help(
            "`sfgen keys renew` signs a certificate with the CA that is there, `sfgen keys new` makes all files; run the launcher as the user that owns the key"
        )
    )]
    Unreadable(FsError),
    /// Others than its owner can read the key.
    #[error("the private key `{path}` is open to others than its owner (mode {mode:04o})")]
    #[diagnostic(code(SF0802), help("chmod 600 {path}"))]
    Exposed {
        /// The key.
        path: Utf8PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another user owns the key, and can read it whatever its mode.
    #[error("the private key `{path}` belongs to another user of this machine (uid {owner})")]
    #[diagnostic(code(SF0802), help("`chown $USER {path}`, or run the launcher as its owner"))]
    Foreign {
        /// The key.
        path: Utf8PathBuf,
        /// Who owns it.
        owner: u32,
    },
    /// A certificate file holds something else.
    #[error("`{path}` is not the certificate that the plan names: {why}")]
    #[diagnostic(code(SF0803), help("put back the certificate that was committed"))]
    NotACertificate {
        /// The file.
        path: Utf8PathBuf,
        /// What it is instead.
        why: PkiError,
    },
    /// The key file holds something else.
    #[error("`{path}` holds no private key that TLS can use")]
    #[diagnostic(
        code(SF0804),
        help("a PEM file with one ECDSA, RSA or Ed25519 key, without a password")
    )]
    NotAKey {
        /// The file.
        path: Utf8PathBuf,
    },
    /// Key and certificate do not belong together.
    #[error("the private key `{key}` does not belong to the certificate `{cert}`")]
    #[diagnostic(code(SF0805), help("use the key that was made together with that certificate"))]
    OtherKey {
        /// The key.
        key: Utf8PathBuf,
        /// The certificate.
        cert: Utf8PathBuf,
    },
    /// A certificate changed after the plan was made.
    #[error(
        "`{path}` is not {party}'s certificate in the plan: its sha256 is {found}..., planned is {planned}..."
    )]
    #[diagnostic(code(SF0806), help("commit the certificate, run `sfgen plan`, and let all pull"))]
    NotPlanned {
        /// The file.
        path: Utf8PathBuf,
        /// Whose certificate it is.
        party: PartyName,
        /// First digits of what is there.
        found: String,
        /// First digits of what was planned.
        planned: String,
    },
    /// The leaf was signed by another CA.
    #[error("the certificate `{cert}` was not signed by `{ca}`")]
    #[diagnostic(
        code(SF0807),
        help("commit the CA that signed it; peers trust no other for this party")
    )]
    ForeignCa {
        /// The leaf.
        cert: Utf8PathBuf,
        /// The CA.
        ca: Utf8PathBuf,
    },
    /// The plan knows no certificates of a party.
    #[error("the plan has no certificates for {party}")]
    #[diagnostic(code(SF0808), help("a simulation has no meeting; in production run `sfgen plan`"))]
    NoIdentity {
        /// The party.
        party: PartyName,
    },
    /// The party shares no device and no job with another one.
    #[error("{party} shares no job and no device with another party")]
    #[diagnostic(code(SF0809), help("name it in a `job`, `spu` or `heu` of the topology"))]
    NoPeers {
        /// The lonely party.
        party: PartyName,
    },
}
