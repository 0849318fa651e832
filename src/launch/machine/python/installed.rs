//! What is installed in an environment that another account keeps, read as data.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::PythonError;
use crate::fs;

/// Files of environments with settings have some hundred bytes.
const LARGEST: usize = 1 << 16;
/// The packages whose releases the parties compare.
const PACKAGES: [&str; 6] =
    ["ray", "secretflow", "secretflow-lite", "secretflow-rayfed", "sf-heu", "spu"];

/// The same as [`versions()`](super::versions()) tells, from the names of the environment's files. Its Python is not started: whoever
/// keeps the environment could have put another program there, which would run as this account.
pub fn installed_versions(folder: &Utf8Path) -> Result<BTreeMap<String, String>, PythonError> {
    let fail = |answer: String| PythonError::NoVersions { folder: folder.to_owned(), answer };
    let file = folder.join("pyvenv.cfg");
    let settings = fs::read_regular(&file, LARGEST).map_err(|why| fail(why.to_string()))?;
    let settings = String::from_utf8(settings.unwrap_or_default()).unwrap_or_default();
    let python =
        version_of(&settings).ok_or_else(|| fail(format!("has no version in `{file}`")))?;
    let minor = python.split('.').take(2).collect::<Vec<_>>().join(".");
    let packages = folder.join(format!("lib/python{minor}/site-packages"));
    let names = fs::list(&packages).map_err(|why| fail(why.to_string()))?;
    let mut found = BTreeMap::from([("python".to_owned(), python.to_owned())]);
    found.extend(names.iter().filter_map(|name| package(name)));
    Ok(found)
}

/// The version of Python that the settings of an environment name: `version = 3.10.13`.
fn version_of(settings: &str) -> Option<&str> {
    let pairs = settings.lines().filter_map(|line| line.split_once('='));
    let mut versions = pairs.filter(|(key, _)| ["version", "version_info"].contains(&key.trim()));
    versions.next().map(|(_, version)| version.trim())
}

/// A package that counts, by the folder of its metadata: `secretflow_rayfed-0.2.1a2.dist-info`. `secretflow-lite` is the
/// same code as `secretflow`, so it goes by the same name.
fn package(folder: &str) -> Option<(String, String)> {
    let (name, version) = folder.strip_suffix(".dist-info")?.rsplit_once('-')?;
    let name = name.to_lowercase().replace('_', "-");
    let is_compared = PACKAGES.contains(&name.as_str());
    is_compared.then(|| (name.replace("-lite", ""), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_names_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        assert!(installed_versions(folder).is_err());
        let packages = folder.join("lib/python3.10/site-packages");
        for name in
            ["ray-2.42.0", "secretflow_rayfed-0.2.1a2", "numpy-1.26.4", "secretflow-1.13.0b0"]
        {
            fs::create_folder(&packages.join(format!("{name}.dist-info")), 0o755).unwrap();
        }
        let settings = b"home = /usr/bin\nversion = 3.10.13\n";
        fs::write_new(&folder.join("pyvenv.cfg"), settings, 0o644).unwrap();
        let found = installed_versions(folder).unwrap();
        let found: Vec<_> =
            found.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let expected =
            ["python 3.10.13", "ray 2.42.0", "secretflow 1.13.0b0", "secretflow-rayfed 0.2.1a2"];
        assert_eq!(found, expected);
    }
}
