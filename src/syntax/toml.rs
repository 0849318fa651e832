//! TOML text as the nodes that KDL text becomes.
//!
//! What a table means follows from the table of the [`language`], so that a new node needs nothing here:
//!
//! - A node that is told apart by its first argument is a table keyed by it: `[party.alice.host.alice-1]`. Without
//!   anything else it may be a string or a list of strings: `port = ["redis", "admin"]`. `pin` is keyed by its role,
//!   Ray's with or without quotes: `pin."ray.gcs"` or `pin.ray.gcs`.
//! - Any other node is a value or an array where it has nothing but arguments (`links = "direct"`,
//!   `parties = ["alice", "bob"]`), else a table whose first argument is the key `name` and whose further arguments
//!   are the array `args`; both words mean that only in nodes that take as many arguments.
//! - A node that stands several times is an array of such arrays or tables: `input = [["alice", 11], ["bob", 31]]`.
//! - Properties are keys. A key that the language does not have becomes a property or a child, whichever its value
//!   looks like, and `validate` reports it.
//!
//! Nodes come in the order in which their keys first appear in the file. The place of a node is the key that tells it
//! apart; everything is reported in the file that the user wrote.

use std::ops::Range;

use toml::{
    Spanned as TomlSpanned,
    de::{DeTable, DeValue},
};

use crate::diag::{Code, FileId, Finding, Findings, SourceSpan, Spanned};

use super::{
    Node, Property, Value,
    language::{self, Rule},
    limits::{Budget, MISTAKES, TOKENS, too_many},
    toml_excess::{TomlExcess, toml_excess},
    toml_mistakes::{left_out, mistake},
};

/// The text nests deeper than any topology does.
const TOO_DEEP: Code = Code("SF0002");

/// The key of the first argument in a table.
const NAME: &str = "name";
/// The key of the arguments after the first in a table.
const ARGS: &str = "args";
/// The node that is keyed by a role, and what the roles of a Ray node begin with.
const PIN: &str = "pin";
const RAY: &str = "ray";

/// Whether a file is read as TOML.
#[must_use]
pub fn is_toml(file: &str) -> bool {
    camino::Utf8Path::new(file).extension() == Some("toml")
}

