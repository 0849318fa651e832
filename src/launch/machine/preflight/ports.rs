//! Every planned port of this host can be bound.
//!
//! gRPC shares a port through SO_REUSEPORT in silence, and peers then talk to either process at random. So the
//! test is a plain bind, which fails as soon as anybody listens.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
};

use procfs::{net::TcpState, process::FDTarget};

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    plan::PartyPlan,
    types::{HostAddr, Port, Role},
};

pub(super) const PROBE: Probe = Probe { name: "planned ports are free", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(host) = machine.host_plan() else { return Vec::new() };
    let mut busy: BTreeMap<&Role, Vec<Port>> = BTreeMap::new();
    for (role, ports) in &host.ports {
        let address = bind_address(machine.plan, role);
        let taken = ports.iter().filter(|port| is_taken(address, *port));
        busy.insert(role, taken.collect());
    }
    busy.retain(|_, ports| !ports.is_empty());
    if busy.is_empty() {
        return Vec::new();
    }
    let owners = owners(&busy.values().flatten().copied().collect());
    busy.into_iter().map(|(role, ports)| taken(role, &ports, &owners)).collect()
}

fn taken(role: &Role, ports: &[Port], owners: &BTreeMap<Port, String>) -> Finding {
    let mut shown: Vec<String> = ports.iter().take(5).map(ToString::to_string).collect();
    if let Some(more @ 1..) = ports.len().checked_sub(shown.len()) {
        shown.push(format!("{more} more"));
    }
    let (noun, verb) = if ports.len() == 1 { ("port", "is") } else { ("ports", "are") };
    let message = format!("{noun} {} of `{role}` {verb} taken", shown.join(", "));
    let owners: BTreeSet<&str> =
        ports.iter().filter_map(|port| owners.get(port)).map(String::as_str).collect();
    let owners: Vec<&str> = owners.into_iter().collect();
    Finding::error(Code("SF0841"), message).help(if owners.is_empty() {
        format!(
            "`ss -ltnp 'sport = :{}'` as root tells by whom; end it, or keep its ports out of the plan with `reserve`",
            ports[0]
        )
    } else {
        format!("{}: end it, or keep its ports out of the plan with `reserve`", owners.join(", "))
    })
}

/// Where the owner of a role will bind. `None` stands for all interfaces, which is also the careful guess.
fn bind_address(plan: &PartyPlan, role: &Role) -> Option<IpAddr> {
    let obeys = match role {
        Role::Control | Role::Spu => true,
        // gRPC ignores the host part of `listen_addr`; brpc and the embedded runtime do not.
        Role::Sf => plan.secretflow.as_ref().is_none_or(|secretflow| {
            secretflow.init.get("cross_silo_comm_backend").is_some_and(|name| name == "brpc_link")
        }),
        Role::SpuLocal => return Some([127, 0, 0, 1].into()),
        Role::Heu | Role::Ray(_) | Role::Service(_) => false,
    };
    match &plan.listen {
        HostAddr::Ip(ip) if obeys && !ip.is_unspecified() => Some(*ip),
        _ => None,
    }
}

fn is_taken(address: Option<IpAddr>, port: Port) -> bool {
    let taken = |ip: IpAddr| {
        // Missing rights and missing addresses are other findings.
        TcpListener::bind((ip, port.get())).is_err_and(|why| why.kind() == ErrorKind::AddrInUse)
    };
    match address {
        Some(ip) => taken(ip),
        // The IPv6 one covers both where there is IPv6 at all.
        None => taken(Ipv6Addr::UNSPECIFIED.into()) || taken(Ipv4Addr::UNSPECIFIED.into()),
    }
}

/// Who listens on these ports, as far as this account may know.
fn owners(ports: &BTreeSet<Port>) -> BTreeMap<Port, String> {
    let entries = [procfs::net::tcp(), procfs::net::tcp6()].into_iter().flatten().flatten();
    let listeners = entries.filter(|entry| entry.state == TcpState::Listen);
    let inodes: BTreeMap<u64, Port> = listeners
        .filter_map(|entry| {
            let port = Port::try_from(i128::from(entry.local_address.port())).ok()?;
            ports.contains(&port).then_some((entry.inode, port))
        })
        .collect();
    let mut owners = BTreeMap::new();
    for process in procfs::process::all_processes().into_iter().flatten().flatten() {
        for file in process.fd().into_iter().flatten().flatten() {
            let FDTarget::Socket(inode) = file.target else { continue };
            let (Some(port), Ok(stat)) = (inodes.get(&inode), process.stat()) else { continue };
            // A child that has inherited the socket has a higher number than the process that listens.
            let owner = || format!("process {} (`{}`) has it", stat.pid, stat.comm);
            owners.entry(*port).or_insert_with(owner);
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};

    #[test]
    fn a_taken_port_is_told_with_its_role_and_its_owner() {
        let mut sample = Sample::new();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let number = listener.local_addr().unwrap().port();
        let port = Port::try_from(i128::from(number)).unwrap();
        for role in [Role::Sf, Role::Service("redis".into())] {
            sample.host().ports = BTreeMap::from([(role.clone(), port.into())]);
            let told = format!("SF0841 port {number} of `{role}` is taken");
            assert_eq!(sample.messages(&PROBE), [told]);
        }
        let owner = &owners(&BTreeSet::from([port]))[&port];
        assert!(owner.starts_with(&format!("process {} ", std::process::id())), "{owner}");
    }

    #[test]
    fn many_taken_ports_are_one_finding() {
        let ports: Vec<Port> = (1..=7).map(|n| Port::try_from(n).unwrap()).collect();
        let finding = taken(&Role::Spu, &ports, &BTreeMap::new());
        assert_eq!(finding.message, "ports 1, 2, 3, 4, 5, 2 more of `spu` are taken");
    }
}
