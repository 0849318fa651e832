//! Telling private keys by their bytes, whatever the file is called.

use std::io::{self, Read};

use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

use super::PkiError;

/// How much of a file is looked at in one step.
const PIECE: usize = 64 << 10;
/// How many of the first bytes tell what a file in DER is.
const HEAD: usize = 64;
/// The tag of a sequence in DER.
const SEQUENCE: u8 = 0x30;
/// The object identifier below which passphrases encrypt keys, 1.2.840.113549.1.5, without its last number.
pub(super) const PKCS5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];

/// Whether a file holds a private key: one in PEM anywhere in it, of whatever kind and however broken the rest is, or one
/// in DER or PKCS#12 from its first byte, encrypted or not.
///
/// Reads to the end, or to the first key, and never holds more than a piece of it.
///
/// # Errors
/// What reading says.
pub fn holds_private_key(mut file: impl Read) -> io::Result<bool> {
    let mark = mark();
    let mut bytes = Vec::with_capacity(PIECE + mark.len());
    let mut is_start = true;
    loop {
        if file.by_ref().take(PIECE as u64).read_to_end(&mut bytes)? == 0 {
            return Ok(false);
        }
        if is_start && is_binary_key(&bytes[..bytes.len().min(HEAD)]) || holds_pem_key(&bytes) {
            return Ok(true);
        }
        is_start = false;
        // A mark may begin in this piece and end in the next.
        bytes.drain(..bytes.len().saturating_sub(mark.len() - 1));
    }
}

/// What stands at the end of the first line of every private key in PEM, in two parts, so that no file of this repository
/// looks like a key itself.
fn mark() -> Vec<u8> {
    [b"PRIVATE KEY".as_slice(), b"-----"].concat()
}

/// Whether a private key in PEM stands anywhere in `bytes`, however broken the rest of it is.
#[must_use]
pub fn holds_pem_key(bytes: &[u8]) -> bool {
    contains(bytes, &mark())
}

/// Whether `wanted` stands anywhere in `bytes`.
pub(super) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

fn is_binary_key(head: &[u8]) -> bool {
    let keys = [PkiError::PrivateKey, PkiError::EncryptedKey, PkiError::Pkcs12];
    binary(head).is_some_and(|kind| keys.contains(&kind))
}

/// What a file in DER is, by its first fields; `None` for text.
pub(super) fn binary(bytes: &[u8]) -> Option<PkiError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(bytes: &[u8]) -> bool {
        holds_private_key(bytes).unwrap()
    }

    #[test]
    fn a_key_in_pem_is_found_wherever_pieces_end() {
        for before in [0, 1, PIECE - 20, PIECE - 15, PIECE - 1, PIECE, 3 * PIECE - 7] {
            let mut bytes = vec![b'x'; before];
            bytes.extend(mark());
            assert!(holds(&bytes), "{before}");
            bytes.pop();
            assert!(!holds(&bytes), "{before}");
            bytes.extend(vec![b'-'; PIECE]);
            assert!(holds(&bytes), "{before}");
        }
    }

    #[test]
    fn keys_in_der_are_told_from_certificates() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        assert!(holds(&key.serialize_der()), "PKCS#8");
        assert!(holds(&[0x30, 0x77, 2, 1, 1, 4, 0x20, 9]), "SEC 1");
        assert!(holds(&[0x30, 0x82, 4, 0xa4, 2, 1, 0, 2, 0x82]), "PKCS#1");
        assert!(holds(&[0x30, 0x80, 2, 1, 3, 0x30, 0x80]), "PKCS#12");
        let encrypted = [&[0x30, 0x81, 0xec, 0x30, 0x57, 6, 9], PKCS5, &[0x0d; 20]].concat();
        assert!(holds(&encrypted), "encrypted PKCS#8");
        for public in [certificate.der().as_ref(), key.public_key_raw(), b"0, 1", b""] {
            assert!(!holds(public));
        }
    }
}
