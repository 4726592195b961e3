//! What the demo prints: one screen a step, the command as a user types it, and for each figure whether it holds.

use crate::report::units;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Letters of a line before it is cut.
const WIDTH: usize = 124;

/// Prints steps and keeps count of what was held against something.
#[derive(Debug)]
pub(super) struct Told {
    colour: bool,
    steps: u32,
    held: u32,
    failed: Vec<String>,
}

impl Told {
    /// Nothing told yet.
    pub(super) fn new() -> Self {
        let colour = std::io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self { colour, steps: 0, held: 0, failed: Vec::new() }
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) {
        self.steps += 1;
        say(&format!("\n{} {}\n", self.steps, self.bold(title)));
    }

    /// The command of a step, as a user would type it.
    pub(super) fn command(&self, arguments: &[&str]) {
        let mut line = "  $ sluicebox".to_owned();
        for argument in arguments {
            let quoted = argument.contains(|c: char| c.is_whitespace() || "()<>\"*".contains(c));
            let _ = if quoted { write!(line, " '{argument}'") } else { write!(line, " {argument}") };
        }
        say(&format!("{}\n", self.dim(&line)));
    }

    /// Lines of text, set in, each cut where a screen ends.
    pub(super) fn lines(&self, text: &str) {
        for line in text.lines() {
            let cut: String = line.chars().take(WIDTH).collect();
            let more = if cut.len() < line.len() { "…" } else { "" };
            say(&format!("    {cut}{more}\n"));
        }
    }

    /// Holds what was shown against what is known otherwise; `what` is the sentence that must be so.
    pub(super) fn check(&mut self, holds: bool, what: &str) {
        let mark = if holds { self.green("✓") } else { self.red("✗") };
        say(&format!("  {mark} {what}\n"));
        self.held += u32::from(holds);
        if !holds {
            self.failed.push(what.to_owned());
        }
    }

    /// The last words; true when all was so.
    pub(super) fn end(&self, took: Duration) -> bool {
        let all = self.held as usize + self.failed.len();
        let time = units::elapsed(took);
        if self.failed.is_empty() {
            say(&format!("\n{} All {all} figures were held against the tenants' own state. {time}\n", self.green("✓")));
            return true;
        }
        say(&format!("\n{} {} of {all} did not hold ({time}):\n", self.red("✗"), self.failed.len()));
        self.failed.iter().for_each(|what| say(&format!("    {what}\n")));
        false
    }

    fn bold(&self, text: &str) -> String {
        self.styled("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.styled("2", text)
    }

    fn green(&self, text: &str) -> String {
        self.styled("32", text)
    }

    fn red(&self, text: &str) -> String {
        self.styled("31", text)
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// To whoever reads; the demo goes on when nobody does.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
