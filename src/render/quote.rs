//! Quoting, one function per format. Templates reach them as helpers of the names in [`QUOTES`].
//!
//! Sources: sh, POSIX 2.2.2; systemd.syntax(7) and systemd.service(5) "Command lines" (252); the Compose
//! specification, "Interpolation"; YAML 1.1, 5.1; nft(8) 1.0.6; GitHub-flavoured Markdown, 4.10 and 6.1; bash(1),
//! "QUOTING".

use std::fmt::Write as _;

use crate::{
    diag::shown,
    types::{escape_display_controls, is_display_control},
};

/// Writes a text for one format, or says what that format wants.
pub(super) type Quote = fn(&str) -> Result<String, &'static str>;

/// The helpers by name.
pub(super) const QUOTES: &[(&str, Quote)] = &[
    ("sh", sh),
    ("systemd", systemd),
    ("systemd_exec", systemd_exec),
    ("yaml", yaml),
    ("compose", compose),
    ("docker", docker),
    ("nft", nft),
    ("md", md),
];

const NO_NUL: &str = "no format has a byte 0 in a text";

fn without_nul(text: &str) -> Result<&str, &'static str> {
    if text.contains('\0') { Err(NO_NUL) } else { Ok(text) }
}

/// One word of a shell command, as it is where no shell would touch it, else in quotes: single ones, or bash's `$'...'`
/// where characters would end a line, be lost in one or make it look like another.
pub fn sh(text: &str) -> Result<String, &'static str> {
    let text = without_nul(text)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    if !text.contains(is_display_control) {
        return Ok(format!("'{}'", text.replace('\'', r"'\''")));
    }
    let mut quoted = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_display_control(c) => push_bytes(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    Ok(quoted)
}

/// A character as the escapes of its bytes in UTF-8, which mean the same in every locale.
fn push_bytes(quoted: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(quoted, "\\x{byte:02x}").expect("a String takes all text");
    }
}

/// One quoted word of a unit's setting: C escapes, `%%` for the specifier sign.
pub(super) fn systemd(text: &str) -> Result<String, &'static str> {
    let mut quoted = String::from("\"");
    for c in without_nul(text)?.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '%' => quoted.push_str("%%"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_display_control(c) => push_bytes(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

/// One quoted argument of `ExecStart=`, where `$` begins a variable besides.
pub(super) fn systemd_exec(text: &str) -> Result<String, &'static str> {
    systemd(text).map(|quoted| quoted.replace('$', "$$"))
}

/// A YAML string: JSON's quoting is valid YAML, but for what a reader would not show, of which YAML 1.1, which Compose
/// reads, cannot have all, and for the byte order mark.
pub(super) fn yaml(text: &str) -> Result<String, &'static str> {
    let json = serde_json::to_string(without_nul(text)?).expect("a text is JSON");
    Ok(escape_display_controls(json).replace('\u{feff}', "\\ufeff"))
}

/// A YAML string in a compose file, where `$` begins a variable.
pub(super) fn compose(text: &str) -> Result<String, &'static str> {
    yaml(text).map(|quoted| quoted.replace('$', "$$"))
}

/// A bare word of a Dockerfile, which has no quoting that all of its instructions read.
pub(super) fn docker(text: &str) -> Result<String, &'static str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@+-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a word of a Dockerfile is made of letters, digits and `_./:@+-`")
    }
}

/// A quoted string of nft, which has no escapes.
pub(super) fn nft(text: &str) -> Result<String, &'static str> {
    if text.contains(|c: char| c == '"' || c == '\\' || is_display_control(c)) || text.len() > 127 {
        return Err(
            "a comment of nft has at most 127 bytes, and no quote, backslash, control character or mark for the direction of writing",
        );
    }
    Ok(format!("\"{text}\""))
}

/// Words in a Markdown text or table cell, as they are and not as markup, on one line.
pub(super) fn md(text: &str) -> Result<String, &'static str> {
    let mut quoted = String::new();
    for c in shown(without_nul(text)?).chars() {
        if c.is_control() {
            quoted.push(' ');
            continue;
        }
        if r"\`*_[]<>|#&~".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    Ok(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a \"b\" '$c' %d \\e `f` ;\n|g";

    #[test]
    fn each_format_quotes_its_own_special_characters() {
        for (quote, expected) in [
            (sh as Quote, r#"$'a "b" \'$c\' %d \\e `f` ;\n|g'"#),
            (systemd, "\"a \\\"b\\\" '$c' %%d \\\\e `f` ;\\n|g\""),
            (systemd_exec, "\"a \\\"b\\\" '$$c' %%d \\\\e `f` ;\\n|g\""),
            (yaml, "\"a \\\"b\\\" '$c' %d \\\\e `f` ;\\n|g\""),
            (compose, "\"a \\\"b\\\" '$$c' %d \\\\e `f` ;\\n|g\""),
            (md, "a \"b\" '$c' %d \\\\e \\`f\\` ; \\|g"),
        ] {
            assert_eq!(quote(HOSTILE).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_a_format_cannot_carry_is_an_error() {
        assert!(docker(HOSTILE).is_err() && docker("").is_err() && docker("3.10.13").is_ok());
        assert!(nft(HOSTILE).is_err() && nft("ray.gcs").is_ok());
        for (name, quote) in QUOTES {
            assert!(quote("a\0b").is_err(), "{name}");
        }
    }

    #[test]
    fn what_would_not_be_shown_is_an_escape_wherever_a_format_has_them() {
        for (quote, expected) in [
            (sh as Quote, r"$'\x1b\x7f\xc2\x85\x0d\xe2\x80\xaeä'"),
            (systemd, r#""\x1b\x7f\xc2\x85\x0d\xe2\x80\xaeä""#),
            (yaml, r#""\u001b\u007f\u0085\r\u202eä""#),
            (md, r"\\u{1b}\\u{7f}\\u{85}\\u{d}\\u{202e}ä"),
        ] {
            assert_eq!(quote("\u{1b}\u{7f}\u{85}\r\u{202e}ä").as_deref(), Ok(expected));
        }
        assert!(nft("\u{202e}").is_err() && docker("\u{202e}").is_err());
        assert_eq!(yaml("\u{2028}\u{2029}\u{feff}").as_deref(), Ok(r#""\u2028\u2029\ufeff""#));
    }

    #[test]
    fn a_shell_word_that_needs_no_quotes_has_none() {
        assert_eq!(sh("/opt/x-1/bin").as_deref(), Ok("/opt/x-1/bin"));
        assert_eq!(sh("").as_deref(), Ok("''"));
        assert_eq!(sh("it's").as_deref(), Ok(r"'it'\''s'"));
    }
}
