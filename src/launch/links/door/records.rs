//! TLS records from outside: where they begin and end, and what kind they are. Nothing is decrypted.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes before the content of a record: its kind, a version of two bytes, and the length of the content.
const HEADER: usize = 5;
/// The longest content of a record in clear, in bytes.
const LONGEST: usize = 1 << 14;
/// The major version, which is the same from SSL 3 to TLS 1.3.
const MAJOR: u8 = 3;
/// The kind of a record with a change of keys, which TLS 1.3 sends only to look like older versions.
const CHANGE: u8 = 20;
/// The kind of a record with handshake messages.
const HANDSHAKE: u8 = 22;
/// The kind of a protected record of TLS 1.3, whatever is in it.
const PROTECTED: u8 = 23;
/// The first byte of a ClientHello.
const CLIENT_HELLO: u8 = 1;

/// Reads a client's first record, which begins with a ClientHello; an error where it is anything else.
pub(super) async fn read_hello(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut record = vec![0; HEADER];
    // Byte by byte, so that plain text is refused at its first byte.
    for at in 0..HEADER {
        record[at] = client.read_u8().await?;
        if record[0] != HANDSHAKE || (at >= 1 && record[1] != MAJOR) {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    if length == 0 || length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    record.resize(HEADER + length, 0);
    client.read_exact(&mut record[HEADER..]).await?;
    match record[HEADER] {
        CLIENT_HELLO => Ok(record),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Follows what a client sends after its ClientHello, in pieces of any length.
#[derive(Debug, Default)]
pub(super) struct ClientRecords {
    header: Vec<u8>,
    /// How many bytes of the present record's content are to come.
    left: usize,
    changed_keys: bool,
}

impl ClientRecords {
    /// Takes in a piece; whether a record ended in it that a client sends last in its handshake: a protected one, or in
    /// TLS 1.2 a message after the change of keys.
    pub(super) fn take(&mut self, mut piece: &[u8]) -> bool {
        let mut has_last = false;
        while !piece.is_empty() {
            if self.left == 0 {
                let missing = HEADER - self.header.len();
                let (header, rest) = piece.split_at(missing.min(piece.len()));
                self.header.extend(header);
                piece = rest;
                if self.header.len() < HEADER {
                    break;
                }
                self.left = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
            }
            let content = self.left.min(piece.len());
            self.left -= content;
            piece = &piece[content..];
            if self.left == 0 {
                has_last |= match self.header[0] {
                    PROTECTED => true,
                    HANDSHAKE => self.changed_keys,
                    _ => false,
                };
                self.changed_keys |= self.header[0] == CHANGE;
                self.header.clear();
            }
        }
        has_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3], &length[..], content].concat()
    }

    /// Whether the pieces of this length together end a handshake.
    fn ends(bytes: &[u8], piece: usize) -> bool {
        let mut records = ClientRecords::default();
        bytes.chunks(piece).fold(false, |ended, piece| ended | records.take(piece))
    }

    #[test]
    fn the_last_record_of_a_clients_handshake_is_noticed_however_it_is_cut() {
        let tls13 = [record(CHANGE, &[1]), record(PROTECTED, &[7; 300])].concat();
        let tls12 =
            [record(HANDSHAKE, &[16; 70]), record(CHANGE, &[1]), record(HANDSHAKE, &[9; 40])];
        let tls12 = tls12.concat();
        for piece in [1, 2, 5, 6, 7, 1000] {
            for bytes in [&tls13, &tls12] {
                assert!(ends(bytes, piece), "{piece}");
                assert!(!ends(&bytes[..bytes.len() - 1], piece), "{piece}, one byte short");
            }
        }
    }

    #[test]
    fn what_comes_before_the_last_record_ends_nothing() {
        let early = [record(HANDSHAKE, &[16; 70]), record(CHANGE, &[1]), record(21, &[1, 0])];
        assert!(!ends(&early.concat(), 3));
    }

    #[tokio::test]
    async fn a_hello_is_read_whole_and_nothing_of_what_follows() {
        let hello = record(HANDSHAKE, &[CLIENT_HELLO, 0, 0, 1, 0]);
        let mut sent = &[hello.clone(), vec![9, 9]].concat()[..];
        assert_eq!(read_hello(&mut sent).await.unwrap(), hello);
        assert_eq!(sent, [9, 9]);
        for wrong in
            [record(HANDSHAKE, &[2]), record(PROTECTED, &[1]), record(HANDSHAKE, &[]), vec![22, 4]]
        {
            assert!(read_hello(&mut &wrong[..]).await.is_err(), "{wrong:?}");
        }
    }
}
