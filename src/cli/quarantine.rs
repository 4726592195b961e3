//! `sluicebox quarantine`: what lies there, what a restore brings back, the restore, and taking back what a lost database knew.
//!
//! Looking reads the store beside the service. A restore is asked of the service, or done here under the lock when none runs.
//! `adopt` reads the quarantines at the provider, so it needs the connector's secrets, and the token key that sealed the receipts.

mod show;

use super::ask::{Form, Lines, Opened};
use super::config::{Config, duration};
use super::connect::{Patience, opened};
use super::{Failed, key, service, stop};
use crate::clock::Clock;
use crate::engine::act;
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command, Lock, REQUEST_BYTES_MAX};
use crate::engine::quarantine::{adopt, restore, sealed::ReceiptKey};
use crate::model::{Cause, ConnectorName, Directory, IntentNumber, IntentState};
use crate::provider::registry;
use crate::report::harmless::one_line;
use crate::report::units;
use crate::store::{IntentQuery, Quarantined, Store};
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Rows read at a time.
const PAGE: usize = 500;
/// How long a restored item is excused unless told otherwise.
const EXCUSED_FOR: Duration = Duration::from_secs(7 * 86_400);
/// Ids in one request to the service.
const IDS_MAX: usize = 1_000;

/// Flags of `quarantine`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// List what lies in quarantine, with its correlation id
    List(ListArgs),
    /// Tell what a restore brings back, and what it cannot
    Show(ShowArgs),
    /// Bring items back: name, place, versions, links, members with their roles
    Restore(RestoreArgs),
    /// Take back what the sealed receipts in the quarantines tell, after the database was lost
    Adopt(AdoptArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    form: Form,
    /// What was brought back, too
    #[arg(long)]
    released: bool,
    /// Only what this person owned, by login
    #[arg(long, value_name = "LOGIN")]
    owner: Option<String>,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    form: Form,
    /// The correlation id, as `quarantine list` and the note in its place tell it
    id: String,
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["id", "path", "owner"])))]
struct RestoreArgs {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The correlation id
    id: Option<String>,
    /// What had this name, or lay at this path
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// All that this person owned, by login
    #[arg(long, value_name = "LOGIN")]
    owner: Option<String>,
    /// How long the policies that put it there leave it alone; 0s does not excuse it
    #[arg(long = "for", value_name = "SPAN")]
    lasting: Option<String>,
    /// Why, for the audit log and the exception
    #[arg(long, value_name = "TEXT", default_value = "restored from quarantine")]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
struct AdoptArgs {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Only of this connector
    #[arg(long, value_name = "NAME")]
    connector: Option<ConnectorName>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Sub::List(args) => list(args),
        Sub::Show(args) => show(args),
        Sub::Restore(args) => bring_back(args),
        Sub::Adopt(args) => take_back(args),
    }
}

