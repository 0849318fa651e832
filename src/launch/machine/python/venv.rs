//! Virtual environments: one per list of requirements and Python, shared by the parties of a machine.

use std::{io::ErrorKind, thread};

use camino::{Utf8Path, Utf8PathBuf};
use tokio::{process::Command, sync::oneshot};

use super::{
    Python, PythonError,
    child::{self, Ended},
    progress::Progress,
};
use crate::{
    catalogue::INSTALL_OPTIONS,
    fs::{self, FsError, Kind, Lock},
    launch::processes::GuardProgram,
    types::Digest,
};

/// A complete virtual environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venv {
    /// Its folder, absolute.
    pub folder: Utf8PathBuf,
    /// The folder of its programs, `python` among them.
    pub bin: Utf8PathBuf,
    /// Its Python's version to the patch level.
    pub python_version: String,
}

/// What an environment is made of.
pub struct Packages<'a> {
    /// Lists of packages by the names that the calls have for them. The first is about all that SecretFlow needs.
    pub files: Vec<(&'a str, &'a [u8])>,
    /// The options of `pip install`, call by call; names of files stand for their paths.
    pub calls: Vec<Vec<String>>,
}

/// The name of the list of what SecretFlow needs.
const REQUIREMENTS: &str = "requirements.txt";

impl<'a> From<&'a [u8]> for Packages<'a> {
    /// A list of pinned packages with hashes alone.
    fn from(list: &'a [u8]) -> Self {
        let call = INSTALL_OPTIONS.into_iter().chain(["-r", REQUIREMENTS]);
        Self { files: vec![(REQUIREMENTS, list)], calls: vec![call.map(str::to_owned).collect()] }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Packages<'a> {
    fn from(list: &'a [u8; N]) -> Self {
        list.as_slice().into()
    }
}

impl Packages<'_> {
    /// All that decides what is installed, as one text; of a list alone, the list.
    fn identity(&self) -> String {
        let plain = Packages::from(&b""[..]).calls;
        let calls = self.calls.iter().filter(|_| self.calls != plain).map(|call| call.join(" "));
        let texts = self.files.iter().map(|(_, text)| String::from_utf8_lossy(text).into_owned());
        texts.chain(calls).collect()
    }
}

/// The environment of `packages` in `venvs`, a folder that is ours alone,
/// made if it is not there.
///
/// Programs run under `guard`. `progress` gets a line per package. While another process makes the same one, this waits
/// for it. Dropping the future ends the installation with all its processes; what it left behind is made again next time.
pub async fn environment<'a>(
    guard: &GuardProgram,
    venvs: &Utf8Path,
    python: &Python,
    packages: impl Into<Packages<'a>>,
    progress: &mut (dyn FnMut(String) + Send),
) -> Result<Venv, PythonError> {
    let packages = packages.into();
    // The environment's programs name it by its absolute path.
    let folder = fs::resolve(venvs)?.join(name(&packages.identity(), &python.version));
    let venv = Venv { bin: folder.join("bin"), folder, python_version: python.version.clone() };
    let _lock = lock(&Utf8PathBuf::from(format!("{}.lock", venv.folder)), progress).await?;
    if is_complete(&venv)? {
        return Ok(venv);
    }
    fs::remove_folder(&venv.folder)?;
    announce(&venv, &packages, progress);
    make(guard, &venv, python, progress).await?;
    // Whatever umask it was made with.
    fs::set_mode(&venv.folder, 0o700)?;
    for (name, text) in &packages.files {
        fs::write_atomically(&venv.folder.join(name), text, 0o600)?;
    }
    for call in &packages.calls {
        install(guard, &venv, &packages, call, python.uv.as_deref(), progress).await?;
    }
    fs::write_atomically(&venv.folder.join("complete"), b"", 0o600)?;
    Ok(venv)
}

/// How much an environment takes: 1.3 GB and 1.5 GB were measured for SecretFlow 1.13.0b0, and downloads need room too.
const ROOM: u64 = 2_000_000_000;

