//! The arguments and variables of services, and the addresses in them.

use std::{net::Ipv4Addr, ops::Range};

use crate::{
    diag::SourceSpan,
    model::{Host, Party, Service, Text, Topology},
};

/// One argument or variable of a service.
#[derive(Clone, Debug)]
pub(in crate::check) struct ServiceText<'a> {
    /// Whose service it is.
    pub(in crate::check) party: &'a Party,
    /// Where it runs.
    pub(in crate::check) host: &'a Host,
    /// The service.
    pub(in crate::check) service: &'a Service,
    /// Name of the variable; `None` for an argument.
    pub(in crate::check) variable: Option<&'a str>,
    /// The argument before this one.
    pub(in crate::check) before: Option<String>,
    /// The text, its placeholders as they are written.
    pub(in crate::check) text: String,
    /// Where it stands.
    pub(in crate::check) span: SourceSpan,
}

/// Every argument and variable of every service whose host is known.
pub(in crate::check) fn service_texts(topology: &Topology) -> Vec<ServiceText<'_>> {
    let mut all = Vec::new();
    for party in topology.parties.values() {
        for service in &party.services {
            let Some(host) = party.host_of(service) else { continue };
            let mut before = None;
            for arg in &service.command {
                let text = written(&arg.value);
                let last = before.replace(text.clone());
                let (variable, before, span) = (None, last, arg.span);
                all.push(ServiceText { party, host, service, variable, before, text, span });
            }
            all.extend(service.env.iter().map(|(name, value)| ServiceText {
                party,
                host,
                service,
                variable: Some(name),
                before: None,
                text: written(&value.value),
                span: value.span,
            }));
        }
    }
    all
}

/// A text with its placeholders as they are written and its doubled braces as the braces they mean.
pub(in crate::check) fn written(text: &Text) -> String {
    text.fill(|variable| Some(format!("{{{variable}}}"))).unwrap_or_default()
}

/// Whether the text is something to listen on, by the option or variable whose value it is.
pub(super) fn listens(text: &ServiceText<'_>) -> bool {
    let names = [text.variable, text.before.as_deref(), text.text.split('=').next()];
    let names = names.into_iter().flatten().map(str::to_ascii_lowercase);
    names.into_iter().any(|name| {
        let is_name = !name.contains("://");
        is_name && (name == "-b" || name.contains("bind") || name.contains("listen"))
    })
}

/// Ray's own variable for the address of the cluster that a program joins.
pub(in crate::check) const RAY_ADDRESS: &str = "RAY_ADDRESS";

/// Whether this option takes the address of a Ray cluster.
pub(in crate::check) fn is_ray_option(word: &str) -> bool {
    ["--address", "--ray-address"].contains(&word)
}

/// A port of the machine itself that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dial {
    /// The scheme of the URL, where it is one.
    pub(super) scheme: Option<String>,
    /// The number: written, or the usual one of the scheme.
    pub(super) port: u16,
    /// The address and the number in the text.
    pub(super) at: Range<usize>,
}

/// Programs that are dialled by URL: the schemes, the usual port, and what the service may be called.
pub(super) struct Kind {
    pub(super) schemes: &'static [&'static str],
    pub(super) port: u16,
    pub(super) names: &'static [&'static str],
    /// What follows the port in an example.
    pub(super) path: &'static str,
}

/// Ports as registered with IANA and used by the programs themselves.
pub(super) const KINDS: &[Kind] = &[
    Kind { schemes: &["redis", "rediss"], port: 6379, names: &["redis", "valkey"], path: "/0" },
    Kind { schemes: &["amqp", "pyamqp"], port: 5672, names: &["rabbitmq", "amqp"], path: "//" },
    Kind {
        schemes: &["postgresql", "postgres"],
        port: 5432,
        names: &["postgres", "postgresql"],
        path: "/shop",
    },
    Kind { schemes: &["mysql"], port: 3306, names: &["mysql", "mariadb"], path: "/shop" },
    Kind { schemes: &["mongodb"], port: 27017, names: &["mongodb", "mongo"], path: "/shop" },
    Kind { schemes: &["memcached"], port: 11211, names: &["memcached"], path: "/" },
    Kind { schemes: &["ray"], port: 10001, names: &[], path: "/" },
    Kind { schemes: &["http"], port: 80, names: &[], path: "/" },
    Kind { schemes: &["https"], port: 443, names: &[], path: "/" },
];

