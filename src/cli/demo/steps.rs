//! The steps, in the order in which a user meets them.

use super::child::{Commands, Service};
use super::oracle::{self, Oracle};
use super::told::{Told, say};
use super::{Failed, SEED, Stage, is_over};
use crate::clock::Clock;
use crate::detect::Matcher;
use crate::emulator::edit::{Edit, Play, Script};
use crate::emulator::record::Downloads;
use crate::report::units;
use crate::rule;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The page of the report, in the working folder.
pub(super) const PAGE: &str = "sluicebox-demo.html";
/// Between two looks at how far the service is.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// How long anything may take before the demo gives up on it.
const PATIENCE: Duration = Duration::from_secs(300);
/// Deeds of people while the backlog is read.
const DEEDS: usize = 60;
/// So many looks without news, one after the other, say that nothing more comes.
const QUIET_LOOKS: u32 = 6;
/// Rows of a list that fit a screen with its step.
const ROWS: usize = 6;
/// The detector whose rule is made stricter, and how.
const STRICTER: (&str, &str, &str) = (
    "bank.iban",
    "name = \"high\"\nconfidence = 85\nprimary = [\"printed\"]",
    "name = \"high\"\nconfidence = 80\nprimary = [\"printed\"]",
);
/// The rule file it stands in.
const RULES: &str = include_str!("../../../rules/detectors/bank.toml");
/// What somebody writes while the service looks on: a published example of an account number.
pub(super) const LETTER: &[u8] = b"Please pay to IBAN DE44 5001 0517 5407 3249 31 by Friday.\n";
/// Its name.
pub(super) const LETTER_NAME: &str = "payment request.txt";

/// Plays all steps; true when every figure held.
pub(super) fn play(
    stage: &Stage,
    folder: &Path,
    keep: bool,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<bool, Failed> {
    let commands = Commands::over(&stage.settings)?;
    let mut play = Act {
        stage,
        folder,
        clock,
        stop,
        commands,
        told: Told::new(),
        oracle: oracle::ask(&stage.fill, &matcher(&[])?)?,
        touched: HashSet::from([LETTER_NAME.to_owned()]),
    };
    play.tenants();
    play.connect()?;
    play.estimate()?;
    let service = play.backlog()?;
    play.live()?;
    play.exposed()?;
    play.coverage()?;
    let service = play.stricter(service)?;
    play.report()?;
    let service = play.govern(service)?;
    if keep && !is_over(stop) {
        say(&format!(
            "\nTenants and service go on; use them with SLUICEBOX_SETTINGS={}. Ctrl-C ends them.\n",
            stage.settings.display()
        ));
        while clock.wait(Duration::from_secs(3_600), stop) {}
    }
    let ended = service.end();
    play.told.check(ended, "the service ends in good order");
    Ok(play.told.end(clock.elapsed()))
}

/// The built-in rules with these files in their place.
fn matcher(paths: &[std::path::PathBuf]) -> Result<Matcher, Failed> {
    let options = rule::Options { builtin: true, paths: paths.to_vec(), select: rule::Select::default() };
    let loaded = rule::load(&options).map_err(|errors| crate::cli::refused(&errors))?;
    Ok(Matcher::new(Arc::new(loaded.rules)))
}

/// The play as it goes on.
pub(super) struct Act<'a> {
    pub(super) stage: &'a Stage,
    pub(super) folder: &'a Path,
    pub(super) clock: &'a Clock,
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) commands: Commands,
    pub(super) told: Told,
    pub(super) oracle: Oracle,
    /// Names of files that people changed meanwhile: their state is no longer the one they began with.
    pub(super) touched: HashSet<String>,
}

