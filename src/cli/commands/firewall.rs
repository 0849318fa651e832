//! `sfgen apply --firewall`: loads the planned firewall, and asks whether it may stay.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    os::fd::AsFd as _,
    time::{Duration, Instant},
};

use clap::Args;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        install::{
            InstallError,
            firewall::{Armed, Firewall, confirm},
            machine::{Machine as _, ThisMachine},
            record::Records,
            site::Site,
        },
        machine::side::Side,
    },
    types::Span,
};

use super::installing::{InstallArgs, command};

/// What may be done with the firewall.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FirewallArgs {
    /// Load the planned firewall, and do nothing else. It is taken back unless it is confirmed
    #[arg(long, conflicts_with_all = ["all", "force"])]
    pub(crate) firewall: bool,
    /// Keep the firewall that was loaded
    #[arg(long, conflicts_with_all = ["all", "firewall", "dry_run", "yes", "force"])]
    pub(crate) firewall_confirm: bool,
    /// How long a loaded firewall waits to be confirmed
    #[arg(long, default_value = "60s", requires = "firewall")]
    pub(crate) confirm_within: Span,
}

impl FirewallArgs {
    /// Whether the command is about the firewall alone.
    pub(super) fn is_about_it(self) -> bool {
        self.firewall || self.firewall_confirm
    }
}

/// So often it is looked whether somebody else has confirmed.
const LOOK: Duration = Duration::from_millis(200);
/// So long what takes the firewall back may take once its time has come.
const LATE: Duration = Duration::from_secs(5);

/// Loads the firewall of a side, or confirms it.
pub(super) fn run(
    side: &Side,
    args: FirewallArgs,
    how: InstallArgs,
    ui: &Ui,
) -> Result<Status, Failure> {
    let here = Site { side, machine: &ThisMachine };
    let (party, host, place) = (side.party(), &side.host_name, here.place());
    let records = Records::from_env(true)?;
    let keep = format!("{} --firewall-confirm", command(side));
    let check_root = |command: &str| {
        let (party, command) = (party.clone(), command.to_owned());
        let is_allowed = ThisMachine.has_root();
        if is_allowed { Ok(()) } else { Err(InstallError::NotRoot { party, command }) }
    };
    if args.firewall_confirm {
        check_root(&keep)?;
        let is_new = confirm(&mut records.open(&place)?)?;
        let already = if is_new { "" } else { " already" };
        ui.result(format!("{party} on {host}: the firewall stays{already}"));
        return Ok(Status::Done);
    }
    let Some(firewall) = Firewall::planned(&here)? else {
        ui.result(format!("{party} on {host}: nothing listens there, so there is no firewall"));
        return Ok(Status::Done);
    };
    if how.dry_run {
        ui.result(format!("+ {}", firewall.described()));
        return Ok(Status::Done);
    }
    check_root(&format!("{} --firewall", command(side)))?;
    if firewall.is_loaded(&ThisMachine, &records.read(&place)?)? {
        ui.result(format!("{party} on {host}: the firewall is loaded"));
        return Ok(Status::Done);
    }
    ui.note(format!("{party}: {}", firewall.described()));
    let time = args.confirm_within;
    // Not kept open: another session may confirm.
    let armed = firewall.load(&ThisMachine, &mut records.open(&place)?, time.get())?;
    let deadline = Instant::now() + time.get();
    let keep = format!("sudo {keep}");
    if how.yes || !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        ui.result(format!(
            "{party} on {host}: the firewall is loaded, and taken back after {time} unless `{keep}` confirms it"
        ));
        return Ok(Status::Done);
    }
    let question = format!(
        "Taken back after {time}. If new connections work, keep it with `y` here, or with `{keep}` in another session: "
    );
    if !is_confirmed_here(&armed, deadline, &question) {
        ui.note("");
        while armed.is_pending() && Instant::now() < deadline + LATE {
            std::thread::sleep(LOOK);
        }
    }
    // Where it was taken back meanwhile, this says so; where another session has confirmed, it is kept.
    confirm(&mut records.open(&place)?)?;
    ui.result(format!("{party} on {host}: the firewall stays"));
    Ok(Status::Done)
}

/// Asks at the terminal until the time is over, or somebody else has answered.
fn is_confirmed_here(armed: &Armed, deadline: Instant, question: &str) -> bool {
    let asked = write!(io::stderr(), "{question}").and_then(|()| io::stderr().flush());
    // A terminal that is gone answers nothing.
    if asked.is_err() {
        return false;
    }
    let timeout = PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO);
    while armed.is_pending() && Instant::now() < deadline {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, timeout).unwrap_or(0) == 0 {
            continue;
        }
        let mut answer = String::new();
        let read = stdin.lock().read_line(&mut answer).unwrap_or(0);
        if read == 0 {
            return false;
        }
        if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            return true;
        }
    }
    false
}
