//! Tells the program from which commit it is built, where that can be told: in a repository by git, in a packed crate by
//! the file that cargo puts into it. Nothing else is needed, and without both the program is built all the same.

#![expect(clippy::disallowed_methods, reason = "a build script has the standard library alone")]

use std::{fs, path::Path, process::Command};

/// So many digits of the commit are shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is_commit = |text: &String| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let commit = packed().or_else(of_git).filter(is_commit);
    let release = env!("CARGO_PKG_VERSION");
    let version = match commit.as_deref().and_then(|commit| commit.get(..DIGITS)) {
        Some(digits) => format!("{release} ({digits})"),
        None => release.to_owned(),
    };
    println!("cargo:rustc-env=SFGEN_VERSION={version}");
}

/// The commit that `cargo package` noted.
fn packed() -> Option<String> {
    let file = Path::new(".cargo_vcs_info.json");
    let text = fs::read_to_string(file).ok()?;
    println!("cargo:rerun-if-changed={}", file.display());
    let (_, rest) = text.split_once("\"sha1\"")?;
    rest.split('"').nth(1).map(str::to_owned)
}

/// The commit that is checked out, if these sources are the root of a repository.
fn of_git() -> Option<String> {
    if !Path::new(".git").exists() {
        return None; // the sources may lie in somebody else's repository
    }
    for file in ["HEAD", "logs/HEAD"] {
        // The log of HEAD changes with every commit, whatever branch HEAD names.
        let path = git(&["rev-parse", "--git-path", file])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let done = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| text.trim().to_owned())
}
