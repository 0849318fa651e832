//! Refused certificates in plain words: what is wrong with one, and what its owner does about it.

use rustls::CertificateError;

use super::verifier::NotPinned;

/// What a peer does, as a phrase that follows its name or address.
pub(super) fn explain(why: &CertificateError) -> String {
    use CertificateError as Why;
    let text = match why {
        Why::Other(other) => return of_other(&*other.0),
        Why::Expired | Why::ExpiredContext { .. } => {
            "presents a certificate that has ended (or this machine's clock runs ahead)"
        }
        Why::NotValidYet | Why::NotValidYetContext { .. } => {
            "presents a certificate that is not valid yet (or this machine's clock is behind)"
        }
        Why::UnknownIssuer | Why::BadSignature => {
            "presents a certificate of a CA that is not in the plan"
        }
        Why::NotValidForName | Why::NotValidForNameContext { .. } => {
            "presents a certificate without the address that was dialled"
        }
        Why::InvalidPurpose | Why::InvalidPurposeContext { .. } => {
            "presents a certificate that is not made for TLS in this direction (extended key usage)"
        }
        Why::BadEncoding => {
            "presents a certificate that cannot be read; its owner makes new keys (`sfgen keys new --replace`), and all plan again"
        }
        Why::Revoked => {
            "presents a certificate that was revoked; its owner makes new keys (`sfgen keys new --replace`), and all plan again"
        }
        Why::UnhandledCriticalExtension => CRITICAL,
        Why::UnsupportedSignatureAlgorithmContext { .. }
        | Why::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => ALGORITHM,
        _ => UNUSABLE,
    };
    text.to_owned()
}

const CRITICAL: &str = "presents a certificate with a critical extension that TLS here does not know; its owner has it \
                        issued without that extension, or makes new keys (`sfgen keys new --replace`), and all plan again";
const ALGORITHM: &str = "presents a certificate that is signed by a method TLS here does not know; its owner uses ECDSA, \
                         Ed25519 or RSA with SHA-256 or longer (`sfgen keys new` does), and all plan again";
const UNUSABLE: &str = "presents a certificate that TLS cannot use; its owner makes new keys (`sfgen keys new --replace`), and all \
                        plan again";

/// What rustls has no variant for: our own refusal, or one of webpki.
fn of_other(error: &(dyn std::error::Error + 'static)) -> String {
    use webpki::Error as Why;
    if let Some(why) = error.downcast_ref::<NotPinned>() {
        return why.to_string();
    }
    let text = match error.downcast_ref::<Why>() {
        Some(Why::UnsupportedCriticalExtension) => CRITICAL,
        Some(Why::CaUsedAsEndEntity) => {
            "presents the certificate of a CA as its own; its owner names the leaf, which the CA signed, as `cert`"
        }
        Some(Why::EndEntityUsedAsCa) => {
            "presents a certificate that was signed by one that is no CA; its owner makes new keys (`sfgen keys new --replace`), and all plan again"
        }
        Some(Why::UnsupportedCertVersion) => {
            "presents a certificate of an old version; its owner has it issued as X.509 version 3, and all plan again"
        }
        Some(Why::NameConstraintViolation | Why::PathLenConstraintViolated) => {
            "presents a certificate that its own CA may not issue (name or path constraints); its owner has it issued anew, and all plan again"
        }
        Some(Why::SignatureAlgorithmMismatch) => ALGORITHM,
        Some(_) | None => UNUSABLE,
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn every_refusal_is_a_sentence_without_names_of_code() {
        let other = |why: webpki::Error| CertificateError::Other(OtherError(Arc::new(why)));
        let refusals = [
            other(webpki::Error::UnsupportedCriticalExtension),
            other(webpki::Error::CaUsedAsEndEntity),
            other(webpki::Error::EndEntityUsedAsCa),
            other(webpki::Error::UnsupportedCertVersion),
            other(webpki::Error::NameConstraintViolation),
            other(webpki::Error::SignatureAlgorithmMismatch),
            other(webpki::Error::MalformedExtensions),
            CertificateError::UnhandledCriticalExtension,
            CertificateError::BadEncoding,
            CertificateError::Revoked,
            CertificateError::ApplicationVerificationFailure,
        ];
        for refusal in refusals {
            let told = explain(&refusal);
            assert!(told.starts_with("presents ") && told.contains("its owner"), "{told}");
            let is_code = |word: &str| word.chars().skip(1).any(char::is_uppercase);
            let known = ["TLS", "CA", "ECDSA", "RSA", "SHA-256", "X.509"];
            let code =
                told.split([' ', ',', ';']).find(|word| is_code(word) && !known.contains(word));
            assert_eq!(code, None, "{told}");
        }
    }
}
