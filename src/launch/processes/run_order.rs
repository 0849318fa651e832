//! What goes over the socket of a job's unit: three pipes and what is known of the run from the launcher, its exit status
//! back.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, IoSlice, IoSliceMut, Read as _},
    mem::MaybeUninit,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};

/// The longest head that is read; variables of a run are some hundred bytes.
const HEAD_MAX: u64 = 1 << 20;
/// How large the files of a run may be together.
const FILES_MAX: u64 = 32 << 20;

/// What is known of a run alone; all else stands in the unit of its job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOrder {
    /// Its variables, beside those of the unit.
    pub env: BTreeMap<String, String>,
    /// The script and the modules beside it, the script first, by their paths in a folder of their own.
    pub files: Vec<(Utf8PathBuf, Vec<u8>)>,
}

/// What stands before the files.
#[derive(Serialize, Deserialize)]
struct Head {
    env: BTreeMap<String, String>,
    files: Vec<(Utf8PathBuf, u64)>,
}

/// What the unit says at the end of a run.
#[derive(Serialize, Deserialize)]
struct Ended {
    /// The exit status of the guard; `None` where a signal ended it.
    status: Option<i32>,
}

impl RunOrder {
    /// It as bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let files = self.files.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64));
        let head = Head { env: self.env.clone(), files: files.collect() };
        let mut bytes = serde_json::to_vec(&head).expect("it has string keys");
        bytes.push(b'\n');
        for (_, content) in &self.files {
            bytes.extend_from_slice(content);
        }
        bytes
    }

    /// Reads it from the unit's end of the socket.
    pub(super) fn read(socket: &UnixStream) -> io::Result<Self> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
        let mut socket = BufReader::new(socket);
        let mut head = String::new();
        io::Read::by_ref(&mut socket).take(HEAD_MAX).read_line(&mut head)?;
        let head: Head = serde_json::from_str(&head).map_err(io::Error::from)?;
        if head.files.iter().map(|(_, len)| *len).try_fold(0, u64::checked_add) > Some(FILES_MAX) {
            return Err(wrong("the files of the run are too large"));
        }
        let mut files = Vec::new();
        for (path, len) in head.files {
            if !is_below(&path) {
                return Err(wrong("a file of the run lies outside of its folder"));
            }
            let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
            socket.read_exact(&mut bytes)?;
            files.push((path, bytes));
        }
        Ok(Self { env: head.env, files })
    }
}

/// Whether a path leads to something below the folder that it counts from.
fn is_below(path: &Utf8Path) -> bool {
    let is_name = |part| matches!(part, camino::Utf8Component::Normal(_));
    path.components().count() > 0 && path.components().all(is_name)
}

/// Sends the ends of three pipes: standard input, standard output and standard error.
pub(super) fn send_pipes(socket: &UnixStream, pipes: &[OwnedFd; 3]) -> io::Result<()> {
    let [stdin, stdout, stderr] = pipes;
    let all = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&all)) {
        return Err(io::Error::other("three pipes do not fit into a message"));
    }
    // A message without a byte would not carry them.
    sendmsg(socket, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Takes in the ends that [`send_pipes`] sent.
pub(super) fn receive_pipes(socket: &UnixStream) -> io::Result<[OwnedFd; 3]> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut buffers = [IoSliceMut::new(&mut byte)];
    recvmsg(socket, &mut buffers, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut pipes = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(files) = message {
            pipes.extend(files);
        }
    }
    let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "the launcher sent no pipes");
    pipes.try_into().map_err(wrong)
}

/// How a run ended, as a line.
pub(super) fn ended_line(status: Option<i32>) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Ended { status }).expect("it has string keys");
    line.push(b'\n');
    line
}

/// How a run ended; `None` where its guard was killed, or the unit with it.
pub(super) fn read_ended(line: &[u8]) -> Option<i32> {
    serde_json::from_slice::<Ended>(line).ok()?.status
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_the_launcher_sends_arrives_as_it_was_sent() {
        let (mut launcher, unit) = UnixStream::pair().unwrap();
        let pipes: [_; 3] = std::array::from_fn(|_| io::pipe().unwrap());
        let [(first, mut input), (_, second), (_, third)] = pipes;
        send_pipes(&launcher, &[first.into(), second.into(), third.into()]).unwrap();
        let order = RunOrder {
            env: [("SFGEN_RUN".to_owned(), "a b".to_owned())].into(),
            files: vec![("psi.py".into(), b"print(1)\n".to_vec()), ("lib/x.py".into(), vec![255])],
        };
        launcher.write_all(&order.to_bytes()).unwrap();
        let [stdin, _, _] = receive_pipes(&unit).unwrap();
        assert_eq!(RunOrder::read(&unit).unwrap(), order);
        input.write_all(b"term\n").unwrap();
        drop(input);
        let mut said = String::new();
        std::fs::File::from(stdin).read_to_string(&mut said).unwrap();
        assert_eq!(said, "term\n");
    }

    #[test]
    fn a_file_outside_of_the_folder_of_the_run_is_refused() {
        for path in ["../x.py", "/etc/x.py", ""] {
            let (mut launcher, unit) = UnixStream::pair().unwrap();
            let order = RunOrder { env: BTreeMap::new(), files: vec![(path.into(), vec![])] };
            launcher.write_all(&order.to_bytes()).unwrap();
            assert!(RunOrder::read(&unit).is_err(), "{path}");
        }
    }

    #[test]
    fn a_unit_that_says_nothing_at_its_end_was_killed() {
        assert_eq!(read_ended(&ended_line(Some(3))), Some(3));
        assert_eq!(read_ended(&ended_line(None)), None);
        assert_eq!(read_ended(b""), None);
    }
}
