//! Spots passwords, tokens and keys in the texts that programs are given, by the names before them and by their form.

use camino::Utf8Path;

use crate::{check::words::parts, pki::holds_pem_key};

use super::names::{is_path_of_secret, is_secret_name, is_secret_value, may_take_file};

/// Headers of HTTP that say who asks.
const HEADERS: [&[&str]; 5] = [
    &["authorization"],
    &["proxy", "authorization"],
    &["x", "api", "key"],
    &["x", "auth", "token"],
    &["private", "token"],
];
/// What stands before the secret in such a header.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "token"];
/// Settings of Redis that stand before their value without a flag's hyphens.
const DIRECTIVES: [&str; 2] = ["requirepass", "masterauth"];
/// How tokens of public services begin: of GitHub, GitLab, Slack and Hugging Face.
const PREFIXES: [&str; 7] = ["ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "hf_"];
/// Tokens of these services are longer than this, in bytes; words that only begin like one are shorter.
const SHORTEST_TOKEN: usize = 20;

/// A short flag of known programs behind which a secret stands.
struct ShortFlag {
    programs: &'static [&'static str],
    flag: &'static str,
    form: Form,
}

/// How a secret stands behind a short flag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As the next word.
    Next,
    /// In the same word.
    Attached,
    /// As the next word, behind a user's name and a colon.
    AfterUser,
}

const SHORT_FLAGS: [ShortFlag; 6] = [
    ShortFlag {
        programs: &["redis-cli", "redis-benchmark", "valkey-cli"],
        flag: "-a",
        form: Form::Next,
    },
    ShortFlag { programs: &["sshpass"], flag: "-p", form: Form::Next },
    ShortFlag { programs: &["mongo", "mongosh", "mongodump"], flag: "-p", form: Form::Next },
    ShortFlag {
        programs: &["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin"],
        flag: "-p",
        form: Form::Attached,
    },
    ShortFlag { programs: &["sshpass"], flag: "-p", form: Form::Attached },
    ShortFlag { programs: &["curl"], flag: "-u", form: Form::AfterUser },
];

/// What is secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spotted {
    /// The value of a variable.
    Variable(String),
    /// What stands behind a flag or setting.
    Flag(String),
    /// What a header of HTTP holds.
    Header,
    /// The password in a URL.
    Url,
    /// A private key.
    Key,
    /// The token of a public service.
    Token,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given<'a> {
    /// Name of the variable whose value it is.
    pub(super) variable: Option<&'a str>,
    /// The program whose argument it is.
    pub(super) program: Option<&'a str>,
    /// The argument in front of it.
    pub(super) before: Option<&'a str>,
}

/// What is secret in a text, if anything is; placeholders are in it as they are written.
pub(super) fn spot(given: Given<'_>, text: &str) -> Option<Spotted> {
    let pem = || holds_pem_key(text.as_bytes()).then_some(Spotted::Key);
    of_variable(given, text, is_secret_value)
        .or_else(pem)
        .or_else(|| in_words(given, text, is_secret_value))
}

/// What is to be a secret itself in a text, and is the path of a file with it, if anything is.
pub(super) fn spot_path(given: Given<'_>, text: &str) -> Option<Spotted> {
    let spotted = of_variable(given, text, is_path_of_secret)
        .or_else(|| in_words(given, text, is_path_of_secret))?;
    let takes_text = match &spotted {
        Spotted::Variable(name) | Spotted::Flag(name) => !may_take_file(name),
        Spotted::Header | Spotted::Url => true,
        Spotted::Key | Spotted::Token => false,
    };
    takes_text.then_some(spotted)
}

fn of_variable(given: Given<'_>, text: &str, is_value: fn(&str) -> bool) -> Option<Spotted> {
    let name = given.variable.filter(|name| is_secret_name(name) && is_value(text))?;
    Some(Spotted::Variable(name.to_owned()))
}

