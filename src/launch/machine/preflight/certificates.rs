//! The party's own certificates are such that peers accept them: now, and for both directions of TLS.
//!
//! Whether they are the planned ones is checked when they are loaded (`launch::peers::identity`).

use camino::Utf8Path;
use time::OffsetDateTime;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs,
    pki::{Certificate, Fault},
    types::PartyName,
};

pub(super) const PROBE: Probe = Probe { name: "certificates", run };

/// The time of a certificate is over, or has not come.
const UNTIMELY: Code = Code("SF0855");
/// TLS refuses a certificate for what is in it.
const UNUSABLE: Code = Code("SF0856");

/// What the certificate is called that peers are shown.
const LEAF: &str = "certificate";

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(identity) = &machine.plan.identity else { return Vec::new() };
    let now = OffsetDateTime::now_utc();
    // One that is absent or no certificate is told elsewhere.
    let read = |path: &Utf8Path| Certificate::from_pem(&fs::read(path).ok()?).ok();
    let (ca, cert) = (machine.path(&identity.ca), machine.path(&identity.cert));
    let of_ca = read(&ca).map(|read| read.faults_as_ca(now)).unwrap_or_default();
    let of_leaf = read(&cert).map(|read| read.faults_as_leaf(now)).unwrap_or_default();
    let of_ca = of_ca.iter().map(|fault| finding("CA certificate", &ca, fault, machine));
    let of_leaf = of_leaf.iter().map(|fault| finding(LEAF, &cert, fault, machine));
    of_ca.chain(of_leaf).collect()
}

fn finding(what: &str, path: &Utf8Path, fault: &Fault, machine: &Machine<'_>) -> Finding {
    let party = &machine.plan.party;
    let code = match fault {
        Fault::Ended(_) | Fault::NotYetValid(_) => UNTIMELY,
        Fault::CriticalExtension(_) | Fault::Usage(_) | Fault::IsCa => UNUSABLE,
    };
    let message = format!("the {what} `{path}` of {party} {fault}");
    Finding::error(code, message).help(help(what != LEAF, fault, party))
}

/// What follows each remedy: a plan names certificates by their fingerprints.
const THEN: &str = "then plan again, and let all parties pull";

fn help(is_ca: bool, fault: &Fault, party: &PartyName) -> String {
    let remedy = match fault {
        Fault::NotYetValid(_) => {
            return "look at the clock of this machine (`timedatectl`), and at that of the machine where it was made"
                .to_owned();
        }
        Fault::Ended(_) if !is_ca => {
            return format!(
                "ask your CA for a new one, or run `sfgen keys renew --party {party}`, which signs a new one with the CA that is there; {THEN}"
            );
        }
        Fault::Ended(_) => "ask your CA for a new one",
        Fault::CriticalExtension(_) => "ask your CA for one without that extension",
        Fault::Usage(_) => "ask your CA for `extendedKeyUsage=serverAuth,clientAuth`",
        Fault::IsCa => "name the leaf that the CA signed as `cert`",
    };
    format!(
        "{remedy}, or run `sfgen keys new --party {party} --replace`, which makes a new CA; {THEN}"
    )
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::{super::tests::Sample, *};
    use crate::{keys::NewKeys, plan::Identity};

    /// What is told of certificates that were made so long ago.
    fn told(age: Duration) -> Vec<String> {
        let mut sample = Sample::new();
        let material = NewKeys {
            party: &sample.plan.party,
            topology: &"t".parse().unwrap(),
            addresses: &["127.0.0.1".parse().unwrap()],
            now: OffsetDateTime::now_utc() - age,
        }
        .generate();
        let [ca, cert, key] = ["ca.pem", "node.pem", "node.key"].map(Into::into);
        let files = [("ca.pem", material.ca_cert_pem), ("node.pem", material.leaf_cert_pem)];
        for (name, pem) in files {
            fs::write_new(&sample.path().join(name), pem.as_bytes(), 0o644).unwrap();
        }
        sample.plan.identity = Some(Identity { ca, cert, key });
        let folder = format!("{}/", sample.path());
        sample.messages(&PROBE).iter().map(|message| message.replace(&folder, "")).collect()
    }

    #[test]
    fn a_certificate_whose_time_is_over_or_has_not_come_is_told_with_the_date() {
        assert_eq!(told(Duration::ZERO), Vec::<String>::new());
        let today = OffsetDateTime::now_utc().date();
        let [ended] = told(Duration::days(826)).try_into().unwrap();
        let start = "SF0855 the certificate `node.pem` of alice ended on ";
        let date = ended.strip_prefix(start).unwrap_or_else(|| panic!("{ended}"));
        let yesterday = today.previous_day().unwrap();
        assert!(
            [yesterday, yesterday.previous_day().unwrap()]
                .map(|day| day.to_string())
                .contains(&date.to_owned()),
            "{ended}"
        );
        let early = told(Duration::days(-10));
        assert_eq!(early.len(), 2, "{early:?}");
        assert!(
            early[0]
                .starts_with("SF0855 the CA certificate `ca.pem` of alice is not valid before "),
            "{early:?}"
        );
    }

    #[test]
    fn a_certificate_that_tls_refuses_for_what_is_in_it_is_told() {
        let mut sample = Sample::new();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let pem = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
        fs::write_new(&sample.path().join("node.pem"), pem.as_bytes(), 0o644).unwrap();
        let [ca, cert, key] = ["ca.pem", "node.pem", "node.key"].map(Into::into);
        sample.plan.identity = Some(Identity { ca, cert, key });
        let messages = sample.messages(&PROBE);
        assert_eq!(messages.len(), 2, "{messages:?}");
        let start =
            format!("SF0856 the certificate `{}` of alice is ", sample.path().join("node.pem"));
        assert!(messages.iter().all(|message| message.starts_with(&start)), "{messages:?}");
    }
}
