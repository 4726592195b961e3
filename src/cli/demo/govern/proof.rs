//! Proof: who was told, an audit log that cannot be forged unseen, and no value anywhere.

use super::{Act, Failed, SEEN_WITHIN, shown_path};
use crate::cli::demo::child::{Commands, Service};
use crate::cli::demo::sinks::{HEADS, SOC};
use crate::cli::demo::steps::{LETTER, number};
use crate::report::units;
use crate::store::sqlite::tamper;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Entries that the planted cut takes.
const CUT: u32 = 3;
/// The entry that the planted rewrite changes.
const REWRITTEN: u64 = 2;
/// Values that the documents of the repository hold; nobody's. The letter's number is looked for as well.
const VALUES: [&str; 10] = [
    "433-17-3396",
    "663-57-2287",
    "344-33-3491",
    "DE39 3704 0044 6956 0149 55",
    "DE39370400446956014955",
    "GB15BARC20041508230201",
    "5406 9531 3178 6294",
    "4731199938475116",
    "708 919 9533",
    "FR76 2004 1010 0507 2019 6600 384",
];
/// The folder that plants are made in.
const PLANTS: [&str; 2] = ["cut", "rewritten"];

impl Act<'_> {
    /// What the sinks took is what the program says it sent.
    pub(super) fn messages(&mut self) -> Result<(), Failed> {
        self.told.step("Messages: who was told, by mail and by webhook");
        let begun = self.clock.elapsed();
        let rows = loop {
            let rows = self.commands.rows(&["notify", "list", "--max", "100000", "--format", "jsonl"])?;
            let open = rows.iter().filter(|row| row["state"] == "waits" || row["state"] == "sending").count();
            if open == 0 || self.clock.elapsed().saturating_sub(begun) > SEEN_WITHIN {
                break rows;
            }
            if !self.clock.wait(LOOK, self.stop) {
                return Err(Failed::new("stopped before the end"));
            }
        };
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let kind = format!("{} by {}", word(&row["message"]["data"]["kind"]), word(&row["channel"]));
            *kinds.entry(kind).or_default() += 1;
        }
        let told: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        self.told.command(&["notify", "list"]);
        self.told.lines(&told.join(", "));
        let sinks = &self.stage.sinks;
        if let Some(mail) = sinks.mail.mails().iter().find(|mail| mail.to.iter().all(|to| to != SOC)) {
            self.told.lines(&format!("To: {}", mail.to.join(", ")));
            self.told.lines(&format!("Subject: {}", mail.header("Subject").unwrap_or_default()));
            self.told.lines(&super::first_lines(&mail.text(), 8));
        }
        let sent = rows.iter().filter(|row| row["state"] == "sent");
        let sent: HashSet<String> = sent.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
        let (ids, again) = sinks.ids();
        let (mails, posts) = (sinks.mail.mails().len(), sinks.hook.posts());
        self.told.check(
            ids == sent && sent.len() == rows.len() && !rows.is_empty(),
            &format!(
                "{} messages: {} mails and {} posts came, every one that was written down",
                number(rows.len()),
                number(mails),
                number(posts.len())
            ),
        );
        let forged = posts.iter().filter(|post| post.refused.is_some()).count();
        self.told.check(
            forged == 0 && !posts.is_empty(),
            &format!("the receiver verified the signature of all {} posts", number(posts.len())),
        );
        self.told.check(again == 0, &format!("{} came twice", number(again)));
        let numbers: HashSet<u64> = rows.iter().filter_map(|row| row["sequence"].as_u64()).collect();
        let whole = (1..=rows.len() as u64).all(|number| numbers.contains(&number));
        self.told.check(whole, "their numbers have no gap");
        Ok(())
    }

    /// The log is good; forged copies of it are found out.
    pub(super) fn audit(&mut self, service: Service) -> Result<Service, Failed> {
        self.told.step("Audit: a log that cannot be forged unseen");
        let arguments = ["audit", "anchor"];
        self.told.command(&arguments);
        self.told.lines(&self.commands.text(&arguments)?);
        let ended = service.end();
        self.told.check(ended, "the service ends in good order, and writes its last head");
        let heads = shown_path(&self.folder.join(HEADS));
        let verify = ["audit", "verify", "--anchor", &heads];
        self.told.command(&["audit", "verify", "--anchor", HEADS]);
        let (code, text) = self.commands.ended(&verify)?;
        self.told.lines(&text);
        self.told.check(code == 0, "the log is what it was");
        let failed = |error: tamper::NotForged| Failed::new(error);
        for plant in PLANTS {
            let (commands, file) = self.copy(plant)?;
            if plant == "cut" {
                tamper::cut(&file, CUT).map_err(failed)?;
            } else {
                tamper::rewrite(&file, REWRITTEN, "somebody else").map_err(failed)?;
            }
            let (alone, _) = commands.ended(&["audit", "verify", "--no-anchor"])?;
            let (code, text) = commands.ended(&verify)?;
            self.told.lines(&text);
            let words = if plant == "cut" { "cut: " } else { "rewritten: " };
            let found = code == 1 && text.lines().any(|line| line.starts_with(words));
            let said = if plant == "cut" {
                format!("a copy whose last {CUT} entries were cut off: found, by its heads outside")
            } else {
                format!("a copy with entry {REWRITTEN} changed and every hash made anew: found, by its heads outside")
            };
            self.told.check(found && alone == 0, &said);
        }
        self.commands.service(&self.folder.join("service-5.log"))
    }

    /// A copy of the store, and commands over it.
    fn copy(&self, name: &str) -> Result<(Commands, PathBuf), Failed> {
        let from = self.folder.join("state/data");
        let to = self.folder.join(name);
        let settings = self.folder.join(format!("{name}.toml"));
        let copy = || {
            fs::create_dir_all(&to)?;
            for file in ["store.sqlite", "store.sqlite-wal"] {
                if from.join(file).exists() {
                    fs::copy(from.join(file), to.join(file))?;
                }
            }
            let text = fs::read_to_string(&self.stage.settings)?;
            fs::write(&settings, text.replace("[service]\n", &format!("[service]\ndata_dir = \"{name}\"\n")))
        };
        copy().map_err(|error: std::io::Error| Failed::new(format!("cannot copy the store: {error}")))?;
        Ok((Commands::over(&settings)?, to.join("store.sqlite")))
    }

    /// No value of any document lies anywhere outside of the tenants.
    pub(super) fn canaries(&mut self) -> Result<(), Failed> {
        self.told.step("Canaries: no value that was found lies anywhere");
        let mut values: Vec<&str> = VALUES.into_iter().filter(|value| self.is_in_fill(value)).collect();
        let letter = String::from_utf8_lossy(LETTER).into_owned();
        let account: String = letter.split("IBAN ").nth(1).unwrap_or_default().chars().take(27).collect();
        let compact = account.replace(' ', "");
        values.extend([account.as_str(), compact.as_str()]);
        let needles: Vec<Vec<u8>> = values.iter().flat_map(|value| spelled(value)).collect();
        let mut places: Vec<(String, Vec<u8>)> = Vec::new();
        // The rule file is what the user wrote: a rule brings its own published examples.
        walk(self.folder, &mut |path, bytes| {
            if path.file_name().is_none_or(|name| name != "stricter.toml") {
                places.push((shown_path(path), bytes));
            }
        })
        .map_err(|error| Failed::new(format!("cannot read the demo's folder: {error}")))?;
        let page = std::env::current_dir().unwrap_or_default().join(super::super::steps::PAGE);
        places.push((shown_path(&page), fs::read(&page).map_err(Failed::new)?));
        let files = places.len();
        let texts = self.stage.sinks.texts();
        let bytes: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
        places.extend(texts.into_iter().map(|text| ("a message".to_owned(), text.into_bytes())));
        let mut found = 0;
        for (place, bytes) in &places {
            for needle in &needles {
                if memchr::memmem::find(bytes, needle).is_some() {
                    found += 1;
                    self.told.lines(&format!("a value lies in {place}"));
                }
            }
        }
        let said = format!(
            "{} values, each in three spellings, in {} files ({}: store, logs, plans, report) and {} messages: {found} found",
            number(values.len()),
            number(files),
            units::bytes(bytes as u64),
            number(places.len() - files)
        );
        self.told.check(found == 0 && values.len() > 2, &said);
        Ok(())
    }

    fn is_in_fill(&self, value: &str) -> bool {
        self.stage.fill.files.iter().any(|file| memchr::memmem::find(&file.body, value.as_bytes()).is_some())
    }
}

/// A value as bytes: UTF-8, and UTF-16 of both orders.
fn spelled(value: &str) -> [Vec<u8>; 3] {
    let wide = |bytes: fn(u16) -> [u8; 2]| value.encode_utf16().flat_map(bytes).collect();
    [value.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)]
}

/// Every file below a folder.
fn walk(folder: &Path, take: &mut dyn FnMut(&Path, Vec<u8>)) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (entry, kind) = {
            let entry = entry?;
            let kind = entry.file_type()?;
            (entry, kind)
        };
        if kind.is_dir() {
            walk(&entry.path(), take)?;
        } else if kind.is_file() {
            take(&entry.path(), fs::read(entry.path())?);
        }
    }
    Ok(())
}
