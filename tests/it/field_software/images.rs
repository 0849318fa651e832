//! Images of one's own.

use super::{codes, compile, file, topology, with};

/// The lines of a service in a compose file.
fn container<'c>(compose: &'c str, name: &str) -> &'c str {
    let (_, rest) = compose.split_once(&format!("  \"{name}\":\n")).expect("a service");
    let end = rest.match_indices("\n  \"").map(|(at, _)| at + 1).next();
    &rest[..end.unwrap_or(rest.len())]
}

#[test]
fn a_service_with_its_own_image_that_joins_ray_gets_what_a_driver_needs() {
    let done = compile(&topology("image-beside-ray"), &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let compose = file(&done, "mill/mill-1/docker/compose.yaml");
    let worker = container(&compose, "worker");
    for part in [
        "image: \"registry.lan/worker:2.1\"",
        // The sockets of Ray are for its account alone.
        "user: \"10001\"",
        "ipc: \"service:ray\"",
        "pid: \"service:ray\"",
        "target: \"/srv/sfgen\"",
        "target: \"/etc/mill/node.key\"",
        "source: \"run\"",
        "\"SFGEN_TREE\": \"/srv/sfgen/generated\"",
        "\"QUEUE\": \"tasks\"",
    ] {
        assert!(worker.contains(part), "{part}\n{worker}");
    }
    assert!(!worker.contains("working_dir") && !worker.contains("build:"), "{worker}");
    let cache = container(&compose, "cache");
    for part in ["ipc:", "source: \"run\"", "target: \"/srv/sfgen\"", "user:"] {
        assert!(!cache.contains(part), "{cache}");
    }
    assert!(cache.contains("source: \"cache-data\"\n        target: \"/data\""), "{cache}");
}

#[test]
fn with_an_image_of_ones_own_none_is_built() {
    let text = with(
        &topology("image-beside-ray"),
        "deploy \"docker\"",
        "deploy \"docker\" image=\"registry.lan/sf:1.13\"",
    );
    let done = compile(&text, &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let tree = &done.output.as_ref().unwrap().tree;
    assert!(tree.get("mill/mill-1/docker/Dockerfile").is_none());
    let compose = file(&done, "mill/mill-1/docker/compose.yaml");
    assert!(container(&compose, "ray").contains("image: \"registry.lan/sf:1.13\""), "{compose}");
    assert!(!compose.contains("build:"));
    assert!(!file(&done, "mill/RUNBOOK.md").contains("compose.yaml build"));
}
