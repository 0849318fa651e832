//! What a resource of Ray is called.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// The name of a resource that a Ray node offers beside those that Ray itself counts.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z_][A-Za-z0-9_.-]{0,62}$"))]
pub struct ResourceName(String);

checked_text!(ResourceName);

/// Resources with flags of their own, which `ray start` refuses in `--resources`.
const COUNTED_BY_RAY: [&str; 4] = ["CPU", "GPU", "memory", "object_store_memory"];

impl FromStr for ResourceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        if COUNTED_BY_RAY.contains(&text) {
            return Err(format!(
                "`{text}` is counted by Ray itself: write `cpus=`, `gpus=`, `memory=` or `object-store=` of `ray`"
            ));
        }
        if text.starts_with(first) && text.len() <= 63 && text.chars().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "a resource is called by up to 63 letters, digits and `_.-`, and begins with a letter or `_`; not {text:?}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ray_counts_itself_is_no_resource_of_the_user() {
        for good in ["fpga", "A100", "my_disk", "x.y-z"] {
            assert!(good.parse::<ResourceName>().is_ok(), "{good}");
        }
        // Names with a colon are sfgen's and Ray's own.
        for bad in ["GPU", "memory", "", "1", "node:__internal_head__", "a b"] {
            assert!(bad.parse::<ResourceName>().is_err(), "{bad}");
        }
    }
}
