//! What texts of the user can reach: programs, paths, accounts and images.
//!
//! Each rule is the weakest that every artifact can keep, read back by that format's own reader.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
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

/// U+FDD0 to U+FDEF and the last two of each plane.
fn is_noncharacter(c: char) -> bool {
    let point = u32::from(c);
    (0xfdd0..=0xfdef).contains(&point) || point & 0xfffe == 0xfffe
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

/// The account that runs a party's units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account(pub String);

impl Account {
    /// The rule, for messages.
    pub const RULE: &str = "an account is called by up to 32 letters, digits and `_.-`, and begins with a letter or `_`";
}

impl FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        if text.starts_with(first) && text.len() <= 32 && text.chars().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("{}; not {text:?}", Self::RULE))
    }
}

/// The folder of a party's installation, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(pub String);

impl Home {
    /// The rule, for messages.
    pub const RULE: &str = "an absolute path of letters, digits and `_./@+-`, without `.` and `..` as parts, which \
        all settings of a unit read alike";
}

impl FromStr for Home {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./@+-".contains(c);
        let path = Utf8Path::new(text);
        // As components, `/a/./b` and `/a//b` are `/a/b` already.
        let is_normal = |part: &str| part != "." && part != "..";
        if path.is_absolute()
            && path.file_name().is_some()
            && text.chars().all(is_plain)
            && text.split('/').all(is_normal)
        {
            return Ok(Self(text.trim_end_matches('/').to_owned()));
        }
        Err(format!("a home is {}; not {text:?}", Self::RULE))
    }
}

/// A container image, `[registry/]name[:tag][@digest]` as the distribution specification has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(pub String);

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_image(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "an image is `[registry/]name[:tag][@digest]`, its name in lower case, such as `redis:7-alpine`; not {text:?}"
        ))
    }
}

fn is_image(text: &str) -> bool {
    let (rest, digest) = text.split_once('@').map_or((text, None), |(a, b)| (a, Some(b)));
    let (name, tag) = match rest.rsplit_once(':') {
        // A colon before a slash is that of a registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    let (registry, path) = match name.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), path)
        }
        _ => (None, name),
    };
    registry.is_none_or(is_registry)
        && path.split('/').all(is_path_component)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
    let is_label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.split('.').all(is_label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Words in lower case with `.`, `_`, `__` or hyphens between them.
fn is_path_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(is_word).filter(|between| !between.is_empty());
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && separators.into_iter().all(|between| {
            [".", "_", "__"].contains(&between) || between.bytes().all(|b| b == b'-')
        })
}

fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(is_word)
        && text.len() <= 128
        && text.chars().all(|c| is_word(c) || ".-".contains(c))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty()
            && algorithm.chars().all(|c| c.is_ascii_alphanumeric() || "+._-".contains(c))
            && hex.len() >= 32
            && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
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
    fn a_path_has_no_characters_that_a_reader_would_lose_or_expand() {
        for good in ["a", "pki/älice key.pem", "/etc/$x/%n/'\"\\`{}*", "./-c", "a~"] {
            assert!(good.parse::<PathText>().is_ok(), "{good}");
        }
        for bad in ["", " a", "a\u{3000}", "a\nb", "a\u{85}b", "-c", "~", "~/k", "a\0", "\u{fffe}"]
        {
            assert!(bad.parse::<PathText>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_account_and_its_home_are_plain() {
        for good in ["secretflow", "_sf", "a.b-c", &"x".repeat(32)] {
            assert!(good.parse::<Account>().is_ok(), "{good}");
        }
        for bad in ["", "1000", "-a", "a b", "ä", "a\n", &"x".repeat(33)] {
            assert!(bad.parse::<Account>().is_err(), "{bad:?}");
        }
        assert_eq!("/opt/sf//".parse(), Ok(Home("/opt/sf".to_owned())));
        for bad in
            ["", "/", "//", "opt", "/opt/my sf", "/opt/%h", "/opt/../x", "/a/./b", "/opt/a\n"]
        {
            assert!(bad.parse::<Home>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_image_is_what_registries_know() {
        let digest = format!("a@sha256:{}", "0f".repeat(32));
        for good in [
            "redis",
            "redis:7-alpine",
            "secretflow/ray_x:1",
            "localhost/a",
            "r.example:5000/a/b-c__d",
            &digest,
        ] {
            assert!(good.parse::<Image>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Redis",
            "a b",
            "a:",
            "a:b:c",
            "a/",
            "/a",
            "a_._b",
            "-a",
            "$IMAGE",
            "a@sha256:0",
            "http://a/b",
            "a:-x",
            "r.example:x/a",
        ] {
            assert!(bad.parse::<Image>().is_err(), "{bad}");
        }
    }
}
