//! What is on this machine: the party's side of the tree, the folders for state and logs, the Python of the jobs,
//! and whether the machine can carry out its part of the plan.

pub mod input_file;
pub mod installed_launcher;
pub mod preflight;
pub mod python;
pub mod script;
pub mod side;
pub mod state;
