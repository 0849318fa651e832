//! What a line of a job's or Ray's output means. Pure: a line goes in, and perhaps a diagnosis comes out.
//!
//! The texts are those of SecretFlow 1.13 with Ray 2.42 and rayfed 0.2.1. A line that has changed since means nothing
//! here and is passed on as it is. Each text is taken together with what surrounds it in the real line, so that a job
//! may print words such as "forbidden" without ending itself.

use crate::types::PartyName;

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// The job cannot succeed any more, though its processes may wait for hours.
    Fatal {
        /// What is wrong; the same for every repetition of the line.
        message: String,
        /// What to do.
        help: String,
    },
    /// Why the job probably does not get on. It is no proof: a stranger's connection, a peer that is replaced or a Ray
    /// node that joins late make the same line. A [`Diagnosis::Fatal`], here or at a peer, says more.
    Suspect {
        /// What is wrong; the same for every repetition of the line.
        message: String,
        /// What to do.
        help: String,
    },
    /// The job waits for parties that do not answer yet; printed every three seconds.
    Waiting {
        /// The parties.
        peers: Vec<PartyName>,
    },
}

impl Diagnosis {
    fn fatal(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Fatal { message: message.into(), help: help.into() }
    }

    fn suspect(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Suspect { message: message.into(), help: help.into() }
    }
}

/// One per kind of line; no line is of two kinds.
const KINDS: &[fn(&str) -> Option<Diagnosis>] = &[
    waiting,
    forbidden_type,
    failed_elsewhere,
    job_name,
    one_side_on_tls,
    certificate,
    port_taken,
    spu_link,
    tls_in_threads,
    no_resources,
    other_python,
    link_of_sum,
];

/// The meaning of a line, `None` for most.
#[must_use]
pub fn diagnose(line: &str) -> Option<Diagnosis> {
    KINDS.iter().find_map(|kind| kind(line))
}

/// Whether a line is a log line of the runtime's native libraries, such as
/// `[2026-11-21 09:18:42.597] [info] [bigint_spi.cc:79] ...`: SPU and HEU write them to standard output, where the
/// job's result is looked for (`docs/runtime.md`, Output of a job).
#[must_use]
pub fn is_native_log(line: &str) -> bool {
    let Some((time, rest)) = line.strip_prefix('[').and_then(|line| line.split_once("] [")) else {
        return false;
    };
    let is_time = time.len() == "2026-11-21 09:18:42.597".len()
        && time.bytes().all(|byte| byte.is_ascii_digit() || b"-: .".contains(&byte));
    let levels = ["trace", "debug", "info", "warning", "error", "critical"];
    is_time && rest.split_once("] [").is_some_and(|(level, _)| levels.contains(&level))
}

/// What stands between `before` and the next `after`.
fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    line.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn waiting(line: &str) -> Option<Diagnosis> {
    let (names, rest) = line.split_once("Try ping [")?.1.split_once("] at ")?;
    // rayfed spells it so.
    rest.contains("attemp").then_some(())?;
    let names = names.split(',').map(|name| name.trim().trim_matches('\''));
    let peers: Vec<PartyName> = names.map(str::parse).collect::<Result<_, _>>().ok()?;
    (!peers.is_empty()).then_some(Diagnosis::Waiting { peers })
}

fn forbidden_type(line: &str) -> Option<Diagnosis> {
    let name = between(line, "UnpicklingError: global '", "' is forbidden")?;
    let (module, class) = name.rsplit_once('.')?;
    if class.ends_with("Error") || class.ends_with("Exception") {
        // A peer's error travelled here and cannot be shown. Allowing its type would cure nothing.
        return Some(Diagnosis::suspect(
            format!("the job failed at a peer, whose `{name}` may not be unpickled here"),
            "the peer's own log has the cause; leave `expose_error_trace` off, since it sends the cause along and thereby hides it",
        ));
    }
    Some(Diagnosis::fatal(
        format!("a peer sent a `{name}`, which is not allowed to be unpickled"),
        format!(
            "if the job means to send it, add to the `runtime` node, and plan again: allow-deserialize \"{module}\" \"{class}\""
        ),
    ))
}

fn failed_elsewhere(line: &str) -> Option<Diagnosis> {
    let place = line.split_once(": FedRemoteError occurred at ")?.1;
    // In the threads engine the text of the error follows, which can hold the peer's data: it is not repeated.
    let party: PartyName = place.split([' ', ',', '.']).next()?.parse().ok()?;
    Some(Diagnosis::suspect(
        format!("the job failed at {party}"),
        format!("the log of the job at {party} has the cause"),
    ))
}

