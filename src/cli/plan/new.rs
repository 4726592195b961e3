//! `sluicebox plan new`: makes a plan and keeps it.

use super::{AsOperator, grounds, keep, next, told};
use crate::cli::ask::{Chosen, Opened};
use crate::cli::config::Config;
use crate::cli::named::{self, Sought};
use crate::cli::rules::print;
use crate::cli::{Failed, service, stop};
use crate::clock::{Clock, Moment};
use crate::engine::plan::{self, Asked, ITEMS_MAX, Means, make};
use crate::model::{ItemNumber, PlanNumber};
use crate::policy::ask::Ask;
use crate::policy::{self, Answer};
use crate::store::Scope;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Items of a plan unless told otherwise.
const ITEMS_USUAL: usize = 1_000;

/// Flags of `plan new`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --where and --item the plan is of what policies in mode `plan` and `enforce` want of the items they \
    match now. Providers are read, nothing is changed there; Ctrl-C keeps nothing. Exit code: 0 a plan was made that does \
    something; 1 a plan was made with nothing to do; 2 none was made."
)]
pub(super) struct Args {
    /// Only items that this policy matches; all policies vote
    #[arg(long = "policy", value_name = "NAME", conflicts_with_all = ["filter", "items", "action"])]
    policies: Vec<String>,
    #[command(flatten)]
    chosen: Chosen,
    /// This item: #NUMBER, its path or its id; with NAME: before it in that connector only
    #[arg(long = "item", value_name = "ITEM", requires = "action", conflicts_with = "filter")]
    items: Vec<String>,
    /// What is to be done, as a policy file spells it: remove_links, 'restrict_links to=company', 'expire_links lasting=24h'
    #[arg(long = "do", value_name = "ACTION")]
    action: Option<String>,
    /// Items at most
    #[arg(long, value_name = "N", default_value_t = ITEMS_USUAL)]
    max: usize,
    /// Output format: text, json (the very bytes that are hashed), html (one offline page)
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "html"])]
    format: String,
    /// Tell every item, not the first of each group
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    who: AsOperator,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let question = args.chosen.question()?;
    let ask = args.action.as_deref().map(asked).transpose()?;
    if !question.is_open() && ask.is_none() {
        return Err(Failed::new(
            "--where says which items; --do must say what is to be done\n  as in --do remove_links",
        ));
    }
    if ask.is_some() && question.is_open() && args.items.is_empty() {
        return Err(Failed::new("--do says what; --item or --where must say to which items"));
    }
    if args.max == 0 || args.max > ITEMS_MAX {
        return Err(Failed::new(format!("--max must be 1 to {ITEMS_MAX}")));
    }
    let config = Config::load(args.settings.as_deref(), false)?;
    let (clock, stop) = (Clock::machine(), stop::on_signals()?);
    let store = service::open_to_read(&config)?;
    let opened = Opened { config, store, now: clock.now() };
    let grounds = grounds::grounds(&opened.config, &*opened.store, &clock, &stop)?;
    let policies = crate::cli::policy::policies(&opened.config, &*opened.store)?;
    let chosen = match ask {
        Some(ask) if args.items.is_empty() => plan::Chosen::Items(filtered(&question, &opened)?, ask),
        Some(ask) => {
            let items = args.items.iter().map(|typed| {
                let sought = Sought { typed, connector: None, kind: None };
                named::one(&*opened.store, sought).map(|known| known.number)
            });
            plan::Chosen::Items(items.collect::<Result<_, _>>()?, ask)
        }
        None => plan::Chosen::Matches(args.policies.clone()),
    };
    let now = Moment::from_millis(opened.now.as_secs().saturating_mul(1_000));
    let means = Means { store: &*opened.store, grounds: &grounds, policies: &policies, now, stop: &stop };
    let wanted = Asked { by: args.who.by(), words: words(args), chosen, items_max: args.max };
    let document = make(&means, &wanted).map_err(Failed::new)?;
    let number = keep(&opened.config, "plan new", &document, &args.who)?;
    print(&told(&document, number, &args.format, args.all))?;
    let does = document.totals.actions > 0;
    if args.format == "text" {
        let plan = opened.store.plan(PlanNumber(number))?;
        let next = plan.map(|plan| next(&plan)).unwrap_or_default();
        print(&if does { format!("\n{next}") } else { "\nThere is nothing to do.\n".to_owned() })?;
    }
    Ok(u8::from(!does))
}

/// Items of which a filter says yes.
fn filtered(question: &crate::cli::ask::Question, opened: &Opened) -> Result<Vec<ItemNumber>, Failed> {
    let mut items = Vec::new();
    let tally = question.ask(opened, None, Scope::default(), &mut |hit| {
        if hit.answer == Answer::Yes {
            items.push(hit.known.number);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if tally.unknown > 0 {
        eprintln!("note: {} items of which the filter cannot tell yet are not in the plan", tally.unknown);
    }
    Ok(items)
}

/// What was asked for, as the plan tells it.
fn words(args: &Args) -> String {
    let mut words = Vec::new();
    words.extend(args.policies.iter().map(|name| format!("--policy {name}")));
    words.extend(args.items.iter().map(|item| format!("--item {item}")));
    words.extend(args.chosen.words());
    words.extend(args.action.iter().map(|action| format!("--do '{action}'")));
    if words.is_empty() { "what policies in mode plan and enforce want".to_owned() } else { words.join(" ") }
}

/// The action that was typed, by the reader of policy files.
fn asked(typed: &str) -> Result<Ask, Failed> {
    policy::ask_of(typed).map_err(|why| {
        Failed::new(format!("--do `{}`: {why}\n  docs/policies.md lists all actions", crate::cli::shown(typed)))
    })
}
