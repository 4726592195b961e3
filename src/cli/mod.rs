//! People: one file for each subcommand. Nothing below this room knows of flags, colours or exit codes.

mod actions;
mod activity;
mod alerts;
mod ask;
mod audit;
mod backlog;
mod breaker;
mod cells;
mod config;
mod connect;
mod cost;
mod coverage;
mod demo;
mod doctor;
mod emulate;
mod exceptions;
mod explain;
mod extract;
mod files;
mod findings;
mod init;
mod key;
mod limits;
mod logs;
mod named;
mod notify;
mod operator;
mod plan;
mod policy;
mod progress;
mod quarantine;
mod queue;
mod reevaluate;
mod report;
mod rules;
mod run;
mod scan;
mod service;
mod stop;
mod suppress;
mod undo;
mod why;

use clap::{Parser, Subcommand};
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

/// The command could not do its job: a flag, a rule file, a named path.
const EXIT_FAILED: u8 = 2;

/// Finds sensitive content in files, and says how much of each it could read.
#[derive(Debug, Parser)]
#[command(name = "sluicebox", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything on this machine: two tenants made of real documents, read, followed and judged
    Demo(demo::Args),
    /// Scan files, folders or standard input
    Scan(scan::Args),
    /// Print the text that is scanned
    Extract(extract::Args),
    /// Check, list, explain and test rules, and tell their cost
    Rules(rules::Args),
    /// Make the data folder, the settings file, the key of tokens and the store
    Init(init::Args),
    /// Watch over the connected tenants, until Ctrl-C
    Run(run::Args),
    /// Look at what waits and what was given up, and bring it back
    Queue(queue::Args),
    /// Say whether everything is in order, and what to do where it is not
    Doctor(doctor::Args),
    /// List the tenants' files and folders by a filter
    Files(files::Args),
    /// List what was found in the tenants, and where else a value is
    Findings(findings::Args),
    /// Tell how much of the tenants was read, and why not the rest
    Coverage(coverage::Args),
    /// Tell what people did in the tenants
    Activity(activity::Args),
    /// Write the state of the tenants as one offline page
    Report(report::Args),
    /// Check, list, make and approve policies
    Policy(policy::Args),
    /// Make a plan of what policies would do, show it, approve it, apply it
    Plan(plan::Args),
    /// Tell what was done, what waits and what was given up
    Actions(actions::Args),
    /// Make and list the keys by which people decide by name
    Operator(operator::Args),
    /// Undo what was done: one action, a plan, a policy, a rule version, a time range
    Undo(undo::Args),
    /// Tell which breakers tripped, and release them
    Breaker(breaker::Args),
    /// List, show, restore and adopt what lies in quarantine
    Quarantine(quarantine::Args),
    /// List, make and end exceptions
    Exceptions(exceptions::Args),
    /// Say of an item for every policy why it matches or why not
    Explain(why::Args),
    /// Judge everything that is stored by the policies and exceptions as they are now
    Reevaluate(reevaluate::Args),
    /// List, show and close alerts
    Alerts(alerts::Args),
    /// Verify and export the audit log
    Audit(audit::Args),
    /// Try out and look after messages
    Notify(notify::Args),
    /// Set up and look after Box and Dropbox tenants
    Connect(connect::Args),
    /// Estimate, start, watch, pause the regular passes over all connected tenants
    Backlog(backlog::Args),
    /// Run a Box enterprise and a Dropbox team on this machine, to try things on
    Emulate(Box<emulate::Args>),
}

/// Flags that choose rules, the same for every command that runs some.
#[derive(Debug, clap::Args)]
struct RuleArgs {
    /// Also load this rule file, or every *.toml file of this folder
    #[arg(long = "rules", value_name = "PATH")]
    rule_paths: Vec<PathBuf>,
    /// Leave out the built-in rules
    #[arg(long)]
    no_builtin: bool,
    /// Run only detectors with this id; `*` stands for anything (id.us-*)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Run only detectors with this tag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
}

impl RuleArgs {
    fn load(&self) -> Result<crate::rule::Loaded, Failed> {
        let options = crate::rule::Options {
            builtin: !self.no_builtin,
            paths: self.rule_paths.clone(),
            select: crate::rule::Select { only: self.only.clone(), tags: self.tag.clone() },
        };
        crate::rule::load(&options).map_err(|errors| refused(&errors))
    }
}

/// What is wrong with rules, as the user reads it.
fn refused(errors: &[crate::rule::RuleError]) -> Failed {
    let mut text: String = errors.iter().map(|error| format!("{error}\n")).collect();
    if errors.len() > 1 {
        text.push_str(&format!("error: {} errors in rules; nothing was run", errors.len()));
    }
    Failed(text.trim_end().to_owned())
}

/// Why a command could not do its job, as the user reads it.
#[derive(Debug)]
struct Failed(String);

impl Failed {
    fn new(what: impl fmt::Display) -> Self {
        Self(format!("error: {what}"))
    }
}

/// A path, or a word that was typed, as a message shows it: on one line, and harmless to a terminal.
fn shown(word: impl AsRef<std::ffi::OsStr>) -> String {
    crate::report::harmless::printable(&word.as_ref().to_string_lossy()).into_owned()
}

/// Runs the command line and gives the exit code: see the contract in the README.
#[must_use]
pub fn run() -> ExitCode {
    logs::no_core();
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::Extract(args) => extract::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Queue(args) => queue::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Files(args) => files::run(&args),
        Command::Findings(args) => findings::run(&args),
        Command::Coverage(args) => coverage::run(&args),
        Command::Activity(args) => activity::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Actions(args) => actions::run(&args),
        Command::Operator(args) => operator::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Breaker(args) => breaker::run(&args),
        Command::Quarantine(args) => quarantine::run(&args),
        Command::Exceptions(args) => exceptions::run(&args),
        Command::Explain(args) => why::run(&args),
        Command::Reevaluate(args) => reevaluate::run(&args),
        Command::Alerts(args) => alerts::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Notify(args) => notify::run(&args),
        Command::Connect(args) => connect::run(&args),
        Command::Backlog(args) => backlog::run(&args),
        Command::Emulate(args) => emulate::run(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Failed(message)) => {
            eprintln!("{message}");
            ExitCode::from(EXIT_FAILED)
        }
    }
}
