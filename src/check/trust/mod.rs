//! Certificates, TLS, and what peers may send.

mod address_not_covered;
mod allow_not_enforced;
mod authorities;
mod back_end_without_tls;
mod ca_did_not_sign;
mod ca_is_certificate;
mod ca_of_another;
mod certificate_absent;
mod certificate_broken;
mod certificate_critical_extension;
mod certificate_ends_soon;
mod certificate_not_valid_now;
mod certificate_of_ca;
mod certificate_usage;
pub(super) mod certificates;
mod dangerous_module;
mod engine_without_tls;
mod gateway_not_carried;
mod identity_absent;
mod identity_shared;
mod input_committed;
mod no_unpickling_list;
mod tls_off;
mod unpickling_unrestricted;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
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
    input_committed::CHECK,
    ca_of_another::CHECK,
    certificate_critical_extension::CHECK,
    certificate_usage::CHECK,
    certificate_of_ca::CHECK,
];
