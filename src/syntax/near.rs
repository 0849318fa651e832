//! Finds the known word that an unknown one was probably meant to be.

use super::{Node, language};

/// The candidate that is most like `name`, if one is near enough to be what was meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored =
        candidates.into_iter().map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    best.filter(|(score, _)| *score >= 0.8).map(|(_, candidate)| candidate)
}

/// Whether a property or child that the language does not have in `node` was meant to be `name`.
pub(super) fn is_misspelling_of(node: &Node, name: &str) -> bool {
    let rule = language::rule(&node.name.value);
    let known: Vec<&str> = rule.into_iter().flat_map(language::Rule::keys).collect();
    let keys = node.props.iter().map(|prop| prop.key.value.as_str());
    let mut keys = keys.filter(|key| !known.contains(key));
    keys.any(|key| nearest(key, known.iter().copied()) == Some(name))
        || misspelt(&node.name.value, &node.children).any(|(_, meant)| meant == name)
}

/// The nodes whose names the language does not have in `parent`, each with the name that was probably meant.
pub fn misspelt<'a>(
    parent: &'a str,
    nodes: &'a [Node],
) -> impl Iterator<Item = (&'a Node, &'static str)> {
    let unknown = nodes.iter().filter(|node| language::child(parent, &node.name.value).is_none());
    unknown.filter_map(|node| {
        let known = language::children(parent).map(|child| child.rule.name);
        Some((node, nearest(&node.name.value, known)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_found_and_a_different_one_is_not() {
        assert_eq!(nearest("adress", ["address", "listen"]), Some("address"));
        assert_eq!(nearest("evaluator", ["sk-keeper", "evaluators"]), Some("evaluators"));
        assert_eq!(nearest("colour", ["address", "listen"]), None);
    }
}
