//! This very program, run as a user runs it: the demo shows nothing that its commands do not do.

use super::Failed;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::clock::Clock;

/// Runs commands over one settings file.
#[derive(Debug)]
pub(super) struct Commands {
    program: PathBuf,
    settings: PathBuf,
}

impl Commands {
    /// Commands over these settings.
    pub(super) fn over(settings: &Path) -> Result<Self, Failed> {
        let program =
            std::env::current_exe().map_err(|error| Failed::new(format!("cannot find this program: {error}")))?;
        Ok(Self { program, settings: settings.to_owned() })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("SLUICEBOX_SETTINGS", &self.settings).env("NO_COLOR", "1");
        command.stdin(Stdio::null());
        command
    }

    /// What a command prints, as text.
    pub(super) fn text(&self, arguments: &[&str]) -> Result<String, Failed> {
        let output = self.run(arguments)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What a command prints, as JSON lines.
    pub(super) fn rows(&self, arguments: &[&str]) -> Result<Vec<Value>, Failed> {
        let text = self.text(arguments)?;
        let rows: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        rows.map_err(|error| Failed::new(format!("`{}` printed no JSON lines: {error}", arguments.join(" "))))
    }

    /// What a command prints, as text, and its exit code.
    pub(super) fn ended(&self, arguments: &[&str]) -> Result<(i32, String), Failed> {
        let output = self.run(arguments)?;
        Ok((output.status.code().unwrap_or(2), String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Begins a command that nobody listens to.
    pub(super) fn begun(&self, arguments: &[&str]) -> Result<Service, Failed> {
        let mut command = self.command(arguments);
        let begun = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = begun.map_err(|error| Failed::new(format!("cannot run `{}`: {error}", arguments.join(" "))))?;
        Ok(Service { child })
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Failed> {
        let failed = |error: io::Error| Failed::new(format!("cannot run `{}`: {error}", arguments.join(" ")));
        let output = self.command(arguments).stderr(Stdio::piped()).output().map_err(failed)?;
        if output.status.code().is_none() {
            // A Ctrl-C reaches every process of the terminal.
            return Err(Failed::new("stopped before the end"));
        }
        if output.status.code() == Some(2) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failed::new(format!("`sluicebox {}` failed:\n{said}", arguments.join(" "))));
        }
        Ok(output)
    }

    /// Starts the service; its words go to `log`.
    pub(super) fn service(&self, log: &Path) -> Result<Service, Failed> {
        let failed = |error: io::Error| Failed::new(format!("cannot start the service: {error}"));
        let log = std::fs::File::create(log).map_err(failed)?;
        let to = |file: &std::fs::File| file.try_clone().map(Stdio::from);
        let child = self
            .command(&["run"])
            .stdout(to(&log).map_err(failed)?)
            .stderr(to(&log).map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        Ok(Service { child })
    }
}

/// The running service, or another command that goes on by itself; dropping it ends it.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
}

/// How long a service may take to end in good order.
const END_MAX: Duration = Duration::from_secs(20);

impl Service {
    /// True while it runs.
    pub(super) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as Ctrl-C does, and tells whether it ended well.
    pub(super) fn end(mut self) -> bool {
        self.interrupt();
        let (clock, never) = (Clock::machine(), AtomicBool::new(false));
        while clock.elapsed() < END_MAX {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.success();
            }
            clock.wait(Duration::from_millis(50), &never);
        }
        false
    }

    /// Ends it at once, as a power cut does: it is told nothing and finishes nothing.
    pub(super) fn kill(mut self) {
        // SIGKILL; one that is gone already needs none.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // One that is gone already needs no signal.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.runs() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
