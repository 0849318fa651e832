//! `sfgen`: a declarative config compiler and launcher for multi-party privacy computing.
//!
//! A topology enters (one KDL file and what it includes); a tree leaves that holds everything which each party's
//! machines need. A launcher per party brings its side of that tree up, in lockstep with the others.
//!
//! # Phases
//!
//! ```text
//! topology.kdl --syntax--> nodes --model--> Topology --check--> findings
//!                                              |
//! sfgen.lock ------------- lockfile: allocate -+-> plan: build -> render -> output: compare, write -> generated/
//!
//! generated/ --launch--> preflight, services, meeting, armed, running, stopping
//! ```
//!
//! [`compile::compile()`] runs the first row as one function; [`launch::launcher::launch`] is the second. They share
//! the types of [`plan`], and how a word of a command is quoted: a launcher works where no topology exists. Where systemd
//! keeps the processes up, [`launch::install`] takes the launcher's place.
//!
//! # Layers
//!
//! Lowest first. A module imports from lower rows only, and never from its own; a test holds it to that.
//!
//! | row | module | what it is |
//! |-|-|-|
//! | 1 | [`types`] | the field's words as types: names, addresses, ports, durations, digests |
//! | 1 | [`fs`] | the only way to the disk |
//! | 2 | [`pki`] | reading public certificates |
//! | 3 | [`diag`] | findings: code, place, help; as text and as JSON |
//! | 4 | [`keys`] | making a party's keys |
//! | 4 | [`catalogue`] | what sfgen knows about releases of runtimes, as data |
//! | 4 | [`syntax`] | files as spanned trees of nodes; knows shapes, not meaning |
//! | 5 | [`model`] | the topology: names resolved, defaults filled in, places kept |
//! | 6 | [`check`] | whether it makes sense: a folder per subject, one file and one page per check |
//! | 6 | [`lockfile`] | every allotment of ports, so that none moves |
//! | 7 | [`mod@plan`] | what the tree says, before it is bytes |
//! | 7 | [`mod@rename`] | another name in topology and lock, as edits of their texts |
//! | 8 | [`mod@tree`] | which files of a tree on disk are not as planned |
//! | 8 | [`mod@render`] | plans in, files out, in memory |
//! | 9 | [`mod@compile`] | the driver of all of the above |
//! | 10 | [`output`] | from a tree in memory to a tree on disk |
//! | 10 | [`launch`] | runs one party's plan |
//! | 11 | [`cli`] | arguments, printing, exit statuses |
//!
//! # Invariants
//!
//! - Up to and including [`mod@compile`], sfgen is a function: no disk, clock, environment, network or randomness.
//! - [`syntax`], [`model`] and [`check`] never stop at the first mistake; they return what they could read, and findings.
//! - After [`model`] no `Option` means "default"; after [`mod@plan`] no decision is left; templates contain none.
//! - One party's folder holds nothing that is private to another party. A test searches the golden trees for it.
//! - Same topology, lock and certificates, same bytes: ordered maps only, no time stamps, no absolute paths of the
//!   planner, no host names of the build machine.
//! - [`launch`] never reads KDL or templates. Parties compare plan digests before anything starts.
//! - Keys and tokens are paths in the plan, never contents.
//! - A user's mistake is a finding, a broken environment an error, a broken assumption of ours a panic.
//! - What sfgen starts, it can stop, and it stops nothing else.
//!
//! # Where to start reading
//!
//! For the compiler: [`compile::compile()`], then [`model::Topology`] and [`plan::PartyPlan`]. A check is one file of a
//! folder of [`check`] and a line in the table there; an artifact is one file of [`mod@render`] and a line in one of
//! its tables; a command is one file of [`cli`]. For the launcher: `docs/launcher.md`, then [`launch::launcher`].
//! `docs/architecture.md` lists, for a new target, property, check, variable or artifact, every file that it touches.

pub mod fs;
pub mod types;

pub mod pki;

pub mod diag;

pub mod catalogue;
pub mod keys;
pub mod syntax;

pub mod model;

pub mod check;
pub mod lockfile;

pub mod plan;
pub mod rename;

pub mod render;
pub mod tree;

pub mod compile;

pub mod launch;
pub mod output;

pub mod cli;

// Sample plans are shared with the integration tests, which know this crate by its name.
#[cfg(test)]
extern crate self as sfgen;
