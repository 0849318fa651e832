//! Words without quotes: strings, numbers and keywords.

use std::ops::Range;

use crate::syntax::Value;

use super::mistake::{HELP, Mistake};

/// The names of keywords. Without their `#` they are no strings either.
const KEYWORDS: [&str; 6] = ["true", "false", "null", "inf", "-inf", "nan"];

/// What a word at that place means.
pub(super) fn read(word: &str, range: Range<usize>) -> Result<Value, Mistake> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    if KEYWORDS.contains(&word) {
        let help = format!("write `#{word}`, or `\"{word}\"` for the string");
        return Err(Mistake::new(range, format!("`{word}` needs a `#`"), "this word", help));
    }
    if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return number(word).ok_or_else(|| not_a_number(word, range));
    }
    if unsigned.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Err(not_a_number(word, range));
    }
    Ok(Value::Text(word.to_owned()))
}

/// What `#` and the word after it mean.
pub(super) fn keyword(name: &str, range: Range<usize>) -> Result<Value, Mistake> {
    Ok(match name {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        "inf" => Value::Float(f64::INFINITY),
        "-inf" => Value::Float(f64::NEG_INFINITY),
        "nan" => Value::Float(f64::NAN),
        _ => {
            let help = "`#true`, `#false` and `#null` begin with a `#`; comments begin with `//`";
            return Err(Mistake::new(range, "there is no such word with a `#`", "here", help));
        }
    })
}

fn not_a_number(word: &str, range: Range<usize>) -> Mistake {
    let shown: String = word.chars().take(60).collect();
    let is_odd = word.contains(['"', '`']) || shown.len() < word.len();
    let help =
        if is_odd { HELP.to_owned() } else { format!("write `\"{word}\"` if it is a string") };
    Mistake::new(range, format!("`{shown}` begins like a number and is none"), "this value", help)
}

fn number(word: &str) -> Option<Value> {
    let is_negative = word.starts_with('-');
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return integer(word, digits, radix, is_negative);
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent_digits =
        exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let are_digits = |part: Option<&str>| part.is_none_or(|part| digits_of(part, 10).is_some());
    if !(are_digits(Some(whole)) && are_digits(fraction) && are_digits(exponent_digits)) {
        return None;
    }
    if fraction.is_none() && exponent.is_none() {
        return integer(word, whole, 10, is_negative);
    }
    word.replace('_', "").parse().ok().map(Value::Float)
}

fn integer(word: &str, digits: &str, radix: u32, is_negative: bool) -> Option<Value> {
    let sign = if is_negative { "-" } else { "" };
    let digits = digits_of(digits, radix)?;
    let read = i128::from_str_radix(&format!("{sign}{digits}"), radix);
    Some(read.map_or_else(
        |_| Value::Other("a number of too many digits", word.to_owned()),
        Value::Integer,
    ))
}

/// The digits without the `_` that may stand after the first.
fn digits_of(part: &str, radix: u32) -> Option<String> {
    let is_right = part.starts_with(|c: char| c.is_digit(radix))
        && part.chars().all(|c| c == '_' || c.is_digit(radix));
    is_right.then(|| part.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_form() {
        for (word, value) in [
            ("0", Value::Integer(0)),
            ("-12_000", Value::Integer(-12_000)),
            ("+0x_", Value::Null),
            ("0xFf_0", Value::Integer(0xff0)),
            ("-0b101", Value::Integer(-5)),
            ("0o17", Value::Integer(15)),
            ("1.5e-3", Value::Float(0.0015)),
            ("1e2", Value::Float(100.0)),
            ("-170141183460469231731687303715884105728", Value::Integer(i128::MIN)),
            ("1.", Value::Null),
            ("1e", Value::Null),
            ("1__", Value::Integer(1)),
            ("1._5", Value::Null),
            ("127.0.0.1", Value::Null),
            ("0x", Value::Null),
            ("1a", Value::Null),
        ] {
            assert_eq!(number(word).unwrap_or(Value::Null), value, "{word}");
        }
        let wide = "9".repeat(50);
        assert_eq!(number(&wide), Some(Value::Other("a number of too many digits", wide)));
    }

    #[test]
    fn words_are_strings_unless_they_look_like_something_else() {
        for word in ["a", "-", "+", "--a", ".", "-.", ".a", "a1", "é", "<x>", "_", "trues", "-a1"]
        {
            assert_eq!(read(word, 0..1), Ok(Value::Text(word.to_owned())), "{word}");
        }
        for word in ["true", "-inf", "nan", ".5", "-.5", "1a", "+1x"] {
            assert!(read(word, 0..1).is_err(), "{word}");
        }
    }
}
