//! A run in a unit of its own: what systemd starts for each connection to the socket of a job.
//!
//! The command of the job stands in the unit, and so do account, variables, folder and all that it may see. From the
//! launcher come the variables of the run, its script as all parties compared it, and the pipes of its guard.

use std::{
    io::{self, Write as _},
    os::{fd::AsFd as _, unix::net},
    process::Stdio,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    net::UnixStream,
    process::{Child, Command},
    time::timeout,
};

use super::{
    GuardProgram, Signals,
    run_order::{RunOrder, ended_line, receive_pipes},
};
use crate::fs::{self, FsError};

/// How long the launcher may take to say what is to be run. It does so at once.
const ORDER: Duration = Duration::from_secs(10);
/// How long a guard may take to end once the launcher is gone, before it is killed. It needs a little more than a second.
const ABANDONED: Duration = Duration::from_millis(1800);

/// What a unit says of the runs of its job.
#[derive(Clone, Debug)]
pub struct UnitJob {
    /// How long the program may take to end.
    pub grace: Duration,
    /// The word of the command in whose place the run's own copy of the script is.
    pub script: Option<String>,
    /// The folder in which that copy is made.
    pub copies: Utf8PathBuf,
    /// Program and arguments; never empty.
    pub command: Vec<String>,
}

/// Runs the job once, for the launcher at the other end of standard input.
pub async fn run_in_unit(job: UnitJob) -> Result<(), FsError> {
    let fail = |why| FsError::new("start a run for", Utf8Path::new("/dev/stdin"), why);
    let socket = net::UnixStream::from(io::stdin().as_fd().try_clone_to_owned().map_err(fail)?);
    socket.set_read_timeout(Some(ORDER)).map_err(fail)?;
    let [stdin, stdout, stderr] = receive_pipes(&socket).map_err(fail)?;
    let order = RunOrder::read(&socket).map_err(fail)?;
    let copy = Copy::make(&job, &order)?;
    let mut words = job.command.iter().map(|word| match &copy {
        Some(copy) if job.script.as_ref() == Some(word) => copy.script.to_string(),
        _ => word.clone(),
    });
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).envs(&order.env);
    let guard = GuardProgram::this();
    let mut command = guard.guarding(&command, job.grace);
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    let mut signals = Signals::catch()?;
    let mut child = guard.start(&mut command).map_err(fail)?;
    // The guard has the pipes now; what is left of them here would keep them open.
    drop(command);
    socket.set_nonblocking(true).map_err(fail)?;
    let launcher = UnixStream::from_std(socket.try_clone().map_err(fail)?).map_err(fail)?;
    let status = until_ended(&mut child, &launcher, &mut signals).await;
    drop(copy);
    socket.set_nonblocking(false).map_err(fail)?;
    // A launcher that is gone needs no answer.
    let _ = (&socket).write_all(&ended_line(status));
    Ok(())
}

/// The exit status of the guard; `None` where a signal ended it.
async fn until_ended(
    child: &mut Child,
    launcher: &UnixStream,
    signals: &mut Signals,
) -> Option<i32> {
    loop {
        tokio::select! {
            ended = child.wait() => return ended.ok()?.code(),
            // The launcher says nothing more: what can be read is its end.
            _ = launcher.readable() => break,
            () = signals.next() => {
                if let Some(guard) = child.id().and_then(|id| i32::try_from(id).ok()) {
                    let _ = kill(Pid::from_raw(guard), Signal::SIGTERM); // it may have ended meanwhile
                }
            }
        }
    }
    // The guard notices it too, and ends the program. What it cannot end systemd kills when this process is gone.
    let ended = timeout(ABANDONED, child.wait()).await;
    ended.ok()?.ok()?.code()
}

/// The files of a run in a folder of their own, which goes with this.
struct Copy {
    script: Utf8PathBuf,
    folder: Utf8PathBuf,
}

impl Copy {
    fn make(job: &UnitJob, order: &RunOrder) -> Result<Option<Self>, FsError> {
        let Some((script, _)) = order.files.first() else { return Ok(None) };
        let run = order.env.get("SFGEN_RUN").map_or("run", String::as_str);
        let folder = job.copies.join(format!("sfgen-run-{}", run.replace('/', "_")));
        let copy = Self { script: folder.join(script), folder };
        fs::remove_folder(&copy.folder)?;
        for (path, bytes) in &order.files {
            let path = copy.folder.join(path);
            fs::create_folder(path.parent().unwrap_or(&copy.folder), 0o700)?;
            fs::create_unsynced(&path, bytes, 0o600)?;
        }
        Ok(Some(copy))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed goes with the folder that it is in.
        let _ = fs::remove_folder(&self.folder);
    }
}
