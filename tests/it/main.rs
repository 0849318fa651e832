//! The only integration test binary.

#![expect(clippy::disallowed_methods, reason = "tests look at the disk as a user would")]

mod addresses;
mod all_layers;
mod allow;
mod bridges;
mod cli_init;
mod cli_mv;
mod cli_plan;
mod containers;
mod cut_plans;
mod docs;
mod env_files;
mod examples;
mod failures;
mod federation;
mod field_addresses;
mod field_addresses_keys;
mod field_addresses_launch;
mod field_addresses_peers;
mod field_growth;
mod field_machines;
mod field_paths;
mod field_secrets;
mod field_software;
mod findings;
mod firewall;
mod firewall_systemd;
mod first_hour;
mod fixes;
mod fmt;
mod fuzzing;
mod generated;
mod golden;
mod growth;
mod growth_steps;
mod guard;
mod hostile;
mod hostile_trees;
mod hosts;
mod install;
mod install_systemd;
mod kdl_suite;
mod kills;
mod kuscia;
mod launch;
mod launch_systemd;
mod launch_words;
mod layers;
mod lost_lock;
mod many_mistakes;
mod memory;
mod one_machine;
mod one_mistake;
mod own_process;
mod pages;
mod place_checks;
mod ports;
mod preflight;
mod private_inputs;
mod psi;
mod python;
mod replanned;
mod requirements;
mod results;
mod run_pairs;
mod runbook;
mod sarif;
mod schema_kdl;
mod schemas;
mod secretflow;
mod service_checks;
mod shadowed;
mod silence;
mod simulation;
mod supervise;
mod support;
mod targets;
mod task_workers;
mod task_workers_run;
mod templates;
mod toml;
mod topologies;
mod validators;
mod value_ranges;
mod values;
mod wrong_layer;

#[path = "../attacks/mod.rs"]
mod attacks;

// The unit tests of `render` use the rest of it.
#[allow(dead_code, reason = "shared with unit tests, which use other parts")]
#[path = "../../src/render/samples.rs"]
mod samples;
