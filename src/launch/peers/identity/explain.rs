//! Refused handshakes in plain words.

use std::{error::Error, io};

use rustls::{AlertDescription, Error as Tls};

use super::certificate;

/// What a peer does whose end of the connection is closed.
const CLOSED: &str = "closed the connection";
/// How rustls tells that a connection ended without TLS's own sign of its end.
const NO_FAREWELL: &str = "without sending TLS close_notify";

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

/// HTTP/2 keeps an error of TLS as its text only, so an alert must be told by its name, and so must the end of a
/// connection without a farewell: what a killed process or a lost machine leaves.
fn of_text(text: &str) -> String {
    const ALERTS: [AlertDescription; 18] = [
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
        AlertDescription::CertificateRevoked,
        AlertDescription::HandshakeFailure,
        AlertDescription::InternalError,
        AlertDescription::UnexpectedMessage,
        AlertDescription::BadRecordMac,
        AlertDescription::IllegalParameter,
        AlertDescription::DecodeError,
        AlertDescription::UnsupportedExtension,
    ];
    if text.contains(NO_FAREWELL) {
        return CLOSED.to_owned();
    }
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
        Tls::InvalidCertificate(why) => return certificate::explain(why),
        Tls::AlertReceived(alert) => return of_alert(*alert),
        Tls::General(text) => text,
        Tls::DecryptError | Tls::PeerSentOversizedRecord => {
            "sent TLS data that does not fit its handshake: something between the two machines changes \
             what they send (a proxy that looks into TLS?), or the client is broken"
        }
        Tls::FailedToGetCurrentTime => {
            "cannot be checked, since this machine's clock shows a time before 1970; set it (`timedatectl`)"
        }
        Tls::FailedToGetRandomBytes => {
            "cannot be answered, since this machine's system gives no random numbers; restart it"
        }
        _ => {
            "breaks the rules of the TLS 1.3 handshake: it is not sfgen, or something between the two \
             machines changes what they send; dial the other machine directly, without a proxy"
        }
    };
    text.to_owned()
}

fn of_alert(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let text = match alert {
        Alert::CertificateRequired | Alert::NoCertificate => "wants a certificate and got none",
        Alert::UnknownCA
        | Alert::BadCertificate
        | Alert::CertificateUnknown
        | Alert::UnsupportedCertificate
        | Alert::AccessDenied
        | Alert::DecryptError => {
            "refuses this party's certificate; its launcher's log says why (does it run the same plan?)"
        }
        Alert::CertificateExpired => "says that this party's certificate has ended",
        Alert::CertificateRevoked => {
            "says that this party's certificate was revoked; make new keys (`sfgen keys new --replace`), and plan again"
        }
        Alert::ProtocolVersion => "speaks an older TLS than 1.3",
        Alert::NoApplicationProtocol => "speaks another protocol on this port",
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            "has no method of encryption in common with this party: it is not sfgen, or a proxy in between"
        }
        Alert::InternalError => {
            "had a failure of its own during the TLS handshake; its launcher's log says which"
        }
        Alert::CloseNotify | Alert::UserCanceled => {
            "closed the connection during the TLS handshake"
        }
        _ => {
            "finds that this party breaks the rules of TLS: something between the two machines changes \
             what they send (a proxy that looks into TLS?), or sfgen does not listen there"
        }
    };
    text.to_owned()
}

fn of_io(error: &io::Error) -> String {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "does not listen there (connection refused)",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::UnexpectedEof => CLOSED,
        io::ErrorKind::TimedOut => "does not answer (a firewall that drops packets?)",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "cannot be reached: there is no route to it"
        }
        io::ErrorKind::InvalidData => "does not speak TLS",
        _ => return of_text(&error.to_string()),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_ends_without_a_farewell_was_closed() {
        let of_rustls = "peer closed connection without sending TLS close_notify: \
                         https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof";
        for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::Other] {
            assert_eq!(explain(&io::Error::new(kind, of_rustls)), "closed the connection");
        }
        assert_eq!(of_text(of_rustls), "closed the connection");
    }
}
