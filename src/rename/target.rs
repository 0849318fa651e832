//! What is renamed: a party, a host of it, or a port of a service on that host.

use std::collections::BTreeSet;

use crate::{
    diag::{Code, FileId, Finding, SourceSpan, Sources},
    lockfile::Key,
    syntax::{
        Mention, Part,
        language::{Kind, Name},
    },
    types::{HostName, PartyName, Role},
};

use super::edit::{BY_HAND, Renamed};

/// The two names are no pair.
const NO_PAIR: Code = Code("SF0610");

/// The old and the new name as they were given, with places to show.
#[derive(Clone, Debug)]
pub struct Pair {
    old: String,
    new: String,
    /// Where the old name stands in the command line.
    pub old_span: SourceSpan,
    /// Where the new one does.
    pub new_span: SourceSpan,
}

/// What one of the two names stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Party(PartyName),
    Host(PartyName, HostName),
    Port(PartyName, HostName, String),
}

impl Pair {
    /// The names, which become a source of their own so that findings can point at them.
    #[must_use]
    pub fn new(old: &str, new: &str, sources: &mut Sources) -> Self {
        let file = sources.add("sfgen mv", format!("{old} {new}"));
        Self {
            old: old.to_owned(),
            new: new.to_owned(),
            old_span: argument(file, 0, old),
            new_span: argument(file, old.len() + 1, new),
        }
    }

    /// Both as what they name; a finding where they do not go together.
    pub(super) fn targets(&self) -> Result<(Target, Target), Finding> {
        let old = Target::parse(&self.old).map_err(|why| refused(&why, self.old_span))?;
        let new = Target::parse(&self.new).map_err(|why| refused(&why, self.new_span))?;
        let is_pair = match (&old, &new) {
            (Target::Party(_), Target::Party(_)) => true,
            (Target::Host(a, _), Target::Host(b, _)) => a == b,
            (Target::Port(a, x, _), Target::Port(b, y, _)) => a == b && x == y,
            _ => false,
        };
        if old == new {
            return Err(refused("both names are the same", self.new_span));
        }
        if !is_pair {
            let help = match &old {
                Target::Party(_) => "a party becomes a party: `sfgen mv alice carol`".to_owned(),
                Target::Host(party, _) => format!("its host stays with `{party}`: `{party}/NAME`"),
                Target::Port(party, host, _) => {
                    format!("the port stays on its host: `{party}/{host}/NAME`")
                }
            };
            let why = format!("`{}` cannot become `{}`", self.old, self.new);
            return Err(refused(&why, self.new_span).help(help));
        }
        Ok((old, new))
    }
}

