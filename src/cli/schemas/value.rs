//! What a value of the topology looks like, as facts that both kinds of schema can state.

use serde_json::{Map, Value};

use crate::{
    syntax::language::{Entry, Kind},
    types::{
        Account, Home, Image, IndexUrl, MachinePath, Package, PartyName, Port, RayPort, Reason,
        ResourceName, Role, RuntimeParty, Size, Span, Subnet,
    },
};

/// `[IP:]MACHINE:CONTAINER`, or a port of the container alone.
const MAPPING: &str = r"^(([0-9A-Fa-f.:\[\]]+:)?[0-9]+(-[0-9]+)?:)?[0-9]+(-[0-9]+)?(/tcp)?$";

/// The facts: the words of JSON Schema for type, range, pattern and choice.
pub(super) fn facts(kind: Kind) -> Map<String, Value> {
    match kind {
        Kind::Name(_) => of::<PartyName>(),
        Kind::Text | Kind::Template => text(None),
        Kind::Reason => of::<Reason>(),
        Kind::Path => text(Some(r"^[^\s-](.*\S)?$".to_owned())),
        Kind::Account => of::<Account>(),
        Kind::Home => of::<Home>(),
        Kind::MachinePath => of::<MachinePath>(),
        Kind::Image => of::<Image>(),
        // Four numbers, or a word that is not made of digits alone; a pattern can say no more.
        Kind::Address => text(Some(r"^([0-9]+(\.[0-9]+){3}|[^\s/]*[A-Za-z:][^\s/]*)$".to_owned())),
        Kind::Url => text(Some("^https?://[^/?#]+/?$".to_owned())),
        Kind::Mapping => {
            let mut facts = of::<Port>();
            facts.insert("type".to_owned(), vec!["string", "integer"].into());
            facts.insert("pattern".to_owned(), MAPPING.into());
            facts
        }
        Kind::Subnet => of::<Subnet>(),
        Kind::Port => of::<Port>(),
        Kind::Role => text(Some(role_pattern())),
        Kind::Duration(_) => of::<Span>(),
        Kind::Size(_) => of::<Size>(),
        Kind::Bool => [("type".to_owned(), "boolean".into())].into_iter().collect(),
        Kind::Package => of::<Package>(),
        Kind::IndexUrl => of::<IndexUrl>(),
        Kind::Setting => {
            let types = vec!["string", "integer", "boolean"];
            [("type".to_owned(), types.into())].into_iter().collect()
        }
        Kind::RuntimeParty => of::<RuntimeParty>(),
        Kind::Resource => of::<ResourceName>(),
        Kind::Python => text(Some(r"^[0-9]+\.[0-9]+(\.[0-9]+)?$".to_owned())),
        Kind::Code => text(Some("^SF[0-9]{4}$".to_owned())),
        Kind::Number(least, most) => {
            let number =
                [("type", "integer".into()), ("minimum", least.into()), ("maximum", most.into())];
            number.map(|(key, value): (&str, Value)| (key.to_owned(), value)).into_iter().collect()
        }
        Kind::OneOf(words) => {
            let mut facts = text(None);
            facts.insert("enum".to_owned(), words.to_vec().into());
            facts
        }
    }
}

/// What a value is for, with the limit that a pattern cannot state.
pub(super) fn description(entry: &Entry) -> String {
    match entry.kind.limit() {
        Some(limit) => format!("{} {limit}", entry.about),
        None => entry.about.to_owned(),
    }
}

fn text(pattern: Option<String>) -> Map<String, Value> {
    let kind = ("type".to_owned(), Value::from("string"));
    let pattern = pattern.map(|pattern| ("pattern".to_owned(), pattern.into()));
    [kind].into_iter().chain(pattern).collect()
}

/// What the type says of itself; descriptions are those of the place.
fn of<T: schemars::JsonSchema>() -> Map<String, Value> {
    let mut facts = match super::of::<T>() {
        Value::Object(facts) => facts,
        _ => Map::new(),
    };
    facts.retain(|key, _| ["type", "pattern", "minimum", "maximum"].contains(&key.as_str()));
    facts
}

/// Ray's roles, or a name; the other roles look like names too.
fn role_pattern() -> String {
    let ray = RayPort::ALL.map(|port| Role::Ray(port).to_string().replace('.', r"\."));
    let name = of::<PartyName>()["pattern"].as_str().unwrap_or_default().to_owned();
    format!("{name}|^({})$", ray.join("|"))
}
