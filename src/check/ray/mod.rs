//! Ray: whether it is there, its sizes, and services that use or start one of their own.

mod dashboard_not_started;
mod no_cpus;
mod object_store_small;
mod ray_address_not_own;
mod ray_started_by_service;
mod ray_unused;
mod receiver_not_tied;
mod resource_of_a_party;
mod simulation_without_ray;
mod start;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    ray_unused::CHECK,
    no_cpus::CHECK,
    object_store_small::CHECK,
    ray_address_not_own::CHECK,
    ray_started_by_service::CHECK,
    simulation_without_ray::CHECK,
    receiver_not_tied::CHECK,
    dashboard_not_started::CHECK,
    resource_of_a_party::CHECK,
];
