//! Questions to a person, or to a pipe: what is typed at a terminal, secrets without echo; else one line of standard input for
//! each question, in the order asked.

use crate::cli::Failed;
use crate::provider::Secret;
use std::io::{BufRead, IsTerminal, Write};

/// Longest answer in bytes.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// Asks and counts.
#[derive(Debug)]
pub(super) struct Ask {
    at_terminal: bool,
    asked: u32,
}

impl Ask {
    /// Asks on standard input.
    pub(super) fn new() -> Self {
        Self { at_terminal: std::io::stdin().is_terminal(), asked: 0 }
    }

    /// How many questions were put.
    pub(super) fn asked(&self) -> u32 {
        self.asked
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
        let typed = rpassword::prompt_password(format!("? {what} (it is not shown): "));
        let typed = typed.map_err(|error| Failed::new(format!("cannot read the answer: {error}")))?;
        Ok(Some(Secret::new(&typed)).filter(|secret| !secret.is_empty()))
    }

    /// A question whose answer may be empty; `None` at the end of the input.
    pub(super) fn read(&mut self, what: &str) -> Result<Option<String>, Failed> {
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
