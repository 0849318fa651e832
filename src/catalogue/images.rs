//! Where well-known images keep their data.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownImage {
    names: Vec<String>,
    volumes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    image: Vec<KnownImage>,
}

static IMAGES: LazyLock<Vec<KnownImage>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../runtimes/images.toml"))
        .expect("the file is part of the source");
    file.image
});

/// The folders for which the image of that repository declares volumes; none where nothing is known of it. The
/// repository is named without registry and tag.
#[must_use]
pub fn declared_volumes(repository: &str) -> &'static [String] {
    let known = IMAGES.iter().find(|image| image.names.iter().any(|name| name == repository));
    known.map_or(&[], |image| &image.volumes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_known_once_and_has_absolute_folders() {
        let names: Vec<_> = IMAGES.iter().flat_map(|image| &image.names).collect();
        for name in &names {
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
            assert!(declared_volumes(name).iter().all(|folder| folder.starts_with('/')), "{name}");
        }
        assert!(declared_volumes("acme/worker").is_empty());
    }
}
