//! Abuse of HTTP/2 by a listed party, whose handshake is as it should be. Frames are written by hand.

use std::{
    io::{Read as _, Write},
    net::TcpStream,
    time::Duration,
};

use rustls::{ClientConnection, StreamOwned};

use super::{false_peer::Keys, honest::Honest};

/// How much alice's launcher may grow by one connection, in MiB.
const GROWTH: u64 = 64;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

/// The header block of a call of `Attend`, without compression.
fn call() -> Vec<u8> {
    let text = |name: &[u8], value: &str| {
        let length = u8::try_from(value.len()).unwrap();
        [name, &[length], value.as_bytes()].concat()
    };
    [
        vec![0x83, 0x87], // POST, https
        text(&[0x04], "/sfgen.rendezvous.v1.Rendezvous/Attend"),
        text(&[0x01], "127.0.0.1"),
        text(&[0x0f, 0x10], "application/grpc"),
        text(&[0x00, 2, b't', b'e'], "trailers"),
    ]
    .concat()
}

/// Bob's connection to alice, with the greeting of HTTP/2 sent.
fn greeted(honest: &Honest) -> StreamOwned<ClientConnection, TcpStream> {
    let mut stream = Keys::of(&honest.ws, "bob").raw(honest.target());
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream
}

/// Bob sends these frames without reading, as far as he can; alice's runs with carol end well meanwhile and after it, and
/// she does not grow. Returns the connection.
#[track_caller]
fn endures(
    frames: impl Iterator<Item = Vec<u8>>,
) -> (Honest, StreamOwned<ClientConnection, TcpStream>) {
    let honest = Honest::start();
    let before = honest.peak();
    let mut stream = greeted(&honest);
    stream.sock.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // An end of the connection, or a full one, is what is hoped for.
    let _ = send(&mut stream, frames);
    honest.run();
    let growth = honest.peak() - before;
    assert!(growth < GROWTH, "{growth} MiB");
    (honest, stream)
}

fn send(stream: &mut impl Write, frames: impl Iterator<Item = Vec<u8>>) -> std::io::Result<()> {
    for frame in frames {
        stream.write_all(&frame)?;
    }
    stream.flush()
}

/// Attack: streams that are opened and reset at once. Load: up to 10,000 on one connection.
/// Outcome: the connection is ended; alice's run with carol ends well.
#[test]
fn rapid_resets_end_the_connection_that_sends_them() {
    let streams = (0..10_000).map(|number| {
        let stream = 2 * number + 1;
        let open = frame(HEADERS, END_HEADERS, stream, &call());
        [open, frame(RESET, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    let (_honest, mut stream) = endures(streams);
    let mut answer = Vec::new();
    // Alice says goodbye or just closes; she does not keep it open.
    let ended = stream.read_to_end(&mut answer);
    let timed_out = |why: &std::io::Error| {
        matches!(why.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
    };
    assert!(!ended.is_err_and(|why| timed_out(&why)), "it is still open");
}

/// Attack: pings whose answers are not read. Load: up to 200,000 on one connection.
/// Outcome: answers do not pile up in alice's memory; her run with carol ends well.
#[test]
fn pings_do_not_fill_the_memory() {
    endures((0..200).map(|_| frame(PING, 0, 0, &[7; 8]).repeat(1000)));
}

/// Attack: a header block that never ends. Load: up to 64 MiB of CONTINUATION frames.
/// Outcome: they do not fill alice's memory; her run with carol ends well.
#[test]
fn a_header_block_without_end_does_not_fill_the_memory() {
    let first = frame(HEADERS, 0, 1, &call());
    let more = |_| {
        frame(CONTINUATION, 0, 1, &[&[0, 1, b'x', 127, 0x81, 0x7e][..], &[b'y'; 16_000]].concat())
    };
    endures(std::iter::once(first).chain((0..4000).map(more)));
}

/// Attack: a message that says it is of 2 GiB. Load: its head and the first megabyte.
/// Outcome: it is refused by its head; alice's run with carol ends well.
#[test]
fn a_message_of_two_gibibytes_is_refused_by_its_head() {
    let head = [&[0][..], &(2_u32 << 30).to_be_bytes(), &[0; 1000]].concat();
    let more = |_| frame(DATA, 0, 1, &[0; 16_000]);
    let frames = [frame(HEADERS, END_HEADERS, 1, &call()), frame(DATA, 0, 1, &head)];
    let (mut honest, _stream) = endures(frames.into_iter().chain((0..3).map(more)));
    assert!(honest.alice.child.try_wait().unwrap().is_none(), "alice's launcher is up");
}

/// Attack: a connection with a finished handshake that says nothing. Load: one for each place that bob has.
/// Outcome: alice ends them after 9 s, so that bob's launcher finds a place.
#[test]
fn a_connection_that_says_nothing_is_ended() {
    let honest = Honest::start();
    let mut silent: Vec<_> = (0..4).map(|_| greeted(&honest)).collect();
    for stream in &mut silent {
        stream.sock.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let is_open = ended.is_err_and(|why| why.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!is_open, "it is still open");
    }
    honest.run();
}
