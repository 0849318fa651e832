//! A party's name that breaks the rules for names: one finding for its declaration and all of its uses.

use crate::{
    diag::{Code, Finding, Findings, SourceSpan},
    syntax::{
        Node, Value,
        language::{self, Kind, Name},
    },
    types::{PartyName, RuntimeParty},
};

/// A name that breaks the rules for names.
const BAD_NAME: Code = Code("SF0005");

/// Joins the findings about an invalid name at its declaration and at its uses, which have to change together.
pub(super) fn join_uses(nodes: &[Node], findings: &mut Findings) {
    for party in nodes.iter().filter(|node| node.name.value == "party") {
        let Some((name, span)) = texts(party).next() else { continue };
        let Err(why) = name.parse::<PartyName>() else { continue };
        let uses: Vec<SourceSpan> = nodes
            .iter()
            .flat_map(uses)
            .filter_map(|(used, span)| (used == name).then_some(span))
            .collect();
        findings.retain(|finding| {
            let place = finding.labels.first().map(|label| label.span);
            let is_about = |place| place == span || uses.contains(&place);
            finding.code != BAD_NAME || !place.is_some_and(is_about)
        });
        let finding = Finding::error(BAD_NAME, why.to_string()).label(span, "this name");
        let finding = uses.iter().fold(finding, |finding, span| finding.label(*span, "used here"));
        let help = match possible(name) {
            Some(name) => format!("write `{name}`, here and wherever the party is named"),
            None => {
                "write one to 63 of `a-z`, `0-9` and `-`, a letter or digit at both ends".to_owned()
            }
        };
        let alias = Some(name).filter(|name| name.parse::<RuntimeParty>().is_ok());
        let alias =
            alias.map(|name| format!("; `as=\"{name}\"` keeps the other one for SecretFlow"));
        findings.push(finding.help(help + &alias.unwrap_or_default()));
    }
}

/// Where parties are named inside a node.
fn uses(node: &Node) -> Vec<(&str, SourceSpan)> {
    let names_party = |child: &Node| {
        let first = language::rule(&child.name.value).and_then(|rule| rule.arg(0));
        first.is_some_and(|first| first.kind == Kind::Name(Name::Party))
    };
    let of_child = |child| {
        let own = Some(texts(child)).filter(|_| names_party(child));
        own.into_iter().flatten().chain(uses(child)).collect::<Vec<_>>()
    };
    node.children.iter().flat_map(of_child).collect()
}

fn texts(node: &Node) -> impl Iterator<Item = (&str, SourceSpan)> {
    node.args.iter().filter_map(|arg| match &arg.value {
        Value::Text(text) => Some((text.as_str(), arg.span)),
        _ => None,
    })
}

/// The valid name that is most like a text.
fn possible(text: &str) -> Option<PartyName> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_name_is_answered_with_a_valid_one() {
        assert_eq!(possible("JD230607033").unwrap().as_str(), "jd230607033");
        assert_eq!(possible("_My Bank_").unwrap().as_str(), "my-bank");
        assert_eq!(possible("银行"), None);
    }
}