impl Dial {
    /// The kind of program that is dialled: by the scheme, else by the number.
    pub(super) fn kind(&self) -> Option<&'static Kind> {
        match &self.scheme {
            Some(scheme) => kind_of(scheme),
            None => KINDS.iter().find(|kind| kind.port == self.port),
        }
    }
}

/// The kind of program that a scheme such as `redis` or `db+postgresql` means.
pub(super) fn kind_of(scheme: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| scheme.split('+').any(|part| kind.schemes.contains(&part)))
}

/// The ports of the machine itself that a text names, each as often as it does. A port that is filled in is planned.
pub(super) fn loopback_dials(text: &str) -> Vec<Dial> {
    let mut dials = Vec::new();
    let mut from = 0;
    while let Some((at, end)) = next_loopback(text, from) {
        dials.extend(dial(text, at..end));
        from = end;
    }
    dials
}

/// What stands between an address and the rest of a text.
pub(super) const EDGES: [char; 10] = [' ', ',', ';', '=', '"', '\'', '(', ')', '<', '>'];

/// The next name or address of the machine itself, as first byte and end.
fn next_loopback(text: &str, from: usize) -> Option<(usize, usize)> {
    let starts = text[from..].char_indices().map(|(at, _)| from + at);
    starts.filter(|at| text[..*at].ends_with(is_start) || *at == 0).find_map(|at| {
        let rest = &text[at..];
        let fixed = ["localhost", "[::1]"].into_iter().find(|name| rest.starts_with(name));
        let length = fixed.map(str::len).or_else(|| {
            let length = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
            rest[..length].parse::<Ipv4Addr>().ok().filter(Ipv4Addr::is_loopback).map(|_| length)
        })?;
        Some((at, at + length))
    })
}

fn is_start(c: char) -> bool {
    c == '/' || c == '@' || EDGES.contains(&c)
}

fn dial(text: &str, address: Range<usize>) -> Option<Dial> {
    let (before, after) = (&text[..address.start], &text[address.end..]);
    let token = before.rsplit(EDGES).next().unwrap_or_default();
    // What follows the authority of a URL is not its address.
    let scheme = token.split_once("://").filter(|(_, user)| !user.contains('/'));
    let scheme = scheme.map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_end =
        |rest: &str| rest.is_empty() || rest.starts_with(['/', '?']) || rest.starts_with(EDGES);
    let Some(rest) = after.strip_prefix(':') else {
        let port = kind_of(scheme.as_deref()?)?.port;
        return is_end(after).then_some(Dial { scheme, port, at: address });
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let port = rest[..digits].parse().ok().filter(|_| is_end(&rest[digits..]))?;
    Some(Dial { scheme, port, at: address.start..address.end + 1 + digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_address_is_that_of_it_and_its_port() {
        let text = "redis://u@localhost:6379/0";
        assert_eq!(&text[loopback_dials(text)[0].at.clone()], "localhost:6379");
    }

    #[test]
    fn ports_of_the_machine_itself_are_found_in_urls_and_words() {
        let found = |text: &str| {
            let dials = loopback_dials(text).into_iter();
            dials.map(|dial| (dial.scheme.unwrap_or_default(), dial.port)).collect::<Vec<_>>()
        };
        let one = |scheme: &str, port| vec![(scheme.to_owned(), port)];
        assert_eq!(found("redis://localhost:6379/0"), one("redis", 6379));
        assert_eq!(found("redis://:secret@127.0.0.1:6380"), one("redis", 6380));
        assert_eq!(found("db+postgresql://u:p@localhost/name"), one("db+postgresql", 5432));
        assert_eq!(found("--broker=[::1]:5672"), one("", 5672));
        let two = [one("amqp", 5672), one("", 80)].concat();
        assert_eq!(found("amqp://localhost; 127.0.0.5:80"), two);
        for none in [
            "redis://localhost:{port.redis}/0",
            "127.0.0.1",
            "localhost",
            "https://bank.org/127.0.0.1.html",
            "notlocalhost:6379",
            "localhost.lan:6379",
            "redis://10.0.0.1:6379",
            "127.0.0.1:6379x",
        ] {
            assert_eq!(found(none), [], "{none}");
        }
    }
}
