//! Where a party's four files lie, which of them are there, and what to do about those that are not.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{self, FsError, Kind},
    types::PartyName,
};

use super::KeysError;

/// Where the four files of a party lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// The CA's certificate.
    pub ca: Utf8PathBuf,
    /// The leaf's certificate.
    pub cert: Utf8PathBuf,
    /// The leaf's private key.
    pub key: Utf8PathBuf,
    /// The CA's private key.
    pub ca_key: Utf8PathBuf,
}

impl KeyFiles {
    /// The files of an identity. The CA's key lies beside the leaf's, under a name of its own, so that parties may share
    /// a folder.
    #[must_use]
    pub fn of(ca: Utf8PathBuf, cert: Utf8PathBuf, key: Utf8PathBuf) -> Self {
        let stem = key.file_stem().unwrap_or("node");
        let ca_key = key.with_file_name(format!("{stem}-ca.key"));
        Self { ca, cert, key, ca_key }
    }

    /// All four, public ones first.
    #[must_use]
    pub fn all(&self) -> [&Utf8Path; 4] {
        [&self.ca, &self.cert, &self.key, &self.ca_key]
    }

    /// Those that are not there. A link that leads nowhere counts as there: something else belongs in its place.
    pub fn missing(&self) -> Result<BTreeSet<&Utf8Path>, FsError> {
        let mut missing = BTreeSet::new();
        for path in self.all() {
            if fs::kind(path)? == Kind::Absent {
                missing.insert(path);
            }
        }
        Ok(missing)
    }

    /// Refuses two files of one path.
    pub(super) fn are_distinct(&self) -> Result<(), KeysError> {
        let all = self.all();
        let twice = (1..all.len()).find(|index| all[..*index].contains(&all[*index]));
        twice.map_or(Ok(()), |index| Err(KeysError::SamePath { path: all[index].to_owned() }))
    }
}

/// The commands that make a party's keys, for helps.
#[derive(Clone, Copy, Debug)]
pub struct KeysCommands<'a> {
    /// Whose keys.
    pub party: &'a PartyName,
}

impl KeysCommands<'_> {
    /// Signs a new certificate with the CA that is there.
    #[must_use]
    pub fn renew(self) -> String {
        self.command("renew", "")
    }

    /// Makes all four files.
    #[must_use]
    pub fn new_keys(self) -> String {
        self.command("new", "")
    }

    /// Makes all four files, and gives those that are there another name.
    #[must_use]
    pub fn replace(self) -> String {
        self.command("new", " --replace")
    }

    fn command(self, verb: &str, options: &str) -> String {
        format!("`sfgen keys {verb} --party {}{options}`", self.party)
    }

    /// What to do where some of the files are missing, `missing` of `files`: one command that works as it is printed.
    #[must_use]
    pub fn remedy(self, files: &KeyFiles, missing: &BTreeSet<&Utf8Path>) -> String {
        let is_missing = |path: &Utf8PathBuf| missing.contains(path.as_path());
        if missing.len() == files.all().len() {
            return format!("{} makes all four", self.new_keys());
        }
        if !is_missing(&files.ca) && !is_missing(&files.ca_key) {
            return format!(
                "{} signs a new certificate with the CA that is there, so that peers need no new CA",
                self.renew()
            );
        }
        let anew = format!(
            "{} makes all four anew and sets aside what is there; the peers then pull the new CA, and all plan again",
            self.replace()
        );
        if is_missing(&files.key) || is_missing(&files.ca_key) {
            format!(
                "private keys stay where they were made: run it on that machine, or, if they are lost, {anew}"
            )
        } else {
            format!("pull what was committed, or, if it is lost, {anew}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedy_depends_on_what_is_there() {
        let files = KeyFiles::of("ca.pem".into(), "node.pem".into(), "keys/node.key".into());
        let party = "alice".parse().unwrap();
        let commands = KeysCommands { party: &party };
        let remedy = |missing: &[&str]| {
            commands.remedy(&files, &missing.iter().map(|path| Utf8Path::new(*path)).collect())
        };
        let all = remedy(&["ca.pem", "node.pem", "keys/node.key", "keys/node-ca.key"]);
        assert_eq!(all, "`sfgen keys new --party alice` makes all four");
        for lost in [&["keys/node.key"][..], &["node.pem"], &["node.pem", "keys/node.key"]] {
            assert!(remedy(lost).starts_with("`sfgen keys renew"), "{lost:?}");
        }
        for lost in [&["keys/node.key", "keys/node-ca.key"][..], &["ca.pem"], &["keys/node-ca.key"]]
        {
            assert!(remedy(lost).contains("--party alice --replace`"), "{lost:?}");
        }
    }
}