fn in_words(given: Given<'_>, text: &str, is_value: fn(&str) -> bool) -> Option<Spotted> {
    if has_header(text, is_value) {
        return Some(Spotted::Header);
    }
    // A text with blanks may be a command of a shell, whose first word is a program.
    let mut program = given.program;
    let mut before = given.before;
    for word in text.split_whitespace().map(|word| word.trim_matches(['\'', '"', ';'])) {
        if let Some(spotted) = spot_word(program, before, word, is_value) {
            return Some(spotted);
        }
        let name = Utf8Path::new(word).file_name().unwrap_or_default();
        let is_program = |flag: &ShortFlag| flag.programs.contains(&name);
        if SHORT_FLAGS.iter().any(is_program) {
            program = Some(word);
        }
        before = Some(word);
    }
    None
}

fn spot_word(
    program: Option<&str>,
    before: Option<&str>,
    word: &str,
    is_value: fn(&str) -> bool,
) -> Option<Spotted> {
    if let Some((name, value)) = word.split_once('=')
        && is_secret_name(name)
        && is_value(value)
    {
        let is_flag = name.starts_with('-');
        let name = name.to_owned();
        return Some(if is_flag { Spotted::Flag(name) } else { Spotted::Variable(name) });
    }
    let is_setting = |before: &&str| {
        let is_flag = before.starts_with('-') && !before.contains('=');
        (is_flag && is_secret_name(before)) || DIRECTIVES.contains(before)
    };
    if let Some(before) = before.filter(is_setting)
        && !word.starts_with('-')
        && is_value(word)
    {
        return Some(Spotted::Flag(before.to_owned()));
    }
    if let Some(flag) = short_flag(program, before, word, is_value) {
        return Some(Spotted::Flag(flag.to_owned()));
    }
    if has_password(word, is_value) {
        return Some(Spotted::Url);
    }
    let is_token = word.len() > SHORTEST_TOKEN
        && PREFIXES.iter().any(|prefix| word.starts_with(prefix))
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let is_web_token = word.len() > SHORTEST_TOKEN
        && word.starts_with("eyJ")
        && word.split('.').count() == 3
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    (is_token || is_web_token).then_some(Spotted::Token)
}

fn short_flag(
    program: Option<&str>,
    before: Option<&str>,
    word: &str,
    is_value: fn(&str) -> bool,
) -> Option<&'static str> {
    let program = Utf8Path::new(program?).file_name()?;
    let of_program = SHORT_FLAGS.iter().filter(|flag| flag.programs.contains(&program));
    let mut matching = of_program.filter(|short| match short.form {
        Form::Next => before == Some(short.flag) && is_value(word),
        Form::AfterUser => {
            let password = word.split_once(':').map(|(_, password)| password);
            before == Some(short.flag) && password.is_some_and(is_value)
        }
        Form::Attached => word.strip_prefix(short.flag).is_some_and(is_value),
    });
    matching.next().map(|short| short.flag)
}

/// Whether a word is a URL with a password, before its host or among its parameters.
fn has_password(word: &str, is_value: fn(&str) -> bool) -> bool {
    let Some((_, rest)) = word.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
    let mut parameters = rest.split(['?', '&', ';']).skip(1);
    password.is_some_and(is_value)
        || parameters.any(|parameter| {
            let pair = parameter.split_once('=');
            pair.is_some_and(|(name, value)| is_secret_name(name) && is_value(value))
        })
}

