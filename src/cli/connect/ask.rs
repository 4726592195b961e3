//! Questions to a person, or to a pipe: what is typed at a terminal, secrets without echo; else one line of standard input for
//! each question, in the order asked.

use crate::cli::Failed;
use crate::provider::Secret;
use signal_hook::consts::SIGINT;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Longest answer in bytes.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// Asks and counts.
#[derive(Debug)]
pub(in crate::cli) struct Ask {
    at_terminal: bool,
    asked: u32,
    ctrl_c: Option<CtrlC>,
}

/// Ctrl-C while the terminal shows nothing: it must not end the program before the terminal is as it was.
#[derive(Debug)]
struct CtrlC {
    /// True while it ends the program, as is usual.
    ends: Arc<AtomicBool>,
    pressed: Arc<AtomicBool>,
}

impl CtrlC {
    /// Takes hold of it for the rest of the program (a signal that was taken cannot be given back); it goes on to end the
    /// program, except within [`CtrlC::held`] and after this is dropped.
    fn take() -> std::io::Result<Self> {
        let (ends, pressed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        signal_hook::flag::register_conditional_default(SIGINT, Arc::clone(&ends))?;
        signal_hook::flag::register(SIGINT, Arc::clone(&pressed))?;
        Ok(Self { ends, pressed })
    }

    /// Does something during which Ctrl-C only is noted; ends the program after it, if it was pressed.
    fn held<T>(&self, work: impl FnOnce() -> T) -> T {
        self.ends.store(false, Ordering::SeqCst);
        let done = work();
        self.ends.store(true, Ordering::SeqCst);
        if self.pressed.load(Ordering::SeqCst) {
            eprintln!();
            // Ends the program as the signal would have.
            let _ = signal_hook::low_level::emulate_default_handler(SIGINT);
        }
        done
    }
}

/// Leaves Ctrl-C to those who watch for it from here on.
impl Drop for CtrlC {
    fn drop(&mut self) {
        self.ends.store(false, Ordering::SeqCst);
    }
}

impl Ask {
    /// Asks on standard input.
    pub(in crate::cli) fn new() -> Self {
        Self { at_terminal: std::io::stdin().is_terminal(), asked: 0, ctrl_c: None }
    }

    /// How many questions were put.
    pub(super) fn asked(&self) -> u32 {
        self.asked
    }

    /// No question follows that Ctrl-C would have to end: others watch for it now.
    pub(super) fn finish(&mut self) {
        self.ctrl_c = None;
    }

    /// A question with a visible answer. `other` says how the answer can be given without being asked.
    pub(super) fn line(&mut self, what: &str, other: &str) -> Result<String, Failed> {
        match self.read(what)? {
            Some(answer) if !answer.is_empty() => Ok(answer),
            _ => Err(Failed::new(format!("no {what} was given; {other}"))),
        }
    }

    /// A question with an answer that is not shown; `None` when it was left empty.
    pub(super) fn secret(&mut self, what: &str) -> Result<Option<Secret>, Failed> {
        if !self.at_terminal {
            return Ok(self.read(what)?.map(|answer| Secret::new(&answer)).filter(|secret| !secret.is_empty()));
        }
        self.asked += 1;
        let prompt = format!("? {what} (it is not shown): ");
        let ctrl_c = match self.ctrl_c.take() {
            Some(taken) => Ok(taken),
            None => CtrlC::take(),
        };
        let typed = ctrl_c.and_then(|ctrl_c| {
            let typed = ctrl_c.held(|| rpassword::prompt_password(prompt));
            self.ctrl_c = Some(ctrl_c);
            typed
        });
        let typed = typed.map_err(|error| Failed::new(format!("cannot read the answer: {error}")))?;
        Ok(Some(Secret::new(&typed)).filter(|secret| !secret.is_empty()))
    }

    /// A question whose answer may be empty; `None` at the end of the input.
    pub(in crate::cli) fn read(&mut self, what: &str) -> Result<Option<String>, Failed> {
        use std::io::Read;
        self.asked += 1;
        let mut error = std::io::stderr();
        let _ = write!(error, "? {what}: ").and_then(|()| error.flush());
        let mut line = String::new();
        let read = std::io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut line);
        if !self.at_terminal {
            // Nobody pressed Enter.
            eprintln!();
        }
        match read {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(line.trim().to_owned())),
            Err(error) => Err(Failed::new(format!("cannot read the answer: {error}"))),
        }
    }
}
