//! Texts that stand for a value to come.

use std::net::Ipv4Addr;

/// Words that stand for a value to come, in this case only.
const WORDS: [&str; 2] = ["TODO", "FIXME"];
/// Names that no machine has (RFC 2606).
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];
/// Addresses that no machine has (RFC 5737), by their first three numbers.
const NETWORKS: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];

/// Longer words in angle brackets, in bytes, are text and not placeholders.
const LONGEST: usize = 64;

/// Whether a text holds a placeholder for a value to come.
pub(in crate::check) fn is_placeholder(text: &str) -> bool {
    placeholder(text).is_some()
}

/// The first placeholder in a text, and what it is.
pub(super) fn placeholder(text: &str) -> Option<(String, &'static str)> {
    let word = in_angles(text).map(|word| (word, "a placeholder"));
    let word = word.or_else(|| words(text).find_map(of_word));
    word.map(|(word, why)| (word.to_owned(), why))
}

/// Words with the dots, hyphens and underscores in them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c))
}

fn of_word(word: &str) -> Option<(&str, &'static str)> {
    let lower = word.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['.', '_', '-']).collect();
    let is_xxx = |part: &&str| part.len() > 2 && part.bytes().all(|byte| byte == b'x');
    if word.len() > LONGEST {
        return None;
    }
    let is_note = word.split(['.', '_', '-']).any(|part| WORDS.contains(&part));
    if is_note
        || word.split(['.', '-']).any(is_in_underscores)
        || parts.iter().any(|part| is_xxx(part) || *part == "changeme")
        || parts.windows(2).any(|pair| pair == ["change", "me"])
        || (parts.len() > 1 && parts[0] == "your")
    {
        return Some((word, "a placeholder"));
    }
    let is_domain = |domain: &str| {
        lower.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if DOMAINS.iter().any(|domain| is_domain(domain)) {
        return Some((word, "a name for examples, which no machine has"));
    }
    let octets = word.parse::<Ipv4Addr>().ok()?.octets();
    let is_example = NETWORKS.iter().any(|network| octets.starts_with(network));
    is_example.then_some((word, "an address for examples, which no machine has"))
}

/// `__NAME__`, as templates write what is to be filled in; Python's own names, `__main__`, are in lower case.
fn is_in_underscores(part: &str) -> bool {
    let inner = part.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
    inner.is_some_and(|inner| {
        inner.starts_with(|c: char| c.is_ascii_uppercase())
            && inner.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// `<word>`, alone or between the marks that divide an address or a path. Markup and redirections do not count.
fn in_angles(text: &str) -> Option<&str> {
    let start = text.find('<')?;
    let end = start + text[start..].find('>')?;
    let inner = &text[start + 1..end];
    let is_whole = start == 0 && end + 1 == text.len();
    let is_edge = |c: Option<char>| c.is_none_or(|c| "/:@=.,".contains(c));
    let is_between =
        is_edge(text[..start].chars().next_back()) && is_edge(text[end + 1..].chars().next());
    let is_word = inner.starts_with(|c: char| c.is_alphabetic())
        && inner.chars().all(|c| c.is_alphanumeric() || "_- .".contains(c));
    let is_placeholder = (is_whole && !inner.is_empty()) || (is_between && is_word);
    (is_placeholder && inner.len() <= LONGEST).then(|| &text[start..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_value_to_come_is_found() {
        for text in [
            "<your ip>",
            "http://<host>:80",
            "CHANGE_ME",
            "redis://:changeme@10.0.0.1/0",
            "your-token",
            "YOUR_PASSWORD",
            "xxx",
            "10.0.0.1:XXXX",
            "sf.example.com",
            "https://example.org/x",
            "192.0.2.7",
            "tcp://198.51.100.1:80",
            "203.0.113.9",
            "TODO",
            "key: FIXME",
            "__HOST__",
            "redis://__REDIS_1__.bank.org:80",
        ] {
            assert!(placeholder(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for text in [
            "",
            "a<b>c",
            "sort <in >out",
            "<green>{time}</green> <level>x</level>",
            "(?P<name>.*)",
            "example",
            "myexample.com",
            "example.community",
            "192.0.20.7",
            "1192.0.2.7",
            "axxxb",
            "todo-list",
            "exchange-messages",
            "analyse-your-data.py",
            "yours",
            "Bob <bob@bank.org>",
            "<>",
            "__main__",
            "python -c __import__",
            "____",
            "__A",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
