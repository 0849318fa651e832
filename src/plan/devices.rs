//! SPUs and HEUs, as far as all parties must agree on them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    model::{self, Setting},
    types::DeviceName,
};

use super::{Heu, Spu};

const PROTOCOL: &str = "brpc_channel_protocol";
const CONNECTION: &str = "brpc_channel_connection_type";

pub(super) fn spu(spu: &model::Spu) -> Spu {
    let link = &spu.link;
    let options = [
        ("connect_retry_times", u64::from(link.connect_retries)),
        ("connect_retry_interval_ms", link.connect_interval.millis()),
        ("recv_timeout_ms", link.recv_timeout.millis()),
        ("http_timeout_ms", link.http_timeout.millis()),
    ];
    let options = options.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    let more = link.more.iter().map(|setting| (setting.field(), setting.json()));
    let mut link_desc: BTreeMap<String, Value> = options.chain(more).collect();
    // brpc cannot send HTTP over its default, one connection for all (`docs/runtime.md`, SPU).
    if link_desc.get(PROTOCOL).is_some_and(|protocol| protocol == "http") {
        link_desc.entry(CONNECTION.to_owned()).or_insert_with(|| "pooled".into());
    }
    Spu {
        parties: spu.parties.iter().map(|party| party.value.clone()).collect(),
        protocol: spu.protocol.value.clone(),
        field: spu.field.value.clone(),
        runtime_config: nested(&spu.runtime_config),
        link_desc,
    }
}

/// The settings as the objects that their names say: what stands before a dot is a message.
fn nested(settings: &[Setting]) -> BTreeMap<String, Value> {
    let mut top = Map::new();
    for setting in settings {
        let field = setting.field();
        let mut parts: Vec<&str> = field.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        let object = parts.into_iter().try_fold(&mut top, |object, part| {
            object.entry(part).or_insert_with(|| json!({})).as_object_mut()
        });
        if let Some(object) = object {
            object.insert(last.to_owned(), setting.json());
        }
    }
    top.into_iter().collect()
}

/// `None` for an HEU without a keeper, which was reported.
pub(super) fn heu(heu: &model::Heu, spus: &BTreeMap<DeviceName, model::Spu>) -> Option<Heu> {
    let field = heu.field.as_ref().map(|field| field.value.clone());
    let field = field.or_else(|| spus.values().map(|spu| spu.field.value.clone()).min());
    // SecretFlow wants a ring even where no SPU is declared (`docs/runtime.md`, HEU).
    let field = field.unwrap_or_else(|| "FM128".to_owned());
    let mut config = json!({
        "mode": "PHEU",
        "he_parameters": {
            "schema": heu.scheme.value,
            "key_pair": { "generate": { "bit_size": heu.key_size.value } },
        },
    });
    if let Some(encoding) = &heu.encoding {
        config["encoding"] = of_encoding(encoding);
    }
    Some(Heu {
        sk_keeper: heu.sk_keeper.as_ref()?.value.clone(),
        evaluators: heu.evaluators.iter().map(|party| party.value.clone()).collect(),
        fraction_bits: fraction_bits(&field, spus),
        field,
        config,
    })
}

/// The fraction bits that all SPUs with that ring are told, if they are.
fn fraction_bits(field: &str, spus: &BTreeMap<DeviceName, model::Spu>) -> Option<i64> {
    let of_ring = spus.values().filter(|spu| spu.field.value == field);
    let told = of_ring.map(|spu| {
        let mut settings = spu.runtime_config.iter();
        settings.find(|setting| setting.field() == "fxp_fraction_bits")?.json().as_i64()
    });
    let told: BTreeSet<Option<i64>> = told.collect();
    match told.into_iter().collect::<Vec<_>>()[..] {
        [one] => one,
        _ => None,
    }
}

fn of_encoding(encoding: &model::Encoding) -> Value {
    let mut object = Map::new();
    let words = [("cleartext_type", &encoding.cleartext_type), ("encoder", &encoding.encoder)];
    for (name, word) in words {
        object.extend(word.as_ref().map(|word| (name.to_owned(), word.value.clone().into())));
    }
    let numbers = [("scale", encoding.scale), ("padding_bits", encoding.padding_bits)];
    let numbers = numbers.iter().filter_map(|(name, number)| Some((*name, (*number)?.value)));
    let arguments: Map<String, Value> =
        numbers.map(|(name, number)| (name.to_owned(), number.into())).collect();
    if !arguments.is_empty() {
        object.insert("encoder_args".to_owned(), arguments.into());
    }
    object.into()
}
