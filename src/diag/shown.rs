//! Texts as a terminal may show them: what moves its cursor or turns the order of letters is made visible.
//!
//! Parts of a topology are other organisations' files, and findings quote them.

use super::Sources;

/// Whether a terminal would act on the character, or hide what follows it. Line feeds and tabs are layout.
fn acts(c: char) -> bool {
    let is_layout = c == '\n' || c == '\t';
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !is_layout)
}

/// A message with such characters as escapes.
pub(super) fn shown(text: &str) -> String {
    if !text.contains(acts) {
        return text.to_owned();
    }
    let escaped = |c: char| if acts(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// The files with a mark as long in place of each, so that places stay where they are.
pub(super) fn shown_sources(sources: &Sources) -> Sources {
    let mut shown_sources = Sources::default();
    for (_, source) in sources.iter() {
        let text = if source.text.contains(|c: char| acts(c) && c != '\r') {
            source.text.chars().map(mark).collect::<String>().into()
        } else {
            source.text.clone()
        };
        shown_sources.add(shown(&source.name), text);
    }
    shown_sources
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
    }

    #[test]
    fn places_stay_where_they_are() {
        let text = "a \u{1b}\u{9b}\u{202e} b\r\n";
        let mut sources = Sources::default();
        let file = sources.add("x\u{1b}y", text);
        let shown = shown_sources(&sources);
        assert_eq!(&*shown.get(file).text, "a ?\u{b7}\u{fffd} b\r\n");
        assert_eq!(shown.get(file).text.find('b'), text.find('b'));
        assert_eq!(shown.get(file).name, "x\\u{1b}y");
    }
}
