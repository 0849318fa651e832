//! Networks that are joined as a test needs them, in namespaces of this machine.

use std::process::Command;

/// Network namespaces, gone at the end of the test.
pub(crate) struct Networks(pub(crate) Vec<String>);

impl Networks {
    /// Those of these names, each with its loopback up.
    pub(crate) fn new(names: &[&str]) -> Self {
        let names = names.iter().map(|name| format!("sfgen-{name}-{}", std::process::id()));
        let networks = Self(names.collect());
        for name in &networks.0 {
            run("ip", &["netns", "add", name]);
            run("ip", &["-n", name, "link", "set", "lo", "up"]);
        }
        networks
    }

    /// Joins two of them by a cable, with an address at each end.
    pub(crate) fn join(
        &self,
        number: usize,
        (one, other): (usize, usize),
        (near, far): (&str, &str),
    ) {
        let id = std::process::id() % 100_000;
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
            run("ip", &["netns", "delete", name]);
        }
    }
}

fn run(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().unwrap();
    assert!(status.success(), "{program} {args:?}: {status}");
}
