//! `runtime "secretflow" version=... engine=... { ... }`.

use std::{fmt, str::FromStr};

use crate::{
    diag::{Findings, Spanned},
    syntax::{Cursor, Node, or_absent},
    types::{BackEnd, Engine, RuntimeName, Size, Span},
};

use super::{Software, SwitchedOff};

/// What the parties run.
#[derive(Clone, Debug)]
pub enum Runtime {
    /// sfgen's own arithmetic, without Python.
    Embedded,
    /// SecretFlow.
    Secretflow(Box<Secretflow>),
    /// What could not be read. It was reported, so a topology with it is looked at and never planned.
    Unread,
}

/// SecretFlow and its settings.
#[derive(Clone, Debug)]
pub struct Secretflow {
    /// Release, as on PyPI.
    pub version: Spanned<String>,
    /// Engine of the driver; where it is not written, the place is that of the version.
    pub engine: Spanned<Engine>,
    /// Wanted Python, `major.minor` or `major.minor.patch`, if written.
    pub python: Option<Spanned<PythonVersion>>,
    /// What peers' messages may unpickle beside what the declared devices need.
    pub allow: Vec<AllowDeserialize>,
    /// `allow-deserialize "*"`: no list at all.
    pub allow_all: Option<SwitchedOff>,
    /// Settings of the cross-silo link.
    pub cross_silo: CrossSilo,
    /// What is installed at all parties beside it.
    pub software: Software,
}

/// A version of Python, `3.10` or `3.10.13`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonVersion {
    /// Major and minor.
    pub minor: (u32, u32),
    /// Patch level, where it is pinned.
    pub patch: Option<u32>,
}

/// Names of a module that peers' messages may unpickle.
#[derive(Clone, Debug)]
pub struct AllowDeserialize {
    /// The module.
    pub module: Spanned<String>,
    /// Names in it, `*` for all.
    pub names: Vec<Spanned<String>>,
}

/// Settings of the cross-silo link.
#[derive(Clone, Debug)]
pub struct CrossSilo {
    /// How long a message may take.
    pub timeout: Span,
    /// The largest message.
    pub message_max: Spanned<Size>,
    /// What carries the messages.
    pub back_end: Spanned<BackEnd>,
}

impl CrossSilo {
    fn read(cursor: &mut Cursor<'_>) -> Self {
        Self {
            timeout: cursor.prop_or_default("timeout").value,
            message_max: cursor.prop_or_default("message-max"),
            back_end: cursor.prop_or_default("back-end"),
        }
    }
}

impl Runtime {
    /// Reads the node.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let mut cursor = Cursor::new(node, findings);
        match cursor.arg::<RuntimeName>(0).map(|name| name.value) {
            None => Self::Unread,
            Some(RuntimeName::Embedded) => Self::Embedded,
            Some(RuntimeName::Secretflow) => {
                let settings = Secretflow::read(&mut cursor);
                settings.map_or(Self::Unread, |settings| Self::Secretflow(Box::new(settings)))
            }
        }
    }

    /// SecretFlow's settings, if it is SecretFlow.
    #[must_use]
    pub fn secretflow(&self) -> Option<&Secretflow> {
        match self {
            Self::Secretflow(secretflow) => Some(secretflow),
            Self::Embedded | Self::Unread => None,
        }
    }
}

impl Secretflow {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let node = cursor.node;
        let version = cursor.required_prop::<String>("version");
        let engine = cursor.prop("engine");
        let python = node.child("python").and_then(|child| cursor.at(child).arg(0));
        let (mut allow, mut allow_all) = (Vec::new(), None);
        for child in node.children_named("allow-deserialize") {
            let mut cursor = cursor.at(child);
            let Some(module) = cursor.arg::<String>(0) else { continue };
            if module.value == "*" {
                allow_all = SwitchedOff::read(&mut cursor, module.span);
                continue;
            }
            let mut names = cursor.args::<String>();
            names.remove(0);
            if names.is_empty() {
                cursor.missing("names", "name what may be unpickled, `\"*\"` for the whole module");
            }
            allow.push(AllowDeserialize { module, names });
        }
        let cross_silo = or_absent(node.child("cross-silo"), "cross-silo", node.span());
        let cross_silo = CrossSilo::read(&mut cursor.at(&cross_silo));
        let version = version?;
        let engine = engine.unwrap_or_else(|| cursor.default_prop("engine", version.span));
        let software = Software::read(cursor);
        Some(Self { version, engine, python, allow, allow_all, cross_silo, software })
    }
}

impl FromStr for PythonVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("a Python version is `3.10` or, to the patch level, `3.10.13`; not `{text}`")
        };
        let parts: Vec<u32> =
            text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        match parts[..] {
            [major, minor] => Ok(Self { minor: (major, minor), patch: None }),
            [major, minor, patch] => Ok(Self { minor: (major, minor), patch: Some(patch) }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minor.0, self.minor.1)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}
