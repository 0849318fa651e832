#![doc = include_str!("key_size.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0408");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("key_size.md"), key_size);

/// The shortest key whose security rests on factoring that NIST SP 800-131A still accepts, in bits.
const SOUND: u32 = 2048;
/// A length near those that were factored in public: RSA-829 was, in 2020.
const BREAKABLE: u32 = 1024;

fn key_size(context: Context<'_>, findings: &mut Findings) {
    for heu in context.topology.heus.values() {
        let size = &heu.key_size;
        let (finding, label) = if size.value < BREAKABLE {
            let message = format!("a key of {} bits can be broken", size.value);
            (Finding::error(CODE, message), "far too short")
        } else if !size.value.is_multiple_of(8) {
            let message = format!("a key cannot have {} bits", size.value);
            (Finding::error(CODE, message), "not a multiple of 8")
        } else if size.value < SOUND {
            let message = format!("a key of {} bits is shorter than {SOUND}", size.value);
            (Finding::warning(CODE, message), "short")
        } else {
            continue;
        };
        let finding = finding
            .label(size.span, label)
            .help(format!("drop `key-size`, which makes it {SOUND}, or write a longer one"))
            .fixes(context.write_number(format!("write `key-size={SOUND}`"), size, &SOUND));
        findings.push(finding);
    }
}