/// The nodes of a TOML text; `None` where there is a mistake in it, which is reported.
pub(super) fn parse(
    file: FileId,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Option<Vec<Node>> {
    let mut mistakes = Findings::default();
    let (nodes, _) = parse_partly(file, text, budget, &mut mistakes);
    let is_read = mistakes.is_empty();
    findings.extend(mistakes.into_sorted());
    is_read.then_some(nodes)
}

/// The nodes of a TOML text as far as they can be read, and whether none at the top is lost; mistakes are reported.
///
/// After a mistake the rest of its table is left out: what stands there may belong elsewhere. Where it was to go cannot
/// be told from what is left, so no node of such a text is whole.
pub(super) fn parse_partly(
    file: FileId,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> (Vec<Node>, bool) {
    if let Some((excess, at)) = toml_excess(text, TOKENS) {
        let end = text.ceil_char_boundary(at + 1);
        let (place, message) = (SourceSpan::new(file, at..end), format!("this file {excess}"));
        findings.push(if excess == TomlExcess::Levels {
            Finding::error(TOO_DEEP, message)
                .label(place, "this is one level too many")
                .help("close the brackets before it; no topology needs more than 8 levels")
        } else {
            too_many(message, place)
        });
        return (Vec::new(), false);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = &errors[..errors.len().min(MISTAKES)];
    let left_out = left_out(text, errors);
    let reader = Reader { file, left_out: &left_out };
    for (key, value) in reader.entries(table.get_ref()) {
        if let Err(finding) = budget.take(1 + items(value), key.span) {
            findings.push(*finding);
            return (Vec::new(), false);
        }
    }
    findings.extend(errors.iter().map(|error| mistake(file, text, error)));
    (reader.children("", table.get_ref()).0, errors.is_empty())
}

type Entry<'t> = (Spanned<String>, &'t TomlSpanned<DeValue<'t>>);

#[derive(Clone, Copy)]
struct Reader<'r> {
    file: FileId,
    /// Where nothing is read.
    left_out: &'r [Range<usize>],
}

impl Reader<'_> {
    fn span(self, range: Range<usize>) -> SourceSpan {
        SourceSpan::new(self.file, range)
    }

    fn is_left_out(self, at: usize) -> bool {
        let index = self.left_out.partition_point(|range| range.end <= at);
        self.left_out.get(index).is_some_and(|range| range.contains(&at))
    }

    /// The keys of a table with their values, in the order of the file.
    fn entries<'t>(self, table: &'t DeTable<'t>) -> Vec<Entry<'t>> {
        let entry = |key: &TomlSpanned<_>| -> Spanned<String> {
            let text: &std::borrow::Cow<'_, str> = key.get_ref();
            Spanned::new(text.to_string(), self.span(key.span()))
        };
        let read = table.iter().filter(|(key, _)| !self.is_left_out(key.span().start));
        let mut entries: Vec<_> = read.map(|(key, value)| (entry(key), value)).collect();
        entries.sort_by_key(|(key, _)| key.span);
        entries
    }

    /// What a table holds in the node `parent`: children and properties.
    fn children(self, parent: &str, table: &DeTable<'_>) -> (Vec<Node>, Vec<Property>) {
        let (mut children, mut props) = (Vec::new(), Vec::new());
        let known = language::rule(parent);
        for (key, value) in self.entries(table) {
            let is_child = language::child(parent, &key.value);
            let is_prop = known.is_some_and(|rule| rule.keys().any(|own| own == key.value));
            let is_simple = !matches!(value.get_ref(), DeValue::Array(_) | DeValue::Table(_));
            // At the top there are no properties; elsewhere a strange key is taken for what its value looks like.
            if is_child.is_none() && (is_prop || (is_simple && !parent.is_empty())) {
                props.push(Property { key, value: self.value(value) });
            } else {
                children.extend(self.nodes(is_child, &key, value));
            }
        }
        (children, props)
    }

    /// The nodes that a key with its value means.
    fn nodes(
        self,
        rule: Option<&'static Rule>,
        key: &Spanned<String>,
        value: &TomlSpanned<DeValue<'_>>,
    ) -> Vec<Node> {
        let is_keyed = rule.is_some_and(Rule::has_key);
        match value.get_ref() {
            DeValue::Table(table) if is_keyed => {
                let entries = self.entries(table).into_iter().flat_map(|(first, value)| {
                    let is_pin = rule.is_some_and(|rule| rule.name == PIN);
                    if is_pin { self.roles(first, value) } else { vec![(first, value)] }
                });
                let all = entries.flat_map(|(first, value)| {
                    let name = Spanned::new(key.value.clone(), first.span);
                    let first = first.map(Value::Text);
                    repeated(value)
                        .into_iter()
                        .map(|one| self.node(rule, &name, Some(&first), one))
                        .collect::<Vec<_>>()
                });
                all.collect()
            }
            DeValue::Array(array) if is_keyed => {
                array.iter().map(|one| self.node(rule, key, None, one)).collect()
            }
            _ => {
                let one = |one: &TomlSpanned<DeValue<'_>>| {
                    // An element of an array is a node of its own, at a place of its own.
                    let is_element = !std::ptr::eq(one, value);
                    let span = if is_element { self.span(one.span()) } else { key.span };
                    self.node(rule, &Spanned::new(key.value.clone(), span), None, one)
                };
                repeated(value).into_iter().map(one).collect()
            }
        }
    }

    /// The roles with their numbers that a key of `pin` stands for: TOML takes the dot of `pin.ray.gcs` for one between
    /// tables.
    fn roles<'t>(
        self,
        key: Spanned<String>,
        value: &'t TomlSpanned<DeValue<'t>>,
    ) -> Vec<Entry<'t>> {
        match value.get_ref() {
            // With arguments it is the port of a service of that name.
            DeValue::Table(table) if key.value == RAY && !table.contains_key(ARGS) => {
                let roles = self.entries(table).into_iter();
                roles
                    .map(|(role, value)| (role.map(|role| format!("{RAY}.{role}")), value))
                    .collect()
            }
            _ => vec![(key, value)],
        }
    }

    /// One node; `first` is the argument that tells it apart, where that is a key.
    fn node(
        self,
        rule: Option<&'static Rule>,
        name: &Spanned<String>,
        first: Option<&Spanned<Value>>,
        value: &TomlSpanned<DeValue<'_>>,
    ) -> Node {
        let mut args: Vec<Spanned<Value>> = first.into_iter().cloned().collect();
        let (mut children, mut props) = (Vec::new(), Vec::new());
        let most = rule.map_or(0, |rule| rule.arity().1);
        let mut head = name.span;
        match value.get_ref() {
            DeValue::Table(table) => {
                (children, props) = self.children(&name.value, table);
                if most > args.len() && first.is_none() {
                    let at = props.iter().position(|prop| prop.key.value == NAME);
                    args.extend(at.map(|at| props.remove(at).value));
                }
                // Where a child of that name exists, it is the child.
                if most > 1 && language::child(&name.value, ARGS).is_none() {
                    props.retain(|prop| prop.key.value != ARGS);
                    children.retain(|child| child.name.value != ARGS);
                    let rest = self.entries(table).into_iter().find(|(key, _)| key.value == ARGS);
                    args.extend(rest.into_iter().flat_map(|(_, rest)| self.args(rest)));
                }
            }
            DeValue::Array(_) => args.extend(self.args(value)),
            _ => {
                args.push(self.value(value));
                head.end = head.end.max(value.span().end);
            }
        }
        Node {
            name: name.clone(),
            args,
            props,
            children,
            head,
            whole: head,
            is_whole: self.left_out.is_empty(),
        }
    }

    fn args(self, value: &TomlSpanned<DeValue<'_>>) -> Vec<Spanned<Value>> {
        match value.get_ref() {
            DeValue::Array(array) => array.iter().map(|one| self.value(one)).collect(),
            _ => vec![self.value(value)],
        }
    }

    fn value(self, value: &TomlSpanned<DeValue<'_>>) -> Spanned<Value> {
        let read = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .map_or_else(
                    |_| Value::Other("a number of too many digits", number.to_string()),
                    Value::Integer,
                ),
            DeValue::Float(number) => number.as_str().parse().map_or_else(
                |_| Value::Other("a number with a fraction", number.to_string()),
                Value::Float,
            ),
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Datetime(date) => Value::Other("a date", date.to_string()),
            DeValue::Array(_) => Value::Other("an array", "[...]".to_owned()),
            DeValue::Table(_) => Value::Other("a table", "{...}".to_owned()),
        };
        Spanned::new(read, self.span(value.span()))
    }
}

