//! No table of nftables drops what arrives at a planned port, but for the party's own.
//!
//! A table that an earlier plan or another topology left behind closes ports that are others' by now, and peers see nothing
//! but silence. Only root can look; for other accounts there is nothing to say.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    plan::{Action, HostPlan},
    types::{Port, PortRange},
};

pub(super) const PROBE: Probe = Probe { name: "no firewall drops planned ports", run };

/// How the tables of all topologies begin.
const OURS: &str = "sfgen_";

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(host) = machine.host_plan().filter(|host| !host.ports.is_empty()) else {
        return Vec::new();
    };
    let listed = Command::new("nft").args(["--json", "list", "ruleset"]).output();
    let Some(listed) = listed.ok().filter(|listed| listed.status.success()) else {
        return Vec::new();
    };
    let Ok(rules) = serde_json::from_slice(&listed.stdout) else { return Vec::new() };
    findings(&rules, host)
}

fn findings(rules: &Value, host: &HostPlan) -> Vec<Finding> {
    let own = host.steps.iter().find_map(|step| match &step.action {
        Action::LoadFirewall { table, .. } => Some(table.as_str()),
        _ => None,
    });
    let mut closed: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let address = host.own_address().bare();
    for Dropped { family, table, ports } in dropped(rules, &address) {
        if own == Some(table.as_str()) {
            continue;
        }
        for (role, range) in host.port_ranges() {
            if ports.iter().any(|dropped| dropped.overlaps(range)) {
                let told = format!("{range} of `{role}`");
                let all = closed.entry((family.clone(), table.clone())).or_default();
                if !all.contains(&told) {
                    all.push(told);
                }
            }
        }
    }
    let finding = |((family, table), ports): ((String, String), Vec<String>)| {
        let whose = if table.starts_with(OURS) { "of another topology or party " } else { "" };
        let ports = ports.join(", ");
        let message =
            format!("the firewall table `{family} {table}` {whose}drops what arrives at {ports}");
        let remove = format!("`sudo nft delete table {family} {table}` removes it");
        Finding::warning(Code("SF0792"), message).help(if table.starts_with(OURS) {
            format!(
                "where nobody needs it any more, `sudo sfgen uninstall` for its party, or {remove}"
            )
        } else {
            format!("open these ports in it; if nobody needs it any more, {remove}")
        })
    };
    closed.into_iter().map(finding).collect()
}

/// A rule that drops.
struct Dropped {
    family: String,
    table: String,
    ports: Vec<PortRange>,
}

/// The rules that drop or reject TCP by the number of the port, at this address or at all.
fn dropped(rules: &Value, address: &str) -> Vec<Dropped> {
    let all = rules.get("nftables").and_then(Value::as_array).into_iter().flatten();
    let rules = all.filter_map(|one| one.get("rule"));
    let dropped = rules.filter_map(|rule| {
        let expressions = rule.get("expr")?.as_array()?;
        let drops = |part: &Value| part.get("drop").is_some() || part.get("reject").is_some();
        if !expressions.iter().any(drops) {
            return None;
        }
        let matches = expressions.iter().filter_map(|part| part.get("match"));
        let of = |field: &str| {
            let mut matches = matches.clone().filter(|one| one["op"] == "==");
            matches.find(|one| one["left"]["payload"]["field"] == field).map(|one| &one["right"])
        };
        let is_elsewhere = of("daddr").and_then(Value::as_str).is_some_and(|to| to != address);
        let text = |key: &str| Some(rule.get(key)?.as_str()?.to_owned());
        let (family, table) = (text("family")?, text("table")?);
        let ports = numbers(of("dport")?);
        (!is_elsewhere).then_some(Dropped { family, table, ports })
    });
    dropped.collect()
}

/// A number, a range, or a set of both.
fn numbers(right: &Value) -> Vec<PortRange> {
    let port = |value: &Value| Port::try_from(i128::from(value.as_u64()?)).ok();
    if let Some(elements) = right.get("set").and_then(Value::as_array) {
        return elements.iter().flat_map(numbers).collect();
    }
    let range = match right.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        Some([first, last]) => port(first).zip(port(last)),
        _ => port(right).map(|port| (port, port)),
    };
    range.and_then(|(first, last)| PortRange::new(first, last).ok()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::tests::Sample, *};
    use crate::types::Role;

    /// A rule as nft 1.0.6 prints it.
    fn rule(table: &str, matches: &[Value], verdict: &str) -> Value {
        let mut parts: Vec<Value> = matches.iter().map(|one| json!({ "match": one })).collect();
        parts.push(json!({ verdict: null }));
        json!({ "rule": {
            "family": "inet", "table": table, "chain": "input", "handle": 4, "expr": parts,
        } })
    }

    fn field(protocol: &str, field: &str, right: &Value) -> Value {
        json!({
            "op": "==", "left": { "payload": { "protocol": protocol, "field": field } }, "right": right,
        })
    }

    #[test]
    fn rules_that_drop_a_planned_port_are_told_with_their_table() {
        let mut sample = Sample::new();
        let port = |number: i128| Port::try_from(number).unwrap();
        sample.host().ports = BTreeMap::from([
            (Role::Sf, PortRange::new(port(20_000), port(20_003)).unwrap().into()),
            (Role::Control, port(20_010).into()),
        ]);
        let set = json!({ "set": [443, { "range": [20_002, 20_008] }] });
        let (one, other) = (json!(20_010), json!(20_020));
        let rules = json!({ "nftables": [
            { "metainfo": { "version": "1.0.6" } },
            rule("sfgen_old_bob", &[field("tcp", "dport", &set)], "drop"),
            rule("filter", &[field("tcp", "dport", &one)], "reject"),
            rule("harmless", &[field("tcp", "dport", &other)], "drop"),
            rule("open", &[field("tcp", "dport", &one)], "accept"),
            rule("elsewhere", &[field("ip", "daddr", &json!("10.0.0.9")), field("tcp", "dport", &one)], "drop"),
        ] });
        let host = sample.host().clone();
        let told: Vec<_> = findings(&rules, &host).into_iter().map(|one| one.message).collect();
        assert_eq!(
            told,
            [
                "the firewall table `inet filter` drops what arrives at 20010 of `control`",
                "the firewall table `inet sfgen_old_bob` of another topology or party drops what arrives at \
                 20000-20003 of `sf`",
            ]
        );
    }
}
