//! Reading one node: typed values, with every mistake reported at its place.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use crate::{
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    types::Quantity,
};

use super::{Node, Value, grammar};

/// A value of the wrong kind or out of range.
const BAD_VALUE: Code = Code("SF0005");
/// A property, argument or child that the node cannot do without.
const MISSING: Code = Code("SF0006");

/// A node and where to report what is wrong with it.
pub struct Cursor<'a> {
    /// The node.
    pub node: &'a Node,
    /// Where mistakes go.
    pub findings: &'a mut Findings,
}

impl<'a> Cursor<'a> {
    /// Starts reading `node`.
    pub fn new(node: &'a Node, findings: &'a mut Findings) -> Self {
        Self { node, findings }
    }

    /// Starts reading a child.
    pub fn at<'b>(&'b mut self, node: &'b Node) -> Cursor<'b> {
        Cursor { node, findings: self.findings }
    }

    /// The argument at `index` as text; `None` where it is absent (which the grammar has reported) or wrong.
    pub fn arg<T: FromStr<Err: Display>>(&mut self, index: usize) -> Option<Spanned<T>> {
        let arg = self.node.args.get(index)?;
        self.text(arg)
    }

    /// The argument at `index` as a number.
    pub fn number_arg<T: TryFrom<i128, Error: Display>>(
        &mut self,
        index: usize,
    ) -> Option<Spanned<T>> {
        let arg = self.node.args.get(index)?;
        self.number(arg)
    }

    /// Every argument as text, without those that are wrong.
    pub fn args<T: FromStr<Err: Display>>(&mut self) -> Vec<Spanned<T>> {
        let node = self.node;
        node.args.iter().filter_map(|arg| self.text(arg)).collect()
    }

    /// Every argument as a number, without those that are wrong.
    pub fn number_args<T: TryFrom<i128, Error: Display>>(&mut self) -> Vec<Spanned<T>> {
        let node = self.node;
        node.args.iter().filter_map(|arg| self.number(arg)).collect()
    }

    /// The property `key` as text.
    pub fn prop<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<Spanned<T>> {
        let prop = self.node.prop(key)?;
        self.text(&prop.value)
    }

    /// The property `key` as a number.
    pub fn number_prop<T: TryFrom<i128, Error: Display>>(
        &mut self,
        key: &str,
    ) -> Option<Spanned<T>> {
        let prop = self.node.prop(key)?;
        self.number(&prop.value)
    }

    /// The property `key` as a number of a range that is smaller than its type's.
    pub fn count_prop<T>(&mut self, key: &str, range: &RangeInclusive<T>) -> Option<Spanned<T>>
    where
        T: TryFrom<i128> + PartialOrd + Display,
    {
        let prop = self.node.prop(key)?;
        self.count(&format!("`{key}`"), &prop.value, range)
    }

    /// The argument at `index` as a number of a range; `what` it is, for messages.
    pub fn count_arg<T>(
        &mut self,
        what: &str,
        index: usize,
        range: &RangeInclusive<T>,
    ) -> Option<Spanned<T>>
    where
        T: TryFrom<i128> + PartialOrd + Display,
    {
        let arg = self.node.args.get(index)?;
        self.count(what, arg, range)
    }

    /// The property `key` as a number with a unit.
    pub fn quantity_prop<T>(&mut self, key: &str) -> Option<Spanned<T>>
    where
        T: FromStr<Err: Display> + Quantity,
    {
        let prop = self.node.prop(key)?;
        let (text, is_text) = match &prop.value.value {
            Value::Text(text) => (text.clone(), true),
            other => (other.to_string(), false),
        };
        match text.parse() {
            Ok(parsed) if is_text => Some(Spanned::new(parsed, prop.value.span)),
            Ok(_) => self.text(&prop.value),
            Err(why) => {
                let quotes = if is_text { "" } else { ", in quotes" };
                self.reject(prop.value.span, why, &(T::advice(&text) + quotes));
                None
            }
        }
    }

    /// The property `key` as text, reported where it is absent.
    pub fn required_prop<T: FromStr<Err: Display>>(
        &mut self,
        key: &str,
        help: &str,
    ) -> Option<Spanned<T>> {
        if self.node.prop(key).is_none() {
            self.missing(&format!("`{key}`"), help);
        }
        self.prop(key)
    }

