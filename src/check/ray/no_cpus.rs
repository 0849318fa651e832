#![doc = include_str!("no_cpus.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0303");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("no_cpus.md"), no_cpus);

fn no_cpus(context: Context<'_>, findings: &mut Findings) {
    if !context.has_ray() {
        return;
    }
    for (_, host) in context.topology.hosts().filter(|(_, host)| host.ray.cpus.value == 0) {
        let message =
            format!("Ray on `{}` has no CPU, so every task waits for ever", host.name.value);
        let finding = Finding::error(CODE, message)
            .label(host.ray.cpus.span, "nothing to hand out")
            .help("write `cpus=1` or more; it is what Ray hands out, not what the machine has")
            .fixes(context.write_number("write `cpus=1`", &host.ray.cpus, &1));
        findings.push(finding);
    }
}
