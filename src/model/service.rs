//! `service "redis" after=... host=... image=... grace=... { command ...; env ...; port ...; ready ... }`.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Finding, SourceSpan, Spanned},
    syntax::{Cursor, Node, misspelt, or_absent},
    types::{HostName, Image, Partial, PartyName, Port, ProcessName, Role, ServiceName, Span},
};

use super::{MachineFiles, placeholder::Text};

/// A variable is given twice.
const TWICE: Code = Code("SF0004");

/// A process of a party that is kept up on one of its hosts.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Spanned<ServiceName>,
    /// Program and arguments.
    pub command: Vec<Spanned<Text>>,
    /// Its variables.
    pub env: BTreeMap<String, Spanned<Text>>,
    /// Its listeners.
    pub ports: Partial<Vec<ServicePort>>,
    /// The one of its ports that answers when it is ready.
    pub ready: Option<Spanned<String>>,
    /// How long it may take to answer there.
    pub ready_within: Span,
    /// What must be ready first: services of the same host, or its Ray node.
    pub after: Vec<Spanned<ProcessName>>,
    /// Container image of its own.
    pub image: Option<Spanned<Image>>,
    /// Where it runs; the party's first host where it is not written.
    pub host: Option<Spanned<HostName>>,
    /// How long it may take to stop before it is killed.
    pub grace: Span,
    /// What its machine has for it.
    pub files: MachineFiles,
}

/// A listener of a service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Its name, which is a role.
    pub name: Spanned<String>,
    /// The number that it must have.
    pub number: Option<Spanned<Port>>,
    /// The parties that may dial it, beside the party's own hosts.
    pub peers: Vec<Spanned<PartyName>>,
}

impl Service {
    pub(super) fn read(name: &Spanned<ServiceName>, cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        if name.value.as_str() == ProcessName::RAY {
            let why = "`ray` is the name of the host's Ray node";
            cursor.reject(name.span, why, "give the service another name");
        }
        let command = cursor.required_child("command");
        let command = command.map(|child| cursor.at(child).args()).unwrap_or_default();
        let env = read_env(cursor);
        let mut ports: Vec<ServicePort> = Vec::new();
        let mut is_whole =
            node.is_whole && misspelt("service", &node.children).all(|(_, meant)| meant != "port");
        for child in node.children_named("port") {
            match read_port(&mut cursor.at(child)) {
                // A second one of the same name was reported when the file was read.
                Some(port) if ports.iter().any(|other| other.name.value == port.name.value) => {}
                Some(port) => ports.push(port),
                None => is_whole = false,
            }
        }
        let ready = node.child("ready").and_then(|child| cursor.at(child).required_prop("tcp"));
        let within = or_absent(node.child("ready"), "ready", node.span());
        let within = cursor.at(&within).prop_or_default("within");
        let after = read_after(cursor);
        Self {
            name: name.clone(),
            command,
            env,
            ports: Partial::new(ports, is_whole),
            ready,
            ready_within: within.value,
            after,
            image: cursor.prop("image"),
            host: cursor.prop("host"),
            grace: cursor.prop_or_default("grace").value,
            files: MachineFiles::read(cursor),
        }
    }

    /// The services among what must be ready first.
    pub fn services_awaited(&self) -> impl Iterator<Item = &ServiceName> {
        self.after.iter().filter_map(|name| name.value.service())
    }
}

/// The names in `after`, each at the place of the whole text: escapes in it may have moved the single words.
fn read_after(cursor: &mut Cursor<'_>) -> Vec<Spanned<ProcessName>> {
    let Some(text) = cursor.prop::<String>("after") else { return Vec::new() };
    let mut names = Vec::new();
    for word in text.value.split_whitespace() {
        match ProcessName::awaited(word) {
            Ok(name) => names.push(Spanned::new(name, text.span)),
            Err(why) => cursor.reject(
                text.span,
                format!("`{word}` is no name of a service: {why}"),
                "name services of the same host, or its Ray node, `ray`",
            ),
        }
    }
    names
}

fn read_env(cursor: &mut Cursor<'_>) -> BTreeMap<String, Spanned<Text>> {
    let mut env = BTreeMap::new();
    let mut first: BTreeMap<&str, (&Node, SourceSpan)> = BTreeMap::new();
    for node in cursor.node.children_named("env") {
        for prop in &node.props {
            let key = prop.key.value.as_str();
            match first.get(key) {
                // Within one node it was reported when the file was read.
                Some((other, _)) if std::ptr::eq(*other, node) => continue,
                Some((_, earlier)) => {
                    let finding = Finding::error(TWICE, format!("variable `{key}` is given twice"))
                        .label(prop.key.span, "again here")
                        .label(*earlier, "first here")
                        .help("keep one of them");
                    cursor.findings.push(finding);
                    continue;
                }
                None => first.insert(key, (node, prop.key.span)),
            };
            if !is_variable(key) {
                let why = format!("`{key}` is no name of a variable");
                let help = "use letters, digits and `_`, and no digit in front";
                cursor.reject(prop.key.span, why, help);
                continue;
            }
            if let Some(value) = cursor.at(node).prop(key) {
                env.insert(key.to_owned(), value);
            }
        }
    }
    env
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn read_port(cursor: &mut Cursor<'_>) -> Option<ServicePort> {
    let name = cursor.arg::<String>(0)?;
    let number = cursor.arg(1);
    if let Err(why) = Role::service(&name.value) {
        let is_role = name.value.parse::<Role>().is_ok();
        let why = if is_role {
            format!("`{}` is the name of a port that sfgen itself plans", name.value)
        } else {
            why.to_string()
        };
        cursor.reject(name.span, why, "name the port after the service: letters, digits and `-`");
        return None;
    }
    let peers = cursor.node.child("peers");
    let peers = peers.map(|child| cursor.at(child).args()).unwrap_or_default();
    Some(ServicePort { name, number, peers })
}