    /// Reports that something is absent from the node, unless it is there under a name that is a slip of the pen:
    /// the grammar has reported that, and one mistake is one finding.
    pub fn missing(&mut self, what: &str, help: &str) {
        let name = &self.node.name.value;
        if is_slip(self.node, what.trim_matches('`')) {
            return;
        }
        let finding = Finding::error(MISSING, format!("`{name}` has no {what}"))
            .label(self.node.span(), format!("{what} is missing here"))
            .help(help);
        self.findings.push(finding);
    }

    /// Reports a value that cannot be what it should be.
    pub fn reject(&mut self, span: SourceSpan, why: impl Display, help: &str) {
        let finding =
            Finding::error(BAD_VALUE, why.to_string()).label(span, "this value").help(help);
        self.findings.push(finding);
    }

    fn text<T: FromStr<Err: Display>>(&mut self, value: &Spanned<Value>) -> Option<Spanned<T>> {
        let Value::Text(text) = &value.value else {
            let why = format!("expected a string, found {} `{}`", value.value.kind(), value.value);
            self.reject(value.span, why, "put the value in quotes");
            return None;
        };
        match text.parse() {
            Ok(parsed) => Some(Spanned::new(parsed, value.span)),
            Err(why) => {
                self.reject(value.span, why, "write a value of that form");
                None
            }
        }
    }

    fn count<T>(
        &mut self,
        what: &str,
        value: &Spanned<Value>,
        range: &RangeInclusive<T>,
    ) -> Option<Spanned<T>>
    where
        T: TryFrom<i128> + PartialOrd + Display,
    {
        let number = self.number::<i128>(value)?;
        if let Some(count) = T::try_from(number.value).ok().filter(|count| range.contains(count)) {
            return Some(Spanned::new(count, number.span));
        }
        let (first, last) = (range.start(), range.end());
        let why = format!("{what} is a number from {first} to {last}, not {}", number.value);
        self.reject(number.span, why, &format!("write a number from {first} to {last}"));
        None
    }

    fn number<T: TryFrom<i128, Error: Display>>(
        &mut self,
        value: &Spanned<Value>,
    ) -> Option<Spanned<T>> {
        let Value::Integer(number) = value.value else {
            let why =
                format!("expected a whole number, found {} `{}`", value.value.kind(), value.value);
            self.reject(value.span, why, "write the number without quotes and without a fraction");
            return None;
        };
        match T::try_from(number) {
            Ok(parsed) => Some(Spanned::new(parsed, value.span)),
            Err(why) => {
                self.reject(
                    value.span,
                    format!("`{number}`: {why}"),
                    "write a number in that range",
                );
                None
            }
        }
    }
}

/// The candidate that is most like `name`, if one is near enough to be what was meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored =
        candidates.into_iter().map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    best.filter(|(score, _)| *score >= 0.8).map(|(_, candidate)| candidate)
}

/// Whether a property or child that the language does not have in `node` was meant to be `name`.
fn is_slip(node: &Node, name: &str) -> bool {
    let rule = grammar::RULES.iter().find(|rule| rule.name == node.name.value);
    let props = rule.map_or(&[][..], |rule| rule.props);
    let keys = node.props.iter().map(|prop| prop.key.value.as_str());
    let mut keys = keys.filter(|key| !props.contains(key));
    keys.any(|key| nearest(key, props.iter().copied()) == Some(name))
        || slips(&node.name.value, &node.children).any(|(_, meant)| meant == name)
}

/// Those of `nodes` that the language does not have in `parent`, with what they were probably meant to be.
pub fn slips<'a>(
    parent: &'a str,
    nodes: &'a [Node],
) -> impl Iterator<Item = (&'a Node, &'static str)> {
    let unknown = nodes.iter().filter(|node| grammar::find(parent, &node.name.value).is_none());
    unknown
        .filter_map(|node| Some((node, nearest(&node.name.value, grammar::children_of(parent))?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_found_and_a_stranger_is_not() {
        assert_eq!(nearest("adress", ["address", "listen"]), Some("address"));
        assert_eq!(nearest("evaluator", ["sk-keeper", "evaluators"]), Some("evaluators"));
        assert_eq!(nearest("colour", ["address", "listen"]), None);
    }
}
