//! Where packages of Python are looked for.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// The URL of a package index, as pip's `--index-url` takes it.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/+-]*)?$"))]
pub struct IndexUrl(String);

checked_text!(IndexUrl);

impl FromStr for IndexUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return Err(format!(
                "an index begins with `https://` or `http://`, and {text:?} does not"
            ));
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.contains('@') {
            return Err("what is written here is committed, and a name or password in a URL would be too; pip reads them from `~/.netrc`".to_owned());
        }
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/._~+-".contains(c);
        if host.is_empty() || !host.chars().all(is_host) || !path.chars().all(is_path) {
            return Err(format!(
                "an index is a scheme, a host and a path of plain characters; not {text:?}"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_a_url_without_secrets() {
        for good in ["https://pypi.org/simple", "http://mirror.lan:3141/root/pypi/+simple/"] {
            assert!(good.parse::<IndexUrl>().is_ok(), "{good}");
        }
        for bad in [
            "pypi.org",
            "https://me:secret@pypi.lan/simple",
            "https://a b/",
            "https:///x",
            "http://a/?x",
        ] {
            assert!(bad.parse::<IndexUrl>().is_err(), "{bad}");
        }
    }
}
