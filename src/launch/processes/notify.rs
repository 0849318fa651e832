//! What a unit tells systemd of itself (sd_notify(3)): a datagram to the socket that `NOTIFY_SOCKET` names.

use std::{
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
};

/// Tells systemd these lines, such as `READY=1`. Nothing happens where nobody asked for them.
pub fn notify(lines: &str) -> io::Result<()> {
    match std::env::var("NOTIFY_SOCKET") {
        Ok(address) => send(&address, lines),
        Err(_) => Ok(()),
    }
}

fn send(address: &str, lines: &str) -> io::Result<()> {
    // A name that begins with `@` is one without a file.
    let address = match address.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(address)?,
    };
    UnixDatagram::unbound()?.send_to_addr(lines.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_arrive_at_a_socket_with_a_file_and_at_one_without() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify").to_str().unwrap().to_owned();
        let name = format!("@sfgen-test-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name[1..]).unwrap();
        let listeners = [
            (path.clone(), UnixDatagram::bind(&path).unwrap()),
            (name, UnixDatagram::bind_addr(&abstract_address).unwrap()),
        ];
        for (address, listener) in listeners {
            send(&address, "READY=1\nSTATUS=up").unwrap();
            let mut heard = [0; 64];
            let count = listener.recv(&mut heard).unwrap();
            assert_eq!(&heard[..count], b"READY=1\nSTATUS=up");
        }
    }
}
