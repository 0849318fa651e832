//! Runs one party's plan: works where no topology exists, and reads no other party's folder.
//!
//! Start reading at [`launcher`].
//!
//! # Parts
//!
//! Lowest first. A part imports from lower rows only, and never from its own; a test holds it to that.
//!
//! | row | part | what it is |
//! |-|-|-|
//! | 1 | [`processes`] | starts processes, keeps them up, ends them, and reads what they print |
//! | 2 | [`machine`] | what is on this machine: the tree, folders for state and logs, Python, whether all is ready |
//! | 2 | [`peers`] | the other parties: who they are, what their launchers say, which runs follow from that |
//! | 3 | [`install`] | installs a side for targets that keep processes up themselves, and takes it back |
//! | 3 | [`links`] | connections between the job processes of the parties |
//! | 3 | [`local`] | the socket by which commands on this machine talk to a running launcher |
//! | 4 | [`launcher`] | the task that brings all of these together |

pub mod install;
pub mod launcher;
pub mod links;
pub mod local;
pub mod machine;
mod pages;
pub mod peers;
pub mod processes;

pub use pages::PAGES;
