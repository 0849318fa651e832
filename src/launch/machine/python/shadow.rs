//! Files whose names hide modules of the runtime.

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

/// Those `names` from a job script's folder that Python would import instead of the runtime's modules.
///
/// Plain folders are left out: without an `__init__.py` they give way to an installed package.
#[must_use]
pub fn shadowing<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let hides =
        |name: &&str| name.strip_suffix(".py").is_some_and(|module| MODULES.contains(&module));
    names.into_iter().filter(hides).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_with_a_modules_exact_name_hides_it() {
        let names = ["heu.py", "heu_sum.py", "job.py", "spu.py", "spu", "numpy.txt", "Ray.py"];
        assert_eq!(shadowing(names), ["heu.py", "spu.py"]);
    }
}