/// Says what is going to be installed, where and how large it is, before minutes are spent on it.
fn announce(venv: &Venv, packages: &Packages<'_>, progress: &mut (dyn FnMut(String) + Send)) {
    // Those to which others are only held are not installed for that.
    let installed =
        |name: &str| packages.calls.iter().any(|call| call.last().is_some_and(|last| last == name));
    let lists = packages.files.iter().filter(|(name, _)| installed(name));
    let lists = lists.map(|(_, text)| String::from_utf8_lossy(text));
    let packages: usize =
        lists.map(|list| list.lines().filter(|line| line.contains("==")).count()).sum();
    progress(format!(
        "installing {packages} packages into `{}`, which takes minutes and up to 2 GB, once; behind a proxy or without the Internet see `sfgen explain SF0874`",
        venv.folder
    ));
    let parent = venv.folder.parent().unwrap_or(&venv.folder);
    if let Ok((_, free)) = fs::space(parent)
        && free < ROOM
    {
        progress(format!("only {} MB are free there", free / 1_000_000));
    }
}

fn name(requirements: &str, version: &str) -> String {
    Digest::of(format!("{requirements}{version}").as_bytes()).to_string()[..16].to_owned()
}

/// Whether the last step of making it was taken, nobody else can have changed it since, and the Python that it links to
/// has not gone away.
fn is_complete(venv: &Venv) -> Result<bool, FsError> {
    if fs::kind(&venv.folder)? == Kind::Absent || !fs::is_own_folder(&venv.folder)? {
        return Ok(false);
    }
    let marker = fs::kind(&venv.folder.join("complete"))?;
    Ok(marker != Kind::Absent && fs::is_program(&venv.bin.join("python")))
}

async fn lock(
    path: &Utf8Path,
    progress: &mut (dyn FnMut(String) + Send),
) -> Result<Lock, PythonError> {
    if let Some(lock) = Lock::try_take(path)? {
        return Ok(lock);
    }
    progress("waiting for another sfgen that makes the same environment".to_owned());
    let (send, taken) = oneshot::channel();
    let path = path.to_owned();
    // In a thread of its own, since a blocking task would keep the runtime from ending until the other process is done.
    // Where this future was dropped meanwhile, the lock is not received, hence dropped and free.
    thread::spawn(move || send.send(Lock::take(&path)));
    Ok(taken.await.expect("the thread sends whatever comes of it")?)
}

async fn make(
    guard: &GuardProgram,
    venv: &Venv,
    python: &Python,
    progress: &mut (dyn FnMut(String) + Send),
) -> Result<(), PythonError> {
    progress(format!("making a virtual environment of Python {}", python.version));
    let program = python.uv.as_ref().unwrap_or(&python.path);
    let mut command = child::command(program);
    if python.uv.is_some() {
        // Without `--seed`, which would fetch pip and setuptools by name from the index, unpinned.
        command.args(["venv", "--no-project", "--python", python.path.as_str()]);
    } else {
        command.args(["-I", "-m", "venv"]);
    }
    command.arg(&venv.folder);
    let Ended { status, tail } = watch(guard, program, &command, &mut |_| ()).await?;
    if status.success() {
        Ok(())
    } else {
        Err(PythonError::NotMade { folder: venv.folder.clone(), status, tail })
    }
}

