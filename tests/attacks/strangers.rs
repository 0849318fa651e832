//! Clients that have no place in the plan, at alice's control port.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use rcgen::CustomExtension;

use crate::support::strangers::{Reception, visit};

use super::{
    false_peer::Keys,
    honest::Honest,
    nobody::{second_leaf, unknown_critical_extension},
};

/// Attack: clients without TLS, without a certificate, and of a CA that nobody knows, who speak HTTP/1 or HTTP/2.
/// Load: six of them, one after the other.
/// Outcome: each is refused before a byte of gRPC, and alice tells why; her run with carol ends well.
#[test]
fn the_meeting_refuses_whoever_is_no_peer() {
    let mut honest = Honest::start();
    for (who, reception) in visit(honest.target()) {
        assert_eq!(reception, Reception::Refused, "a client {who}");
    }
    for why in ["does not speak TLS", "presented no certificate"] {
        honest.alice.wait_for(why);
    }
    honest.run();
}

/// A client with a second leaf of bob's CA is refused, and alice says this of it.
#[track_caller]
fn refused(extensions: &[CustomExtension], told: &str) {
    let mut leaf = None;
    let mut honest = Honest::start_after(|ws| leaf = Some(second_leaf(ws, extensions)));
    let (cert, key) = leaf.unwrap();
    let keys = Keys::of(&honest.ws, "bob").with_leaf(cert, key);
    let mut stream = keys.raw(honest.target());
    // With TLS 1.3 a client learns of its refusal when it reads.
    let read = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").and_then(|()| {
        let mut answer = [0; 64];
        stream.read(&mut answer)
    });
    assert!(!read.is_ok_and(|count| count > 0), "it was answered");
    let line = honest.alice.wait_for("turned away 127.0.0.1:");
    assert!(line.contains(told), "{line}");
    honest.run();
}

/// Attack: a client with a second leaf that the listed CA of bob signed. Load: one.
/// Outcome: it is refused, since the leaf is pinned; alice names bob.
#[test]
fn a_listed_ca_with_another_leaf_is_refused() {
    refused(&[], "presents a certificate that is not bob's pinned one (sha256 ");
}

/// Attack: a client whose leaf, of the listed CA, has a critical extension that nobody knows. Load: one.
/// Outcome: it is refused with a sentence that says what is wrong and what its owner does.
#[test]
fn a_certificate_that_tls_cannot_judge_is_refused_in_plain_words() {
    let told = "presents a certificate with a critical extension that TLS here does not know; its owner has it issued";
    refused(&[unknown_critical_extension()], told);
}

/// Attack: a client that offers TLS 1.2 and nothing later. Load: one.
/// Outcome: it gets the alert of a wrong version.
#[test]
fn tls_1_2_is_refused() {
    let mut honest = Honest::start();
    let mut stream = TcpStream::connect(("127.0.0.1", honest.target())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&hello_of_tls_1_2()).unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 70], "a fatal alert, `protocol_version`");
    honest.alice.wait_for("speaks an older TLS than 1.3");
    honest.run();
}

/// A ClientHello for ECDHE with AES-GCM, without the extension by which later versions are offered.
fn hello_of_tls_1_2() -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 23][..],  // the curve P-256
        &[0, 13, 0, 6, 0, 4, 4, 3, 8, 4], // signatures: ECDSA and RSA-PSS with SHA-256
        &[0, 23, 0, 0],                   // extended master secret
    ]
    .concat();
    let length = u16::try_from(extensions.len()).unwrap().to_be_bytes();
    let body = [
        &[3, 3][..],
        &[9; 32],
        &[0],
        &[0, 4, 0xc0, 0x2b, 0xc0, 0x2f],
        &[1, 0],
        &length,
        &extensions,
    ];
    let body = body.concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&[22, 3, 1][..], &length, &message].concat()
}

/// Attack: connections that send bytes which are no TLS, and TLS records that are none.
/// Load: 200, with up to 4 KiB each.
/// Outcome: all are closed, and alice's run with carol ends well.
#[test]
fn garbage_is_refused() {
    let honest = Honest::start();
    let mut state = 1_u32;
    let mut byte = || {
        // A linear generator: garbage that is the same each time.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    for number in 0..200 {
        let mut garbage: Vec<u8> = (0..=number * 20).map(|_| byte()).collect();
        if number % 2 == 1 {
            garbage.splice(0..0, [22, 3, 1, 0x10, 0]);
        }
        let mut stream = TcpStream::connect(("127.0.0.1", honest.target())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // It may be closed before all is written.
        let _ = stream.write_all(&garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.len() <= 7, "an alert at most: {answer:?}");
    }
    honest.run();
}
