//! A package of Python, pinned to one version.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `name==version`, with extras in brackets if it has any.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]+\])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*$"))]
pub struct Package {
    /// As it is written.
    name: String,
    /// In brackets, or nothing.
    extras: String,
    version: String,
}

impl Package {
    /// The one spelling of its name that indexes and lists agree on: `sf-heu` for `SF_HEU`.
    #[must_use]
    pub fn normal_name(&self) -> String {
        normal(&self.name)
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// The one spelling of a package's name.
fn normal(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}=={}", self.name, self.extras, self.version)
    }
}

impl FromStr for Package {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("a package is pinned as `name==version`; {text:?} {why}");
        let Some((left, version)) = text.split_once("==") else {
            return Err(wrong("has no `==` with a version, so each machine could get another one"));
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let (name, extras) = match left.find('[') {
            Some(at) if left.ends_with(']') => left.split_at(at),
            _ => (left, ""),
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(is_plain)
            && extras.chars().all(|c| is_plain(c) || "[], ".contains(c));
        if !is_name {
            return Err(wrong("has no name of a package in front"));
        }
        let is_version = version.starts_with(|c: char| c.is_ascii_alphanumeric())
            && version.chars().all(|c| is_plain(c) || "!+".contains(c));
        if !is_version {
            return Err(wrong("has no single version behind `==`"));
        }
        Ok(Self { name: name.to_owned(), extras: extras.to_owned(), version: version.to_owned() })
    }
}

impl TryFrom<String> for Package {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Package> for String {
    fn from(package: Package) -> Self {
        package.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_pinned_to_one_version() {
        let package: Package = "Celery[redis,auth]==5.4.0".parse().unwrap();
        assert_eq!((package.normal_name().as_str(), package.version()), ("celery", "5.4.0"));
        assert_eq!(package.to_string(), "Celery[redis,auth]==5.4.0");
        assert_eq!("sf_heu==0.6.0.dev20250514".parse::<Package>().unwrap().normal_name(), "sf-heu");
        for bad in
            ["celery", "celery>=5", "celery==5.*", "==5", "-e .==1", "celery == 5.4.0", "a==1; x"]
        {
            assert!(bad.parse::<Package>().is_err(), "{bad}");
        }
    }
}
