#![no_main]

use sfgen_fuzz::{targets, within_a_second};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| within_a_second(targets::kdl, bytes));
