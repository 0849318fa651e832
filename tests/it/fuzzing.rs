//! What fuzzing has found stays found: the corpus of `fuzz/` is replayed. `docs/fuzzing.md` says how to add to it.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use nix::time::{ClockId, clock_gettime};
use sfgen::syntax::language;

use crate::generated::compare_or_bless;

#[path = "../../fuzz/src/targets.rs"]
mod targets;

/// Processor time for one input, unoptimised and compiled several times.
const BUSY: Duration = Duration::from_secs(5);

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 50, "the corpus of `{name}` has only {} files", files.len());
    for path in files {
        let busy = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
        let (bytes, before) = (fs::read(&path).unwrap(), busy());
        target(&bytes);
        let took = busy().saturating_sub(before);
        assert!(took < BUSY, "{took:?}: {}", path.display());
    }
}

#[test]
fn kdl_of_the_corpus_breaks_nothing() {
    replay("kdl", targets::kdl);
}

#[test]
fn toml_of_the_corpus_breaks_nothing() {
    replay("toml", targets::toml);
}

#[test]
fn locks_of_the_corpus_break_nothing() {
    replay("lock", targets::lock);
}

#[test]
fn the_dictionary_holds_every_word_of_the_language() {
    let nodes = language::nodes();
    let mut words: Vec<&str> = nodes.iter().flat_map(|rule| rule.keys()).collect();
    words.extend(nodes.iter().map(|rule| rule.name));
    words.extend([
        "secretflow",
        "embedded",
        "1.13.0b0",
        "10.0.0.1",
        "SEMI2K",
        "FM128",
        "ray.workers",
        "control",
        "[ports]",
        "version = 1",
        "#true",
        "/-",
        "/*",
        "*/",
        "#\\\"",
        "\\\"\\\"\\\"",
        "\\xef\\xbb\\xbf",
    ]);
    words.sort_unstable();
    words.dedup();
    let mut text =
        "# Words for libFuzzer; written by `SFGEN_BLESS=1 cargo test --test it fuzzing`.\n"
            .to_owned();
    for word in words {
        writeln!(text, "\"{word}\"").unwrap();
    }
    compare_or_bless("fuzz/words.dict", &text);
}