/// All that lies in quarantine, by ids; `take` is told each.
fn each(
    store: &dyn Store,
    released: bool,
    take: &mut dyn FnMut(Quarantined) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let mut after: Option<Arc<str>> = None;
    loop {
        let page = store.quarantined(released, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(Arc::clone(&last.is.id));
        for one in page {
            take(one)?;
        }
    }
}

fn list(args: &ListArgs) -> Result<u8, Failed> {
    let Opened { store, .. } = args.form.open()?;
    let mut lines = args.form.lines();
    let (mut listed, json) = (0_u64, lines.json);
    each(&*store, args.released, &mut |one| {
        if args.owner.as_ref().is_some_and(|owner| !one.is.owner.eq_ignore_ascii_case(owner)) {
            return Ok(());
        }
        listed += 1;
        if json { lines.row(&show::row(&*store, &one)?) } else { text_row(&mut lines, &*store, &one) }
    })?;
    if !json {
        lines.text(match listed {
            0 => "Nothing lies in quarantine.".to_owned(),
            some => format!("{}; `sluicebox quarantine restore ID` brings one back.", units::of(some, "item", "items")),
        })?;
    }
    lines.finish()?;
    Ok(0)
}

fn text_row<W: Write>(lines: &mut Lines<W>, store: &dyn Store, one: &Quarantined) -> Result<(), Failed> {
    let back = one.released.map(|at| format!(", brought back {at}")).unwrap_or_default();
    lines.text(format!("{}  since {}{back}", one.is.id, one.since))?;
    lines.text(format!("  {}", show::place(store, &one.is)?))?;
    let owner = if one.is.owner.is_empty() { "nobody known" } else { &*one.is.owner };
    lines.text(format!("  of {}; wanted by {}; in {}", one_line(owner), show::who(&one.is), show::whose(&one.is)))
}

fn show(args: &ShowArgs) -> Result<u8, Failed> {
    let Opened { store, .. } = args.form.open()?;
    let one = store.quarantined_as(&args.id)?.ok_or_else(|| unknown(&args.id))?;
    let mut lines = args.form.lines();
    if lines.json {
        lines.row(&show::whole(&*store, &one)?)?;
    } else {
        text_row(&mut lines, &*store, &one)?;
        show::prior(&one.is, &mut |line| lines.text(line))?;
    }
    lines.finish()?;
    Ok(0)
}

fn unknown(id: &str) -> Failed {
    Failed::new(format!(
        "nothing lies in quarantine under {:?}\n  `sluicebox quarantine list` shows what does; `quarantine adopt` takes back what a \
         lost database knew",
        one_line(id)
    ))
}

/// What the flags mean, while it lies in quarantine.
fn chosen(store: &dyn Store, args: &RestoreArgs) -> Result<Vec<Quarantined>, Failed> {
    if let Some(id) = &args.id {
        let one = store.quarantined_as(id)?.ok_or_else(|| unknown(id))?;
        return match one.released {
            None => Ok(vec![one]),
            Some(at) => Err(Failed::new(format!("it was brought back already, {at}"))),
        };
    }
    let mut found = Vec::new();
    each(store, false, &mut |one| {
        let by_owner = args.owner.as_ref().is_some_and(|owner| one.is.owner.eq_ignore_ascii_case(owner));
        let by_path = match &args.path {
            Some(path) => show::lay_at(store, &one.is, path)?,
            None => false,
        };
        if by_owner || by_path {
            found.push(one);
        }
        Ok(())
    })?;
    match found.as_slice() {
        [] => Err(Failed::new("nothing of that lies in quarantine\n  `sluicebox quarantine list` shows what does")),
        [_, _, ..] if args.path.is_some() => Err(Failed::new(format!(
            "{} lie in quarantine that had this name\n  name one by its id: {}",
            units::of(found.len() as u64, "item", "items"),
            found.iter().map(|one| &*one.is.id).collect::<Vec<_>>().join(", ")
        ))),
        _ => Ok(found),
    }
}

fn bring_back(args: &RestoreArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let lasting = match &args.lasting {
        None => EXCUSED_FOR,
        Some(typed) => duration::parse(typed).ok_or_else(|| Failed::new("--for takes a span of time as 12h or 7d"))?,
    };
    let found = chosen(&*service::open_to_read(&config)?, args)?;
    tell(&found, lasting)?;
    if !args.yes && !agreed(found.len())? {
        return Err(Failed::new("nothing was brought back"));
    }
    let until_ms = (!lasting.is_zero()).then(|| Clock::machine().now().plus(lasting).as_millis());
    let ids: Vec<String> = found.iter().map(|one| one.is.id.to_string()).collect();
    let mut count = 0;
    let mut runs = false;
    for some in ids.chunks(IDS_MAX) {
        let reached = service::reach(&config, "quarantine restore")?;
        runs = reached.is_running();
        let deed = Deed::QuarantineRestore { ids: some.to_vec(), until_ms, reason: args.reason.clone() };
        if let Answer::Counted { count: some } = reached.perform(&Command::Govern { deed })? {
            count += some;
        }
    }
    let asked = units::of(count, "restore", "restores");
    if runs {
        super::rules::print(&format!(
            "{asked} asked for; the service brings them back now, before everything else.\n"
        ))?;
        return Ok(0);
    }
    here(&config, &asked)
}

/// Something is still to be done, or waits for a person.
const EXIT_OPEN: u8 = 3;

/// Brings back here what was asked for, under the lock.
fn here(config: &Config, asked: &str) -> Result<u8, Failed> {
    let (settings, clock, stop) = (config.service(), Clock::machine(), stop::on_signals()?);
    let keys = key::load_existing(settings.token_key_file.as_deref())?;
    let _lock = Lock::take(&settings.data_dir, "quarantine restore", &clock).map_err(|error| {
        Failed::new(format!(
            "{asked} asked for, and not done here: {error}\n  the next `sluicebox run` brings them back"
        ))
    })?;
    let store: Arc<dyn Store> = Arc::new(service::open(settings, &keys, &clock)?);
    let core = super::run::core_to_act(config, Arc::clone(&store), &keys, &clock, &stop)?;
    let (mut back, mut left) = (0_u64, 0_u64);
    for number in wanted(&*store)? {
        let query = IntentQuery { number: Some(number), ..IntentQuery::default() };
        act::drain(&core, &query)?;
        let Some(intent) = store.intent(number)? else { continue };
        if intent.state == IntentState::Ended && matches!(&*intent.outcome, "done" | "already_so") {
            back += 1;
            continue;
        }
        left += 1;
        eprintln!("{}: {} {}", one_line(&intent.is.id), one_line(&intent.outcome), one_line(&intent.why));
    }
    let rest = if left == 0 { String::new() } else { format!(", {left} not as wanted (see above)") };
    super::rules::print(&format!("{} brought back{rest}.\n", units::of(back, "item", "items")))?;
    Ok(if left == 0 { 0 } else { EXIT_OPEN })
}

/// Restores that wait or are under way.
fn wanted(store: &dyn Store) -> Result<Vec<IntentNumber>, Failed> {
    let states = vec![IntentState::Waits, IntentState::Begun];
    let query = IntentQuery { states, ..IntentQuery::default() };
    let (mut after, mut numbers) = (None, Vec::new());
    loop {
        let page = store.intents(&query, after, PAGE)?;
        after = page.last().map(|intent| intent.number);
        let restores = page.iter().filter(|intent| intent.is.cause == Cause::Restore);
        numbers.extend(restores.map(|intent| intent.number));
        if page.len() < PAGE {
            return Ok(numbers);
        }
    }
}

/// What comes back, what does not, and what is excused.
fn tell(found: &[Quarantined], lasting: Duration) -> Result<(), Failed> {
    let mut lines = Lines::new(io::stderr().lock(), false);
    lines.text(format!("{} to bring back.", units::of(found.len() as u64, "item", "items")))?;
    let lost: BTreeSet<_> = found.iter().flat_map(|one| restore::way_back(&one.is).1).collect();
    for loss in lost {
        lines.text(format!("  not as it was: {loss}"))?;
    }
    lines.text(match lasting.is_zero() {
        true => "  nothing is excused: what put it there may put it there again".to_owned(),
        false => format!("  what put it there leaves it alone for {}, unless more is found", duration::words(lasting)),
    })?;
    lines.finish()
}

/// Asks on the terminal; without one `--yes` is needed.
fn agreed(items: usize) -> Result<bool, Failed> {
    if !io::stdin().is_terminal() {
        return Err(Failed::new("nobody can be asked here: give --yes"));
    }
    let many = units::of(items as u64, "item", "items");
    eprint!("Bring back {many}? [y/N] ");
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| Failed::new(format!("cannot read the answer: {error}")))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn take_back(args: &AdoptArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let keys = key::load_existing(config.service().token_key_file.as_deref())?;
    let receipts = ReceiptKey::of(&keys.token);
    let wanted: Vec<_> = match &args.connector {
        Some(name) => vec![config.get(name)?],
        None => config.connectors().iter().filter(|connector| connector.enabled).collect(),
    };
    let (clock, stop) = (Clock::machine(), stop::on_signals()?);
    let (mut taken, mut seen, mut told) = (0, 0, 0_usize);
    for connector in wanted {
        let opened = opened(&config, connector, &clock, &stop, Patience::Long)?;
        let failed = |error| super::connect::failed(&error, connector);
        let governor = registry::governor(&opened.settings, Arc::clone(&opened.http)).map_err(failed)?;
        let mut people = Directory::default();
        let listed = opened.source.people(&mut |page| {
            page.people.into_iter().for_each(|person| people.add(person));
            Ok(())
        });
        listed.map_err(failed)?;
        let found = adopt::find(&*governor, connector.name().as_str(), &people, &receipts).map_err(failed)?;
        for (name, why) in &found.told {
            eprintln!("{}: {}: {why}", connector.name(), one_line(name));
        }
        told += found.told.len();
        seen += found.adopted.len();
        taken += handed_over(&config, &found.adopted)?;
    }
    let known = seen as u64 - taken.min(seen as u64);
    let text = format!(
        "{} taken back, {known} known already, {}.\n",
        units::of(taken, "item", "items"),
        units::of(told as u64, "receipt that tells nothing", "receipts that tell nothing")
    );
    super::rules::print(&text)?;
    Ok(0)
}

/// Gives receipts to whoever writes the store, as many at a time as a request holds.
fn handed_over(config: &Config, adopted: &[adopt::Adopted]) -> Result<u64, Failed> {
    let mut rows: Vec<String> = Vec::with_capacity(adopted.len());
    for one in adopted {
        rows.push(serde_json::to_string(one).map_err(|error| Failed::new(format!("a receipt: {error}")))?);
    }
    let (mut taken, mut from) = (0, 0);
    while from < rows.len() {
        let mut bytes = 0_usize;
        let fits = rows[from..].iter().take_while(|row| {
            // Quotation marks are escaped once more in the request.
            bytes = bytes.saturating_add(row.len().saturating_mul(2));
            bytes < REQUEST_BYTES_MAX
        });
        let some = fits.count().max(1);
        let deed = Deed::QuarantineAdopt { receipts: rows[from..from + some].to_vec() };
        let reached = service::reach(config, "quarantine adopt")?;
        if let Answer::Counted { count } = reached.perform(&Command::Govern { deed })? {
            taken += count;
        }
        from += some;
    }
    Ok(taken)
}
