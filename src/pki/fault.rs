//! What makes TLS refuse a certificate, whoever signed it.

use thiserror::Error;
use time::{Date, OffsetDateTime};

use super::Certificate;

/// Why TLS refuses a certificate; reads on after the certificate's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Its time is over.
    #[error("ended on {0}")]
    Ended(Date),
    /// Its time has not come.
    #[error("is not valid before {0}")]
    NotYetValid(Date),
    /// It has a critical extension that the TLS of the launchers does not know, by its object identifier.
    #[error("has a critical extension that TLS does not know ({0})")]
    CriticalExtension(String),
    /// Its extended key usage leaves out what is named, and a launcher is server and client to its peers.
    #[error("is not made for both directions of TLS: its extendedKeyUsage lacks {0}")]
    Usage(String),
    /// A CA that is used as a leaf.
    #[error("is that of a CA, and peers are shown a leaf that the CA signed")]
    IsCa,
}

impl Certificate {
    /// What makes TLS refuse it as a CA at this time.
    #[must_use]
    pub fn faults_as_ca(&self, now: OffsetDateTime) -> Vec<Fault> {
        let critical = self.unknown_critical.iter().cloned().map(Fault::CriticalExtension);
        self.untimely(now).into_iter().chain(critical).collect()
    }

    /// What makes TLS refuse it as the leaf of a party at this time.
    #[must_use]
    pub fn faults_as_leaf(&self, now: OffsetDateTime) -> Vec<Fault> {
        let mut faults = self.faults_as_ca(now);
        let missing = self.missing_usages.join(" and ");
        faults.extend((!missing.is_empty()).then_some(Fault::Usage(missing)));
        faults.extend(self.is_ca.then_some(Fault::IsCa));
        faults
    }

    fn untimely(&self, now: OffsetDateTime) -> Option<Fault> {
        if self.not_after < now {
            Some(Fault::Ended(self.not_after.date()))
        } else {
            (self.not_before > now).then(|| Fault::NotYetValid(self.not_before.date()))
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose as Purpose,
        IsCa, KeyPair,
    };
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = CertificateParams::new(vec!["bank.org".to_owned()]).unwrap();
        (params.not_before, params.not_after) =
            (datetime!(2026-01-01 00:00 UTC), datetime!(2028-01-01 00:00 UTC));
        change(&mut params);
        let pem = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        Certificate::from_pem(pem.as_bytes()).unwrap()
    }

    fn told(certificate: &Certificate, now: OffsetDateTime) -> Vec<String> {
        certificate.faults_as_leaf(now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_certificate_is_refused_before_and_after_its_time() {
        let sound = certificate(|_| {});
        assert_eq!(told(&sound, NOW), Vec::<String>::new(), "no usage named is every usage");
        assert_eq!(told(&sound, datetime!(2028-02-01 00:00 UTC)), ["ended on 2028-01-01"]);
        assert_eq!(
            told(&sound, datetime!(2025-02-01 00:00 UTC)),
            ["is not valid before 2026-01-01"]
        );
    }

    #[test]
    fn a_leaf_needs_both_usages_or_names_none() {
        let lacks = |usage: &str| Fault::Usage(usage.to_owned());
        let with = |purposes: &[Purpose]| {
            let leaf = certificate(|params| params.extended_key_usages = purposes.to_vec());
            leaf.faults_as_leaf(NOW)
        };
        assert_eq!(with(&[Purpose::ServerAuth, Purpose::ClientAuth]), []);
        assert_eq!(with(&[Purpose::ServerAuth]), [lacks("clientAuth")]);
        assert_eq!(with(&[Purpose::ClientAuth]), [lacks("serverAuth")]);
        // TLS here does not take `any` for one of the two.
        assert_eq!(with(&[Purpose::Any]), [lacks("serverAuth and clientAuth")]);
    }

    #[test]
    fn an_unknown_extension_matters_only_where_it_is_critical() {
        let with = |is_critical| {
            certificate(|params| {
                let mut extension =
                    CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
                extension.set_criticality(is_critical);
                params.custom_extensions.push(extension);
                params.key_usages.push(rcgen::KeyUsagePurpose::DigitalSignature);
            })
        };
        assert_eq!(with(false).faults_as_leaf(NOW), []);
        let fault = Fault::CriticalExtension("1.2.3.4".to_owned());
        assert_eq!(with(true).faults_as_leaf(NOW), with(true).faults_as_ca(NOW));
        assert_eq!(with(true).faults_as_ca(NOW), [fault]);
    }

    #[test]
    fn a_ca_is_no_leaf() {
        let ca = certificate(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        assert_eq!(ca.faults_as_ca(NOW), []);
        assert_eq!(ca.faults_as_leaf(NOW), [Fault::IsCa]);
    }
}
