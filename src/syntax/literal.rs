//! Reads a literal as what the table of the language says stands there.

use std::{fmt::Display, str::FromStr};

use crate::{
    diag::{Code, Finding, Fix, SourceSpan, Spanned},
    types::{Quantity, Size, Span},
};

use super::{
    Value,
    language::{Entry, Kind, Limit},
    near::nearest,
};

/// A value of the wrong kind or out of range.
pub(super) const BAD_VALUE: Code = Code("SF0005");
/// A word that is none of those that may stand there.
const UNKNOWN_WORD: Code = Code("SF0011");

/// An argument or property, for messages.
pub(super) struct Place<'a> {
    /// The node.
    pub(super) node: &'a str,
    /// The key of the property; `None` for an argument.
    pub(super) key: Option<&'a str>,
    /// What the table says of it.
    pub(super) entry: &'a Entry,
}

/// The finding for a value that cannot be what it should be.
pub(super) fn rejected(span: SourceSpan, why: impl Display, help: &str) -> Finding {
    Finding::error(BAD_VALUE, why.to_string()).label(span, "this value").help(help)
}

impl Place<'_> {
    /// The value as what stands here.
    pub(super) fn read<T>(&self, value: &Spanned<Value>) -> Result<T, Finding>
    where
        T: FromStr<Err: Display>,
    {
        match self.entry.kind {
            Kind::Number(first, last) => self.number(value, i128::from(first), i128::from(last)),
            Kind::Port => {
                let number = whole_number(value)?;
                number
                    .to_string()
                    .parse()
                    .map_err(|why| rejected(value.span, why, "write a number in that range"))
            }
            Kind::Duration(limit) => self.quantity::<T, Span>(value, limit),
            Kind::Size(limit) => self.quantity::<T, Size>(value, limit),
            Kind::Mapping => match &value.value {
                Value::Text(text) => self.parse(text, value.span),
                Value::Integer(number) => self.parse(&number.to_string(), value.span),
                other => {
                    let why = format!("expected a port mapping, found {} `{other}`", other.kind());
                    Err(rejected(value.span, why, self.help()))
                }
            },
            Kind::Bool => match &value.value {
                Value::Bool(truth) => self.parse(&truth.to_string(), value.span),
                other => {
                    let why = format!("expected a boolean, found {} `{other}`", other.kind());
                    Err(rejected(
                        value.span,
                        why,
                        "write `#true` or `#false`; in TOML, `true` or `false`",
                    ))
                }
            },
            Kind::OneOf(words) => {
                let word = text(value)?;
                if words.contains(&word) {
                    self.parse(word, value.span)
                } else {
                    Err(unknown_word(word, words, value.span))
                }
            }
            _ => self.parse(text(value)?, value.span),
        }
    }

    fn help(&self) -> &str {
        self.entry.help.unwrap_or("write a value of that form")
    }

    fn parse<T: FromStr<Err: Display>>(&self, text: &str, span: SourceSpan) -> Result<T, Finding> {
        text.parse().map_err(|why| rejected(span, why, self.help()))
    }

    /// A number of a range.
    fn number<T>(&self, value: &Spanned<Value>, first: i128, last: i128) -> Result<T, Finding>
    where
        T: FromStr<Err: Display>,
    {
        let number = whole_number(value)?;
        if (first..=last).contains(&number) {
            return self.parse(&number.to_string(), value.span);
        }
        let what = match self.key {
            Some(key) => format!("`{key}`"),
            None => format!("the number of `{}`", self.node),
        };
        let why = format!("{what} is a number from {first} to {last}, not {number}");
        Err(rejected(value.span, why, &format!("write a number from {first} to {last}")))
    }

    /// A number with a unit, which is of the type `Q`; what users write instead of one is taken for what they meant.
    fn quantity<T, Q>(&self, value: &Spanned<Value>, limit: Option<Limit<Q>>) -> Result<T, Finding>
    where
        T: FromStr<Err: Display>,
        Q: FromStr<Err: Display> + Quantity + PartialOrd + Display,
    {
        let (text, quotes) = match &value.value {
            Value::Text(text) => (text.clone(), ""),
            other => (other.to_string(), ", in quotes"),
        };
        let quantity = text
            .parse::<Q>()
            .map_err(|why| rejected(value.span, why, &(Q::advice(&text) + quotes)))?;
        if let Some(Limit { most, because }) = limit.filter(|limit| quantity > limit.most) {
            let key = self.key.unwrap_or(self.node);
            let why = format!("`{key}` is at most {most}, since {because}");
            return Err(rejected(value.span, why, &format!("write `{key}=\"{most}\"` or less")));
        }
        self.parse(self::text(value)?, value.span)
    }
}

fn text(value: &Spanned<Value>) -> Result<&str, Finding> {
    let Value::Text(text) = &value.value else {
        let why = format!("expected a string, found {} `{}`", value.value.kind(), value.value);
        return Err(rejected(value.span, why, "put the value in quotes"));
    };
    Ok(text)
}

fn whole_number(value: &Spanned<Value>) -> Result<i128, Finding> {
    let Value::Integer(number) = value.value else {
        let why =
            format!("expected a whole number, found {} `{}`", value.value.kind(), value.value);
        let help = "write the number without quotes and without a fraction";
        return Err(rejected(value.span, why, help));
    };
    Ok(number)
}

fn unknown_word(word: &str, words: &[&str], span: SourceSpan) -> Finding {
    let list: Vec<String> = words.iter().map(|name| format!("`{name}`")).collect();
    let known = format!("known here: {}", list.join(", "));
    let near = nearest(word, words.iter().copied());
    let fix = near.map(|near| Fix::quote(format!("write `{near}`"), span, near));
    let help = near.map_or_else(|| known.clone(), |near| format!("did you mean `{near}`? {known}"));
    let message = format!("`{word}` is not a known word here");
    Finding::error(UNKNOWN_WORD, message).label(span, "this word").help(help).fixes(fix)
}
