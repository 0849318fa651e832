//! Whether a topology makes sense: one file and one page per check.
//!
//! A check is a pure function from [`Context`] to findings. It reads no disk, sees no other check and does not
//! depend on their order; a topology with one mistake yields one finding. Pages are what `sfgen explain` prints, and
//! their examples are tests.

mod address_not_covered;
mod address_outside_subnet;
mod address_taken_by_network;
mod after_circle;
mod after_unknown;
mod allow;
mod allow_not_enforced;
mod back_end_without_tls;
mod bridge_address_twice;
mod bridge_unknown;
mod bridge_unreachable;
mod bridges;
mod ca_did_not_sign;
mod ca_is_certificate;
mod certificate_absent;
mod certificate_broken;
mod certificate_ends_soon;
mod certificate_not_valid_now;
mod certificates;
mod claims;
mod container_port_alone;
mod context;
mod dangerous_module;
mod device_without_secretflow;
mod dials_localhost;
mod endpoint_host;
mod endpoint_port;
mod endpoint_scheme;
mod endpoints;
mod engine_not_shipped;
mod engine_without_tls;
mod field_too_small;
mod gateway_not_carried;
mod identity_absent;
mod identity_shared;
mod image_without_docker;
mod ipv6_with_secretflow;
mod job_not_for_runtime;
mod keeper_evaluates;
mod key_size;
mod link_local_advertised;
mod listener_unreachable;
mod lonely_job;
mod loopback_advertised;
mod loopback_spellings;
mod machine_port_twice;
mod mapping_without_listener;
mod mode_mixed;
mod names;
mod no_cpus;
mod no_unpickling_list;
mod object_store_small;
mod pin_in_worker_range;
mod pin_reserved;
mod pin_too_short;
mod pin_twice;
mod pin_without_role;
mod pins_overlap;
mod placeholder_left;
mod placeholder_without_value;
mod port_below_1024;
mod port_in_ephemeral_range;
mod program_name_twice;
mod program_not_startable;
mod protocol_party_count;
mod protocol_reveals_data;
mod psi_party_count;
mod published;
mod python_not_the_releases;
mod ray_address_not_own;
mod ray_beyond_bridge;
mod ray_started_by_service;
mod ray_unused;
mod ready_port_unknown;
mod script_absent;
mod service_host_unknown;
mod service_port_twice;
mod service_texts;
mod simulation_without_ray;
mod spu_on_several_hosts;
mod subnet_with_host_bits;
mod subnets_overlap;
mod sum_inputs;
mod text_not_carried;
mod tls_off;
mod unknown_field;
mod unknown_heu_field;
mod unknown_protocol;
mod unknown_release;
mod unpickling_unrestricted;
mod unspecified_advertised;
mod variable_is_no_url;
mod worker_range_narrow;

use crate::diag::{Code, Findings, Page};

pub use allow::apply_allows;
pub use certificates::{Certificates, PartyCertificates, ReadCertificate, Unreadable};
pub use context::Context;

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The code of its findings and its page.
    pub page: Page,
    /// What it does.
    pub run: fn(Context<'_>, &mut Findings),
}

impl Check {
    const fn new(code: Code, text: &'static str, run: fn(Context<'_>, &mut Findings)) -> Self {
        Self { page: Page { code, text }, run }
    }
}

/// Every check, sorted by code.
pub const CHECKS: &[Check] = &[
    placeholder_left::CHECK,
    text_not_carried::CHECK,
    program_not_startable::CHECK,
    program_name_twice::CHECK,
    script_absent::CHECK,
    lonely_job::CHECK,
    after_unknown::CHECK,
    after_circle::CHECK,
    placeholder_without_value::CHECK,
    service_port_twice::CHECK,
    ready_port_unknown::CHECK,
    service_host_unknown::CHECK,
    dials_localhost::CHECK,
    variable_is_no_url::CHECK,
    image_without_docker::CHECK,
    loopback_advertised::CHECK,
    unspecified_advertised::CHECK,
    link_local_advertised::CHECK,
    ipv6_with_secretflow::CHECK,
    pins_overlap::CHECK,
    pin_in_worker_range::CHECK,
    port_in_ephemeral_range::CHECK,
    port_below_1024::CHECK,
    pin_reserved::CHECK,
    pin_too_short::CHECK,
    pin_without_role::CHECK,
    listener_unreachable::CHECK,
    pin_twice::CHECK,
    loopback_spellings::CHECK,
    worker_range_narrow::CHECK,
    ray_unused::CHECK,
    no_cpus::CHECK,
    object_store_small::CHECK,
    spu_on_several_hosts::CHECK,
    ray_address_not_own::CHECK,
    ray_started_by_service::CHECK,
    unknown_protocol::CHECK,
    protocol_party_count::CHECK,
    protocol_reveals_data::CHECK,
    unknown_field::CHECK,
    field_too_small::CHECK,
    keeper_evaluates::CHECK,
    unknown_heu_field::CHECK,
    key_size::CHECK,
    device_without_secretflow::CHECK,
    bridge_unknown::CHECK,
    psi_party_count::CHECK,
    identity_absent::CHECK,
    certificate_absent::CHECK,
    certificate_broken::CHECK,
    certificate_not_valid_now::CHECK,
    certificate_ends_soon::CHECK,
    address_not_covered::CHECK,
    ca_did_not_sign::CHECK,
    identity_shared::CHECK,
    tls_off::CHECK,
    engine_without_tls::CHECK,
    unpickling_unrestricted::CHECK,
    no_unpickling_list::CHECK,
    allow_not_enforced::CHECK,
    dangerous_module::CHECK,
    gateway_not_carried::CHECK,
    ca_is_certificate::CHECK,
    back_end_without_tls::CHECK,
    unknown_release::CHECK,
    engine_not_shipped::CHECK,
    python_not_the_releases::CHECK,
    job_not_for_runtime::CHECK,
    sum_inputs::CHECK,
    simulation_without_ray::CHECK,
    mode_mixed::CHECK,
    subnet_with_host_bits::CHECK,
    address_outside_subnet::CHECK,
    address_taken_by_network::CHECK,
    subnets_overlap::CHECK,
    container_port_alone::CHECK,
    mapping_without_listener::CHECK,
    machine_port_twice::CHECK,
    ray_beyond_bridge::CHECK,
    bridge_address_twice::CHECK,
    bridge_unreachable::CHECK,
    endpoint_scheme::CHECK,
    endpoint_port::CHECK,
    endpoint_host::CHECK,
];

/// Runs every check.
pub fn check(context: Context<'_>, findings: &mut Findings) {
    for check in CHECKS {
        (check.run)(context, findings);
    }
    placeholder_left::drop_told(findings);
}
