//! A run in a unit of its own: the launcher's end of the socket at which systemd starts it.
//!
//! ```text
//! launcher === socket === unit: `sfgen __job` --- standby guard --- active guard --- program
//! ```
//!
//! systemd gives the program its account and all that it may see and do; the launcher says which run it is. Commands
//! and lines go through pipes between launcher and guard, as they do where the launcher starts the guard itself, so that
//! the end of the launcher is the end of the run.

use std::{
    io,
    os::{fd::OwnedFd, unix::net},
};

use camino::Utf8PathBuf;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        UnixStream,
        unix::pipe::{Receiver, Sender},
    },
    task::JoinSet,
};

use super::run_order::{RunOrder, read_ended, send_pipes};

/// The longest word at the end of a run that is read: the account of the jobs could write without end.
const LONGEST_END: u64 = 1 << 10;

/// Where a run is started, and what is said of it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobUnit {
    /// The socket of its job.
    pub socket: Utf8PathBuf,
    /// The run.
    pub order: RunOrder,
}

/// A run that was started. Dropping it lets go of the unit, which then ends.
pub(super) struct UnitRun {
    task: JoinSet<Option<i32>>,
    /// What it said at its end.
    status: Option<i32>,
}

/// The launcher's ends of the pipes of a run.
pub(super) struct Pipes {
    pub(super) stdin: Sender,
    pub(super) stdout: Receiver,
    pub(super) stderr: Receiver,
}

impl UnitRun {
    /// Starts a run. Must be called within a runtime.
    pub(super) fn start(unit: &JobUnit) -> io::Result<(Self, Pipes)> {
        let socket = net::UnixStream::connect(&unit.socket)?;
        let (theirs_in, ours_in) = io::pipe()?;
        let (ours_out, theirs_out) = io::pipe()?;
        let (ours_err, theirs_err) = io::pipe()?;
        send_pipes(&socket, &[theirs_in.into(), theirs_out.into(), theirs_err.into()])?;
        socket.set_nonblocking(true)?;
        let mut socket = UnixStream::from_std(socket)?;
        let order = unit.order.to_bytes();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut said = Vec::new();
            if socket.write_all(&order).await.is_ok() {
                // A unit that is killed says nothing, and one that says too much is not heard to the end.
                let _ = socket.take(LONGEST_END).read_to_end(&mut said).await;
            }
            read_ended(&said)
        });
        let pipes = Pipes {
            stdin: Sender::from_owned_fd(OwnedFd::from(ours_in))?,
            stdout: Receiver::from_owned_fd(OwnedFd::from(ours_out))?,
            stderr: Receiver::from_owned_fd(OwnedFd::from(ours_err))?,
        };
        Ok((Self { task, status: None }, pipes))
    }

    /// The exit status of its guard; `None` where that was killed. May be cancelled and asked again.
    pub(super) async fn wait(&mut self) -> Option<i32> {
        if let Some(ended) = self.task.join_next().await {
            self.status = ended.ok().flatten();
        }
        self.status
    }

    /// Lets go of a unit whose guard does not end by itself. systemd then kills all that is in the unit.
    pub(super) fn kill(&mut self) {
        self.task.abort_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::net::UnixListener, thread, time::Duration};

    use super::*;

    #[tokio::test]
    async fn a_unit_that_never_stops_talking_is_not_heard_to_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = Utf8PathBuf::from_path_buf(folder.path().join("job")).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let unit = thread::spawn(move || {
            let (mut launcher, _) = listener.accept().unwrap();
            while launcher.write_all(&[b' '; 4096]).is_ok() {}
        });
        let order = RunOrder::default();
        let (mut run, _pipes) = UnitRun::start(&JobUnit { socket, order }).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), run.wait()).await;
        assert_eq!(ended, Ok(None));
        unit.join().unwrap();
    }
}