fn refused(why: &str, span: SourceSpan) -> Finding {
    Finding::error(NO_PAIR, why)
        .label(span, "this name")
        .help("name a `party`, a `party/host` or a `party/host/port`, as `sfgen.lock` does")
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.splitn(3, '/').collect();
        let wrong = |why: &dyn std::fmt::Display| format!("`{text}`: {why}");
        let party = |name: &str| name.parse::<PartyName>().map_err(|why| wrong(&why));
        let host = |name: &str| name.parse::<HostName>().map_err(|why| wrong(&why));
        Ok(match names[..] {
            [only] => Self::Party(party(only)?),
            [own, machine] => Self::Host(party(own)?, host(machine)?),
            _ => {
                let name = names[2];
                if name.parse::<Role>().is_ok() && Role::service(name).is_err() {
                    return Err(format!("`{name}` is the name of a port that sfgen itself plans"));
                }
                Role::service(name)
                    .map_err(|_| wrong(&"a port of a service is named by `a-z`, `0-9` and `-`"))?;
                Self::Port(party(names[0])?, host(names[1])?, name.to_owned())
            }
        })
    }

    /// The part that is renamed.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Party(name) => name.as_str(),
            Self::Host(_, name) => name.as_str(),
            Self::Port(_, _, name) => name,
        }
    }

    /// The whole with another last part.
    pub(super) fn with_name(&self, name: &str) -> String {
        match self {
            Self::Party(_) => name.to_owned(),
            Self::Host(party, _) => format!("{party}/{name}"),
            Self::Port(party, host, _) => format!("{party}/{host}/{name}"),
        }
    }

    /// What it is, for messages.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Party(name) => format!("party `{name}`"),
            Self::Host(party, name) => format!("host `{name}` of `{party}`"),
            Self::Port(_, host, name) => format!("port `{name}` of a service on `{host}`"),
        }
    }

    /// Whether an allotment has the new name afterwards. A host is one machine, so its name changes for all parties.
    pub(super) fn owns(&self, key: &Key) -> bool {
        match self {
            Self::Host(_, name) => key.host == *name,
            Self::Party(_) | Self::Port(..) => self.is_of(key),
        }
    }

    /// Whether an allotment is what the names of the command line say, party included.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        match self {
            Self::Party(name) => key.party == *name,
            Self::Host(party, name) => key.party == *party && key.host == *name,
            Self::Port(party, host, name) => {
                key.party == *party && key.host == *host && key.role == Role::Service(name.clone())
            }
        }
    }

    /// The key of an allotment of the old name under this one.
    pub(super) fn take(&self, key: Key) -> Key {
        match self {
            Self::Party(party) => Key { party: party.clone(), ..key },
            Self::Host(_, host) => Key { host: host.clone(), ..key },
            Self::Port(_, _, name) => Key { role: Role::Service(name.clone()), ..key },
        }
    }

    /// Where the topology declares it.
    pub(super) fn declaration<'m>(&self, places: &'m [Mention]) -> Option<&'m Mention> {
        places.iter().find(|place| place.value == self.name() && self.is_declaration(place, places))
    }

    /// Where another party names a machine of this name: it is the same one.
    pub(super) fn elsewhere<'m>(&self, places: &'m [Mention]) -> Option<&'m Mention> {
        let Self::Host(party, name) = self else { return None };
        let mut hosts = places.iter().filter(|place| place.declares("host"));
        hosts.find(|place| {
            place.value == name.as_str() && place.inside("party") != Some(party.as_str())
        })
    }

    fn is_declaration(&self, place: &Mention, places: &[Mention]) -> bool {
        match self {
            Self::Party(_) => place.declares("party"),
            Self::Host(party, _) => {
                place.declares("host") && place.inside("party") == Some(party.as_str())
            }
            Self::Port(party, host, _) => {
                place.declares("port") && runs_on(place, party, host, places)
            }
        }
    }

    /// The names of what could have been meant.
    pub(super) fn siblings(&self, places: &[Mention], keys: &[&Key]) -> Vec<String> {
        let declared = places.iter().filter(|place| self.is_declaration(place, places));
        let mut names: BTreeSet<String> = declared.map(|place| place.value.clone()).collect();
        names.extend(keys.iter().filter_map(|key| match self {
            Self::Party(_) => Some(key.party.to_string()),
            Self::Host(party, _) => Some(key.host.to_string()).filter(|_| key.party == *party),
            Self::Port(party, host, _) => match &key.role {
                Role::Service(name) if key.party == *party && key.host == *host => {
                    Some(name.clone())
                }
                _ => None,
            },
        }));
        names.into_iter().collect()
    }

    /// The edit that a place needs, if it names what is renamed.
    pub(super) fn edit<'m>(
        &self,
        new: &Self,
        place: &'m Mention,
        places: &[Mention],
    ) -> Option<Renamed<'m>> {
        let edit = Renamed {
            place,
            from: self.name().to_owned(),
            to: new.name().to_owned(),
            placeholders: self.placeholders(new.name(), place, places),
        };
        let is_name = place.value == edit.from;
        let is_ours = edit.applies()
            && match (self, place.kind) {
                (Self::Party(_), Kind::Name(Name::Party))
                | (Self::Host(..), Kind::Name(Name::Host)) => is_name,
                (Self::Port(party, host, _), Kind::Name(Name::Port)) => {
                    is_name && runs_on(place, party, host, places)
                }
                (Self::Port(party, host, _), Kind::Role) => {
                    is_name && pinned_on(place, party, host, places)
                }
                // Which placeholders are meant depends on the place, too.
                (_, Kind::Template) => true,
                _ => false,
            };
        is_ours.then_some(edit)
    }

    /// The beginnings of the placeholders that hold the name at a place, and what they become.
    fn placeholders(
        &self,
        new: &str,
        place: &Mention,
        places: &[Mention],
    ) -> Vec<(String, String)> {
        let pair = |before: &str, after: &str| {
            (format!("{{{before}{}{after}", self.name()), format!("{{{before}{new}{after}"))
        };
        match self {
            Self::Party(_) => vec![pair("party.", ".")],
            Self::Host(..) => {
                let parties = places.iter().filter(|place| place.declares("party"));
                parties.map(|party| pair(&format!("party.{}.host.", party.value), ".")).collect()
            }
            Self::Port(party, host, name) => {
                let mut all = vec![pair(&format!("party.{party}.host.{host}.port."), "}")];
                if first_with_port(party, name, places) == Some(host.as_str()) {
                    all.push(pair(&format!("party.{party}.port."), "}"));
                }
                if runs_on(place, party, host, places) {
                    all.push(pair("port.", "}"));
                }
                all
            }
        }
    }

    /// The finding for a text that names what is renamed and that other parties share: the arguments of a job.
    pub(super) fn shared_text(&self, places: &[Mention]) -> Option<Finding> {
        let Self::Port(party, host, name) = self else { return None };
        if main_host(party, places) != Some(host.as_str()) {
            return None;
        }
        let place = places.iter().find(|place| {
            let own = (format!("{{port.{name}}}"), format!("{{port.{name}}}"));
            let (from, to) = (name.clone(), name.clone());
            let edit = Renamed { place, from, to, placeholders: vec![own] };
            place.kind == Kind::Template && is_member(place, party, places) && edit.applies()
        })?;
        let message =
            format!("`{{port.{name}}}` in the arguments of a job means a port of every party");
        let finding = Finding::error(BY_HAND, message)
            .label(place.span, "cannot be renamed for one of them")
            .help("rename the port at each party, and this text, by hand; then `sfgen mv` renames in the lock");
        Some(finding)
    }
}

