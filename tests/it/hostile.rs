//! Files that are broken, or made to break the reader: each yields findings, at once.

use std::time::Duration;

use camino::Utf8Path;
use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;
use sfgen::{
    compile::{Compilation, Input, compile},
    diag::{Severity, render_text},
    syntax::{self, MemoryWorkspace},
    types::is_display_control,
};

use crate::{federation::NOW, support::workspace::Workspace};

const GOOD: &str = "topology \"t\" mode=\"simulation\"\nruntime \"embedded\"\n\
    party \"alice\" { host \"a\" address=\"127.0.0.1\"; }\n";

/// How long a compilation may keep the processor busy, so that other tests beside it do not count. Tests are not
/// optimised; the program is done in a fifth of that.
const BUSY: Duration = Duration::from_secs(2);

fn busy() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

fn compiled(files: &MemoryWorkspace, root: &str) -> Compilation {
    let started = busy();
    let done = compile(&Input {
        workspace: files,
        root: Utf8Path::new(root),
        lock: Utf8Path::new("sfgen.lock"),
        mode: None,
        now: NOW,
    });
    let text = render_text(&done.findings, &done.sources, 80, false);
    let took = busy().saturating_sub(started);
    assert!(took < BUSY, "{took:?}: {}", text.chars().take(300).collect::<String>());
    done
}

/// The codes of what is found in a file of that name, each once.
fn codes(name: &str, bytes: &[u8]) -> Vec<&'static str> {
    let files = if name == "sfgen.lock" {
        MemoryWorkspace::default().with("topology.kdl", GOOD)
    } else {
        MemoryWorkspace::default()
    };
    let root = if name.ends_with("toml") { "topology.toml" } else { "topology.kdl" };
    let done = compiled(&files.with(name, bytes), root);
    let mut codes: Vec<_> = done.findings.iter().map(|finding| finding.code.0).collect();
    codes.dedup();
    assert_eq!(done.output.is_none(), done.findings.iter().any(|f| f.severity == Severity::Error));
    codes
}

#[test]
fn kdl_that_is_deep_endless_or_no_text_is_a_finding() {
    for (what, text, wanted) in [
        ("braces", "a {".repeat(5_000), "SF0002"),
        ("closed braces", "a {".repeat(5_000) + &"}".repeat(5_000), "SF0002"),
        ("comments", "/*".repeat(20_000), "SF0001"),
        ("slashdashes", "/-".repeat(20_000), "SF0001"),
        ("annotations", "(a".repeat(20_000), "SF0001"),
        ("a string", "a \"b\nc".to_owned(), "SF0001"),
        ("a multi-line string", "a \"\"\"\nb\n".to_owned(), "SF0001"),
        ("a raw string", "a #\"b\nc\"".to_owned(), "SF0001"),
        ("hashes", "#".repeat(20_000), "SF0001"),
        ("closing braces", "}\n".repeat(500_000), "SF0001"),
        ("lonely signs", "a =\n".repeat(500_000), "SF0001"),
        ("quotes", "\"".repeat(20_000), "SF0001"),
        ("open raw strings", "a #\"\n".repeat(200_000), "SF0001"),
        ("open strings of lines", "a \"\"\"\n".repeat(200_000), "SF0001"),
        ("mistakes in a line", "a ]; ".repeat(50_000), "SF0001"),
        ("left out blocks", "a /-{".repeat(64), "SF0001"),
        ("strange nodes", "a\n".repeat(20_000), "SF0020"),
        (
            "strange children",
            format!("{GOOD}links \"direct\" {{ {} }}", "a;".repeat(20_000)),
            "SF0020",
        ),
        ("parties", "party \"a\"\n".repeat(20_000), "SF0020"),
        ("a comment", "a /* b".to_owned(), "SF0001"),
        ("NUL", "a \"\0\"\0".to_owned(), "SF0001"),
    ] {
        assert_eq!(codes("topology.kdl", text.as_bytes()), [wanted], "{what}");
    }
    let left_out = format!("{GOOD}/-{}{}", "a /-{".repeat(64), "}".repeat(64));
    assert_eq!(codes("topology.kdl", left_out.as_bytes()), [""; 0]);
    assert_eq!(codes("topology.kdl", b"a \"\xff\xfe\"\n"), ["SF0008"]);
    assert_eq!(codes("topology.kdl", &vec![b' '; 9 << 20]), ["SF0008"]);
    assert_eq!(codes("topology.kdl", b""), ["SF0010"]);
}

