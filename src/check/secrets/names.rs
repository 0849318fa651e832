//! What is called like a secret, and what may be one.

use camino::Utf8Path;

use crate::check::words::parts;

/// Names, or ends of names, of what is secret.
const SECRET: [&[&str]; 27] = [
    &["password"],
    &["passwd"],
    &["passphrase"],
    &["pass"],
    &["pwd"],
    &["secret"],
    &["token"],
    &["apikey"],
    &["requirepass"],
    &["masterauth"],
    &["credentials"],
    &["api", "key"],
    &["access", "key"],
    &["secret", "key"],
    &["private", "key"],
    &["encryption", "key"],
    &["signing", "key"],
    &["account", "key"],
    &["auth", "key"],
    &["basic", "auth"],
    &["http", "auth"],
    &["user", "pass"],
    &["authorization"],
    &["redis", "auth"],
    &["rediscli", "auth"],
    &["valkeycli", "auth"],
    &["ssh", "key"],
];
/// Ends of words that are secret as the last word of a name, as in `PGPASSWORD`.
const SECRET_ENDS: [&str; 2] = ["password", "passwd"];
/// Those of the names whose programs may well want the path of a file.
const OF_FILES: [&str; 3] = ["credentials", "key", "secret"];
/// Those with `key` that are no file.
const KEYS_OF_TEXT: [&str; 2] = ["api", "access"];
/// Names that end like one of those and mean something else: the working folder, and numbers and marks of language
/// models.
const NOT_SECRET: [&str; 10] =
    ["old", "pwd", "max", "min", "num", "eos", "bos", "pad", "unk", "mask"];
/// Values that switch something, or say that there is none.
const SWITCHES: [&str; 12] =
    ["true", "false", "yes", "no", "on", "off", "none", "null", "0", "1", "disabled", "enabled"];

/// Whether a variable, flag or parameter is called like a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let parts = parts(name);
    let ends = |end: &&[&str]| {
        parts.len() >= end.len() && parts[parts.len() - end.len()..].iter().eq(end.iter())
    };
    let is_other = parts.first().is_some_and(|first| NOT_SECRET.contains(&first.as_str()));
    let ends_in_one_word =
        parts.last().is_some_and(|last| SECRET_ENDS.iter().any(|end| last.ends_with(end)));
    !is_other && (ends_in_one_word || SECRET.iter().any(ends))
}

/// Whether what is called so may want the path of a file as well as the secret itself.
pub(super) fn may_take_file(name: &str) -> bool {
    let parts = parts(name);
    let [.., before, last] = parts.as_slice() else {
        return parts.last().is_some_and(|last| OF_FILES.contains(&last.as_str()));
    };
    OF_FILES.contains(&last.as_str()) && !(last == "key" && KEYS_OF_TEXT.contains(&before.as_str()))
}

/// Whether a value is, or holds, the path at which a program finds a secret.
pub(super) fn is_path_of_secret(value: &str) -> bool {
    let value = value.trim_matches(['\'', '"', ' ']);
    !value.starts_with(['$', '`']) && value.contains("{secret.")
}

/// Whether a value may be the secret itself, and not the path of a file, a reference, or a switch.
pub(super) fn is_secret_value(value: &str) -> bool {
    let value = value.trim_matches(['\'', '"', ' ']);
    let is_reference = value.starts_with(['$', '`']) || value.contains("{secret.");
    let is_absolute = value.starts_with('/') && Utf8Path::new(value).components().count() > 2;
    let is_path = is_absolute || value.starts_with("~/") || is_name_of_key(value);
    let is_masked = value.bytes().all(|byte| b"*.x-".contains(&byte));
    let is_switch = SWITCHES.contains(&value.to_ascii_lowercase().as_str());
    !(value.is_empty() || is_reference || is_path || is_masked || is_switch)
}

/// Whether a value is the name of a file with a key, as `ssh-keygen` and OpenSSL name them.
fn is_name_of_key(value: &str) -> bool {
    let names = ["id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"];
    names.contains(&value) || [".key", ".pem", ".pub"].iter().any(|end| value.ends_with(end))
}