/// Whether a text holds a header that says who asks, with its value: `Authorization: Bearer ...`.
fn has_header(text: &str, is_value: fn(&str) -> bool) -> bool {
    text.match_indices(':').any(|(at, _)| {
        let name = text[..at].rsplit([' ', '=', '\'', '"']).next().unwrap_or_default();
        let mut words = text[at + 1..].split_whitespace().peekable();
        let is_scheme = |word: &&str| SCHEMES.contains(&word.to_ascii_lowercase().as_str());
        words.next_if(is_scheme);
        let name = parts(name);
        HEADERS.iter().any(|header| name.iter().eq(header.iter()))
            && words.next().is_some_and(is_value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> Option<Spotted> {
        spot(Given { variable: Some(name), ..Given::default() }, value)
    }

    fn argument(program: &str, before: Option<&str>, text: &str) -> Option<Spotted> {
        spot(Given { program: Some(program), before, ..Given::default() }, text)
    }

    #[test]
    fn variables_with_secrets_are_known_by_the_end_of_their_name() {
        for name in [
            "REDIS_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "DB_PASS",
            "MYSQL_PWD",
            "HF_TOKEN",
            "SECRET_KEY",
            "JWT_SECRET",
            "OPENAI_API_KEY",
            "dbPassword",
            "PGPASSWORD",
            "REDISCLI_AUTH",
            "SSH_KEY",
            "AUTHORIZATION",
        ] {
            assert_eq!(variable(name, "hunter2"), Some(Spotted::Variable(name.into())), "{name}");
        }
        for (name, value) in [
            ("REDIS_PASSWORD_FILE", "hunter2"),
            ("PWD", "work"),
            ("MAX_TOKEN", "4096"),
            ("TOKENIZERS_PARALLELISM", "x"),
            ("BYPASS", "x"),
            ("KEY", "id_card"),
            ("ALLOW_EMPTY_PASSWORD", "yes"),
            ("SSH_KEY", "id_ed25519"),
            ("SSH_KEY", "~/.ssh/deploy"),
            ("SSH_KEY", "keys/deploy.pem"),
            ("AUTH", "ldap"),
            ("REDIS_PASSWORD", ""),
            ("REDIS_PASSWORD", "{secret.redis}"),
            ("REDIS_PASSWORD", "$REDIS"),
            ("REDIS_PASSWORD", "/run/secrets/redis"),
            ("REDIS_PASSWORD", "********"),
        ] {
            assert_eq!(variable(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn flags_with_secrets_are_known_by_their_name_or_by_their_program() {
        let flag = |flag: &str| Some(Spotted::Flag(flag.to_owned()));
        assert_eq!(argument("redis-server", Some("--requirepass"), "hush"), flag("--requirepass"));
        assert_eq!(argument("app", None, "--db-password=hush"), flag("--db-password"));
        assert_eq!(argument("celery", None, "--basic_auth=u:hush"), flag("--basic_auth"));
        assert_eq!(argument("redis-cli", Some("-a"), "hush"), flag("-a"));
        assert_eq!(argument("/usr/bin/redis-cli", Some("-a"), "hush"), flag("-a"));
        assert_eq!(argument("mysql", None, "-phush"), flag("-p"));
        assert_eq!(argument("curl", Some("-u"), "me:hush"), flag("-u"));
        assert_eq!(argument("sh", Some("-c"), "exec redis-cli -p 1 -a hush ping"), flag("-a"));
        let in_shell = "redis-server --requirepass 'hush' --port 1";
        assert_eq!(argument("sh", Some("-c"), in_shell), flag("--requirepass"));
        let assigned = argument("env", None, "DB_PASSWORD=hush");
        assert_eq!(assigned, Some(Spotted::Variable("DB_PASSWORD".into())));
        for (program, before, text) in [
            ("ls", Some("-a"), "folder"),
            ("celery", Some("-a"), "app"),
            ("mysql", None, "-p"),
            ("curl", Some("-u"), "me"),
            ("app", Some("--password-file"), "hush"),
            ("app", Some("--no-password"), "--port"),
            ("app", Some("--key"), "id_card"),
            ("app", Some("--password"), "{secret.db}"),
            ("sh", Some("-c"), "redis-server --requirepass \"$(cat /run/secrets/redis)\""),
        ] {
            assert_eq!(argument(program, before, text), None, "{program} {before:?} {text}");
        }
    }

    #[test]
    fn headers_that_say_who_asks_are_known_wherever_they_stand() {
        for text in [
            "Authorization: Bearer eyJhbGciOi",
            "--header=Authorization: Basic dTpw",
            "curl -H 'X-Api-Key: 0a1b2c' http://a/b",
            "PRIVATE-TOKEN:0a1b2c",
        ] {
            assert_eq!(argument("app", None, text), Some(Spotted::Header), "{text}");
            assert_eq!(variable("HDR", text), Some(Spotted::Header), "{text}");
        }
        for text in [
            "Authorization: Bearer",
            "Authorization: Bearer $TOKEN",
            "Authorization: Bearer {secret.api}",
            "Accept: text/html",
            "Authorization",
        ] {
            assert_eq!(variable("HDR", text), None, "{text}");
        }
    }

    #[test]
    fn the_path_of_a_secret_is_spotted_where_the_secret_itself_is_taken() {
        let path = |program: &str, before: Option<&str>, text: &str| {
            spot_path(Given { program: Some(program), before, variable: None }, text)
        };
        let flag = |flag: &str| Some(Spotted::Flag(flag.to_owned()));
        let redis = "{secret.redis}";
        assert_eq!(path("redis-server", Some("--requirepass"), redis), flag("--requirepass"));
        assert_eq!(path("redis-cli", Some("-a"), redis), flag("-a"));
        assert_eq!(path("mysql", None, "-p{secret.redis}"), flag("-p"));
        assert_eq!(path("curl", Some("-u"), "me:{secret.redis}"), flag("-u"));
        assert_eq!(path("app", None, "--api-key={secret.redis}"), flag("--api-key"));
        assert_eq!(path("app", None, "redis://:{secret.redis}@h:1"), Some(Spotted::Url));
        assert_eq!(
            path("app", Some("-H"), "Authorization: Bearer {secret.a}"),
            Some(Spotted::Header)
        );
        let variable =
            |name: &str| spot_path(Given { variable: Some(name), ..Given::default() }, redis);
        for name in ["PGPASSWORD", "DB_PASSWORD", "REDISCLI_AUTH", "HF_TOKEN"] {
            assert_eq!(variable(name), Some(Spotted::Variable(name.into())));
        }
        for name in
            ["DB_PASSWORD_FILE", "SSH_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "JWT_SECRET", "CONF"]
        {
            assert_eq!(variable(name), None, "{name}");
        }
        for (program, before, text) in [
            ("redis-server", None, redis),
            ("app", Some("--password-file"), redis),
            ("app", Some("--private-key"), redis),
            ("sh", Some("-c"), "redis-server --requirepass \"$(cat {secret.redis})\""),
            ("sh", Some("-c"), "redis-cli -a $(cat {secret.redis}) ping"),
        ] {
            assert_eq!(path(program, before, text), None, "{program} {before:?} {text}");
        }
    }

    #[test]
    fn secrets_are_spotted_by_their_form() {
        let url = |text| argument("app", None, text);
        for text in [
            "redis://:hush@10.0.0.5:6379/0",
            "db+postgresql://u:hush@db/name",
            "--broker=amqp://u:hush@mq//",
            "jdbc:mysql://db/x?user=u&password=hush",
        ] {
            assert_eq!(url(text), Some(Spotted::Url), "{text}");
        }
        for text in
            ["redis://10.0.0.5/0", "postgresql://user@db/x", "http://a/b:c@d", "redis://:$PW@x"]
        {
            assert_eq!(url(text), None, "{text}");
        }
        let header = ["-----BEGIN EC", "PRIVATE KEY-----"].join(" ");
        assert_eq!(url(&header), Some(Spotted::Key));
        let token = format!("ghp_{}", "a1".repeat(18));
        assert_eq!(url(&token), Some(Spotted::Token));
        assert_eq!(url("hf_hub"), None);
    }
}