impl Act<'_> {
    fn tenants(&mut self) {
        self.told.step("Two tenants on this machine, filled with real documents");
        let stock = self.stage.tenants.inventory();
        for (name, stock) in [("Box", &stock.boxcom), ("Dropbox", &stock.dropbox)] {
            let files = stock.items.iter().filter(|item| !item.version.is_empty()).count();
            self.told.lines(&format!(
                "{name:8} {} files and {} folders, {}",
                number(files),
                number(stock.items.len() - files),
                units::bytes(stock.items.iter().map(|item| item.bytes).sum())
            ));
        }
        let all = stock.boxcom.items.len() + stock.dropbox.items.len();
        self.told.check(all >= self.stage.fill.files.len() * 2, &format!("{} items in all", number(all)));
    }

    fn connect(&mut self) -> Result<(), Failed> {
        self.told.step("Connect: what works is tried, not believed");
        self.commands.text(&["init"])?;
        let arguments = ["connect", "test"];
        self.told.command(&arguments);
        let text = self.commands.text(&arguments)?;
        self.told.lines(&text);
        let rows = self.commands.rows(&["connect", "test", "--format", "json"])?;
        let can_read = rows.len() == 2 && rows.iter().all(|row| row["can_read"] == true);
        self.told.check(can_read, "all that reading needs works for both");
        Ok(())
    }

    fn estimate(&mut self) -> Result<(), Failed> {
        self.told.step("Estimate: the price before the first content is read");
        let arguments = ["backlog", "estimate", "--calls", "4000"];
        self.told.command(&arguments);
        let text = self.commands.text(&arguments)?;
        self.told.lines(&text);
        let downloads = self.downloads();
        self.told.check(downloads.is_empty(), "not one content was downloaded for it");
        Ok(())
    }

    /// Reads everything while people work.
    fn backlog(&mut self) -> Result<Service, Failed> {
        self.told.step("Read everything once, while people go on working");
        self.told.command(&["run"]);
        let begun = self.clock.elapsed();
        let mut service = self.commands.service(&self.folder.join("service.log"))?;
        let deeds: Vec<Edit> = Script::new(SEED, &self.stage.fill).take(DEEDS).collect();
        let (mut next, mut played) = (deeds.iter(), 0);
        let (mut known, mut quiet) = (0, 0);
        let terminal = std::io::stdout().is_terminal();
        loop {
            self.waited(begun, &mut service)?;
            for edit in next.by_ref().take(3) {
                played += u64::from(self.stage.tenants.play(edit).is_ok());
                self.touched.extend(names(edit));
            }
            let rows = self.commands.rows(&["backlog", "status", "--format", "jsonl"])?;
            if terminal {
                say(&format!("\r\x1b[2K    {}", progress(&rows)));
            }
            // Feeds tell of people's work a little later: all is seen when nothing has come for a while.
            let downloads = self.downloads().len();
            let is_quiet = next.len() == 0 && is_done(&rows) && downloads == known && self.listed()? == self.there();
            (known, quiet) = (downloads, if is_quiet { quiet + 1 } else { 0 });
            if quiet >= QUIET_LOOKS {
                break;
            }
        }
        if terminal {
            say("\r\x1b[2K");
        }
        let took = self.clock.elapsed().saturating_sub(begun);
        self.told.command(&["backlog", "status"]);
        self.told.lines(&self.commands.text(&["backlog", "status"])?);
        let rows = self.commands.rows(&["backlog", "status", "--format", "jsonl"])?;
        let (files, bytes) = (sum(&rows, "files"), sum(&rows, "bytes_read"));
        self.told.lines(&format!(
            "{} files in {}; {played} deeds of people meanwhile",
            units::count(files),
            units::elapsed(took)
        ));
        let downloads = self.downloads();
        let twice = downloads.values().filter(|of| of.started > 1).count();
        self.told.check(
            twice == 0,
            &format!("{} downloads ({}), no version twice", number(downloads.len()), units::bytes(bytes)),
        );
        let contents = self.oracle.contents * 2 + DEEDS * 2;
        self.told
            .check(downloads.len() <= contents + self.specials(), "identical content was read once, wherever it lies");
        Ok(service)
    }

    /// Items that the coverage tells of.
    fn listed(&self) -> Result<u64, Failed> {
        let rows = self.commands.rows(&["coverage", "--format", "jsonl"])?;
        let rows: Vec<Value> = rows.into_iter().filter(|row| row["schema"] == "sluicebox.coverage/1").collect();
        Ok(sum(&rows, "items"))
    }

    /// Items that the tenants hold.
    fn there(&self) -> u64 {
        let stock = self.stage.tenants.inventory();
        u64::try_from(stock.boxcom.items.len() + stock.dropbox.items.len()).unwrap_or(u64::MAX)
    }

    /// Files that the tenants hold beside the fill.
    fn specials(&self) -> usize {
        let stock = self.stage.tenants.inventory();
        let files = |items: &[crate::emulator::inventory::Stocked]| {
            items.iter().filter(|item| !item.version.is_empty()).count()
        };
        (files(&stock.boxcom.items) + files(&stock.dropbox.items)).saturating_sub(self.stage.fill.files.len() * 2)
    }

    /// Somebody writes a letter and opens it to the world.
    fn live(&mut self) -> Result<(), Failed> {
        self.told.step("Near real time: erin writes a file and shares it with anyone");
        let path = vec!["erin".to_owned(), LETTER_NAME.to_owned()];
        let write = Edit::Write { by: "erin", path: path.clone(), body: Arc::from(LETTER) };
        let link = Edit::Link { by: "erin", path, audience: Some("public") };
        for edit in [write, link] {
            self.stage.tenants.play(&edit).map_err(Failed::new)?;
        }
        let begun = self.clock.elapsed();
        let filter = format!("name = \"{LETTER_NAME}\" and access = public and finding(confidence >= high)");
        let arguments = ["files", "--where", &filter];
        self.told.command(&arguments);
        let mut rows = Vec::new();
        while rows.len() < 2 && !is_over(self.stop) && self.clock.elapsed().saturating_sub(begun) < PATIENCE {
            rows = self.commands.rows(&["files", "--where", &filter, "--format", "jsonl"])?;
            rows.retain(|row| row["schema"] == "sluicebox.item/1");
        }
        let took = self.clock.elapsed().saturating_sub(begun);
        self.told.lines(&self.commands.text(&arguments)?);
        let said = format!("seen, read and judged in both tenants {:.1} s after she did it", took.as_secs_f64());
        self.told.check(rows.len() == 2, &said);
        Ok(())
    }

    fn exposed(&mut self) -> Result<(), Failed> {
        self.told.step("Findings: what is sensitive, and who can reach it");
        let arguments = ["files", "--where", "access >= external and finding(confidence >= high)"];
        self.told.command(&arguments);
        let text = self.commands.text(&arguments)?;
        let lines: Vec<&str> = text.lines().collect();
        self.told.lines(&lines.iter().take(ROWS).copied().collect::<Vec<_>>().join("\n"));
        if lines.len() > ROWS {
            self.told.lines(&format!("... and {} more", lines.len() - ROWS));
        }
        let (agree, all) = self.findings_agree()?;
        self.told.check(
            agree == all,
            &format!(
                "of {} files each holds what a scan of the document itself finds: {} agree",
                number(all),
                number(agree)
            ),
        );
        Ok(())
    }

    /// Holds the detectors of each untouched file against the oracle's; how many agree, of how many.
    fn findings_agree(&self) -> Result<(usize, usize), Failed> {
        let rows = self.commands.rows(&["files", "--where", "type != folder", "--format", "jsonl"])?;
        let (mut agree, mut all) = (0, 0);
        for row in &rows {
            let Some(name) = row["path"].as_str().and_then(|path| path.rsplit('/').next()) else { continue };
            let Some(expected) = self.oracle.files.get(name).filter(|_| !self.touched.contains(name)) else { continue };
            let found: Option<BTreeMap<&str, &Value>> =
                row["findings"].as_object().map(|found| found.iter().map(|(id, count)| (id.as_str(), count)).collect());
            let found: Vec<&str> = found.unwrap_or_default().into_keys().collect();
            all += 1;
            agree += usize::from(found == expected.keys().map(String::as_str).collect::<Vec<_>>());
        }
        Ok((agree, all))
    }

    fn coverage(&mut self) -> Result<(), Failed> {
        self.told.step("Coverage: what was read, and what was not, and why");
        let arguments = ["coverage"];
        self.told.command(&arguments);
        let text = self.commands.text(&arguments)?;
        let parts: Vec<&str> = text.split("\n\n").collect();
        let shown = [parts.first(), parts.get(1), parts.last()];
        self.told.lines(&shown.into_iter().flatten().copied().collect::<Vec<_>>().join("\n"));
        let (listed, there) = (self.listed()?, self.there());
        self.told.check(
            listed == there,
            &format!("the rows add up to all {} items that the tenants hold", units::count(there)),
        );
        Ok(())
    }

    /// A stricter rule, and nothing is read again.
    fn stricter(&mut self, service: Service) -> Result<Service, Failed> {
        self.told.step("A stricter rule: judged again from what is stored");
        let (detector, before, after) = STRICTER;
        let file = self.folder.join("stricter.toml");
        let write = |path: &Path, text: &str| {
            std::fs::write(path, text).map_err(|error| Failed::new(format!("cannot write the rule: {error}")))
        };
        write(&file, &RULES.replace(before, after))?;
        let settings = std::fs::read_to_string(&self.stage.settings).map_err(Failed::new)?;
        write(&self.stage.settings, &format!("{settings}\n[rules]\npaths = [\"stricter.toml\"]\n"))?;
        let stricter = oracle::ask(&self.stage.fill, &matcher(std::slice::from_ref(&file))?)?;
        let downloads = self.downloads().len();
        self.told
            .lines(&format!("{detector}: print alone makes a number 80 % sure, no longer 85: a word near it must"));
        let ended = service.end();
        self.told.check(ended, "the service ends in good order, its leases given back");
        let mut service = self.commands.service(&self.folder.join("service-2.log"))?;
        let filter = format!("finding(detector = \"{detector}\", confidence >= 85)");
        let (was, wanted) = (self.oracle.sure(detector, 85, &self.touched), stricter.sure(detector, 85, &self.touched));
        let begun = self.clock.elapsed();
        let mut now = usize::MAX;
        while now != wanted * 2 && self.clock.elapsed().saturating_sub(begun) < Duration::from_secs(20) {
            self.waited(begun, &mut service)?;
            now = self.untouched(&self.commands.rows(&["files", "--where", &filter, "--format", "jsonl"])?);
        }
        self.told.command(&["files", "--where", &filter]);
        self.told.check(
            now == wanted * 2,
            &format!(
                "{} files were sure before, {} are now: as a new scan of all documents says",
                number(was * 2),
                number(now)
            ),
        );
        let more = self.downloads().len() - downloads;
        self.told.check(more == 0, &format!("{more} downloads for it"));
        Ok(service)
    }

    /// How many rows are files that nobody changed and whose name is theirs alone.
    fn untouched(&self, rows: &[Value]) -> usize {
        let names = rows.iter().filter_map(|row| row["path"].as_str()?.rsplit('/').next());
        names.filter(|name| self.oracle.files.contains_key(*name) && !self.touched.contains(*name)).count()
    }

    fn report(&mut self) -> Result<(), Failed> {
        self.told.step("Report: one page to hand on");
        let page = std::env::current_dir().unwrap_or_default().join(PAGE);
        let shown = page.display().to_string();
        let arguments = ["report", "--output", &shown];
        self.told.command(&arguments);
        self.commands.text(&arguments)?;
        let bytes = std::fs::metadata(&page).map_or(0, |meta| meta.len());
        self.told.check(bytes > 0, &format!("{shown}, {}", units::bytes(bytes)));
        Ok(())
    }

    pub(super) fn downloads(&self) -> BTreeMap<String, Downloads> {
        self.stage.running.record().downloads()
    }

    /// A little while goes by; an error when the user, the service or patience is at an end.
    pub(super) fn waited(&self, begun: Duration, service: &mut Service) -> Result<(), Failed> {
        if !self.clock.wait(LOOK_EVERY, self.stop) {
            return Err(Failed::new("stopped before the end"));
        }
        if !service.runs() {
            let log = std::fs::read_to_string(self.folder.join("service.log")).unwrap_or_default();
            return Err(Failed::new(format!("the service ended by itself:\n{log}")));
        }
        if self.clock.elapsed().saturating_sub(begun) > PATIENCE {
            return Err(Failed::new("the service has not come to its end within five minutes"));
        }
        Ok(())
    }
}

