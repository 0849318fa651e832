#![doc = include_str!("certificate_broken.md")]

use camino::Utf8Path;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    pki::PkiError,
};

use super::certificates::{ReadCertificate, Unreadable};

const CODE: Code = Code("SF0503");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_broken.md"), certificate_broken);

fn certificate_broken(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let files = [("ca", &identity.ca, &read.ca), ("cert", &identity.cert, &read.leaf)];
        for (what, path, read) in files {
            let ReadCertificate::Broken(why) = read else { continue };
            let message =
                format!("`{}` of `{}` is no certificate: {why}", path.value, party.name.value);
            let finding = Finding::error(CODE, message).label(path.span, "this file");
            findings.push(finding.help(help(what, &path.value, why)));
        }
    }
}

/// What to do, with the command that makes a public certificate of what is there.
fn help(what: &str, path: &Utf8Path, why: &Unreadable) -> String {
    let new = renamed(path);
    let name = format!("and name the new file as `{what}`");
    let extract = format!("`openssl x509 -in {path} -out {new}` {name}");
    let Unreadable::Content(why) = why else { return plain() };
    match why {
        PkiError::PrivateKey | PkiError::EncryptedKey => {
            format!(
                "take the key out and make new ones (`sfgen keys new --party NAME --replace`): what was committed stays in the history; a certificate beside it is had by {extract}"
            )
        }
        PkiError::Pkcs12 => {
            let which = if what == "ca" { "-cacerts" } else { "-clcerts" };
            format!(
                "`openssl pkcs12 -in {path} {which} -nokeys -out {new}` {name}; if it was committed, make new keys (`sfgen keys new --party NAME --replace`): it stays in the history"
            )
        }
        PkiError::Der => format!("`openssl x509 -inform DER -in {path} -out {new}` {name}"),
        PkiError::SeveralCertificates(_) => format!("the first of them alone: {extract}"),
        PkiError::OtherBlock(block) => match block.as_str() {
            "PKCS7" => {
                format!("`openssl pkcs7 -print_certs -in {path} -out {new}`, keep the one, {name}")
            }
            "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => extract,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
                "this is what a CA is asked with: commit what it answers, the signed certificate"
                    .to_owned()
            }
            _ => plain(),
        },
        PkiError::NotPem | PkiError::Malformed(_) => plain(),
    }
}

fn plain() -> String {
    "commit one public certificate in PEM, as `sfgen keys new` or your CA wrote it".to_owned()
}

/// A path beside the file, for the certificate alone.
fn renamed(path: &Utf8Path) -> String {
    let new = path.with_extension("pem");
    if new == path { path.with_extension("public.pem") } else { new }.to_string()
}
