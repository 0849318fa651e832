//! Finding a Python and making the environment, with fake Pythons; and once with SecretFlow's own packages.

use std::{
    os::unix::fs::symlink,
    sync::LazyLock,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::launch::{
    machine::python::{Python, PythonError, Search, environment, versions},
    processes::GuardProgram,
};
use tempfile::TempDir;

use crate::support::process::SFGEN;

/// The fakes are links to one file that is never written: a program that another test's fork still holds open for
/// writing could not be started.
const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fakes/python");

/// Makes its `-m venv` a link to itself and its `-m pip` say what pip says.
const INSTALLS: &str = r#"
case "$3" in
    venv) mkdir -p "$4/bin"; ln -s "$FAKE" "$4/bin/python"; cp "$0" "$4/bin/python.module" ;;
    pip) echo "Collecting numpy==1.26.4 (from -r x)"; echo "Installing collected packages: numpy" ;;
esac
"#;

/// Its `pip` says that it started and then hangs until somebody writes to the pipe.
const HANGS: &str = r#"
case "$3" in
    venv) mkdir -p "$4/bin"; ln -s "$FAKE" "$4/bin/python"; cp "$0" "$4/bin/python.module" ;;
    pip) echo "Collecting numpy==1.26.4"; sleep 600 & wait ;;
esac
"#;

/// What guards the fakes: tests are not sfgen themselves.
static GUARD: LazyLock<GuardProgram> = LazyLock::new(|| GuardProgram::at(SFGEN));

struct Machine {
    _folder: TempDir,
    root: Utf8PathBuf,
    search: Search,
}

impl Machine {
    fn new() -> Self {
        let folder = TempDir::with_prefix("sfgen-it-").unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        let search = Search {
            chosen: None,
            path: vec![root.join("first"), root.join("second")],
            pyenv: Some(root.join("pyenv")),
        };
        Self { _folder: folder, root, search }
    }

    /// A Python at `path` that gives `answer` when it is asked for its version.
    fn python(&self, path: &str, answer: &str) -> Utf8PathBuf {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(FAKE, &path).unwrap();
        std::fs::write(format!("{path}.version"), answer).unwrap();
        path
    }

    /// A Python that makes environments as `module` says.
    fn maker(&self, module: &str) -> Python {
        let path = self.python("first/python3.10", "3.10.13\n");
        std::fs::write(format!("{path}.module"), module.replace("$FAKE", FAKE)).unwrap();
        Python { path, version: "3.10.13".to_owned(), uv: None }
    }

