//! Texts that programs are given, and paths.
//!
//! Each rule is the weakest that every artifact can keep, read back by that format's own reader.

use std::{fmt::Write as _, str::FromStr};

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use thiserror::Error;

/// Why a text reaches no program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// The byte that ends every argument and variable.
    #[error("a text for a program cannot have a byte 0, which ends it")]
    Null,
    /// A code point that Unicode will never assign; systemd, for one, takes a text with it for broken.
    #[error("a text for a program cannot have the noncharacter {0:?}")]
    Noncharacter(char),
}

/// Whether a program can be given this text. Control characters are fine: each format writes them as escapes.
pub fn check_text(text: &str) -> Result<(), TextError> {
    match text.chars().find(|c| *c == '\0' || is_noncharacter(*c)) {
        None => Ok(()),
        Some('\0') => Err(TextError::Null),
        Some(c) => Err(TextError::Noncharacter(c)),
    }
}

/// Whether programs that show text act on the character instead of showing it, so that a reader sees another text than
/// is there: control characters, Unicode's marks for the direction of writing, and its line and paragraph separators.
#[must_use]
pub fn is_display_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// JSON in which such characters are escapes; each reader of JSON gets the same texts from it.
#[must_use]
pub fn escape_display_controls(json: String) -> String {
    // Nearly all JSON is plain ASCII, where a look at the bytes suffices.
    if json.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // JSON's own layout has line feeds; those of texts are escapes already.
        if is_display_control(c) && c != '\n' {
            write!(escaped, "\\u{:04x}", u32::from(c)).expect("a String takes all text");
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// U+FDD0 to U+FDEF and the last two of each plane.
fn is_noncharacter(c: char) -> bool {
    let point = u32::from(c);
    (0xfdd0..=0xfdef).contains(&point) || point & 0xfffe == 0xfffe
}

/// Gives a type that wraps a checked `String` its reading and its writing, in which it is that text.
macro_rules! checked_text {
    ($name:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

pub(super) use checked_text;

/// The reason for something unusual, in the user's words.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(extend("pattern" = r"\S"))]
pub struct Reason(String);

checked_text!(Reason);

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the reason is empty".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A path that tables, shells and mounts spell alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathText(pub Utf8PathBuf);

impl FromStr for PathText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        check_text(text).map_err(|why| why.to_string())?;
        let wrong = if text.is_empty() {
            "a path cannot be empty"
        } else if text.contains(char::is_control) {
            "a path cannot have control characters"
        } else if text.contains(is_display_control) {
            "a path cannot have marks for the direction of writing or Unicode's line separators"
        } else if text.trim() != text {
            "a path cannot begin or end with a blank"
        } else if text.starts_with('-') {
            "a path cannot begin with `-`, which programs take for an option; write `./-...`"
        } else if text == "~" || text.starts_with("~/") {
            "a path cannot begin with `~`, which no program expands here; write the folder itself"
        } else {
            return Ok(Self(text.into()));
        };
        Err(wrong.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_takes_all_but_the_byte_0_and_what_is_no_character() {
        for good in ["", "\u{1}\u{1b}\u{7f}\u{85}", "\u{202e}\u{2028}", "\u{feff}", "\u{10fffd}"] {
            assert_eq!(check_text(good), Ok(()), "{good:?}");
        }
        assert_eq!(check_text("a\0"), Err(TextError::Null));
        for bad in ['\u{fdd0}', '\u{fffe}', '\u{1ffff}', '\u{10ffff}'] {
            assert_eq!(check_text(&bad.to_string()), Err(TextError::Noncharacter(bad)));
        }
    }

    #[test]
    fn json_with_escapes_is_the_same_json() {
        let text = "a\u{1b}\u{7f}\u{85}\u{61c}\u{200f}\u{2028}\u{202e}\u{2066}\n\t\u{200d}ä";
        let value = serde_json::json!({ text: [text] });
        let escaped = escape_display_controls(serde_json::to_string_pretty(&value).unwrap());
        assert!(!escaped.contains(|c| is_display_control(c) && c != '\n'), "{escaped}");
        assert!(escaped.contains("\\u202e") && escaped.contains('\u{200d}'), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn a_path_has_no_characters_that_a_reader_would_lose_or_expand() {
        for good in ["a", "pki/älice key.pem", "/etc/$x/%n/'\"\\`{}*", "./-c", "a~"] {
            assert!(good.parse::<PathText>().is_ok(), "{good}");
        }
        for bad in ["", " a", "a\u{3000}", "a\nb", "a\u{85}b", "-c", "~", "~/k", "a\0", "\u{fffe}"]
            .into_iter()
            .chain(["a\u{202e}b", "a\u{2028}b", "\u{61c}a", "a\u{2069}"])
        {
            assert!(bad.parse::<PathText>().is_err(), "{bad:?}");
        }
    }
}
