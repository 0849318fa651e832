//! The lists of requirements in `runtimes/`: every pin has its hashes, written by `runtimes/hashes`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    thread,
};

/// The script that writes the hashes.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtimes/hashes");

#[track_caller]
fn hashes(arguments: &[&str], index: Option<&str>) -> Output {
    let mut command = Command::new(SCRIPT);
    if let Some(index) = index {
        command.env("PIP_INDEX_URL", index).env("no_proxy", "127.0.0.1");
    }
    command.args(arguments).output().unwrap()
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The entries of a list: a pin, and the hashes that follow it.
fn entries(list: &str) -> Vec<Vec<&str>> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    for line in list.lines() {
        match line.strip_prefix("    --hash=sha256:") {
            Some(hash) => entries.last_mut().expect("a pin").push(hash.trim_end_matches(" \\")),
            None => entries.push(vec![line.trim_end_matches(" \\")]),
        }
    }
    entries
}

#[test]
fn every_pin_of_every_list_has_hashes_as_the_script_writes_them() {
    let folder = Path::new(SCRIPT).parent().unwrap();
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let lists: Vec<_> = files.filter(|path| path.extension() == Some("txt".as_ref())).collect();
    assert_eq!(lists.len(), 9);
    for path in lists {
        let text = std::fs::read_to_string(&path).unwrap();
        let entries = entries(&text);
        for entry in &entries {
            let [pin, hashes @ ..] = entry.as_slice() else { unreachable!("a pin came first") };
            let parts = pin.split_once("==");
            assert!(parts.is_some_and(|(_, version)| !version.is_empty()), "{pin}");
            assert!(!hashes.is_empty(), "{}: {pin} has no hash", path.display());
            for hash in hashes {
                let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                assert!(hash.len() == 64 && hash.bytes().all(is_hex), "{pin}: {hash}");
            }
        }
        // What `import secretflow` needs of an environment that brings nothing of its own.
        let is_complete = !path.to_string_lossy().ends_with(".dashboard.txt");
        let has_setuptools = entries.iter().any(|entry| entry[0].starts_with("setuptools=="));
        assert_eq!(has_setuptools, is_complete, "{}", path.display());
        let written: String =
            entries.iter().map(|entry| entry.join(" \\\n    --hash=sha256:") + "\n").collect();
        assert_eq!(text, written, "{}", path.display());
    }
}

/// An index of one package: answers as many requests as given, each with the same files.
fn index(files: &[(&str, char)], requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let files: Vec<_> = files
        .iter()
        .map(|(name, digit)| {
            let digest: String = [*digit; 64].iter().collect();
            serde_json::json!({ "filename": name, "hashes": { "sha256": digest } })
        })
        .collect();
    let body = serde_json::json!({ "files": files }).to_string();
    thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            answer(stream.unwrap(), &body);
        }
    });
    format!("http://{address}/simple")
}

fn answer(mut stream: TcpStream, body: &str) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(head[0].starts_with("GET /simple/some-package/ "), "{head:?}");
    write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

#[test]
fn the_script_lists_the_wheels_of_the_pinned_version_that_the_runtime_can_use() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "some_Package==1.2\n").unwrap();
    let path = list.to_str().unwrap();
    let index = index(
        &[
            ("some_package-1.2-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", 'b'),
            ("some_package-1.2-cp310-cp310-manylinux_2_28_aarch64.whl", 'a'),
            ("some_package-1.2-cp37-abi3-manylinux2014_x86_64.whl", 'c'),
            ("some_package-1.2-py2.py3-none-any.whl", 'd'),
            ("some_package-1.2-cp311-cp311-manylinux2014_x86_64.whl", '0'),
            ("some_package-1.2-cp311-abi3-manylinux2014_x86_64.whl", '1'),
            ("some_package-1.2-cp310-cp310-musllinux_1_2_x86_64.whl", '2'),
            ("some_package-1.2-cp310-cp310-macosx_11_0_arm64.whl", '3'),
            ("some_package-1.20-py3-none-any.whl", '4'),
            ("some_package-1.2.tar.gz", '5'),
        ],
        3,
    );
    let check = hashes(&["--check", path], Some(&index));
    assert_eq!(check.status.code(), Some(1));
    succeeded(&hashes(&[path], Some(&index)));
    let text = std::fs::read_to_string(&list).unwrap();
    let digests = ['b', 'a', 'c', 'd'].map(|digit| [digit; 64].iter().collect::<String>());
    let expected: Vec<&str> =
        ["some_Package==1.2"].into_iter().chain(digests.iter().map(String::as_str)).collect();
    assert_eq!(entries(&text), [expected]);
    succeeded(&hashes(&["--check", path], Some(&index)));
}

#[test]
fn a_pin_without_a_wheel_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "some-package==1.2\n").unwrap();
    let index = index(&[("some-package-1.2.tar.gz", 'a')], 1);
    let output = hashes(&[list.to_str().unwrap()], Some(&index));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("some-package==1.2: the index has no wheel"), "{said}");
    assert_eq!(std::fs::read_to_string(&list).unwrap(), "some-package==1.2\n");
}

#[test]
#[ignore = "asks the package index; .ci/run runs it"]
fn the_committed_hashes_are_those_of_the_index() {
    succeeded(&hashes(&["--check"], None));
}
