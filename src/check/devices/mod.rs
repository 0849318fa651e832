//! SPUs and HEUs: protocols, fields, keys, and how many parties they take.

mod bridge_unknown;
mod device_without_secretflow;
mod field_too_small;
mod heu_setting;
mod keeper_evaluates;
mod key_size;
mod protocol_party_count;
mod protocol_reveals_data;
mod protocols;
mod psi_party_count;
mod setting_value;
mod spu_on_several_hosts;
mod unknown_field;
mod unknown_heu_field;
mod unknown_protocol;
mod unknown_setting;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    spu_on_several_hosts::CHECK,
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
    unknown_setting::CHECK,
    setting_value::CHECK,
    heu_setting::CHECK,
];