#[test]
fn toml_that_is_deep_endless_or_no_text_is_a_finding() {
    for (what, text, wanted) in [
        ("arrays", format!("a = {}", "[".repeat(20_000)), "SF0002"),
        ("tables", format!("a = {}", "{a=".repeat(20_000)), "SF0002"),
        ("keys", format!("{}a = 1", "a.".repeat(100_000)), "SF0002"),
        ("a header", format!("[{}a]", "a.".repeat(100_000)), "SF0002"),
        ("a header with blanks", format!("[{}a]", "a . ".repeat(100_000)), "SF0002"),
        ("quoted keys", format!("{}a = 1", "\"a\".".repeat(100_000)), "SF0002"),
        ("a string", "a = \"b\n".to_owned(), "SF0001"),
        ("a multi-line string", "a = '''b\n".to_owned(), "SF0001"),
        ("NUL", "a = \"\0\"\0".to_owned(), "SF0001"),
    ] {
        assert_eq!(codes("topology.toml", text.as_bytes()), [wanted], "{what}");
        assert_eq!(codes("sfgen.lock", text.as_bytes()), ["SF0601"], "{what} in a lock");
    }
    for line in ["a=\n", "[a]\n", "\n", "a.b=1\n"] {
        let text = line.repeat(1_100_000);
        assert_eq!(codes("topology.toml", text.as_bytes()), ["SF0020"], "{line:?}");
    }
    assert_eq!(codes("topology.toml", b"a = \"\xff\"\n"), ["SF0008"]);
    assert_eq!(codes("topology.toml", &vec![b' '; 9 << 20]), ["SF0008"]);
    assert_eq!(codes("sfgen.lock", b"version = \xff\n"), ["SF0601"]);
    assert_eq!(codes("sfgen.lock", &vec![b' '; 9 << 20]), ["SF0601"]);
}

#[test]
fn a_mark_at_the_start_and_windows_lines_change_nothing() {
    let windows = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(codes("topology.kdl", windows.as_bytes()), [""; 0]);
    let toml = "topology = { name = \"t\", mode = \"simulation\" }\nruntime = \"embedded\"\n\
        party.alice.host.a.address = \"127.0.0.1\"\n";
    assert_eq!(codes("topology.toml", toml.as_bytes()), [""; 0]);
    let windows = format!("\u{feff}{}", toml.replace('\n', "\r\n"));
    assert_eq!(codes("topology.toml", windows.as_bytes()), [""; 0]);
    let bad = windows.replace("127.0.0.1", "127.0.0.1:80");
    let files = MemoryWorkspace::default().with("topology.toml", bad);
    let done = compiled(&files, "topology.toml");
    let place = done.findings[0].labels[0].span;
    assert_eq!(&done.sources.get(place.file).text[place.start..place.end], "\"127.0.0.1:80\"");
}

#[test]
fn includes_may_go_round_in_circles_and_a_long_way() {
    let circle = MemoryWorkspace::default()
        .with("topology.kdl", format!("{GOOD}include \"b.kdl\" \"topology.kdl\"\n"))
        .with("b.kdl", "include \"topology.kdl\"\ninclude \"b.kdl\" \"*.kdl\"\n");
    assert!(compiled(&circle, "topology.kdl").findings.is_empty());
    let start =
        MemoryWorkspace::default().with("topology.kdl", format!("{GOOD}include \"1.kdl\"\n"));
    let chain = (1..2_000).fold(start, |files, n| {
        files.with(&format!("{n}.kdl"), format!("include \"{}.kdl\"\n", n + 1))
    });
    let last = "party \"bob\" { host \"a\"; }\n";
    let done = compiled(&chain.clone().with("2000.kdl", last), "topology.kdl");
    assert!(done.findings.is_empty(), "{:?}", done.findings);
    assert_eq!(done.output.unwrap().federation.parties.len(), 2);
    let broken = compiled(&chain, "topology.kdl");
    assert_eq!(broken.findings.iter().map(|f| f.code.0).collect::<Vec<_>>(), ["SF0009"]);
}

#[test]
fn files_are_read_in_the_order_in_which_they_are_named() {
    let files = MemoryWorkspace::default()
        .with("topology.kdl", format!("include \"a.kdl\" \"c.kdl\"\ninclude \"d.kdl\"\n{GOOD}"))
        .with("a.kdl", "include \"b.kdl\"\n")
        .with("b.kdl", "")
        .with("c.kdl", "")
        .with("d.kdl", "");
    let done = compiled(&files, "topology.kdl");
    let names: Vec<_> = done.sources.iter().map(|(_, source)| source.name.as_str()).collect();
    assert_eq!(names, ["topology.kdl", "a.kdl", "b.kdl", "c.kdl", "d.kdl"]);
}

