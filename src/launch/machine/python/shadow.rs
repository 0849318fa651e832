//! Files whose names hide modules of the runtime.

use camino::Utf8Path;

use crate::{
    diag::{Code, Finding},
    fs,
};

/// A file beside a job script has the name of a module that the runtime imports.
const SHADOWED: Code = Code("SF0877");

/// What `import secretflow` imports by these names. A script's folder comes first where Python looks for modules.
const MODULES: [&str; 15] = [
    "duckdb",
    "fed",
    "google",
    "grpc",
    "heu",
    "jax",
    "jaxlib",
    "numpy",
    "pandas",
    "pyarrow",
    "ray",
    "scipy",
    "secretflow",
    "sklearn",
    "spu",
];

/// The finding for the files in a job script's folder that Python would import instead of the runtime's modules;
/// `None` where there are none, or where the folder cannot be listed.
#[must_use]
pub fn shadowed_modules(folder: &Utf8Path) -> Option<Finding> {
    let names = fs::list(folder).ok()?;
    let names: Vec<String> =
        names.iter().filter(|name| hides_module(name)).map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return None;
    }
    let (verb, modules) =
        if names.len() == 1 { ("hides", "a module") } else { ("hide", "modules") };
    let message =
        format!("{} in `{folder}` {verb} {modules} that SecretFlow imports", names.join(" and "));
    Some(
        Finding::error(SHADOWED, message).help(
            "Python looks for modules beside the job script first: give the file another name",
        ),
    )
}

/// Plain folders do not count: without an `__init__.py` they give way to an installed package.
fn hides_module(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|module| MODULES.contains(&module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_with_a_modules_exact_name_hides_it() {
        let names = ["heu.py", "heu_sum.py", "job.py", "spu.py", "spu", "numpy.txt", "Ray.py"];
        let hidden: Vec<_> = names.into_iter().filter(|name| hides_module(name)).collect();
        assert_eq!(hidden, ["heu.py", "spu.py"]);
    }
}
