//! The door before an SPU's port: a listener that passes TLS connections on and closes all others.
//!
//! An SPU whose `tls_opts` are set answers TLS clients with a verified certificate, and on the same port everybody who
//! speaks plain text (ran with SPU 0.9.4: HTTP/2 in clear is answered; brpc serves both unless `force_ssl` is set, and
//! nothing sets it). So while a job runs, the launcher listens on the planned `spu` port, and the SPU itself on
//! `spu-local`, on loopback. The door reads the client's first message, closes whatever is no TLS handshake, and hands
//! all else on as it is: certificates are checked by the SPU, and the door sees nothing in clear.
//!
//! A connection holds a place of the launcher's admission until its handshake looks finished from outside, and after
//! that one of the door's own, so that neither strangers who stop in the middle nor those who stay can keep peers out.

mod records;
mod relay;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use self::{
    records::read_hello,
    relay::{Watch, relay},
};
use crate::{
    fs::FsError,
    launch::peers::{
        admission::{Admission, Limits, Place, listen},
        identity::{HANDSHAKE, HELLO},
    },
    plan::PartyPlan,
    types::{DeviceName, HostAddr, JobName, Port, Role},
};

/// Connections through one door. A peer's SPU needs a handful, and several parties may share one address.
const OPEN: Limits = Limits { stranger: 16, strangers: 32, peer: 64, peers: 128 };

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
    let (Some(inner), Some(job)) = (ports.get(&Role::SpuLocal), plan.jobs.get(job)) else {
        return BTreeMap::new();
    };
    // Each port that peers dial has one on loopback, in order; nobody else needs to know which.
    let own = plan.links.spu.values().filter_map(|links| links.get(&plan.party)?.ports().ok());
    let outer: BTreeSet<Port> = own.flat_map(|ports| ports.iter().collect::<Vec<_>>()).collect();
    let taking_part =
        plan.spus.iter().filter(|(_, spu)| spu.parties.iter().all(|p| job.parties.contains(p)));
    let door = |name: &DeviceName| {
        let outside = plan.links.spu.get(name)?.get(&plan.party)?.listen_port(slot)?;
        let index = outer.iter().position(|port| *port == outside)?;
        let inside = inner.nth(u16::try_from(index).ok()?)?;
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

/// Opens a door; it closes, with every connection through it, when the set is dropped. Must be called within a runtime.
pub fn open(door: SpuDoor, admission: &Admission) -> Result<JoinSet<()>, FsError> {
    let fail = |why| FsError::new("listen on", door.outside.to_string().as_str().into(), why);
    let listener = listen(door.outside).map_err(fail)?;
    let open = Admission::new(OPEN, admission.known().clone());
    let keeper = Keeper { inside: door.inside, open };
    let mut tasks = JoinSet::new();
    tasks.spawn(keeper.admit(listener, admission.clone()));
    Ok(tasks)
}

/// Passes connections on.
#[derive(Clone)]
struct Keeper {
    inside: SocketAddr,
    /// Places of those whose handshake is done.
    open: Admission,
}

impl Keeper {
    async fn admit(self, listener: TcpListener, handshakes: Admission) {
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                (stream, from, place) = handshakes.accept(&listener) => {
                    clients.spawn(self.clone().pass(stream, from, place));
                }
                Some(_) = clients.join_next() => {}
            }
        }
    }

    async fn pass(self, mut client: TcpStream, from: SocketAddr, place: Place) {
        let begun = place.keep(timeout(HELLO, read_hello(&mut client))).await;
        let Some(Ok(Ok(hello))) = begun else { return };
        place.progressed();
        let connected = place.keep(timeout(HANDSHAKE, TcpStream::connect(self.inside))).await;
        let Some(Ok(Ok(spu))) = connected else { return };
        // Without this option small messages wait for each other; where it cannot be set, they do.
        let _ = client.set_nodelay(true).and_then(|()| spu.set_nodelay(true));
        let watch = Watch::default();
        let mut passing = std::pin::pin!(relay(client, spu, hello, &watch));
        let handshake = async {
            tokio::select! {
                () = &mut passing => false,
                () = watch.shaken() => true,
            }
        };
        if place.keep(timeout(HANDSHAKE, handshake)).await != Some(Ok(true)) {
            return;
        }
        drop(place);
        let place = self.open.place(from);
        let noting = async {
            loop {
                watch.progress().await;
                place.progressed();
            }
        };
        let staying = async {
            tokio::select! {
                () = passing => {}
                () = noting => {}
            }
        };
        place.keep(staying).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::launch::peers::admission::KnownSources;

    /// Sends `greeting` through a door before a service that echoes, and returns what comes back.
    async fn through(greeting: &[u8]) -> Vec<u8> {
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let spare = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let outside = spare.local_addr().unwrap();
        drop(spare);
        let admission = Admission::new(Limits::HANDSHAKES, KnownSources::default());
        let door = SpuDoor { outside, inside: inside.local_addr().unwrap() };
        let _door = open(door, &admission).unwrap();
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
        let hello = [0x16, 0x03, 0x01, 0x00, 0x05, 0x01, b'e', b'l', b'l', b'o', b'!'];
        assert_eq!(through(&hello).await, hello);
    }

    #[tokio::test]
    async fn plain_text_gets_nowhere() {
        for greeting in [
            &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\n\r\n",
            b"PRPC",
            &[0x16],
            &[0x16, 0x03, 0x01, 0x00, 0x05, 0x01],
            b"",
        ] {
            assert_eq!(through(greeting).await, b"", "{greeting:?}");
        }
    }
}
