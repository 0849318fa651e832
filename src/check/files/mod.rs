//! Files of the machines: whether processes reach the paths that they are given, and whether data can be where it is to be.

mod mount_renamed_in_vain;
mod mounts_collide;
mod needed;
mod path_out_of_reach;
mod reach;
mod visible;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] =
    &[path_out_of_reach::CHECK, mount_renamed_in_vain::CHECK, mounts_collide::CHECK];
