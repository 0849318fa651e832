//! Ports that stand in commands of services as numbers, where no `port` declares them.

use std::collections::BTreeSet;

use crate::{
    catalogue::{ListeningProgram, listening_program},
    diag::{SourceSpan, Spanned},
    types::Port,
};

use super::{Host, Party, Service, Text, Topology};

/// A port on which a service listens because its command says so.
#[derive(Clone, Copy, Debug)]
pub struct LiteralPort<'a> {
    /// Whose service it is.
    pub party: &'a Party,
    /// Where it runs.
    pub host: &'a Host,
    /// The service.
    pub service: &'a Service,
    /// The number.
    pub port: Spanned<Port>,
}

/// Every port that a command of a well-known program has as a number, unless the service declares that number.
#[must_use]
pub fn literal_ports(topology: &Topology) -> Vec<LiteralPort<'_>> {
    let mut all = Vec::new();
    for party in topology.parties.values() {
        for service in party.services.iter().filter(|service| service.ports.is_whole()) {
            let Some(host) = party.host_of(service) else { continue };
            let mut seen: BTreeSet<Port> =
                service.ports.iter().filter_map(|port| Some(port.number?.value)).collect();
            let found = in_command(&service.command).into_iter();
            let new = found.filter(|port| seen.insert(port.value));
            all.extend(new.map(|port| LiteralPort { party, host, service, port }));
        }
    }
    all
}

/// A word of a command without placeholders.
type Word = Spanned<String>;

fn in_command(command: &[Spanned<Text>]) -> Vec<Spanned<Port>> {
    // What is filled in is planned; the word keeps its place among the others.
    let words: Vec<Word> = command
        .iter()
        .map(|word| Spanned::new(word.value.fill(|_| None).unwrap_or_default(), word.span))
        .collect();
    let Some((program, args)) = program_of(&words) else { return Vec::new() };
    let is_word = |word: &Word| program.words.contains(&word.value);
    if !program.words.is_empty() && !args.iter().any(is_word) {
        return Vec::new();
    }
    let mut ports = Vec::new();
    for (index, word) in args.iter().enumerate() {
        let (flag, value) = word.value.split_once('=').unzip();
        let is_flag = |text: &str| program.flags.iter().any(|flag| flag == text);
        if flag.is_some_and(is_flag) {
            ports.extend(port(value.unwrap_or_default(), word.span));
        } else if is_flag(&word.value) {
            ports.extend(args.get(index + 1).and_then(|next| port(&next.value, next.span)));
        }
    }
    if program.argument {
        ports.extend(args.iter().find_map(|word| port(&word.value, word.span)));
    }
    ports
}

/// The program that a command starts, with its arguments: behind what only starts others, and after `python -m`.
fn program_of(words: &[Word]) -> Option<(&'static ListeningProgram, &[Word])> {
    let starts_others =
        |word: &Word| matches!(base(&word.value), "env" | "exec" | "nice" | "nohup" | "tini");
    let is_passed = |word: &Word| {
        starts_others(word) || word.value.starts_with('-') || word.value.contains('=')
    };
    let at = words.iter().position(|word| !is_passed(word))?;
    let (name, args) = (base(&words[at].value), &words[at + 1..]);
    if !name.starts_with("python") {
        return Some((listening_program(name)?, args));
    }
    let at = args.iter().position(|word| word.value == "-m" || !word.value.starts_with('-'))?;
    let at = if args[at].value == "-m" { at + 1 } else { at };
    Some((listening_program(base(&args.get(at)?.value))?, &args[at + 1..]))
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The port that a text is, or in which an address ends.
fn port(text: &str, span: SourceSpan) -> Option<Spanned<Port>> {
    let number = text.rsplit(':').next()?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Some(Spanned::new(number.parse().ok().filter(|_| is_number)?, span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn numbers_behind_known_flags_of_known_programs_are_ports() {
        let file = Sources::default().add("topology.kdl", "");
        let span = SourceSpan::new(file, 0..0);
        let found = |command: &str| {
            let words: Vec<Spanned<Text>> = command
                .split_whitespace()
                .map(|word| Spanned::new(word.parse().unwrap(), span))
                .collect();
            in_command(&words).iter().map(|port| port.value.get()).collect::<Vec<_>>()
        };
        for (command, ports) in [
            ("redis-server --port 6379 --bind 127.0.0.1", &[6379][..]),
            ("/usr/bin/redis-server --port=6379 --tls-port 6380", &[6379, 6380]),
            ("env A=1 nohup redis-server --port 6379", &[6379]),
            ("ray start --head --port=6379 --dashboard-port 8265", &[6379, 8265]),
            ("celery -A app flower --port=5555", &[5555]),
            ("python -m celery -A app flower --port=5555", &[5555]),
            ("uvicorn app:app --host 0.0.0.0 --port 8000", &[8000]),
            ("gunicorn -w 4 -b 0.0.0.0:8000 app:app", &[8000]),
            ("gunicorn --bind=[::]:8000 --bind unix:/run/app app:app", &[8000]),
            ("python3.10 -u -m http.server 8080 --bind 0.0.0.0", &[8080]),
            ("python manage.py runserver 0.0.0.0:8000", &[8000]),
            ("redis-server --port {port.redis}", &[]),
            ("redis-server --port", &[]),
            ("redis-server /etc/redis.conf --maxclients 6379", &[]),
            ("ray status --port 6379", &[]),
            ("celery -A app worker --port=5555", &[]),
            ("python worker.py --port 6379", &[]),
            ("redis-cli --port 6379", &[]),
            ("uvicorn app:app --port 99999", &[]),
        ] {
            assert_eq!(found(command), ports, "{command}");
        }
    }
}
