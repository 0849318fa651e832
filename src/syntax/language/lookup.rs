//! Finds nodes in the table.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{
    rule::{Child, Rule, may},
    shared::ALLOW,
    top::TOP,
};

static ALLOWED: Child = may(&ALLOW);

static NODES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut nodes = Vec::new();
    collect(TOP, &mut nodes);
    nodes.push(&ALLOW);
    nodes
});

static BY_NAME: LazyLock<BTreeMap<&'static str, &'static Rule>> =
    LazyLock::new(|| NODES.iter().map(|rule| (rule.name, *rule)).collect());

fn collect(children: &'static [Child], nodes: &mut Vec<&'static Rule>) {
    for child in children {
        if nodes.iter().all(|known| known.name != child.rule.name) {
            nodes.push(child.rule);
            collect(child.rule.children, nodes);
        }
    }
}

/// Every node of the language: each before those that may stand in it.
#[must_use]
pub fn nodes() -> &'static [&'static Rule] {
    &NODES
}

/// The node of that name, wherever it may stand.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    BY_NAME.get(name).copied()
}

/// The nodes that may stand in `parent`; empty text is the top of a file.
pub fn children(parent: &str) -> impl Iterator<Item = &'static Child> + use<> {
    let own = match parent {
        "" => TOP,
        _ => rule(parent).map_or(&[][..], |rule| rule.children),
    };
    own.iter().chain((!parent.is_empty()).then_some(&ALLOWED))
}

/// The node `name` in `parent`, if it may stand there.
#[must_use]
pub fn child(parent: &str, name: &str) -> Option<&'static Rule> {
    children(parent).map(|child| child.rule).find(|rule| rule.name == name)
}

/// The nodes in which `name` may stand; empty text is the top of a file, and `allow` may stand in all of them.
#[must_use]
pub fn parents(name: &str) -> Vec<&'static str> {
    let nodes = NODES.iter().map(|rule| rule.name);
    let all = std::iter::once("").chain(nodes);
    all.filter(|parent| child(parent, name).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::language::{Kind, Literal};

    #[test]
    fn a_name_is_that_of_one_node() {
        fn walk(children: &'static [Child]) {
            for child in children {
                let known = rule(child.rule.name).unwrap();
                assert!(std::ptr::eq(known, child.rule), "{} has two rules", known.name);
                walk(child.rule.children);
            }
        }
        walk(TOP);
        assert_eq!(parents("parties"), ["spu", "job"]);
        assert_eq!(parents("party"), [""]);
        assert!(child("", "allow").is_none() && child("host", "allow").is_some());
    }

    #[test]
    fn arguments_that_may_be_left_out_come_last_and_keys_are_not_repeated() {
        for rule in nodes() {
            let is_required: Vec<bool> = rule.args.iter().map(|arg| arg.is_required).collect();
            assert!(is_required.is_sorted_by(|a, b| a >= b), "{}", rule.name);
            let repeated = rule.args.iter().rev().skip(1).filter(|arg| arg.is_repeated);
            assert_eq!(repeated.count(), 0, "{}", rule.name);
            let mut keys: Vec<_> = rule.keys().collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), rule.props.len(), "{}", rule.name);
        }
    }

    #[test]
    fn every_default_is_of_its_kind_and_nothing_that_is_needed_has_one() {
        for rule in nodes() {
            let props = rule.props.iter().map(|prop| (prop.key, &prop.value));
            let args = rule.args.iter().map(|arg| ("", arg));
            for (key, value) in props.chain(args) {
                let Some(default) = value.default else { continue };
                let is_one = match (value.kind, default) {
                    (Kind::Number(least, most), Literal::Number(number)) => {
                        (least..=most).contains(&number)
                    }
                    (Kind::Port, Literal::Number(_)) | (Kind::Bool, Literal::Bool(_)) => true,
                    (Kind::OneOf(words), Literal::Text(word)) => words.contains(&word),
                    (Kind::Number(..) | Kind::Port | Kind::Bool | Kind::OneOf(_), _) => false,
                    (_, literal) => matches!(literal, Literal::Text(_)),
                };
                assert!(is_one, "{} {key}: {default:?}", rule.name);
                assert!(key.is_empty() || !value.is_required, "{} {key}", rule.name);
            }
        }
    }
}
