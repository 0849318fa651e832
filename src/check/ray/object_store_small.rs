#![doc = include_str!("object_store_small.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Size,
};

const CODE: Code = Code("SF0304");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("object_store_small.md"), object_store_small);

/// Ray's own lower limit (`docs/runtime.md`, Processes of Ray).
const LEAST: Size = Size::mib(75);

fn object_store_small(context: Context<'_>, findings: &mut Findings) {
    if !context.has_ray() {
        return;
    }
    for (_, host) in context.topology.hosts() {
        let store = &host.ray.object_store;
        if store.value >= LEAST {
            continue;
        }
        let message = format!(
            "the object store of Ray on `{}` is {}, below Ray's minimum",
            host.name.value, store.value
        );
        let finding = Finding::error(CODE, message)
            .label(store.span, "`ray start` refuses this")
            .help(format!("write `object-store=\"{LEAST}\"` or more; it must fit into /dev/shm"))
            .fixes(context.write(format!("write `object-store=\"{LEAST}\"`"), store, &LEAST));
        findings.push(finding);
    }
}
