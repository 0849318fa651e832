#![doc = include_str!("variable_is_no_url.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::Service,
};

use super::{
    texts::{KINDS, Kind, ServiceText, service_texts},
    urls::is_no_url,
};

const CODE: Code = Code("SF0113");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("variable_is_no_url.md"), variable_is_no_url);

fn variable_is_no_url(context: Context<'_>, findings: &mut Findings) {
    let is_wrong = |text: &&ServiceText<'_>| is_no_url(text.variable, &text.text);
    for text in service_texts(context.topology).iter().filter(is_wrong) {
        let name = text.variable.unwrap_or_default();
        let kind = kind(name, &text.text);
        let names = kind.names;
        let meant = text
            .party
            .services_on(&text.host.name.value)
            .find(|service| names.contains(&service.name.value.as_str()));
        let message = format!("variable `{name}` is read as a URL, and `{}` is none", text.text);
        let finding = Finding::error(CODE, message)
            .label(text.span, "the machine is guessed from this, or the start refused");
        let finding = match meant {
            Some(service) => finding.label(service.name.span, "this service is meant"),
            None => finding.label(text.service.name.span, "read by this service"),
        };
        let (help, url) = remedy(name, kind, meant);
        let value = Spanned::new(&text.text, text.span);
        let fix = url.and_then(|url| context.write(format!("write `{url}`"), &value, &url));
        findings.push(finding.help(help).fixes(fix));
    }
}

/// What to do, and the URL where nothing else must be written.
fn remedy(name: &str, kind: &Kind, meant: Option<&Service>) -> (String, Option<String>) {
    let is_result = name.to_ascii_uppercase().ends_with("RESULT_BACKEND");
    let prefix = match kind.schemes[0] {
        "amqp" if is_result => {
            let help = "write `rpc://`, which answers over the broker";
            return (help.to_owned(), Some("rpc://".to_owned()));
        }
        "postgresql" | "mysql" if is_result => "db+",
        "memcached" if is_result => "cache+",
        _ => "",
    };
    let url = |address: &str| format!("{prefix}{}://{address}{}", kind.schemes[0], kind.path);
    let Some(service) = meant else {
        let url = url(&format!("10.0.0.5:{}", kind.port));
        let help = format!("write the whole URL, with the machine on which it runs: `{url}`");
        return (help, None);
    };
    let name = &service.name.value;
    if let Some(port) = service.ports.first() {
        let url = url(&format!("127.0.0.1:{{port.{}}}", port.name.value));
        return (format!("write `{url}`"), Some(url));
    }
    let url = url(&format!("127.0.0.1:{{port.{name}}}"));
    (format!("declare `port \"{name}\"` in it and write `{url}`"), None)
}

/// The kind of program that a variable means: by its value, else by its name, else Redis, which Celery's users have.
fn kind(name: &str, value: &str) -> &'static Kind {
    let value = value.to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    let in_text = |text: &str, kind: &Kind| kind.names.iter().any(|word| text.contains(word));
    KINDS
        .iter()
        .find(|kind| in_text(&value, kind))
        .or_else(|| KINDS.iter().find(|kind| in_text(&name, kind)))
        .or_else(|| KINDS.iter().find(|kind| name.contains("database") && kind.port == 5432))
        .unwrap_or(&KINDS[0])
}