fn job_name(line: &str) -> Option<Diagnosis> {
    let names = line.split_once("JobName mis-match, expected ")?.1;
    let (expected, got) = names.split_once(", got ")?;
    let got = got.split([',', '.', '"', ' ']).next()?;
    Some(Diagnosis::fatal(
        format!("a peer runs a job of another name: expected {expected}, got {got}"),
        "start it with `sfgen run` at every party, which names each run the same everywhere, and pass no `job_name` in the script",
    ))
}

// The colon before the two TLS texts is that of gRPC's library. Python's own, which a job that fetches something over
// HTTPS can print, are `[SSL: CERTIFICATE_VERIFY_FAILED]`.

fn one_side_on_tls(line: &str) -> Option<Diagnosis> {
    line.contains(":WRONG_VERSION_NUMBER").then(|| {
        Diagnosis::suspect(
            "one side of a link speaks TLS and the other does not",
            "compare the plan digests with `sfgen status` at both parties, and take `tls_config` from `sf_party.py` alone",
        )
    })
}

fn certificate(line: &str) -> Option<Diagnosis> {
    line.contains(":CERTIFICATE_VERIFY_FAILED").then(|| {
        Diagnosis::suspect(
            "a peer's certificate is refused: another CA signed it, it has expired, or it lacks the address that is dialled",
            "compare the addresses in the certificates with those in `PORTS.md`; a new plan and new keys agree",
        )
    })
}

fn port_taken(line: &str) -> Option<Diagnosis> {
    let texts = [
        "AssertionError: Grpc server failed to listen to port",
        "RuntimeError: Failed to bind to address",
    ];
    texts.iter().any(|text| line.contains(text)).then(|| {
        Diagnosis::fatal(
            "the job cannot listen on its planned port",
            "`ss -ltnp` shows who has it; most often it is an earlier job that was not ended",
        )
    })
}

fn spu_link(line: &str) -> Option<Diagnosis> {
    line.contains("AttributeError: 'SPURuntime' object has no attribute 'id'").then(|| {
        Diagnosis::fatal(
            "the SPU could not make its link",
            "its port is taken here, a peer did not come in time, or only one side has TLS; `ss -ltnp` shows who has the port",
        )
    })
}

fn tls_in_threads(line: &str) -> Option<Diagnosis> {
    line.contains("TypeError: Argument 'channel_credentials' has incorrect type").then(|| {
        Diagnosis::fatal(
            "the threads engine of this SecretFlow cannot do TLS on its gRPC link",
            "use `engine \"ray\"`, or pass no `tls_config` but what `sf_party.py` gives",
        )
    })
}

fn no_resources(line: &str) -> Option<Diagnosis> {
    // Ray's newer autoscaler writes `requests {...}*2`.
    let request = line.split_once("No available node types can fulfill resource request")?.1;
    let request = between(request, "{", "}")?;
    Some(Diagnosis::suspect(
        format!("no Ray node has what the job asks for: {{{request}}}"),
        "raise `cpus` of the party's `ray` node, or ask for less in the job; without either it waits for ever",
    ))
}

fn other_python(line: &str) -> Option<Diagnosis> {
    line.contains("RuntimeError: Version mismatch: The cluster was started with").then(|| {
        Diagnosis::fatal(
            "the job's Python or Ray is not that of the Ray cluster; Ray compares them to the patch level",
            "start both with sfgen, which takes them from one environment",
        )
    })
}

