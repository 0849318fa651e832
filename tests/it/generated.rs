//! What is generated and checked in is what its source says. `SFGEN_BLESS=1` writes it anew.

use std::path::Path;

const PROTO: &str = "sfgen/rendezvous/v1/rendezvous.proto";
const STUBS: &str = "src/launch/rendezvous/gen/sfgen.rendezvous.v1.rs";

/// Compares what a generator made with the file in the repository, or replaces the file.
#[expect(clippy::disallowed_methods, reason = "a test reads and blesses files of the repository")]
fn compare_or_bless(path: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("SFGEN_BLESS").is_some() {
        std::fs::write(path, made).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{} is stale: run the tests with SFGEN_BLESS=1", path.display());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the generator writes to a temporary folder")]
fn the_rpc_stubs_are_those_of_the_proto_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let descriptors = protox::compile([PROTO], [&root]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(folder.path())
        .emit_rerun_if_changed(false)
        .btree_map(".")
        .compile_fds(descriptors)
        .unwrap();
    let made = std::fs::read_to_string(folder.path().join("sfgen.rendezvous.v1.rs")).unwrap();
    compare_or_bless(STUBS, &made);
}
