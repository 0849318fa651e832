//! The arguments and variables of services and jobs, and the addresses that they name.

use std::ops::Range;

use crate::{
    diag::{SourceSpan, Spanned},
    model::{Host, JobKind, Party, ServicePort, Text, Topology},
    types::PartyName,
};

use super::texts::{EDGES, written};

/// One argument or variable of a program, as one party runs it.
#[derive(Clone, Debug)]
pub(super) struct ProgramText<'a> {
    /// Who runs it.
    pub(super) party: &'a Party,
    /// Where.
    pub(super) host: &'a Host,
    /// The program, for messages: ``service `worker` ``.
    pub(super) program: String,
    /// Name of the variable; `None` for an argument.
    pub(super) variable: Option<&'a str>,
    /// The argument before this one.
    pub(super) before: Option<String>,
    /// The text with its placeholders.
    pub(super) value: &'a Text,
    /// The text, its placeholders as they are written.
    pub(super) text: String,
    /// Where it stands.
    pub(super) span: SourceSpan,
}

impl ProgramText<'_> {
    /// Whether the text stands in the file as it does here: without doubled braces.
    pub(super) fn is_plain(&self) -> bool {
        self.value.to_string() == self.text
    }

    /// What is to be written in place of a part: the whole text where it can be shown as it would stand in the file.
    pub(super) fn mended(&self, part: Range<usize>, new: &str) -> String {
        let (before, after) = (&self.text[..part.start], &self.text[part.end..]);
        if self.is_plain() && self.text.len() <= 60 {
            return format!("write `{before}{new}{after}`");
        }
        format!("write `{new}` for that address")
    }
}

/// Every argument and variable of every service whose host is known, and every argument of each job at each of its
/// parties.
pub(super) fn program_texts(topology: &Topology) -> Vec<ProgramText<'_>> {
    let mut all = Vec::new();
    for party in topology.parties.values() {
        for service in &party.services {
            let Some(host) = party.host_of(service) else { continue };
            let program = format!("service `{}`", service.name.value);
            add_arguments(&mut all, (party, host), &program, &service.command);
            all.extend(service.env.iter().map(|(name, value)| ProgramText {
                party,
                host,
                program: program.clone(),
                variable: Some(name),
                before: None,
                value: &value.value,
                text: written(&value.value),
                span: value.span,
            }));
        }
    }
    for job in topology.jobs.values() {
        let JobKind::Script { args, .. } = &job.kind else { continue };
        // Most arguments name no address, and a job may have thousands of parties.
        if args.iter().all(|arg| !arg.value.to_string().contains([':', '{'])) {
            continue;
        }
        let program = format!("job `{}`", job.name.value);
        for party in job.parties.iter().filter_map(|name| topology.parties.get(&name.value)) {
            let Some(host) = party.main_host() else { continue };
            add_arguments(&mut all, (party, host), &program, args);
        }
    }
    all
}

fn add_arguments<'a>(
    all: &mut Vec<ProgramText<'a>>,
    (party, host): (&'a Party, &'a Host),
    program: &str,
    arguments: &'a [Spanned<Text>],
) {
    let mut before = None;
    for argument in arguments {
        let text = written(&argument.value);
        let last = before.replace(text.clone());
        all.push(ProgramText {
            party,
            host,
            program: program.to_owned(),
            variable: None,
            before: last,
            value: &argument.value,
            text,
            span: argument.span,
        });
    }
}

/// What is to be written at a port so that a party may dial it.
pub(super) fn open(port: &ServicePort, to: &PartyName) -> String {
    let number = port.number.map_or_else(String::new, |number| format!(" {}", number.value));
    let peers = port.peers.iter().map(|peer| &peer.value).chain([to]);
    let peers: Vec<String> = peers.map(|peer| format!("\"{peer}\"")).collect();
    let peers = peers.join(" ");
    format!("open it there: `port \"{}\"{number} {{ peers {peers}; }}`", port.name.value)
}

/// An address that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address<'t> {
    /// The scheme of the URL, where it is one.
    pub(super) scheme: Option<&'t str>,
    /// The name or number of the machine, or the placeholder for a party's, with its braces.
    pub(super) host: &'t str,
    /// The port.
    pub(super) port: AddressPort<'t>,
    /// Machine and port in the text.
    pub(super) at: Range<usize>,
}

/// The port of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressPort<'t> {
    /// A number.
    Number(u16),
    /// A placeholder, with its braces.
    Filled(&'t str),
    /// None is written.
    Absent,
}

/// Every address in a text: of URLs, and words such as `redis:6379`.
pub(super) fn addresses(text: &str) -> Vec<Address<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    for token in text.split(EDGES) {
        found.extend(address(text, start..start + token.len()));
        start += token.len() + 1;
    }
    found
}

fn address(text: &str, token: Range<usize>) -> Option<Address<'_>> {
    let word = &text[token.clone()];
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, word),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let machine = authority.rsplit('@').next().unwrap_or_default();
    let from = token.start + (word.len() - rest.len()) + (authority.len() - machine.len());
    let (host, port) = match machine.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match machine.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (machine, None),
        },
    };
    let port = match port {
        None if scheme.is_none() => return None,
        None => AddressPort::Absent,
        Some(port) if port.starts_with('{') && port.ends_with('}') => AddressPort::Filled(port),
        Some(port) => AddressPort::Number(port.parse().ok()?),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
    let is_peer = host.starts_with("{party.") && host.ends_with('}');
    let is_machine = is_peer || (!host.is_empty() && host.chars().all(is_name));
    is_machine.then_some(Address { scheme, host, port, at: from..from + machine.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_urls_and_words() {
        let found = |text: &str| {
            let all = addresses(text).into_iter();
            all.map(|address| text[address.at].to_owned()).collect::<Vec<_>>().join(" ")
        };
        for (text, wanted) in [
            ("redis://redis:6379/0", "redis:6379"),
            ("redis://:secret@redis:{port.redis}/0", "redis:{port.redis}"),
            ("--broker=redis://redis:6379/0", "redis:6379"),
            ("celery -b redis://redis:6379/0 -c 2", "redis:6379"),
            ("redis://a:1,b:2/0", "a:1 b:2"),
            ("http://minio", "minio"),
            ("http://[fd00::1]:80/x", "[fd00::1]:80"),
            ("10.0.0.2:8003", "10.0.0.2:8003"),
            ("http://{party.bob.address}:8003/x", "{party.bob.address}:8003"),
            ("redis://{host.address}:1", ""),
            ("main:app", ""),
            ("redis", ""),
            ("unix:///run/x.sock", ""),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }
}
