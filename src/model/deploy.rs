//! `deploy "systemd" user=... home=...`: how a party's processes are started.

use crate::{
    diag::{Code, Finding, SourceSpan, Spanned},
    syntax::Cursor,
    types::{Account, Home},
};

use super::names;

/// A property that another target has.
const OTHER_TARGET: Code = Code("SF0012");

/// How a party's processes are started.
#[derive(Clone, Debug)]
pub enum Deploy {
    /// By `sfgen apply` itself.
    Process,
    /// By systemd.
    Systemd {
        /// The account that runs everything.
        user: Spanned<String>,
        /// Its folder; the virtual environment is in `venv` there.
        home: Spanned<String>,
    },
    /// By Docker.
    Docker {
        /// `host`, or the name of a `network` node.
        network: Spanned<String>,
    },
}

impl Deploy {
    const DEFAULT_USER: &str = "secretflow";
    const DEFAULT_HOME: &str = "/opt/secretflow";
    const DEFAULT_NETWORK: &str = "host";

    /// The `network` node that containers join; `None` for the machine's own network and for other targets.
    #[must_use]
    pub fn bridge(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Docker { network } => {
                Some(network).filter(|network| network.value != Self::DEFAULT_NETWORK)
            }
            Self::Process | Self::Systemd { .. } => None,
        }
    }

    /// The folder of the party's installation, where the target has one.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        match self {
            Self::Systemd { home, .. } => Some(&home.value),
            Self::Process | Self::Docker { .. } => None,
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let word = cursor.arg::<String>(0)?;
        let targets = [("process", 0), ("systemd", 1), ("docker", 2)];
        let target = names::pick(&word, &targets, cursor.findings)?.value;
        let own: &[&str] = [&[][..], &["user", "home"], &["network"]][target];
        for prop in cursor.node.props.iter().filter(|prop| !own.contains(&prop.key.value.as_str()))
        {
            let key = &prop.key.value;
            if !["user", "home", "network"].contains(&key.as_str()) {
                continue; // no target has it; the grammar said so
            }
            let finding = Finding::error(
                OTHER_TARGET,
                format!("`{key}` means nothing to the target `{}`", word.value),
            )
            .label(prop.key.span, "another target's property")
            .label(word.span, "the target")
            .help(format!("drop `{key}`, or choose the target that has it"));
            cursor.findings.push(finding);
        }
        let span = cursor.node.span();
        Some(match target {
            0 => Self::Process,
            1 => Self::Systemd {
                user: or_default(
                    cursor.prop::<Account>("user").map(|user| user.map(|Account(name)| name)),
                    Self::DEFAULT_USER,
                    span,
                ),
                home: or_default(
                    cursor.prop::<Home>("home").map(|home| home.map(|Home(path)| path)),
                    Self::DEFAULT_HOME,
                    span,
                ),
            },
            _ => Self::Docker {
                network: or_default(cursor.prop("network"), Self::DEFAULT_NETWORK, span),
            },
        })
    }
}

fn or_default(
    written: Option<Spanned<String>>,
    default: &str,
    span: SourceSpan,
) -> Spanned<String> {
    written.unwrap_or_else(|| Spanned::new(default.to_owned(), span))
}
