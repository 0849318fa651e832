#![doc = include_str!("dangerous_module.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::AllowDeserialize,
};

const CODE: Code = Code("SF0535");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("dangerous_module.md"), dangerous_module);

/// Modules that reach the system, the interpreter or another unpickler; what lies inside them counts as well.
const DANGEROUS: [&str; 18] = [
    "_pickle",
    "builtins",
    "cloudpickle",
    "code",
    "ctypes",
    "importlib",
    "multiprocessing",
    "nt",
    "os",
    "pickle",
    "posix",
    "pty",
    "runpy",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "webbrowser",
];

/// Names of `builtins` that only hold data.
const DATA: [&str; 15] = [
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "range",
    "set",
    "slice",
    "str",
    "tuple",
];

fn dangerous_module(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow().filter(|_| context.is_production()) else { return };
    for allowed in settings.allow.iter().filter(|allowed| is_dangerous(allowed)) {
        let message = format!(
            "names of `{}` let a peer run any code on the others' machines",
            allowed.module.value
        );
        let finding = Finding::error(CODE, message)
            .label(allowed.module.span, "reaches the system or the interpreter")
            .help("drop it, and name the types of the data that the job sends");
        findings.push(finding);
    }
}

fn is_dangerous(allowed: &AllowDeserialize) -> bool {
    let module = allowed.module.value.as_str();
    let top = module.split('.').next().unwrap_or(module);
    let data =
        top == "builtins" && allowed.names.iter().all(|name| DATA.contains(&name.value.as_str()));
    DANGEROUS.contains(&top) && !data
}
