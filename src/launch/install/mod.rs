//! Installs a party's side of a plan on this machine, and takes it back: for targets whose processes something else
//! keeps up.
//!
//! A plan lists the steps of an installation as data ([`crate::plan::Step`]). Here they are carried out:
//!
//! 1. [`installed`] looks at what each step would make: is it there, is it as planned?
//! 2. [`difference`] compares that with the [`record`] of what sfgen did earlier, and says what is to be done, what is to be
//!    taken back because it is planned no more, and what somebody edited by hand.
//! 3. [`apply`] does it. Each change is in the record before it is made, so an installation that was cut off is finished
//!    by the next one, or taken back.
//! 4. The target starts what is down and starts anew what has changed, and [`health`] waits until all of it is ready.
//!
//! [`firewall`] loads the planned firewall, where that is asked for.
//!
//! [`uninstall`] takes back what the record lists and nothing else, without the tree.
//!
//! What is the same for all targets is in these files; what a target does in its own way is a file and a line in
//! [`targets`]. All that is done to the machine goes through [`machine::Machine`], which tests stand in for.

pub mod apply;
pub mod difference;
mod docker;
mod error;
pub mod firewall;
pub mod health;
pub mod installed;
pub mod machine;
mod perform;
pub mod record;
pub mod site;
pub mod states;
mod systemd;
mod take_back;
pub mod target;
pub mod targets;
mod tree_copy;
pub mod uninstall;
pub mod units;
pub mod words;

pub use error::{Edited, InstallError, Sick};
