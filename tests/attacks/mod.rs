//! Attacks on the ports of a launcher, each with real sockets on loopback, while honest parties run a job.
//!
//! Each test states the attack, its load, and the outcome. Attackers are [`crowd`]s of connections from many addresses
//! of 127.0.0.0/8, clients that are [`nobody`] in the plan, and a [`false_peer`] that has a listed party's own keys. The
//! honest parties are those of [`honest`]. What `docs/security.md` promises is held by a test of this folder or of the
//! folder `tests/it`, which it names.

mod crowd;
mod differing;
mod excess;
mod false_peer;
mod half_open;
mod honest;
mod http2;
mod nobody;
mod promises;
mod spu_door;
mod strangers;
mod sum;
