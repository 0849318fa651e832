//! Blocks of ports that no other test of this machine uses.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
};

/// How many ports a block has: enough for three parties with a Ray node each.
pub(crate) const BLOCK: u16 = 400;
const FIRST: u16 = 20_000;
const LAST: u16 = 31_999;

/// A block of ports, ours until it is dropped.
pub(crate) struct PortBlock {
    pub(crate) first: u16,
    pub(crate) last: u16,
    _lock: File,
}

impl PortBlock {
    /// Takes a block that no other test process has and on which nothing listens.
    pub(crate) fn take() -> Self {
        let folder = std::env::temp_dir().join("sfgen-test-ports");
        std::fs::create_dir_all(&folder).unwrap();
        for first in (FIRST..=LAST - BLOCK + 1).step_by(BLOCK.into()) {
            let lock = File::create(folder.join(first.to_string())).unwrap();
            let last = first + BLOCK - 1;
            if lock.try_lock().is_ok() && (first..=last).all(is_free) {
                return Self { first, last, _lock: lock };
            }
        }
        panic!("every block of ports from {FIRST} to {LAST} is in use");
    }

    /// The `ports` node of a topology that allots from this block.
    pub(crate) fn node(&self) -> String {
        format!("ports {{ pool {} {}; }}\n", self.first, self.last)
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}