/// How many nodes and values a value becomes, at most.
fn items(value: &TomlSpanned<DeValue<'_>>) -> usize {
    match value.get_ref() {
        DeValue::Array(array) => {
            let nodes = if repeated(value).len() == array.len() { array.len() } else { 0 };
            nodes + array.iter().map(items).sum::<usize>()
        }
        DeValue::Table(table) => table.iter().map(|(_, value)| 1 + items(value)).sum(),
        _ => 1,
    }
}

/// The values of which each is a node: the elements of an array that holds arrays or tables, else the value itself.
fn repeated<'t>(value: &'t TomlSpanned<DeValue<'t>>) -> Vec<&'t TomlSpanned<DeValue<'t>>> {
    let is_node = |one: &TomlSpanned<DeValue<'_>>| {
        matches!(one.get_ref(), DeValue::Array(_) | DeValue::Table(_))
    };
    match value.get_ref() {
        DeValue::Array(array) if array.iter().any(is_node) => array.iter().collect(),
        _ => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    fn read(text: &str) -> (Option<Vec<Node>>, Findings) {
        let mut findings = Findings::default();
        let file = Sources::default().add("t.toml", text);
        (parse(file, text, &mut Budget::default(), &mut findings), findings)
    }

    #[test]
    fn tables_arrays_and_values_become_nodes_at_their_places() {
        let text = "[party.bob]\n[party.bob.host.bob-1]\naddress = \"10.0.0.2\"\nreserve = [22, 80]\n\
                    [party.alice]\npin.sf = { args = [1, 2], host = \"a\" }\npin.spu = 7\n";
        let nodes = read(text).0.unwrap();
        let at = |span: SourceSpan| &text[span.start..span.end];
        let names: Vec<_> = nodes.iter().map(|node| node.args[0].value.to_string()).collect();
        assert_eq!(names, ["bob", "alice"], "in the order of the file");
        assert_eq!(at(nodes[0].span()), "bob");
        let host = &nodes[0].children[0];
        assert_eq!((at(host.span()), at(host.props[0].value.span)), ("bob-1", "\"10.0.0.2\""));
        let reserved = &host.children[0].args;
        assert_eq!(reserved.iter().map(|arg| at(arg.span)).collect::<Vec<_>>(), ["22", "80"]);
        let pins = &nodes[1].children;
        let args = |node: &Node| node.args.iter().map(|a| a.value.to_string()).collect::<Vec<_>>();
        assert_eq!(args(&pins[0]), ["sf", "1", "2"]);
        assert_eq!(pins[0].props[0].key.value, "host");
        assert_eq!(args(&pins[1]), ["spu", "7"]);
    }

    #[test]
    fn the_roles_of_a_ray_node_need_no_quotes() {
        let text = "[party.a.pin]\nsf = 1\nray.gcs = 2\n\"ray.workers\" = [3, 4]\n\
                    ray.metrics-export = { args = [5], host = \"b\" }\n";
        let nodes = read(text).0.unwrap();
        let pins = nodes[0].children.iter();
        let pins: Vec<String> = pins
            .map(|pin| {
                pin.args.iter().map(|arg| arg.value.to_string()).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(pins, ["sf 1", "ray.gcs 2", "ray.metrics-export 5", "ray.workers 3 4"]);
        assert_eq!(nodes[0].children[2].props[0].key.value, "host");
        let place = nodes[0].children[1].args[0].span;
        assert_eq!(&text[place.start..place.end], "gcs");
    }

    #[test]
    fn every_mistake_of_syntax_is_told() {
        let codes = |text: &str| {
            let (nodes, findings) = read(text);
            assert!(nodes.is_none(), "{text}");
            findings.iter().map(|finding| finding.code.0).collect::<Vec<_>>()
        };
        assert_eq!(codes("a = 1\na = 2\n"), ["SF0004"]);
        assert_eq!(codes("[a]\nb = 1\n[a]\nc = 2\n"), ["SF0004"]);
        assert_eq!(codes("a = x\nb = y\n"), ["SF0001", "SF0001"]);
        assert_eq!(codes(&format!("{}a = 1\n", "a.".repeat(100_000))), ["SF0002"]);
    }
}
