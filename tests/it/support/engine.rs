//! A Docker engine that makes no containers: it writes down what the client asks for.
//!
//! `docker run --env-file` is read by the client, which sends the variables to the engine; the engine never sees the
//! file. So a real client and a listener that records its request show what a container would get.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Command, Stdio},
};

use camino::Utf8Path;
use serde_json::Value;
use tempfile::TempDir;

/// The variables that `docker create --env-file` gives to a container.
pub(crate) fn variables_of_a_container(env_file: &Utf8Path) -> Vec<String> {
    let folder = TempDir::with_prefix("sfgen-it-").unwrap();
    let socket = folder.path().join("engine.sock");
    let engine = UnixListener::bind(&socket).unwrap();
    let mut client = client(&socket, env_file).spawn().unwrap();
    let request = std::thread::spawn(move || {
        engine.incoming().find_map(|stream| answer(stream.unwrap())).unwrap()
    });
    let status = client.wait().unwrap();
    assert!(status.success(), "{status}");
    let request = request.join().unwrap();
    serde_json::from_value(request["Env"].clone()).unwrap()
}

fn client(socket: &Path, env_file: &Utf8Path) -> Command {
    let mut command = Command::new("docker");
    command
        .arg("--host")
        .arg(format!("unix://{}", socket.display()))
        .args(["create", "--pull=never", "--env-file"])
        .arg(env_file)
        .arg("image")
        .env("DOCKER_CONFIG", socket.parent().unwrap())
        .env_remove("DOCKER_HOST")
        .env_remove("DOCKER_CONTEXT")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// Answers the requests of one connection; returns the one that makes a container.
fn answer(mut stream: UnixStream) -> Option<Value> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).unwrap() == 0 {
            return None;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let is_create = request.contains("/containers/create");
        let (status, content) =
            if is_create { ("201 Created", r#"{"Id":"0","Warnings":[]}"#) } else { ("200 OK", "") };
        let head = format!(
            "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        stream.write_all(format!("{head}{content}").as_bytes()).unwrap();
        if is_create {
            return Some(serde_json::from_slice(&body).unwrap());
        }
    }
}
