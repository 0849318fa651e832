//! Texts as a terminal may show them: what moves its cursor or turns the order of letters is made visible.
//!
//! Parts of a topology are other organisations' files, and findings quote them.

use super::{SourceSpan, Sources};
use crate::types::is_display_control;

/// Whether a terminal would act on the character, or hide what follows it. Line feeds and tabs are layout.
fn acts(c: char) -> bool {
    is_display_control(c) && c != '\n' && c != '\t'
}

/// A text with such characters as escapes: whatever others wrote goes through here on its way to a terminal or a reader.
#[must_use]
pub fn shown(text: &str) -> String {
    if !text.contains(acts) {
        return text.to_owned();
    }
    let escaped = |c: char| if acts(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// The files with a mark as long in place of each, and of each character of a secret, so that places stay where they are.
pub(super) fn shown_sources(sources: &Sources, secrets: &[SourceSpan]) -> Sources {
    let mut shown_sources = Sources::default();
    for (file, source) in sources.iter() {
        let own = secrets.iter().filter(|secret| secret.file == file);
        let mut own: Vec<&SourceSpan> = own.collect();
        own.sort();
        own.dedup_by(|later, first| later.start < first.end);
        let is_secret = |at: usize| {
            let before = own.partition_point(|secret| secret.start <= at);
            before > 0 && at < own[before - 1].end
        };
        let is_shown = !source.text.contains(|c: char| acts(c) && c != '\r');
        let text = if is_shown && own.is_empty() {
            source.text.clone()
        } else {
            let marked = source
                .text
                .char_indices()
                .map(|(at, c)| if is_secret(at) && c != '\n' { hidden(c) } else { mark(c) });
            marked.collect::<String>().into()
        };
        shown_sources.add(shown(&source.name), text);
    }
    shown_sources
}

/// A mark as long as the character.
fn hidden(c: char) -> char {
    match c.len_utf8() {
        1 => '*',
        2 => '\u{b7}',
        3 => char::REPLACEMENT_CHARACTER,
        _ => '\u{1f512}',
    }
}

/// A carriage return is the end of a line there.
fn mark(c: char) -> char {
    match c.len_utf8() {
        _ if c == '\r' || !acts(c) => c,
        1 => '?',
        2 => '\u{b7}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_what_a_terminal_would_do() {
        assert_eq!(shown("`\u{1b}[2J\u{9b}\r` ä 中\n\tb"), "`\\u{1b}[2J\\u{9b}\\u{d}` ä 中\n\tb");
        assert_eq!(shown("\u{202e}txet"), "\\u{202e}txet");
        assert_eq!(
            shown("\u{61c}\u{200f}\u{2028}\u{2029}\u{2067}"),
            "\\u{61c}\\u{200f}\\u{2028}\\u{2029}\\u{2067}"
        );
    }

    #[test]
    fn places_stay_where_they_are() {
        let text = "a \u{1b}\u{9b}\u{202e} b\r\n";
        let mut sources = Sources::default();
        let file = sources.add("x\u{1b}y", text);
        let shown = shown_sources(&sources, &[]);
        assert_eq!(&*shown.get(file).text, "a ?\u{b7}\u{fffd} b\r\n");
        assert_eq!(shown.get(file).text.find('b'), text.find('b'));
        assert_eq!(shown.get(file).name, "x\\u{1b}y");
    }

    #[test]
    fn a_secret_is_hidden_and_nothing_else_moves() {
        let text = "env A=\"hüsh中🔑\" B=\"x\"\n";
        let mut sources = Sources::default();
        let file = sources.add("t.kdl", text);
        let start = text.find('"').unwrap();
        let secret = SourceSpan::new(file, start..text.find(" B").unwrap());
        let shown = shown_sources(&sources, &[secret]);
        assert_eq!(&*shown.get(file).text, "env A=**\u{b7}**\u{fffd}\u{1f512}* B=\"x\"\n");
        assert_eq!(shown.get(file).text.len(), text.len());
    }
}
