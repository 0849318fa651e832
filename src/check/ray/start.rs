//! Services that start a Ray of their own.

use crate::{check::services::texts::written, model::Service};

/// Whether a service runs `ray start`, itself or through a shell or Python.
pub(super) fn starts_ray(service: &Service) -> bool {
    let words = words(service);
    words.windows(2).any(|pair| is_ray(&pair[0]) && pair[1] == "start")
}

fn is_ray(word: &str) -> bool {
    word.rsplit('/').next() == Some("ray") || word == "ray.scripts.scripts"
}

/// The words of a command as a shell divides them, as far as it matters here.
pub(super) fn words(service: &Service) -> Vec<String> {
    let texts = service.command.iter().map(|text| written(&text.value));
    let split = |text: String| {
        let words = text.split(|c: char| c.is_whitespace() || "'\";&|()".contains(c));
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    texts.flat_map(split).collect()
}
