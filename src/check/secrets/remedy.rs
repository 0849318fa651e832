//! How a secret reaches a program without being written out.

use camino::Utf8Path;

use crate::{check::words::parts, types::SecretName};

use super::{places::Place, spot::Spotted};

/// How known programs take a secret that others give behind a flag; `NAME` stands for that of the secret.
const OF_PROGRAMS: [(&[&str], &str); 5] = [
    (
        &["redis-cli"],
        "leave the flag out, and set `REDISCLI_AUTH` in a file on the machine, which `env-file \"/etc/sfgen/services.env\"` names",
    ),
    (
        &["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin"],
        "leave the flag out, declare `secret \"NAME\" file=\"/etc/sfgen/NAME\"` for a file with the lines `[client]` and `password=...`, and write `--defaults-extra-file={secret.NAME}` as the first argument",
    ),
    (
        &["curl"],
        "leave the flag out, declare `secret \"NAME\" file=\"/etc/sfgen/NAME\"` for a file with the line `machine HOST login USER password ...`, and write `\"--netrc-file\" \"{secret.NAME}\"`",
    ),
    (
        &["sshpass"],
        "declare `secret \"NAME\" file=\"/etc/sfgen/NAME\"`, and write `\"-f\" \"{secret.NAME}\"`",
    ),
    (
        &["redis-server", "valkey-server"],
        "write the line `requirepass ...` into a file on the machine, declare `secret \"NAME\" file=\"/etc/sfgen/NAME\"`, and give the server `\"{secret.NAME}\"` as its first argument, a file of settings",
    ),
];

/// What is to be written in place of a secret, or of the path of one where a program takes the secret itself.
pub(super) fn remedy(spotted: &Spotted, place: &Place) -> String {
    let of_argument = match spotted {
        Spotted::Variable(name) if !place.is_of_job => Some(name),
        _ => None,
    };
    if let Some(variable) = place.variable.as_ref().or(of_argument) {
        return format!(
            "set `{variable}` in a file on the machine, which `env-file \"/etc/sfgen/services.env\"` names"
        );
    }
    let name = secret_name(spotted, place);
    let declare = format!("`secret \"{name}\" file=\"/etc/sfgen/{name}\"`");
    if place.is_of_job {
        return format!(
            "declare {declare} at the parties, and let the script read the file whose path `\"--{name}-file\" \"{{secret.{name}}}\"` gives it"
        );
    }
    if let Some(known) = of_program(spotted, place) {
        return known.replace("NAME", &name.to_string());
    }
    if *spotted == Spotted::Key {
        return format!(
            "put it into a file on the machine, declare {declare}, and give the program the path `{{secret.{name}}}`"
        );
    }
    format!(
        "set a variable that the program reads in a file on the machine, which `env-file \"/etc/sfgen/services.env\"` names; where the program has an option for a file with the secret, declare {declare} and write `{{secret.{name}}}` behind that option"
    )
}

/// How the program takes it, where it is a known one; `requirepass` is a setting of Redis, whatever starts it.
fn of_program(spotted: &Spotted, place: &Place) -> Option<&'static str> {
    let Spotted::Flag(flag) = spotted else { return None };
    let program = place.program.as_deref().and_then(|program| Utf8Path::new(program).file_name());
    let is_setting = parts(flag) == ["requirepass"];
    let program = if is_setting { "redis-server" } else { program? };
    let known = OF_PROGRAMS.iter().find(|(programs, _)| programs.contains(&program));
    // Of the server other flags than that one are not known.
    known.filter(|_| is_setting || !program.ends_with("-server")).map(|(_, text)| *text)
}

/// The secret that the text names already, else one after the flag or variable.
fn secret_name(spotted: &Spotted, place: &Place) -> SecretName {
    let written = place.text.split_once("{secret.").and_then(|(_, rest)| rest.split_once('}'));
    let written = written.and_then(|(name, _)| name.parse().ok());
    let after = || match spotted {
        Spotted::Variable(name) | Spotted::Flag(name) => {
            let parts = parts(name);
            parts.join("-").parse().ok().filter(|_| parts.iter().any(|part| part.len() > 1))
        }
        Spotted::Header | Spotted::Url | Spotted::Key | Spotted::Token => None,
    };
    written.or_else(after).unwrap_or_else(|| "password".parse().expect("a name"))
}

/// What was spotted, for messages.
pub(super) fn named(spotted: &Spotted) -> String {
    match spotted {
        Spotted::Variable(name) => format!("the value of `{name}`"),
        Spotted::Flag(flag) => format!("what stands behind `{flag}`"),
        Spotted::Header => "what stands in a header of HTTP".to_owned(),
        Spotted::Url => "the password in a URL".to_owned(),
        Spotted::Key => "a private key".to_owned(),
        Spotted::Token => "a token".to_owned(),
    }
}
