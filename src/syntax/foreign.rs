//! Options in the spelling of SecretFlow, SPU, rayfed and Ray, which users paste, and what to write instead.

/// What the language has for an option of the runtimes, as a help; `None` for any other word.
pub(super) fn help(word: &str) -> Option<String> {
    let word = word.trim_start_matches('-').replace('-', "_").to_ascii_lowercase();
    let (_, here) = OPTIONS.iter().find(|(options, _)| options.contains(&word.as_str()))?;
    Some(format!("the runtimes' `{word}` is written as {here}"))
}

/// Options with what is written for them.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &["listen_addr", "listen_address"],
        "`host ... listen=\"0.0.0.0\"`, without a port: sfgen plans the ports, and `pin` keeps one",
    ),
    (&["cluster_config"], "`party` nodes: sfgen writes the `cluster_config` of each party"),
    (&["self_party"], "`--party` of `sfgen apply`: one topology is for all parties"),
    (
        &["cluster_def", "nodes"],
        "`spu \"spu\" protocol=\"SEMI2K\" { parties \"alice\" \"bob\"; }`: sfgen fills in the addresses",
    ),
    (
        &["runtime_config"],
        "`protocol=` and `field=` of `spu`, and `runtime-config fxp-fraction-bits=20` in `spu` for the rest",
    ),
    (
        &["sigmoid_mode", "fxp_fraction_bits", "beaver_type", "fxp_exp_mode", "fxp_log_mode"],
        "`runtime-config sigmoid-mode=\"SIGMOID_REAL\" fxp-fraction-bits=20` in `spu`",
    ),
    (&["link_desc"], "`link` in `spu`, its keys with hyphens"),
    (&["recv_timeout_ms"], "`recv-timeout=\"120s\"` of `link` in `spu`"),
    (&["http_timeout_ms"], "`http-timeout=\"120s\"` of `link` in `spu`"),
    (&["connect_retry_times"], "`connect-retries=60` of `link` in `spu`"),
    (&["connect_retry_interval_ms"], "`connect-interval=\"1s\"` of `link` in `spu`"),
    (
        &["cross_silo_comm_options", "cross_silo_comm_backend"],
        "`cross-silo timeout=\"60s\" message-max=\"500MiB\"` in `runtime`",
    ),
    (&["timeout_in_ms"], "`timeout=\"60s\"` of `cross-silo` in `runtime`"),
    (
        &["messages_max_size_in_bytes", "cross_silo_messages_max_size_in_bytes"],
        "`message-max=\"500MiB\"` of `cross-silo` in `runtime`",
    ),
    (
        &["serializing_allowed_list", "cross_silo_serializing_allowed_list"],
        "`allow-deserialize \"MODULE\" \"NAME\"` in `runtime`",
    ),
    (
        &["tls_config", "tls_opts", "server_ssl_opts", "client_ssl_opts", "enable_tls"],
        "`identity ca=... cert=... key=...` in `party`: TLS is on",
    ),
    (&["ca_cert", "ca_file_path", "cacert"], "`ca=` of `identity` in `party`"),
    (&["certificate_path", "client_certs"], "`cert=` of `identity` in `party`"),
    (&["private_key_path"], "`key=` of `identity` in `party`"),
    (&["sk_keeper"], "`sk-keeper \"alice\"` in `heu`"),
    (&["he_parameters", "key_pair", "bit_size"], "`scheme=\"paillier\" key-size=2048` of `heu`"),
    (&["schema"], "`scheme=\"paillier\"` of `heu`"),
    (&["encoder_args"], "`encoding cleartext-type=\"DT_F32\" encoder=\"FloatEncoder\"` in `heu`"),
    (&["spu_field_type"], "`field=` of `heu`"),
    (&["ray_mode"], "`engine=\"ray\"` or `engine=\"threads\"` of `runtime`"),
    (&["num_cpus"], "`cpus=8` of `ray` in `host`"),
    (&["object_store_memory"], "`object-store=\"1GiB\"` of `ray` in `host`"),
    (&["num_gpus"], "`gpus=2` of `ray` in `host`"),
    (&["include_dashboard"], "`dashboard=#true` of `ray` in `host`"),
    (
        &["resources"],
        "`resource \"fpga\" 1` inside `ray`; a party's own resource in a simulation is `slots=16` of `ray`",
    ),
    (&["node_ip_address", "node_ip"], "`address=` of `host`"),
    (
        &["min_worker_port", "max_worker_port", "worker_port_list"],
        "`pin \"ray.workers\" 10002 10099` in `party`, or left to sfgen",
    ),
    (&["gcs_server_port", "ray_port"], "`pin \"ray.gcs\" 6379` in `party`, or left to sfgen"),
    (&["node_manager_port"], "`pin \"ray.node-manager\" 20001` in `party`, or left to sfgen"),
    (&["object_manager_port"], "`pin \"ray.object-manager\" 20002` in `party`, or left to sfgen"),
    (&["dashboard_port"], "`pin \"ray.dashboard\" 8265` in `party`, or left to sfgen"),
];
