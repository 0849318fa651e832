//! Looks for more nodes in one place than any topology has.

use std::collections::BTreeMap;

use crate::diag::Finding;

use super::{
    Node, language,
    limits::{SAME_NAME, too_many},
};

/// What is wrong where nodes of one name, or nodes that the language does not have, are too many in one place.
pub(super) fn find(parent: &str, nodes: &[Node]) -> Option<Finding> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for node in nodes {
        let name = node.name.value.as_str();
        let is_known = language::child(parent, name).is_some();
        let count = counts.entry(if is_known { name } else { "" }).or_default();
        *count += 1;
        if *count > SAME_NAME {
            let message = if is_known {
                format!("`{name}` stands more than {SAME_NAME} times here")
            } else {
                format!("more than {SAME_NAME} nodes here are no part of the language")
            };
            return Some(too_many(message, node.name.span));
        }
        if let Some(finding) = find(name, &node.children) {
            return Some(finding);
        }
    }
    None
}