    fn find(&self, wanted: &str) -> Result<Python, PythonError> {
        block_on(self.search.find(wanted))
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_python_is_taken_for_its_version_and_not_for_its_name() {
    let machine = Machine::new();
    machine.python("first/python3.10", "3.11.7\n");
    machine.python("first/python3", "3.12.1\n");
    let right = machine.python("second/python3", "3.10.4\n");
    machine.python("pyenv/versions/3.10.13/bin/python3", "3.10.13\n");
    assert_eq!(
        machine.find("3.10").unwrap(),
        Python { path: right, version: "3.10.4".to_owned(), uv: None },
        "the path comes before pyenv"
    );
    assert_eq!(machine.find("3.10.13").unwrap().version, "3.10.13");
}

#[test]
fn the_newest_patch_of_pyenv_is_taken() {
    let machine = Machine::new();
    for version in ["3.10.4", "3.10.13", "3.10.9", "3.9.18"] {
        machine.python(&format!("pyenv/versions/{version}/bin/python3"), version);
    }
    assert_eq!(machine.find("3.10").unwrap().version, "3.10.13");
}

#[test]
fn without_the_wanted_version_every_candidate_is_listed() {
    let machine = Machine::new();
    machine.python("first/python3", "3.12.1\n");
    machine.python("second/python3.10", "hello\n");
    machine.python("pyenv/versions/3.11.7/bin/python3", "3.11.7\n");
    let error = machine.find("3.10").unwrap_err().to_string().replace(machine.root.as_str(), "");
    insta::assert_snapshot!(error, @r#"
    there is no Python 3.10 on this machine
      `/second/python3.10` answers "hello", which is no version
      `/first/python3` is 3.12.1
      `/pyenv/versions/3.11.7/bin/python3` is 3.11.7
    "#);
}

#[test]
fn a_python_that_was_chosen_is_the_only_candidate() {
    let mut machine = Machine::new();
    machine.python("first/python3.10", "3.10.13\n");
    machine.search.chosen = Some(machine.python("mine", "3.11.7\n"));
    let error = machine.find("3.10").unwrap_err().to_string().replace(machine.root.as_str(), "");
    assert_eq!(error, "SFGEN_PYTHON names no Python 3.10: `/mine` is 3.11.7");
    machine.search.chosen = Some("python3.10".into());
    assert_eq!(machine.find("3.10").unwrap().path, machine.root.join("first/python3.10"));
}

#[test]
fn an_environment_is_made_once_and_again_where_it_was_left_incomplete() {
    let machine = Machine::new();
    let python = machine.maker(INSTALLS);
    let make = |told: &mut Vec<String>| {
        let list = b"numpy==1.26.4\n";
        let mut tell = |line| told.push(line);
        block_on(environment(&GUARD, &machine.root, &python, list, &mut tell)).unwrap()
    };
    let mut told = Vec::new();
    let venv = make(&mut told);
    assert!(told[0].starts_with("installing 1 packages into `"), "{}", told[0]);
    assert!(told[0].contains("up to 2 GB") && told[0].contains("SF0874"), "{}", told[0]);
    told.retain(|line| !line.contains("up to 2 GB") && !line.contains("MB are free"));
    assert_eq!(
        told,
        [
            "making a virtual environment of Python 3.10.13",
            "package 1 of 1: numpy==1.26.4",
            "installing 1 packages"
        ]
    );
    told.clear();
    assert_eq!(make(&mut told), venv);
    assert!(told.is_empty(), "{told:?}");
    std::fs::write(venv.folder.join("rest"), "").unwrap();
    std::fs::remove_file(venv.folder.join("complete")).unwrap();
    make(&mut told);
    told.retain(|line| !line.contains("MB are free"));
    assert_eq!(told.len(), 4);
    assert!(!venv.folder.join("rest").exists());
}

#[test]
fn packages_are_installed_by_their_hashes_from_wheels_and_no_others() {
    let machine = Machine::new();
    let python = machine.maker(INSTALLS);
    let list = b"numpy==1.26.4 --hash=sha256:00\n";
    let venv = block_on(environment(&GUARD, &machine.root, &python, list, &mut |_| ())).unwrap();
    let asked = std::fs::read_to_string(venv.bin.join("python.asked")).unwrap();
    let list = venv.folder.join("requirements.txt");
    let end = format!(" --no-deps --require-hashes --only-binary :all: -r {list}");
    assert!(asked.starts_with("-I -m pip install ") && asked.trim_end().ends_with(&end), "{asked}");
    assert_eq!(std::fs::read(list).unwrap(), b"numpy==1.26.4 --hash=sha256:00\n");
}

#[test]
fn a_failed_installation_shows_the_last_lines_and_is_not_taken_for_complete() {
    let machine = Machine::new();
    let python = machine.maker(&INSTALLS.replace(
        "echo \"Installing collected packages: numpy\"",
        "for i in $(seq 30); do echo line $i >&2; done; exit 1",
    ));
    for _ in 0..2 {
        let list = b"numpy==1.26.4\n";
        let made = block_on(environment(&GUARD, &machine.root, &python, list, &mut |_| ()));
        let Err(PythonError::NotInstalled { status, tail, folder }) = made else {
            panic!("it is to fail");
        };
        assert_eq!(status.code(), Some(1));
        assert!(tail.starts_with("line 11\n") && tail.ends_with("\nline 30"), "{tail}");
        assert!(!folder.join("complete").exists());
    }
}

#[test]
fn who_comes_second_says_so_and_waits_and_whoever_gives_up_leaves_the_lock_free() {
    let machine = Machine::new();
    let hanging = machine.maker(HANGS);
    let list = b"numpy==1.26.4\n";
    block_on(async {
        let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
        let mut tell_first = |line| started.send(line).unwrap();
        let mut first =
            Box::pin(environment(&GUARD, &machine.root, &hanging, list, &mut tell_first));
        loop {
            tokio::select! {
                _ = &mut first => panic!("it hangs"),
                line = has_started.recv() => if line.unwrap().starts_with("package 1") { break },
            }
        }
        let (waits, mut is_waiting) = tokio::sync::mpsc::unbounded_channel();
        let mut tell_second = |line| waits.send(line).unwrap();
        let mut second =
            Box::pin(environment(&GUARD, &machine.root, &hanging, list, &mut tell_second));
        tokio::select! {
            _ = &mut second => panic!("the first has the lock"),
            line = is_waiting.recv() => {
                assert_eq!(line.unwrap(), "waiting for another sfgen that makes the same environment");
            }
        }
        // As a signal would: dropping the future kills the installer and gives up the lock.
        drop(first);
        let installs = machine.root.join("first/python3.10.module");
        std::fs::write(installs, INSTALLS.replace("$FAKE", FAKE)).unwrap();
        let venv = second.await.unwrap();
        assert!(venv.folder.join("complete").exists());
    });
}

#[test]
fn versions_are_asked_once() {
    let machine = Machine::new();
    let python = machine.maker(INSTALLS);
    let venv = block_on(environment(&GUARD, &machine.root, &python, b"", &mut |_| ())).unwrap();
    std::fs::write(venv.bin.join("python.version"), r#"{"python": "3.10.13", "ray": "2.42.0"}"#)
        .unwrap();
    let first = block_on(versions(&venv)).unwrap();
    assert_eq!(first["ray"], "2.42.0");
    std::fs::remove_file(venv.bin.join("python.version")).unwrap();
    assert_eq!(block_on(versions(&venv)).unwrap(), first);
}

#[test]
#[ignore = "downloads SecretFlow's pinned packages; .ci/run runs it"]
fn the_pinned_packages_install_and_are_found_again_at_once() {
    let own = TempDir::with_prefix("sfgen-it-").unwrap();
    let state = std::env::var("SFGEN_TEST_STATE").map_or_else(
        |_| Utf8PathBuf::from_path_buf(own.path().to_owned()).unwrap(),
        Utf8PathBuf::from,
    );
    let list =
        Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("runtimes/secretflow-1.13.0b0.threads.txt");
    let list = std::fs::read(list).unwrap();
    let search = Search::from_process();
    block_on(async {
        let python = search.find("3.10").await.unwrap();
        let mut told = Vec::new();
        let mut tell = |line: String| told.push(line);
        let venv = environment(&GUARD, &state, &python, list.as_slice(), &mut tell).await.unwrap();
        let found = versions(&venv).await.unwrap();
        assert_eq!(found["python"], python.version);
        for (name, version) in [
            ("secretflow", "1.13.0b0"),
            ("spu", "0.9.4.dev20250618"),
            ("sf-heu", "0.6.0.dev20250514"),
        ] {
            assert_eq!(found[name], version, "{name}");
        }
        assert!(!found.contains_key("ray"), "{found:?}");
        let start = Instant::now();
        let mut silent = |line: String| panic!("{line}");
        let again =
            environment(&GUARD, &state, &python, list.as_slice(), &mut silent).await.unwrap();
        assert_eq!(again, venv);
        assert_eq!(versions(&venv).await.unwrap(), found);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    });
}
