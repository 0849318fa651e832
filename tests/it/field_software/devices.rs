//! What SecretFlow calls the parties, and the settings of devices.

use serde_json::json;
use sfgen::{syntax::MemoryWorkspace, types::Mode};

use super::{codes, compile, file, finding, help, plan, ray_flags, read_json, topology, with};
use crate::federation::{Beside, compile_in};

#[test]
fn secretflow_knows_parties_by_the_names_that_it_is_told() {
    let text = topology("names-of-secretflow");
    let done = compile(&text, &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let config = read_json(&done, "bank-1/one/cluster_config.json");
    assert_eq!(config["self_party"], "Bank_1");
    let parties: Vec<_> = config["parties"].as_object().unwrap().keys().collect();
    assert_eq!(parties, ["Bank_1", "bank-3", "bank.2"]);
    let spu = read_json(&done, "bank-2/two/spu.json");
    let nodes = spu["spu"]["cluster_def"]["nodes"].as_array().unwrap();
    let members: Vec<_> = nodes.iter().map(|node| node["party"].as_str().unwrap()).collect();
    assert_eq!(members, ["Bank_1", "bank.2"]);
    assert_eq!(
        read_json(&done, "bank-3/three/heu.json")["heu"]["config"]["sk_keeper"]["party"],
        "Bank_1"
    );
    let nodes = read_json(&done, "nodes.json");
    let nodes = nodes.as_array().unwrap().iter().map(|node| node["node_id"].as_str().unwrap());
    assert_eq!(nodes.collect::<Vec<_>>(), ["Bank_1", "bank.2", "bank-3"]);
    assert!(file(&done, "bank-2/two/bank-2.env").contains("NODE_ID=bank.2\n"));
    // Nobody learns a name without need, and one that is the party's own is not written twice.
    assert_eq!(plan(&done, "bank-3").names.len(), 2);
    assert!(!file(&done, "federation.json").contains("\"runtime_name\": \"bank-3\""));

    let files = MemoryWorkspace::default().with("topology.kdl", text.as_str());
    let done = compile_in(Mode::Simulation, files, Beside::default());
    let flags = ray_flags(&done, "bank-2", "two");
    assert!(flags.contains(&r#"--resources={"bank.2":16}"#.to_owned()), "{flags:?}");
}

#[test]
fn two_parties_of_one_name_are_told_and_a_name_that_is_none_with_the_way_out() {
    let text = topology("names-of-secretflow");
    let done = compile(&with(&text, "bank.2", "bank-3"), &[]);
    assert_eq!(finding(&done, "SF0160").1, [r#""bank-3""#, r#""bank-3""#]);
    let done = compile(&with(&text, "\"bank-3\"", "\"bank_3\""), &[]);
    let (found, _) = finding(&done, "SF0005");
    assert!(help(found).ends_with("`as=\"bank_3\"` keeps the other one for SecretFlow"));
}

#[test]
fn settings_of_devices_reach_what_secretflow_is_given() {
    let done = compile(&topology("tuned-devices"), &[]);
    let arguments = read_json(&done, "mill/mill-1/spu.json")["spu"].clone();
    let config = json!({
        "protocol": "CHEETAH", "field": "FM64", "sigmoid_mode": "SIGMOID_REAL", "fxp_fraction_bits": 20,
        "enable_pphlo_profile": true, "cheetah_2pc_config": { "ot_kind": "YACL_Softspoken" },
    });
    assert_eq!(arguments["cluster_def"]["runtime_config"], config);
    let link = json!({
        "connect_retry_times": 60, "connect_retry_interval_ms": 1000, "recv_timeout_ms": 120_000,
        "http_timeout_ms": 120_000, "throttle_window_size": 20, "brpc_channel_protocol": "http",
        // brpc sends no HTTP over its default.
        "brpc_channel_connection_type": "pooled",
    });
    assert_eq!(arguments["link_desc"], link);
    let heu = read_json(&done, "dairy/dairy-1/heu.json")["heu"].clone();
    assert_eq!(heu["spu_fxp_fraction_bits"], 20);
    assert_eq!(heu["config"]["he_parameters"]["schema"], "ou");
    let encoding = json!({
        "cleartext_type": "DT_F64", "encoder": "BatchFloatEncoder",
        "encoder_args": { "scale": 1000, "padding_bits": 16 },
    });
    assert_eq!(heu["config"]["encoding"], encoding);
}

#[test]
fn a_setting_that_the_release_does_not_know_is_told_with_the_nearest() {
    let text = topology("tuned-devices");
    let of = |old: &str, new: &str| compile(&with(&text, old, new), &[]);
    let cases = [
        ("sigmoid-mode", "sigmoid_mode", "did you mean `sigmoid-mode`?"),
        ("fxp-fraction-bits", "fxp-fracion-bits", "did you mean `fxp-fraction-bits`?"),
        ("ot-kind", "ot-kin", "did you mean `cheetah-2pc-config.ot-kind`?"),
        (
            "enable-pphlo-profile=#true",
            "field=\"FM64\"",
            "it is written as `spu ... field=\"FM128\"`",
        ),
        ("connect-retries=60", "connect-retry-times=60", "it is written as `connect-retries=60`"),
        ("throttle-window-size", "throttle-window", "did you mean `throttle-window-size`?"),
    ];
    for (old, new, wanted) in cases {
        let done = of(old, new);
        let (found, places) = finding(&done, "SF0460");
        assert_eq!(help(found), wanted, "{new}");
        let last = new.split('=').next().unwrap();
        assert_eq!(places, [last]);
    }
    let older = with(&text, "1.13.0b0", "1.12.0b0");
    let older = with(&older, "sigmoid-mode=\"SIGMOID_REAL\"", "sort-method=\"SORT_RADIX\"");
    let done = compile(&older, &[]);
    assert_eq!(help(finding(&done, "SF0460").0), "known in `1.13.0b0`, `1.14.0b0`");
}

#[test]
fn a_value_that_the_release_does_not_take_is_told_with_what_it_takes() {
    let text = topology("tuned-devices");
    let cases = [
        ("\"SIGMOID_REAL\"", "\"real\"", "SF0461", "write `SIGMOID_REAL`"),
        ("bits=20 ", "bits=200 ", "SF0461", "write a number from 0 to 127"),
        ("profile=#true", "profile=1", "SF0461", "write `#true` or `#false`"),
        ("\"YACL_Softspoken\"", "\"YACL_Softspken\"", "SF0461", "write `YACL_Softspoken`"),
        (
            "encoder=\"BatchFloatEncoder\" scale=1000",
            "encoder=\"FloatEncoder\" scale=1000",
            "SF0462",
            "drop it, or choose an encoder that takes it; `FloatEncoder` takes `scale`",
        ),
    ];
    for (old, new, code, wanted) in cases {
        let done = compile(&with(&text, old, new), &[]);
        assert_eq!(help(finding(&done, code).0), wanted, "{new}");
    }
    let single = with(
        &text,
        "protocol=\"http\"",
        "protocol=\"http\" brpc-channel-connection-type=\"single\"",
    );
    let done = compile(&single, &[]);
    assert_eq!(finding(&done, "SF0461").1, [r#""single""#, r#""http""#]);
}