/// The file is sparse: it takes no room, and reading it would take the memory that is asserted on.
fn write_huge(workspace: &Workspace, path: &str) {
    std::fs::File::create(workspace.join(path)).unwrap().set_len(1 << 40).unwrap();
}

#[test]
fn a_huge_file_or_a_pipe_is_refused_before_it_is_read() {
    let workspace = Workspace::empty();
    let refused = |code: &str, why: &str| {
        let ran = workspace.run(&["check"]).status_is(1);
        assert!(ran.stderr.contains(code) && ran.stderr.contains(why), "{}", ran.stderr);
    };
    write_huge(&workspace, "topology.kdl");
    refused("SF0008", "larger than 8 MiB");
    workspace.write("topology.kdl", &format!("{GOOD}include \"part.kdl\"\n"));
    write_huge(&workspace, "part.kdl");
    refused("SF0009", "larger than 8 MiB");
    workspace.write("topology.kdl", GOOD);
    write_huge(&workspace, "sfgen.lock");
    refused("SF0601", "larger than 8 MiB");
    std::fs::remove_file(workspace.join("sfgen.lock")).unwrap();
    let pipe = |path: &str| {
        let path = workspace.join(path);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    };
    pipe("sfgen.lock");
    refused("SF0601", "no regular file");
    std::fs::remove_file(workspace.join("topology.kdl")).unwrap();
    pipe("topology.kdl");
    refused("SF0008", "no regular file");
}

fn soup() -> impl Strategy<Value = String> {
    let words = [
        "topology",
        "runtime",
        "party",
        "host",
        "ray",
        "job",
        "spu",
        "pin",
        "allow",
        "include",
        "input",
        "parties",
        "args",
        "name",
        " ",
        " ",
        " ",
        "\n",
        "\n",
        "\"alice\"",
        "\"a\"",
        "\"10.0.0.1\"",
        "\"secretflow\"",
        "\"embedded\"",
        "\"*.kdl\"",
        "1",
        "-1",
        "99999999999999999999",
        "1.5",
        "#true",
        "{",
        "{",
        "}",
        "}",
        ";",
        "=",
        "=",
        "[",
        "]",
        "[[",
        "]]",
        ",",
        ".",
        "\"",
        "\"\"\"",
        "'",
        "#",
        "#\"",
        "\"#",
        "//",
        "/*",
        "*/",
        "/-",
        "\\",
        "(",
        ")",
        "\r",
        "\0",
        "\u{feff}",
        "é",
        "\u{2028}",
        "address=\"10.0.0.1\"",
        "script=\"a.py\"",
        "because=\"x\"",
        "2027-01-01",
        "inf",
        "true",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..60)
        .prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["topology.kdl", "topology.toml", "sfgen.lock"] {
            codes(name, &bytes);
        }
    }

    #[test]
    fn no_words_break_the_reader(text in soup()) {
        for name in ["topology.kdl", "topology.toml", "sfgen.lock"] {
            codes(name, text.as_bytes());
            // After a correct beginning, the model sees more of the text.
            let head = if name == "topology.kdl" { GOOD } else { "topology = \"t\"\nruntime = \"embedded\"\n" };
            codes(name, format!("{head}{text}").as_bytes());
        }
        let file = sfgen::diag::Sources::default().add("t.kdl", text.as_str());
        let _ = syntax::format(file, &text, &mut sfgen::diag::Findings::default());
    }
}

#[test]
fn no_finding_hands_a_control_character_of_a_file_to_the_terminal() {
    let kdl = "topology \"t\" mode=\"\\u{1b}[2J\\u{202e}\" // \u{9b}\nruntime \"embedded\"\n";
    let broken = "topology \"t\" mode=\"\u{1b}[31m\"\n";
    let separators = "topology \"t\u{61c}\u{2028}\" mode=\"\u{2029}\"\n";
    let toml = "mode = \"\u{202e}\u{2067}\u{200f}\u{61c}\u{2028}\" # \u{2069}\ntopology = \"t\"\n";
    for (name, text) in [
        ("topology.kdl", kdl),
        ("topology.kdl", broken),
        ("topology.kdl", separators),
        ("topology.toml", toml),
    ] {
        let done = compiled(&MemoryWorkspace::default().with(name, text), name);
        assert!(!done.findings.is_empty());
        let shown = render_text(&done.findings, &done.sources, 100, false);
        let acts = |c: char| is_display_control(c) && c != '\n';
        assert!(!shown.contains(acts), "{shown:?}");
    }
}