/// The embedded sum's own errors about its links. They hold names and addresses of parties, so they may travel.
fn link_of_sum(line: &str) -> Option<Diagnosis> {
    let codes = ["SF0833", "SF0834", "SF0835", "SF0836"];
    let (code, message) = line.split_once(" error: ")?;
    codes
        .contains(&code)
        .then(|| Diagnosis::suspect(message, format!("see `sfgen explain {code}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fatal(line: &str) -> (String, String) {
        match diagnose(line) {
            Some(Diagnosis::Fatal { message, help }) => (message, help),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn suspect(line: &str) -> String {
        match diagnose(line) {
            Some(Diagnosis::Suspect { message, .. }) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn log_lines_of_native_libraries_are_told_from_results() {
        let log = "[2026-11-21 09:18:42.597] [info] [bigint_spi.cc:79] The default library used for BigInt operations is openssl";
        assert!(is_native_log(log));
        for result in [
            "sum [11. 22.]",
            "[1, 2] [info] [x]",
            "[2026-11-21 09:18:42.597] done",
            "[[11.0, 22.0]]",
        ] {
            assert!(!is_native_log(result), "{result}");
        }
    }

    #[test]
    fn a_forbidden_type_comes_with_the_line_that_allows_it() {
        let coloured = "\u{1b}[36m(ReceiverProxyActor pid=12)\u{1b}[0m _pickle.UnpicklingError: global 'pandas.core.frame.DataFrame' is forbidden";
        for (line, name, node) in [
            (
                "_pickle.UnpicklingError: global 'collections.Counter' is forbidden",
                "`collections.Counter`",
                r#"allow-deserialize "collections" "Counter""#,
            ),
            (
                coloured,
                "`pandas.core.frame.DataFrame`",
                r#"allow-deserialize "pandas.core.frame" "DataFrame""#,
            ),
        ] {
            let (message, help) = fatal(line);
            assert!(message.contains(name) && help.ends_with(node), "{message}; {help}");
        }
    }

    #[test]
    fn a_forbidden_type_is_seen_in_the_middle_of_rayfeds_line_too() {
        let line = "_pickle.UnpicklingError: global 'spu.libspu.Visibility' is forbidden,upstream_seq_id: 17#1, downstream_seq_id: 19.";
        assert!(fatal(line).1.ends_with(r#"allow-deserialize "spu.libspu" "Visibility""#));
    }

    #[test]
    fn the_error_of_a_peer_that_cannot_be_unpickled_hides_no_fatal_one() {
        let line = "_pickle.UnpicklingError: global '_pickle.UnpicklingError' is forbidden";
        assert!(suspect(line).starts_with("the job failed at a peer"));
        let line = "fed.exceptions.FedRemoteError: FedRemoteError occurred at bob";
        assert_eq!(suspect(line), "the job failed at bob");
        let line = "2026-11-21 08:10:47.583 WARNING api.py:626 [alice] -- [run-1] Encounter RemoteError happend in other parties, error message: FedRemoteError occurred at bob";
        assert_eq!(suspect(line), "the job failed at bob");
        let line = "fed.exceptions.FedRemoteError: FedRemoteError occurred at alice caused by 'secret detail 42'";
        assert_eq!(suspect(line), "the job failed at alice", "and none of her data");
    }

    #[test]
    fn waiting_is_no_fault_and_names_the_peers() {
        let line = "2026-11-21 08:08:58.715 INFO barriers.py:520 [bob] -- [run-1795248525067158096] Try ping ['alice', 'carol'] at 0 attemp, up to 3600 attemps.";
        let peers = ["alice", "carol"].map(|name| name.parse().unwrap()).to_vec();
        assert_eq!(diagnose(line), Some(Diagnosis::Waiting { peers }));
    }

    #[test]
    fn what_makes_a_job_wait_for_ever_is_fatal() {
        for (line, part) in [
            ("JobName mis-match, expected other, got demo.", "expected other, got demo"),
            ("AssertionError: Grpc server failed to listen to port: 19000", "port"),
            ("RuntimeError: Failed to bind to address [::]::]:19000; set", "port"),
            ("AttributeError: 'SPURuntime' object has no attribute 'id'", "SPU"),
            (
                "TypeError: Argument 'channel_credentials' has incorrect type (expected x, got y)",
                "threads engine",
            ),
            ("RuntimeError: Version mismatch: The cluster was started with:", "Python or Ray"),
        ] {
            let message = fatal(line).0;
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn what_a_stranger_or_a_late_node_can_cause_ends_no_job() {
        for (line, part) in [
            (
                "E1121 ssl_transport_security.cc:1420] Handshake failed with fatal error SSL_ERROR_SSL: error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER.",
                "TLS",
            ),
            (
                "E1121 ssl_transport_security.cc:1420] Handshake failed with fatal error SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED.",
                "certificate",
            ),
            (
                "(autoscaler +5s) Error: No available node types can fulfill resource request {'CPU': 1.0}. Add suitable node types to this cluster to resolve this issue.",
                "{'CPU': 1.0}",
            ),
        ] {
            let message = suspect(line);
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn why_a_sum_has_no_link_is_told_with_its_page() {
        let line = "SF0836 error: bob fell silent in the middle of the sum";
        let Some(Diagnosis::Suspect { message, help }) = diagnose(line) else { panic!("{line}") };
        assert_eq!(message, "bob fell silent in the middle of the sum");
        assert_eq!(help, "see `sfgen explain SF0836`");
    }

    #[test]
    fn what_a_job_prints_is_its_own_affair() {
        for line in [
            "SF0507 error: bob fell silent",
            "",
            "sum [111. 222.]",
            "note: global 'x.y' is forbidden by our rules",
            "I read about UnpicklingError and JobName mis-match today",
            "row 3: CERTIFICATE_VERIFY_FAILED",
            "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1007)",
            "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "Failed to bind the book",
            "AttributeError: 'Model' object has no attribute 'id'",
            "Try ping [1, 2] at home",
            "TypeError: Argument 'x' has incorrect type (expected int, got str)",
        ] {
            assert_eq!(diagnose(line), None, "{line}");
        }
    }
}
