//! `deploy "systemd" user=... home=...`: systemd keeps the processes up, as units.

use crate::{
    diag::Spanned,
    syntax::Cursor,
    types::{Account, Home, TargetName},
};

use super::target::{Keeper, Target};

pub(super) const TARGET: Target = Target {
    name: TargetName::Systemd,
    properties: &["user", "home"],
    children: &[],
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

impl Systemd {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Self {
        let user = cursor.prop_or_default("user");
        Self { user, home: cursor.prop_or_default("home") }
    }
}
