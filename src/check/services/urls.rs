//! Variables that programs read as a URL, by their names.

/// How the names of variables end that programs read as a URL.
const URLS: [&str; 8] = [
    "BROKER_URL",
    "BROKER_READ_URL",
    "BROKER_WRITE_URL",
    "RESULT_BACKEND",
    "REDIS_URL",
    "AMQP_URL",
    "DATABASE_URL",
    "MONGODB_URI",
];

/// What Celery takes as a result back end without an address: answers over the broker, none at all, Django's own.
const WORDS: [&str; 4] = ["rpc", "disabled", "django-db", "django-cache"];

/// Whether a variable should be a URL and is none.
pub(super) fn is_no_url(variable: Option<&str>, value: &str) -> bool {
    let Some(name) = variable.map(str::to_ascii_uppercase) else { return false };
    let is_word = name.ends_with("RESULT_BACKEND") && (WORDS.contains(&value) || is_class(value));
    URLS.iter().any(|end| name.ends_with(end))
        && !value.is_empty()
        && !value.contains("://")
        && !is_word
}

/// Whether this names a class of a Python module, as `myapp.backends:Backend`.
fn is_class(value: &str) -> bool {
    let class = value.rsplit([':', '.']).next().unwrap_or_default();
    class.len() < value.len() && class.starts_with(|c: char| c.is_ascii_uppercase())
}
