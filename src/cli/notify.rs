//! `sluicebox notify`: try out the ways that messages leave by, and look after what leaves.

use super::ask::Form;
use super::config::Config;
use super::rules::print;
use super::{Failed, service, shown};
use crate::clock::Clock;
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command};
use crate::notify::{Delivery, Letter, Said, json, plain};
use crate::report::units::count;
use crate::store::{Channel, Message, MessageState};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Messages read at a time.
const PAGE: usize = 500;

/// Flags of `notify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Send a test message now, beside the service, and tell what became of it
    Test(TestArgs),
    /// List messages in sequence, also those that left: a reader that missed some goes on here
    List(ListArgs),
    /// Send parked messages again
    Retry {
        /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --mail and --webhook everybody is tried whom the settings name: operators and webhooks. \
    Exit code: 0 all took it; 2 somebody did not."
)]
struct TestArgs {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Mail it to this address
    #[arg(long, value_name = "ADDRESS")]
    mail: Vec<String>,
    /// Bring it to this webhook of the settings
    #[arg(long, value_name = "NAME")]
    webhook: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    form: Form,
    /// Only those after this number of the sequence
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: u64,
    /// Only those of this webhook
    #[arg(long, value_name = "NAME")]
    webhook: Option<String>,
    /// Only those in this state
    #[arg(long, value_name = "STATE", value_parser = ["waits", "sending", "sent", "digested", "parked"])]
    state: Option<String>,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    max: usize,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Sub::Test(args) => test(args),
        Sub::List(args) => list(args),
        Sub::Retry { settings } => retry(&Config::load(settings.as_deref(), false)?),
    }
}

fn test(args: &TestArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let (post, clock, notify) = (config.notify().post()?, Clock::machine(), config.notify());
    let mut channels: Vec<Channel> = args.mail.iter().map(|to| Channel::Mail(to.as_str().into())).collect();
    channels.extend(args.webhook.iter().map(|name| Channel::Webhook(name.as_str().into())));
    if channels.is_empty() {
        channels = notify.everybody();
    }
    if channels.is_empty() {
        return Err(Failed::new(
            "the settings name nobody to be told\n  see [notify] in docs/messages.md, or give --mail",
        ));
    }
    let said = Said {
        kind: "test".into(),
        text: "This is a test of how sluicebox sends messages. Nothing happened, and nothing is to be done.".into(),
        ..Said::default()
    };
    let (mut failed, made) = (false, clock.now());
    for channel in &channels {
        let id = format!("test-{}", made.as_millis());
        let letter = Letter { id: &id, sequence: 0, made, said: &said };
        let delivery = match channel {
            Channel::Mail(to) => post.mail(to, &letter),
            Channel::Webhook(name) => post.hook(name, &letter, &clock),
        };
        let told = match &delivery {
            Delivery::Sent => "taken".to_owned(),
            Delivery::Again { said, .. } => format!("not taken now: {said}"),
            Delivery::Refused { said } => format!("refused: {said}"),
        };
        failed |= delivery != Delivery::Sent;
        print(&format!("{}: {told}\n", shown(to(channel))))?;
    }
    if failed {
        return Err(Failed::new(
            "not everybody took the test message\n  check [notify] in the settings; docs/messages.md lists what each code means",
        ));
    }
    Ok(0)
}

fn to(channel: &Channel) -> String {
    match channel {
        Channel::Mail(address) => format!("mail {address}"),
        Channel::Webhook(name) => format!("webhook {name}"),
    }
}

fn list(args: &ListArgs) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let mut lines = args.form.lines();
    let (mut after, mut listed) = (args.after, 0);
    while listed < args.max && lines.go_on().is_continue() {
        let page = opened.store.messages(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        let wanted = page.iter().filter(|message| fits(args, message)).take(args.max - listed);
        for message in wanted {
            listed += 1;
            if lines.json { lines.row(&row(message))? } else { lines.text(text(message))? }
        }
    }
    if listed == 0 && !lines.json {
        lines.text("No such message.")?;
    }
    lines.finish()?;
    Ok(0)
}

fn fits(args: &ListArgs, message: &Message) -> bool {
    let of_hook = |name: &String| matches!(&message.is.channel, Channel::Webhook(of) if **of == **name);
    args.state.as_ref().is_none_or(|state| message.state.name() == state) && args.webhook.as_ref().is_none_or(of_hook)
}

/// One message as JSON: what a webhook gets, and where it stands.
fn row(message: &Message) -> Value {
    let said: Said = serde_json::from_str(&message.is.body).unwrap_or_default();
    let (kind, receiver) = match &message.is.channel {
        Channel::Mail(address) => ("mail", address),
        Channel::Webhook(name) => ("webhook", name),
    };
    json!({
        "schema": "sluicebox.message/1", "sequence": message.sequence, "id": &*message.is.id, "channel": kind,
        "to": &**receiver, "state": message.state.name(), "attempts": message.attempts, "said": &*message.said,
        "made": message.made.to_string(), "digest_at": message.is.digest_at.map(|at| at.to_string()),
        "message": json(&message.is.id, message.sequence, message.made, &said),
    })
}

fn text(message: &Message) -> String {
    let said: Said = serde_json::from_str(&message.is.body).unwrap_or_default();
    let why = match message.state {
        MessageState::Parked | MessageState::Waits if !message.said.is_empty() => {
            let tries = if message.attempts == 1 { "try" } else { "tries" };
            format!(" ({}, {} {tries})", plain(&message.said), message.attempts)
        }
        _ => String::new(),
    };
    format!(
        "{:>8}  {}  {:<8} {}{why}\n          {}",
        message.sequence,
        message.made,
        message.state.name(),
        plain(&to(&message.is.channel)),
        plain(&crate::notify::subject(&said))
    )
}

fn retry(config: &Config) -> Result<u8, Failed> {
    let reached = service::reach(config, "notify retry")?;
    let runs = reached.is_running();
    let messages = match reached.perform(&Command::Govern { deed: Deed::MessagesRetry })? {
        Answer::Counted { count } => count,
        _ => 0,
    };
    let next = match (messages, runs) {
        (0, _) => "",
        (_, true) => "; the service sends them now",
        (_, false) => "; the next `sluicebox run` sends them",
    };
    print(&format!("{} message{} brought back{next}.\n", count(messages), if messages == 1 { "" } else { "s" }))?;
    Ok(0)
}