async fn install(
    guard: &GuardProgram,
    venv: &Venv,
    packages: &Packages<'_>,
    call: &[String],
    uv: Option<&Utf8Path>,
    progress: &mut (dyn FnMut(String) + Send),
) -> Result<(), PythonError> {
    let python = venv.bin.join("python");
    let program = uv.unwrap_or(&python);
    let mut command = child::command(program);
    if uv.is_some() {
        command.args(["pip", "install", "--python", python.as_str()]);
        as_pip_would(&mut command, |name| std::env::var(name).ok());
    } else {
        // Not `bin/pip`: its first line is the folder's path, which must not be long. Isolated, so that no module in
        // the working folder is imported instead of pip's.
        command.args(["-I", "-m", "pip", "install", "--disable-pip-version-check"]);
        command.args(["--no-input", "--progress-bar", "off"]);
    }
    let file = |word: &String| packages.files.iter().find(|(name, _)| name == word);
    for word in call {
        match file(word) {
            Some((name, _)) => command.arg(venv.folder.join(name)),
            None => command.arg(word),
        };
    }
    let list = call.last().and_then(file).map(|(_, text)| String::from_utf8_lossy(text));
    let mut lines = Progress::of(&list.unwrap_or_default());
    let mut tell = |line: &str| {
        if let Some(told) = lines.told(line) {
            progress(told);
        }
    };
    let Ended { status, tail } = watch(guard, program, &command, &mut tell).await?;
    if status.success() {
        Ok(())
    } else {
        Err(PythonError::NotInstalled { folder: venv.folder.clone(), status, tail })
    }
}

/// Lets uv obey the variables with which pip is told where packages are: which of the two is there must not matter.
fn as_pip_would(command: &mut Command, variable: impl Fn(&str) -> Option<String>) {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(index) = set("PIP_INDEX_URL")
        && ["UV_DEFAULT_INDEX", "UV_INDEX_URL"].iter().all(|name| set(name).is_none())
    {
        command.env("UV_DEFAULT_INDEX", index);
    }
    if let Some(folders) = set("PIP_FIND_LINKS").filter(|_| set("UV_FIND_LINKS").is_none()) {
        // pip divides them by blanks, uv by commas.
        command.env("UV_FIND_LINKS", folders.split_whitespace().collect::<Vec<_>>().join(","));
    }
    if set("PIP_NO_INDEX").is_some_and(|value| !["0", "no", "off", "false"].contains(&&*value)) {
        command.arg("--no-index");
    }
}

async fn watch(
    guard: &GuardProgram,
    program: &Utf8Path,
    command: &Command,
    line: &mut (dyn FnMut(&str) + Send),
) -> Result<Ended, PythonError> {
    let fail = |why| PythonError::NotStarted { program: program.to_string(), why };
    // What its guard finds out would be an exit status.
    if !fs::is_program(program) {
        return Err(fail(ErrorKind::NotFound.into()));
    }
    child::watch(guard, command, line).await.map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uv_takes_packages_from_where_pip_would() {
        let told = |set: &[(&str, &str)]| {
            let mut command = Command::new("uv");
            let set = set.to_vec();
            as_pip_would(&mut command, |name| {
                set.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
            });
            let command = command.as_std();
            let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
            let env = command.get_envs().map(|(name, value)| {
                format!("{}={}", text(name), value.map(text).unwrap_or_default())
            });
            env.chain(command.get_args().map(text)).collect::<Vec<_>>()
        };
        assert!(told(&[]).is_empty());
        assert_eq!(
            told(&[("PIP_INDEX_URL", "http://m/simple")]),
            ["UV_DEFAULT_INDEX=http://m/simple"]
        );
        assert!(told(&[("PIP_INDEX_URL", "http://m"), ("UV_INDEX_URL", "http://u")]).is_empty());
        assert_eq!(
            told(&[("PIP_FIND_LINKS", "/a /b"), ("PIP_NO_INDEX", "1")]),
            ["UV_FIND_LINKS=/a,/b", "--no-index"]
        );
        assert!(told(&[("PIP_NO_INDEX", "0")]).is_empty());
    }

    #[test]
    fn another_list_or_another_patch_level_is_another_environment() {
        let one = name("numpy==1.26.4\n", "3.10.13");
        assert_eq!(one.len(), 16);
        assert_eq!(one, name("numpy==1.26.4\n", "3.10.13"));
        assert_ne!(one, name("numpy==1.26.4\n", "3.10.14"));
        assert_ne!(one, name("numpy==1.26.3\n", "3.10.13"));
    }
}
