//! A proxy in the environment: gRPC and Ray would dial the peers through it.

use std::collections::BTreeSet;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    launch::processes::PROXY_VARIABLES,
};

pub(super) const PROBE: Probe = Probe { name: "proxy variables", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let set: Vec<&str> = PROXY_VARIABLES
        .into_iter()
        .filter(|name| !name.eq_ignore_ascii_case("no_proxy"))
        .filter(|name| machine.env.get(*name).is_some_and(|value| !value.is_empty()))
        .collect();
    let exempt = ["no_proxy", "NO_PROXY"].into_iter().filter_map(|name| machine.env.get(name));
    let exempt: BTreeSet<&str> = exempt.flat_map(|list| list.split(',')).map(str::trim).collect();
    let links = &machine.plan.links;
    let addresses = links.sf.values().chain(links.spu.values().flat_map(|table| table.values()));
    let covered = |host: &str| {
        let domain = |entry: &&str| {
            let entry = entry.trim_start_matches('.');
            !entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}")))
        };
        exempt.contains("*") || exempt.iter().any(domain)
    };
    let open: BTreeSet<String> =
        addresses.map(|link| link.host.bare()).filter(|host| !covered(host)).collect();
    if set.is_empty() || open.is_empty() {
        return Vec::new();
    }
    let open: Vec<String> = open.into_iter().collect();
    let message = format!(
        "{} {} a proxy that is meant for {} too, according to no_proxy",
        set.join(" and "),
        if set.len() == 1 { "names" } else { "name" },
        open.join(", ")
    );
    vec![Finding::warning(Code("SF0848"), message).help(
        "what `sfgen apply` starts does not get these variables; unset them for programs that are started otherwise",
    )]
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::plan::LinkAddress;

    #[test]
    fn a_proxy_matters_where_no_proxy_leaves_a_peer_out() {
        let mut sample = Sample::new();
        for (party, host) in [("bob", "10.0.0.2"), ("carol", "sf.bank.example.org")] {
            let port = 20_000_i128.try_into().unwrap();
            let link = LinkAddress {
                host: host.parse().unwrap(),
                first: port,
                last: port,
                more: Vec::new(),
                listen: Vec::new(),
            };
            sample.plan.links.sf.insert(party.parse().unwrap(), link);
        }
        let mut set = |name: &str, value: &str| drop(sample.env.insert(name.into(), value.into()));
        set("https_proxy", "http://proxy:3128");
        set("no_proxy", "localhost, .example.org");
        let told = "SF0848 https_proxy names a proxy that is meant for 10.0.0.2 too, according to no_proxy";
        assert_eq!(sample.messages(&PROBE), [told]);
        sample.env.insert("no_proxy".into(), "*".into());
        assert_eq!(sample.messages(&PROBE), Vec::<String>::new());
    }
}
