//! Container images.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// A container image, `[registry/]name[:tag][@digest]` as the distribution specification has it.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = PATTERN))]
pub struct Image(String);

/// The rule, as nearly as a pattern can state it; the first part is a registry if it has a dot or a port.
const PATTERN: &str = concat!(
    "^(([A-Za-z0-9-]+([.:][A-Za-z0-9-]+)+|localhost)/)?",
    "[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
    "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,})?$"
);

checked_text!(Image);

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

impl Image {
    /// Its name without registry, tag and digest; official images of Docker's registry have no slash in it.
    #[must_use]
    pub fn repository(&self) -> &str {
        let path = Parts::of(&self.0).path;
        path.strip_prefix("library/").unwrap_or(path)
    }
}

/// What a reference is made of.
struct Parts<'a> {
    registry: Option<&'a str>,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
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
        Self { registry, path, tag, digest }
    }
}

fn is_image(text: &str) -> bool {
    let Parts { registry, path, tag, digest } = Parts::of(text);
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
    fn a_repository_is_named_without_what_differs_between_registries_and_releases() {
        let digest = format!("redis:7@sha256:{}", "0f".repeat(32));
        for (image, repository) in [
            ("redis", "redis"),
            ("redis:7-alpine", "redis"),
            (&digest, "redis"),
            ("docker.io/library/redis:7", "redis"),
            ("r.example:5000/valkey/valkey:8", "valkey/valkey"),
        ] {
            assert_eq!(image.parse::<Image>().unwrap().repository(), repository);
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
