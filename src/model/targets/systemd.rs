//! `deploy "systemd" user=... home=...`: systemd keeps the processes up, as units.

use super::{Deploy, Keeper, Target};
use crate::{
    diag::Spanned,
    types::{Account, Home, TargetName},
};

pub(super) const TARGET: Target = Target {
    name: TargetName::Systemd,
    properties: &["user", "home"],
    children: &[],
    read: |_, cursor| {
        let user = cursor.prop_or_default("user");
        Some(Deploy::Systemd(Systemd { user, home: cursor.prop_or_default("home") }))
    },
    has_launcher: true,
    brings_ray: false,
    keeper: Keeper::Units,
};

/// What systemd is told.
#[derive(Clone, Debug)]
pub struct Systemd {
    /// The account that runs everything.
    pub user: Spanned<Account>,
    /// Its folder; the virtual environment is in `venv` there.
    pub home: Spanned<Home>,
}
