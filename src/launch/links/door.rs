//! The door before an SPU's port: a listener that passes TLS connections on and closes all others.
//!
//! An SPU whose `tls_opts` are set answers TLS clients with a verified certificate, and on the same port everybody who
//! speaks plain text (ran with SPU 0.9.4: HTTP/2 in clear is answered; brpc serves both unless `force_ssl` is set, and
//! nothing sets it). So while a job runs, the launcher listens on the planned `spu` port, and the SPU itself on
//! `spu-local`, on loopback. The door looks at the first bytes, closes whatever is no TLS handshake, and hands all
//! else on as it is: certificates are checked by the SPU, and the door sees nothing in clear.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use crate::{
    fs::FsError,
    plan::PartyPlan,
    types::{DeviceName, HostAddr, JobName, Role},
};

/// How long a client may take to begin its handshake.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clients at once. A peer's SPU needs a handful of connections.
const PLACES: usize = 64;
/// What a TLS record of a handshake begins with: its type and the major version.
const HANDSHAKE: [u8; 2] = [0x16, 0x03];

/// Where peers dial an SPU, and where the SPU listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpuDoor {
    /// What the launcher listens on.
    pub outside: SocketAddr,
    /// What the SPU listens on.
    pub inside: SocketAddr,
}

/// The doors of one run: one per SPU whose parties all take part in the job; none where the runtime's TLS is off.
#[must_use]
pub fn doors(plan: &PartyPlan, job: &JobName, slot: u16) -> BTreeMap<DeviceName, SpuDoor> {
    let ports = &plan.main().ports;
    let ranges = ports.get(&Role::Spu).zip(ports.get(&Role::SpuLocal));
    let (Some((outer, inner)), Some(job)) = (ranges, plan.jobs.get(job)) else {
        return BTreeMap::new();
    };
    let taking_part =
        plan.spus.iter().filter(|(_, spu)| spu.parties.iter().all(|p| job.parties.contains(p)));
    let door = |name: &DeviceName| {
        let outside = plan.links.spu.get(name)?.get(&plan.party)?.port(slot)?;
        let inside = inner.nth(outside.get().checked_sub(outer.first().get())?)?;
        let listen = match &plan.listen {
            HostAddr::Ip(ip) => *ip,
            HostAddr::Dns(_) => [0, 0, 0, 0].into(),
        };
        Some(SpuDoor {
            outside: SocketAddr::new(listen, outside.get()),
            inside: SocketAddr::from(([127, 0, 0, 1], inside.get())),
        })
    };
    taking_part.filter_map(|(name, _)| Some((name.clone(), door(name)?))).collect()
}

/// Opens a door; it closes, with every connection through it, when the set is dropped.
pub fn open(door: SpuDoor) -> Result<JoinSet<()>, FsError> {
    let fail = |why| FsError::new("listen on", door.outside.to_string().as_str().into(), why);
    // Made without waiting, so that a run is started in one step.
    let listener = std::net::TcpListener::bind(door.outside).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    let listener = TcpListener::from_std(listener).map_err(fail)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(admit(listener, door.inside));
    Ok(tasks)
}

async fn admit(listener: TcpListener, inside: SocketAddr) {
    let places = Arc::new(Semaphore::new(PLACES));
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Beyond that number connections are closed at once; a peer's SPU tries again.
                if let (Ok((stream, _)), Ok(place)) = (accepted, places.clone().try_acquire_owned()) {
                    clients.spawn(async move {
                        pass(stream, inside).await;
                        drop(place);
                    });
                }
            }
            Some(_) = clients.join_next() => {}
        }
    }
}

async fn pass(mut client: TcpStream, inside: SocketAddr) {
    if timeout(PATIENCE, begins_handshake(&client)).await != Ok(true) {
        return;
    }
    let Ok(mut spu) = TcpStream::connect(inside).await else { return };
    // An end that closes its connection ends the other, too.
    let _ = client.set_nodelay(true).and_then(|()| spu.set_nodelay(true));
    let _ = copy_bidirectional(&mut client, &mut spu).await;
}

/// Whether the client's first bytes are those of a TLS handshake. They stay where they are.
async fn begins_handshake(client: &TcpStream) -> bool {
    let mut first = [0; HANDSHAKE.len()];
    loop {
        match client.peek(&mut first).await {
            Ok(count) if count == first.len() => return first == HANDSHAKE,
            Ok(1) if first[0] == HANDSHAKE[0] => tokio::task::yield_now().await,
            Ok(_) | Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Sends `greeting` through a door before a service that echoes, and returns what comes back.
    async fn through(greeting: &[u8]) -> Vec<u8> {
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let spare = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let outside = spare.local_addr().unwrap();
        drop(spare);
        let _door = open(SpuDoor { outside, inside: inside.local_addr().unwrap() }).unwrap();
        let mut service = JoinSet::new();
        service.spawn(async move {
            let (mut stream, _) = inside.accept().await.unwrap();
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.unwrap();
        });
        let mut client = TcpStream::connect(outside).await.unwrap();
        client.write_all(greeting).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A refused client may see a reset instead of an end.
        let _ = client.read_to_end(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn a_handshake_gets_through_byte_for_byte() {
        let hello = [0x16, 0x03, 0x01, 0x00, 0x05, b'h', b'e', b'l', b'l', b'o'];
        assert_eq!(through(&hello).await, hello);
    }

    #[tokio::test]
    async fn plain_text_gets_nowhere() {
        for greeting in [
            &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\n\r\n",
            b"PRPC",
            &[0x16],
            b"",
        ] {
            assert_eq!(through(greeting).await, b"", "{greeting:?}");
        }
    }
}
