//! The language as a table: which node stands where, and what it may carry.
//!
//! The one list of names. Unknown and repeated names are found by comparing with it, near misses are looked up in
//! it, and what `model` reads is what stands here.

/// What a node may carry.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Name of the node.
    pub name: &'static str,
    /// Nodes in which it may stand; empty text is the top of a file, `*` any node.
    pub parents: &'static [&'static str],
    /// Fewest and most arguments.
    pub args: (usize, usize),
    /// What the arguments are, for messages.
    pub args_are: &'static str,
    /// Properties; `*` stands for any name.
    pub props: &'static [&'static str],
    /// How often it may stand in one parent.
    pub occurs: Occurs,
}

/// How often a node may stand in one parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurs {
    /// At most once.
    Once,
    /// Any number of times; each is told apart by its first argument.
    Keyed,
    /// Any number of times.
    Many,
}

use Occurs::{Keyed, Many, Once};

const ANY: usize = usize::MAX;

const fn rule(
    name: &'static str,
    parents: &'static [&'static str],
    args: (usize, usize),
    args_are: &'static str,
    props: &'static [&'static str],
    occurs: Occurs,
) -> Rule {
    Rule { name, parents, args, args_are, props, occurs }
}

/// Every node of the language.
pub const RULES: &[Rule] = &[
    rule("topology", &[""], (1, 1), "a name", &["mode"], Once),
    rule(
        "runtime",
        &[""],
        (1, 1),
        "a runtime: `secretflow` or `embedded`",
        &["version", "engine"],
        Once,
    ),
    rule("python", &["runtime"], (1, 1), "a version, such as `3.10`", &[], Once),
    rule(
        "allow-deserialize",
        &["runtime"],
        (1, ANY),
        "a module and names in it",
        &["because"],
        Many,
    ),
    rule(
        "cross-silo",
        &["runtime"],
        (0, 0),
        "nothing",
        &["timeout", "message-max", "back-end"],
        Once,
    ),
    rule("ports", &[""], (0, 0), "nothing", &["scope"], Once),
    rule("pool", &["ports"], (2, 2), "the first and the last port", &[], Once),
    rule("links", &[""], (1, 1), "`direct` or `gateway`", &[], Once),
    rule("tls", &[""], (1, 1), "`off`", &["because"], Once),
    rule("include", &[""], (1, ANY), "paths, relative to this file", &[], Many),
    rule("party", &[""], (1, 1), "a name", &[], Keyed),
    rule("host", &["party"], (1, 1), "a name", &["address", "listen"], Keyed),
    rule("reserve", &["host"], (1, ANY), "port numbers", &[], Many),
    rule("ray", &["host"], (0, 0), "nothing", &["cpus", "object-store", "slots"], Once),
    rule("identity", &["party"], (0, 0), "nothing", &["ca", "cert", "key"], Once),
    rule(
        "deploy",
        &["party"],
        (1, 1),
        "`process`, `systemd`, `docker` or `kuscia`",
        &["user", "home", "network", "protocol", "gateway", "endpoint"],
        Once,
    ),
    rule("publish", &["deploy"], (1, ANY), "mappings of ports, such as `6080:1080`", &[], Many),
    rule(
        "pin",
        &["party"],
        (2, 3),
        "a role, the first port and, for a range, the last",
        &["host"],
        Many,
    ),
    rule("service", &["party"], (1, 1), "a name", &["after", "host", "image", "grace"], Keyed),
    rule("command", &["service"], (1, ANY), "a program and its arguments", &[], Once),
    rule("env", &["service"], (0, 0), "properties only: `env NAME=\"value\"`", &["*"], Many),
    rule("port", &["service"], (1, 2), "a name and, to pin it, a number", &[], Keyed),
    rule("ready", &["service"], (0, 0), "nothing", &["tcp", "within"], Once),
    rule("network", &[""], (1, 1), "a name", &["subnet"], Keyed),
    rule("spu", &[""], (1, 1), "a name", &["protocol", "field"], Keyed),
    rule(
        "link",
        &["spu"],
        (0, 0),
        "nothing",
        &["connect-retries", "connect-interval", "recv-timeout", "http-timeout"],
        Once,
    ),
    rule("heu", &[""], (1, 1), "a name", &["field", "key-size"], Keyed),
    rule("sk-keeper", &["heu"], (1, 1), "a party", &[], Once),
    rule("evaluators", &["heu"], (1, ANY), "parties", &[], Once),
    rule("job", &[""], (1, 1), "a name", &["script", "kind", "slots"], Keyed),
    rule("parties", &["spu", "job"], (1, ANY), "parties", &[], Once),
    rule("args", &["job"], (1, ANY), "arguments of the script", &[], Once),
    rule("input", &["job"], (2, 2), "a party and its number", &[], Many),
    rule("allow", &["*"], (1, 1), "the code of a finding", &["because"], Many),
];

/// The rule of the node `name` in `parent`, if it may stand there.
#[must_use]
pub fn find(parent: &str, name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name && stands_in(rule, parent))
}

/// The names of the nodes that may stand in `parent`.
pub fn children_of(parent: &str) -> impl Iterator<Item = &'static str> {
    RULES.iter().filter(move |rule| stands_in(rule, parent)).map(|rule| rule.name)
}

fn stands_in(rule: &Rule, parent: &str) -> bool {
    rule.parents.contains(&parent) || (rule.parents == ["*"] && !parent.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parent_is_a_node_and_no_place_has_two_rules() {
        for rule in RULES {
            for parent in rule.parents {
                assert!(
                    ["", "*"].contains(parent) || RULES.iter().any(|other| other.name == *parent)
                );
                assert_eq!(children_of(parent).filter(|name| *name == rule.name).count(), 1);
            }
        }
    }
}
