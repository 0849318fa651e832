//! Looks for more nodes in one place than any topology has.

use std::collections::BTreeMap;

use crate::diag::{Code, Finding};

use super::{Node, language};

/// More nodes of one name in one place than are read.
const TOO_MANY: Code = Code("SF0020");

/// How many nodes of one name may stand in one place.
const LIMIT: usize = 10_000;

/// What is wrong where nodes of one name, or nodes that the language does not have, are too many in one place.
pub(super) fn find(parent: &str, nodes: &[Node]) -> Option<Finding> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for node in nodes {
        let name = node.name.value.as_str();
        let is_known = language::child(parent, name).is_some();
        let count = counts.entry(if is_known { name } else { "" }).or_default();
        *count += 1;
        if *count > LIMIT {
            let message = if is_known {
                format!("`{name}` stands more than {LIMIT} times here")
            } else {
                format!("more than {LIMIT} nodes here are no part of the language")
            };
            let finding = Finding::error(TOO_MANY, message)
                .label(node.name.span, "this is one too many")
                .help("divide what the file describes among several topologies");
            return Some(finding);
        }
        if let Some(finding) = find(name, &node.children) {
            return Some(finding);
        }
    }
    None
}
