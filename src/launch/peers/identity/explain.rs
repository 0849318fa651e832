//! Refused handshakes in plain words.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError, Error as Tls};

/// What a peer does, as a phrase that follows its name or address: "presented no certificate".
///
/// Looks through wrapped errors for the one that TLS or the system gave; without one, the innermost text.
#[must_use]
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let mut current = error;
    loop {
        if let Some(tls) = current.downcast_ref::<Tls>() {
            return of_tls(tls);
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            let wraps = matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::Other);
            return match io.get_ref() {
                Some(inner) if wraps => explain(inner),
                _ => of_io(io),
            };
        }
        match current.source() {
            Some(source) => current = source,
            None => return of_text(&current.to_string()),
        }
    }
}

/// HTTP/2 keeps an error of TLS as its text only, so an alert must be told by its name.
fn of_text(text: &str) -> String {
    const ALERTS: [AlertDescription; 10] = [
        AlertDescription::CertificateRequired,
        AlertDescription::UnknownCA,
        AlertDescription::BadCertificate,
        AlertDescription::CertificateUnknown,
        AlertDescription::UnsupportedCertificate,
        AlertDescription::AccessDenied,
        AlertDescription::DecryptError,
        AlertDescription::CertificateExpired,
        AlertDescription::ProtocolVersion,
        AlertDescription::NoApplicationProtocol,
    ];
    let alert =
        ALERTS.into_iter().find(|alert| text.ends_with(&Tls::AlertReceived(*alert).to_string()));
    alert.map_or_else(|| format!("fails: {text}"), of_alert)
}

fn of_tls(error: &Tls) -> String {
    let text = match error {
        Tls::NoCertificatesPresented => "presented no certificate",
        Tls::InvalidMessage(_) => "does not speak TLS",
        Tls::PeerIncompatible(_) => "speaks an older TLS than 1.3",
        Tls::NoApplicationProtocol => "asks for another protocol than this port speaks",
        Tls::InvalidCertificate(why) => return of_certificate(why),
        Tls::AlertReceived(alert) => return of_alert(*alert),
        Tls::General(text) => text,
        other => return format!("breaks the TLS handshake: {other}"),
    };
    text.to_owned()
}

fn of_certificate(why: &CertificateError) -> String {
    use CertificateError as Why;
    let text = match why {
        // The pin's own refusal says everything already.
        Why::Other(other) => return other.to_string(),
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
        other => return format!("presents a certificate that is refused: {other}"),
    };
    text.to_owned()
}

fn of_alert(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let text = match alert {
        Alert::CertificateRequired => "wants a certificate and got none",
        Alert::UnknownCA
        | Alert::BadCertificate
        | Alert::CertificateUnknown
        | Alert::UnsupportedCertificate
        | Alert::AccessDenied
        | Alert::DecryptError => {
            "refuses this party's certificate; its launcher's log says why (does it run the same plan?)"
        }
        Alert::CertificateExpired => "says that this party's certificate has ended",
        Alert::ProtocolVersion => "speaks an older TLS than 1.3",
        Alert::NoApplicationProtocol => "speaks another protocol on this port",
        other => return format!("broke off the TLS handshake ({other:?})"),
    };
    text.to_owned()
}

fn of_io(error: &io::Error) -> String {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "does not listen there (connection refused)",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::UnexpectedEof => "closed the connection",
        io::ErrorKind::TimedOut => "does not answer (a firewall that drops packets?)",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "cannot be reached: there is no route to it"
        }
        io::ErrorKind::InvalidData => "does not speak TLS",
        _ => return format!("fails: {error}"),
    };
    text.to_owned()
}
