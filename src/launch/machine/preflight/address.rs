//! The addresses of the plan belong to this machine.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, ToSocketAddrs as _, UdpSocket},
};

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    types::HostAddr,
};

pub(super) const PROBE: Probe = Probe { name: "addresses of this machine", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(host) = machine.host_plan() {
        // Behind a NAT or load balancer, what peers dial belongs to another machine, and is not looked at.
        findings.extend(match &host.inside {
            None => advertised(machine.host.as_str(), &host.address),
            Some(inside) => own(machine.host.as_str(), inside),
        });
    }
    findings.extend(listen(&machine.plan.listen));
    findings
}

/// What peers dial. Behind a NAT or a load balancer it belongs to another machine, so this is only a warning.
fn advertised(host: &str, address: &HostAddr) -> Option<Finding> {
    let ips = match resolve(address) {
        Ok(ips) => ips,
        Err(why) => {
            let message = format!("the name `{address}` of host `{host}` is not known here: {why}");
            let help = "peers dial this name; see that DNS or /etc/hosts knows it at every party";
            return Some(Finding::warning(Code("SF0842"), message).help(help));
        }
    };
    let foreign = ips.iter().all(|ip| !is_ours(*ip));
    foreign.then(|| {
        let message =
            format!("no interface of this machine has the address `{address}` of host `{host}`");
        Finding::warning(Code("SF0842"), message).help(format!(
            "behind a NAT, write the machine's own address as `inside`; else run this on `{host}`, or correct its `address`"
        ))
    })
}

/// The address that the machine is said to have itself: Ray and the party's other hosts use it.
fn own(host: &str, inside: &HostAddr) -> Option<Finding> {
    let ours = resolve(inside).is_ok_and(|ips| ips.into_iter().any(is_ours));
    (!ours).then(|| {
        let message = format!(
            "no interface of this machine has the address `{inside}`, which `{host}` is to have inside"
        );
        let help = format!("run this on `{host}`, or correct its `inside`");
        Finding::warning(Code("SF0842"), message).help(help)
    })
}

/// What this party binds: with another machine's address no service could start.
fn listen(address: &HostAddr) -> Option<Finding> {
    if address.is_unspecified() {
        return None;
    }
    let ours = resolve(address).is_ok_and(|ips| ips.into_iter().any(is_ours));
    (!ours).then(|| {
        let message = format!("nothing can listen on `{address}`, which is not this machine's");
        Finding::error(Code("SF0843"), message)
            .help("leave `listen` away to listen on all interfaces, or name one of this machine's addresses")
    })
}

fn resolve(address: &HostAddr) -> io::Result<Vec<IpAddr>> {
    match address {
        HostAddr::Ip(ip) => Ok(vec![*ip]),
        HostAddr::Dns(name) => {
            Ok((name.as_str(), 0).to_socket_addrs()?.map(|found| found.ip()).collect())
        }
    }
}

/// Whether an address is one of this machine's: a datagram socket can be bound there, whatever runs on its ports.
fn is_ours(ip: IpAddr) -> bool {
    match UdpSocket::bind((ip, 0)) {
        Ok(_) => true,
        Err(why) => why.kind() != ErrorKind::AddrNotAvailable,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};

    #[test]
    fn behind_a_nat_the_address_inside_is_looked_at() {
        let mut sample = Sample::new();
        sample.host().address = "192.0.2.1".parse().unwrap();
        sample.host().inside = Some("127.0.0.1".parse().unwrap());
        assert!(sample.messages(&PROBE).is_empty());
        sample.host().inside = Some("198.51.100.7".parse().unwrap());
        assert_eq!(
            sample.messages(&PROBE),
            [
                "SF0842 no interface of this machine has the address `198.51.100.7`, which `alice-1` is to have inside"
            ]
        );
    }

    #[test]
    fn an_address_of_another_machine_can_be_dialled_and_not_listened_on() {
        let mut sample = Sample::new();
        // RFC 5737 keeps this range for documentation, so no machine has it.
        sample.host().address = "192.0.2.1".parse().unwrap();
        sample.plan.listen = "192.0.2.1".parse().unwrap();
        assert_eq!(
            sample.messages(&PROBE),
            [
                "SF0842 no interface of this machine has the address `192.0.2.1` of host `alice-1`",
                "SF0843 nothing can listen on `192.0.2.1`, which is not this machine's",
            ]
        );
    }
}
