//! Which connections get the launcher's attention before it is known who is at their other end.
//!
//! Every listener that other parties dial shares this: the control port, the door before an SPU, and the embedded sum.
//! A connection holds a *place* until its TLS handshake is finished. Nobody waits for a place: a new connection always
//! gets one, and where the places are full, the connection that has made no progress for longest loses its own. So a
//! stranger who opens connections and says nothing takes places from other silent connections only.
//!
//! - Each source address has few places, and strangers together have a bounded number.
//! - The addresses of the peers, from the plan or from an earlier handshake, have places that strangers cannot take.
//! - Progress is counted in steps of the handshake. A connection that has sent its ClientHello loses its place after all
//!   those that have not.
//!
//! This module knows neither TLS nor what is spoken behind it.

mod admit;
mod places;
mod source;

pub use admit::{Admission, Place, listen};
pub use places::Limits;
pub use source::KnownSources;
