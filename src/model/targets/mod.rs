//! `deploy TARGET ...`: what starts a party's processes. A target is a file here, and what the compiler then asks for: a
//! variant of [`Deploy`] with its two lines, and a line in [`TARGETS`].

mod deploy;
mod docker;
mod kuscia;
mod not_generated;
mod process;
mod systemd;
mod target;

pub use deploy::{Deploy, TARGETS};
pub use docker::Docker;
pub use kuscia::Kuscia;
pub(super) use not_generated::refuse;
pub use systemd::Systemd;
pub use target::{Keeper, Target};