/// Whether a place in a service of that party belongs to what runs on that host.
fn runs_on(place: &Mention, party: &PartyName, host: &HostName, places: &[Mention]) -> bool {
    let Some(service) = place.inside("service") else { return false };
    let is_its = |other: &&Mention| {
        other.inside("party") == Some(party.as_str()) && other.inside("service") == Some(service)
    };
    let written = places.iter().filter(is_its).find(|other| {
        other.part == Part::Prop("host")
            && other.lineage.last().is_some_and(|own| own.node == "service")
    });
    let runs = written.map_or_else(|| main_host(party, places), |place| Some(place.value.as_str()));
    place.inside("party") == Some(party.as_str()) && runs == Some(host.as_str())
}

/// The party's first host that has a service's port of that name.
fn first_with_port<'m>(party: &PartyName, port: &str, places: &'m [Mention]) -> Option<&'m str> {
    let mut hosts = places
        .iter()
        .filter(|place| place.declares("host") && place.inside("party") == Some(party.as_str()));
    let ports = || places.iter().filter(|place| place.declares("port") && place.value == port);
    let has_port = |host: &&Mention| {
        let name = host.value.parse::<HostName>();
        name.is_ok_and(|name| ports().any(|place| runs_on(place, party, &name, places)))
    };
    hosts.find(has_port).map(|host| host.value.as_str())
}

/// Whether a `pin`, or an `outside` of a host, is for that host of that party.
fn pinned_on(place: &Mention, party: &PartyName, host: &HostName, places: &[Mention]) -> bool {
    let written = place.inside("host").or(place.host.as_deref());
    let runs = written.or_else(|| main_host(party, places));
    place.inside("party") == Some(party.as_str()) && runs == Some(host.as_str())
}

/// The party's first host.
fn main_host<'m>(party: &PartyName, places: &'m [Mention]) -> Option<&'m str> {
    let hosts = places.iter().filter(|place| place.declares("host"));
    let mut own = hosts.filter(|place| place.inside("party") == Some(party.as_str()));
    own.next().map(|place| place.value.as_str())
}

/// Whether a place in a job is one of a job of that party.
fn is_member(place: &Mention, party: &PartyName, places: &[Mention]) -> bool {
    let Some(job) = place.inside("job") else { return false };
    places.iter().any(|other| {
        other.inside("job") == Some(job)
            && other.kind == Kind::Name(Name::Party)
            && other.value == party.as_str()
    })
}

/// A text of the user that stands in no file of the topology.
fn argument(file: FileId, at: usize, text: &str) -> SourceSpan {
    SourceSpan::new(file, at..at + text.len())
}
