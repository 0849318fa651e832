//! One file per command.

pub(super) mod apply;
pub(super) mod check;
mod compiling;
pub(super) mod demo;
pub(super) mod explain;
mod firewall;
pub(super) mod fmt;
pub(super) mod init;
mod installing;
pub(super) mod job;
pub(super) mod job_sum;
pub(super) mod keys;
pub(super) mod launcher;
mod launching;
mod lost_lock;
pub(super) mod mv;
mod pages;
pub(in crate::cli) mod plan;
pub(super) mod run;
mod running;
pub(super) mod schema;
mod simulating;
mod stale_tree;
pub(super) mod status;
pub(super) mod stop;
pub(super) mod templates;
pub(super) mod uninstall;

pub(in crate::cli) use pages::PAGES;