/// The names that an edit is about: of the thing itself, before and after.
fn names(edit: &Edit) -> Vec<String> {
    let paths: Vec<&Vec<String>> = match edit {
        Edit::Move { from, to, .. } => vec![from, to],
        Edit::Write { path, .. }
        | Edit::Delete { path, .. }
        | Edit::Link { path, .. }
        | Edit::Invite { path, .. }
        | Edit::View { path, .. } => vec![path],
        _ => Vec::new(),
    };
    paths.into_iter().filter_map(|path| path.last().cloned()).collect()
}

/// True when nothing waits and no pass goes on.
pub(super) fn is_done(rows: &[Value]) -> bool {
    let zero = |row: &Value, keys: [&str; 2]| row[keys[0]][keys[1]] == 0;
    !rows.is_empty()
        && rows.iter().all(|row| {
            row["phase"] == "done"
                && row["files_waiting"] == 0
                && zero(row, ["jobs", "ready"])
                && zero(row, ["jobs", "leased"])
                && zero(row, ["jobs", "delayed"])
        })
}

fn progress(rows: &[Value]) -> String {
    let of = |row: &Value| {
        let (files, waiting) = (row["files"].as_u64().unwrap_or(0), row["files_waiting"].as_u64().unwrap_or(0));
        let name = row["connector"].as_str().unwrap_or_default().to_owned();
        format!("{name}: {} of {} files", units::count(files.saturating_sub(waiting)), units::count(files))
    };
    let parts: Vec<String> = rows.iter().map(of).collect();
    format!("{}; {} read", parts.join(", "), units::bytes(sum(rows, "bytes_read")))
}

fn sum(rows: &[Value], key: &str) -> u64 {
    rows.iter().map(|row| row[key].as_u64().unwrap_or(0)).sum()
}

pub(super) fn number(count: usize) -> String {
    units::count(u64::try_from(count).unwrap_or(u64::MAX))
}
