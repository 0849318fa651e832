//! Networks that are joined as a test needs them, in namespaces of this machine.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Network namespaces, gone at the end of the test.
pub(crate) struct Networks(pub(crate) Vec<String>);

impl Networks {
    /// Those of these names, each with its loopback up.
    pub(crate) fn new(names: &[&str]) -> Self {
        let (number, id) = number();
        let names = names.iter().map(|name| format!("sfgen-{name}-{id}-{number}"));
        let networks = Self(names.collect());
        for name in &networks.0 {
            run("ip", &["netns", "add", name]);
            run("ip", &["-n", name, "link", "set", "lo", "up"]);
        }
        networks
    }

    /// Joins two of them by a cable, with an address at each end.
    pub(crate) fn join(&self, (one, other): (usize, usize), (near, far): (&str, &str)) {
        let (number, id) = number();
        let (a, b) = (format!("sg{number}a{id}"), format!("sg{number}b{id}"));
        run("ip", &["link", "add", &a, "type", "veth", "peer", "name", &b]);
        for (cable, network, address) in [(&a, one, near), (&b, other, far)] {
            let name = &self.0[network];
            run("ip", &["link", "set", cable, "netns", name]);
            run("ip", &["-n", name, "address", "add", address, "dev", cable]);
            run("ip", &["-n", name, "link", "set", cable, "up"]);
        }
    }

    /// Runs a command in one of them, which must succeed.
    pub(crate) fn exec(&self, network: usize, command: &[&str]) {
        let mut args = vec!["netns", "exec", self.0[network].as_str()];
        args.extend(command);
        run("ip", &args);
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for name in &self.0 {
            // A test that fails shall show why, and not that its networks were never made.
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
    }
}

/// A number that no other test of this process gets, and one of the process.
fn number() -> (u32, u32) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (NEXT.fetch_add(1, Ordering::Relaxed), std::process::id() % 100_000)
}

fn run(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().unwrap();
    assert!(status.success(), "{program} {args:?}: {status}");
}
