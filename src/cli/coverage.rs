//! `sluicebox coverage`: what was looked at and what was not, by connector, type and reason, and held against the bytes that the
//! provider itself counts.

use super::Failed;
use super::ask::{self, Form, Lines};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Coverage, Reason};
use crate::report::harmless::printable;
use crate::report::{reason, units};
use crate::store::{CoverageRow, HoleRow, Store};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;

/// Holes that the text names; all are counted, and JSON lines have all.
const HOLES_SHOWN: usize = 50;

/// Flags of `coverage`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 all that should be read was read; 3 something was not, or waits; 2 the question was not answered."
)]
pub(super) struct Args {
    /// As it was at this date (2026-01-31), or so long ago ('7 days')
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Exit with 0 although something was not read
    #[arg(long)]
    allow_partial: bool,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let as_of = ask::past("--as-of", args.as_of.as_deref(), opened.now)?;
    let ledger = Ledger::read(&*opened.store, as_of)?;
    let mut lines = args.form.lines();
    if lines.json {
        ledger.json(&mut lines)?
    } else {
        ledger.text(&mut lines)?
    }
    lines.finish()?;
    Ok(if ledger.has_gaps() && !args.allow_partial { 3 } else { 0 })
}

/// All rows of the ledger, and what they are held against.
#[derive(Debug)]
pub(super) struct Ledger {
    as_of: Option<Moment>,
    connectors: Vec<(ConnectorNumber, String)>,
    pub(super) rows: Vec<CoverageRow>,
    pub(super) holes: Vec<HoleRow>,
    /// Bytes the provider itself counts, by connector; told by the last pass, so of the present only.
    used: HashMap<ConnectorNumber, u64>,
}

/// Items and bytes by how much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) complete: Sum,
    pub(super) partial: Sum,
    pub(super) skipped: Sum,
    /// Nothing to read: folders, bookmarks, films.
    pub(super) no_text: Sum,
    pub(super) waiting: Sum,
}

/// Items and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) items: u64,
    pub(super) bytes: u64,
}

impl Sum {
    fn add(&mut self, row: &CoverageRow) {
        self.items += row.items;
        self.bytes += row.bytes;
    }

    fn plus(self, other: Self) -> Self {
        Self { items: self.items + other.items, bytes: self.bytes + other.bytes }
    }
}

impl Sums {
    fn add(&mut self, row: &CoverageRow) {
        let sum = match row.coverage {
            None => &mut self.waiting,
            Some(Coverage::Complete) => &mut self.complete,
            Some(Coverage::Partial(_)) => &mut self.partial,
            Some(Coverage::Skipped(Reason::NoText)) => &mut self.no_text,
            Some(Coverage::Skipped(_)) => &mut self.skipped,
        };
        sum.add(row);
    }

    /// Everything.
    pub(super) fn all(&self) -> Sum {
        [self.complete, self.partial, self.skipped, self.no_text, self.waiting]
            .into_iter()
            .fold(Sum::default(), Sum::plus)
    }

    /// What was read, at least in part, or has nothing to read.
    pub(super) fn seen_bytes(&self) -> u64 {
        self.complete.bytes + self.partial.bytes + self.no_text.bytes
    }
}

impl Ledger {
    pub(super) fn read(store: &dyn Store, as_of: Option<Moment>) -> Result<Self, Failed> {
        let connectors = store.connectors()?;
        let mut used = HashMap::new();
        for one in connectors.iter().filter(|_| as_of.is_none()) {
            used.extend(store.pass(one.number)?.and_then(|pass| pass.used_bytes).map(|bytes| (one.number, bytes)));
        }
        let connectors = connectors.into_iter().map(|one| (one.number, one.name.to_string())).collect();
        Ok(Self { as_of, connectors, rows: store.coverage(as_of)?, holes: store.holes(as_of)?, used })
    }

    /// True when something that should have been read was not, or waits, or could not be walked.
    pub(super) fn has_gaps(&self) -> bool {
        let gap = |row: &CoverageRow| row.items > 0 && row.coverage.is_none_or(Coverage::is_gap);
        !self.holes.is_empty() || self.rows.iter().any(gap)
    }

    /// The name of a connector; its number when it was removed.
    pub(super) fn name(&self, number: ConnectorNumber) -> String {
        let known = self.connectors.iter().find(|(one, _)| *one == number);
        known.map_or_else(|| format!("removed #{}", number.0), |(_, name)| name.clone())
    }

    /// Sums by a key of the rows, in order of the keys.
    pub(super) fn by<K: Ord>(&self, key: impl Fn(&CoverageRow) -> K) -> BTreeMap<K, Sums> {
        let mut sums: BTreeMap<K, Sums> = BTreeMap::new();
        for row in &self.rows {
            sums.entry(key(row)).or_default().add(row);
        }
        sums
    }

    /// Everything.
    pub(super) fn total(&self) -> Sums {
        let mut sums = Sums::default();
        self.rows.iter().for_each(|row| sums.add(row));
        sums
    }

    /// Items and bytes by reason, the most items first; whether they were read in part.
    pub(super) fn by_reason(&self) -> Vec<(Coverage, Sum)> {
        let mut sums: Vec<(Coverage, Sum)> = Vec::new();
        for row in &self.rows {
            let Some(coverage) = row.coverage.filter(|coverage| coverage.reason().is_some()) else { continue };
            match sums.iter_mut().find(|(known, _)| *known == coverage) {
                Some((_, sum)) => sum.add(row),
                None => sums.push((coverage, Sum { items: row.items, bytes: row.bytes })),
            }
        }
        sums.sort_by_key(|(coverage, sum)| (std::cmp::Reverse(sum.items), coverage.to_string()));
        sums
    }

    /// What the bytes that were seen are of those that the provider counts, in words; `None` where it does not tell.
    pub(super) fn share(&self, of: ConnectorNumber, sums: &Sums) -> Option<String> {
        let used = *self.used.get(&of)?;
        Some(format!("{} of the provider's {}", percent(sums.seen_bytes(), used), units::bytes(used)))
    }
}

/// A share with one decimal; shares above all are told as they are: the provider's count is older.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1_000 / u128::from(whole);
    // Nearly all is not all.
    let tenths = if tenths == 1_000 && part < whole { 999 } else { tenths };
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// Text.
impl Ledger {
    fn text(&self, lines: &mut Lines<impl Write>) -> Result<(), Failed> {
        let total = self.total();
        let when = self.as_of.map_or_else(String::new, |at| format!(" as of {at}"));
        let (items, holes) = (units::of(total.all().items, "item", "items"), holes_words(self.holes.len()));
        lines.text(format!("coverage{when}: {items} listed, {holes}\n"))?;
        self.table(
            lines,
            "CONNECTOR",
            self.by(|row| row.connector)
                .into_iter()
                .map(|(number, sums)| (self.name(number), sums, self.share(number, &sums).unwrap_or_default())),
        )?;
        lines.text("")?;
        let kinds = self.by(|row| row.kind.to_string()).into_iter();
        self.table(lines, "TYPE", kinds.map(|(kind, sums)| (printable(&kind).into_owned(), sums, String::new())))?;
        self.reasons(lines)?;
        self.holes_text(lines)
    }

    fn table(
        &self,
        lines: &mut Lines<impl Write>,
        title: &str,
        rows: impl Iterator<Item = (String, Sums, String)>,
    ) -> Result<(), Failed> {
        let heads = ["ITEMS", "COMPLETE", "PARTIAL", "SKIPPED", "WAITING", "NO TEXT"].map(|head| format!("{head:>11}"));
        lines.text(format!("{title:<20}{}  {:>11}", heads.concat(), "BYTES"))?;
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|(_, sums, _)| std::cmp::Reverse(sums.all().items));
        let total = ("all".to_owned(), self.total(), String::new());
        for (name, sums, note) in rows.iter().chain((rows.len() > 1).then_some(&total)) {
            let counts = [sums.all(), sums.complete, sums.partial, sums.skipped, sums.waiting, sums.no_text];
            let counts = counts.map(|sum| format!("{:>11}", units::count(sum.items))).concat();
            let line = format!("{name:<20}{counts}  {:>11}  {note}", units::bytes(sums.all().bytes));
            lines.text(line.trim_end())?;
        }
        Ok(())
    }

    fn reasons(&self, lines: &mut Lines<impl Write>) -> Result<(), Failed> {
        let reasons = self.by_reason();
        if reasons.is_empty() {
            return Ok(());
        }
        lines.text(format!("\n{:<34}{:>11}  {:>11}  MEANS", "REASON", "ITEMS", "BYTES"))?;
        for (coverage, sum) in reasons {
            let advice = coverage.reason().map(reason::advice).unwrap_or_default();
            let (items, bytes) = (units::count(sum.items), units::bytes(sum.bytes));
            lines.text(format!("{:<34}{items:>11}  {bytes:>11}  {advice}", coverage.to_string()))?;
        }
        Ok(())
    }

    fn holes_text(&self, lines: &mut Lines<impl Write>) -> Result<(), Failed> {
        if self.holes.is_empty() {
            return Ok(());
        }
        lines.text("\nNOT WALKED")?;
        for hole in self.holes.iter().take(HOLES_SHOWN) {
            let (name, since) = (printable(&hole.name), hole.since);
            lines.text(format!("  {}:{name}  {}, since {since}", self.name(hole.connector), hole.why.name()))?;
        }
        let more = self.holes.len().saturating_sub(HOLES_SHOWN);
        if more > 0 {
            lines.text(format!("  and {} more (--format jsonl lists all)", units::count(more as u64)))?;
        }
        Ok(())
    }
}

pub(super) fn holes_words(holes: usize) -> String {
    match holes {
        0 => "nothing left unwalked".to_owned(),
        many => units::of(many as u64, "place that could not be walked", "places that could not be walked"),
    }
}

/// JSON lines.
impl Ledger {
    fn json(&self, lines: &mut Lines<impl Write>) -> Result<(), Failed> {
        for row in &self.rows {
            lines.row(&json!({
                "schema": "sluicebox.coverage/1",
                "connector": self.name(row.connector),
                "type": &*row.kind,
                "coverage": row.coverage.map_or("waiting", Coverage::state),
                "reason": row.coverage.and_then(Coverage::reason).map(|reason| reason.to_string()),
                "items": row.items,
                "bytes": row.bytes,
            }))?;
        }
        for hole in &self.holes {
            lines.row(&json!({
                "schema": "sluicebox.hole/1",
                "connector": self.name(hole.connector),
                "what": &*hole.what,
                "name": &*hole.name,
                "why": hole.why.name(),
                "since": hole.since.to_string(),
            }))?;
        }
        for (number, sums) in self.by(|row| row.connector) {
            let used = self.used.get(&number).copied();
            lines.row(&ask::with(
                json!({"schema": "sluicebox.coverage-connector/1", "connector": self.name(number)}),
                ask::with(sums_value(&sums), json!({"provider_bytes": used, "seen_bytes": sums.seen_bytes()})),
            ))?;
        }
        let head = json!({"schema": "sluicebox.coverage-total/1", "as_of": self.as_of.map(|at| at.to_string())});
        let more = json!({"holes": self.holes.len(), "gaps": self.has_gaps()});
        lines.row(&ask::with(head, ask::with(sums_value(&self.total()), more)))
    }
}

fn sums_value(sums: &Sums) -> Value {
    json!({
        "items": sums.all().items,
        "bytes": sums.all().bytes,
        "complete": sums.complete.items,
        "partial": sums.partial.items,
        "skipped": sums.skipped.items,
        "no_text": sums.no_text.items,
        "waiting": sums.waiting.items,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::WhyUnwalked;

    /// A ledger of two connectors, `main` (1) and `team` (2), of which the first has a thousand bytes at its provider.
    pub(in crate::cli) fn ledger(rows: &[(i64, &str, Option<Coverage>, u64, u64)], holes: usize) -> Ledger {
        let row = |&(connector, kind, coverage, items, bytes): &(i64, &str, _, _, _)| CoverageRow {
            connector: ConnectorNumber(connector),
            kind: kind.into(),
            coverage,
            items,
            bytes,
        };
        let hole = HoleRow {
            connector: ConnectorNumber(1),
            what: "u7".into(),
            name: "pat <b>".into(),
            why: WhyUnwalked::InactiveOwner,
            since: Moment::from_millis(0),
        };
        Ledger {
            as_of: None,
            connectors: vec![(ConnectorNumber(1), "main".to_owned()), (ConnectorNumber(2), "team".to_owned())],
            rows: rows.iter().map(row).collect(),
            holes: vec![hole; holes],
            used: [(ConnectorNumber(1), 1_000)].into(),
        }
    }

    #[test]
    fn every_table_adds_up_to_all_items() {
        let rows = [
            (1, "pdf", Some(Coverage::Complete), 5, 500),
            (1, "pdf", Some(Coverage::Partial(Reason::ImageOnly)), 2, 100),
            (1, "zip", Some(Coverage::Skipped(Reason::EncryptedPassword)), 1, 70),
            (1, "folder", Some(Coverage::Skipped(Reason::NoText)), 9, 0),
            (2, "pdf", None, 3, 33),
            (3, "text", Some(Coverage::Complete), 1, 1),
        ];
        let ledger = ledger(&rows, 1);
        let all = Sum { items: 21, bytes: 704 };
        assert_eq!(ledger.total().all(), all);
        for sums in [
            ledger.by(|row| row.connector).into_values().collect::<Vec<_>>(),
            ledger.by(|row| row.kind.to_string()).into_values().collect(),
        ] {
            assert_eq!(sums.iter().map(Sums::all).fold(Sum::default(), Sum::plus), all);
        }
        let complete = ledger.total().complete.plus(ledger.total().waiting);
        let by_reason = ledger.by_reason().into_iter().map(|(_, sum)| sum).fold(complete, Sum::plus);
        assert_eq!(by_reason, all);
        assert_eq!(ledger.by_reason()[0].0, Coverage::Skipped(Reason::NoText));
        let main = ledger.by(|row| row.connector)[&ConnectorNumber(1)];
        assert_eq!(ledger.share(ConnectorNumber(1), &main).as_deref(), Some("60.0 % of the provider's 1000 B"));
        assert_eq!(ledger.share(ConnectorNumber(2), &main), None);
        assert_eq!(ledger.name(ConnectorNumber(3)), "removed #3");
    }

    #[test]
    fn text_and_json_hold_every_row() {
        let rows = [(1, "pdf", Some(Coverage::Complete), 5, 500), (2, "pdf", None, 3, 33)];
        let ledger = ledger(&rows, 1);
        for (json, wanted) in [
            (
                false,
                vec![
                    "8 items listed, 1 place that could not be walked",
                    "main",
                    "team",
                    "50.0 % of the provider's",
                    "main:pat <b>  inactive owner",
                ],
            ),
            (
                true,
                vec![
                    r#""schema":"sluicebox.coverage/1""#,
                    r#""coverage":"waiting""#,
                    r#""schema":"sluicebox.hole/1""#,
                    r#""provider_bytes":1000"#,
                    r#""items":8,"#,
                    r#""gaps":true"#,
                ],
            ),
        ] {
            let mut out = Vec::new();
            let mut lines = Lines::new(&mut out, json);
            if json { ledger.json(&mut lines) } else { ledger.text(&mut lines) }.unwrap_or_else(|_| panic!("written"));
            let text = String::from_utf8(out).unwrap();
            for word in wanted {
                assert!(text.contains(word), "{word} is not in\n{text}");
            }
        }
    }

    #[test]
    fn gaps_are_what_was_not_read_and_should_have_been() {
        for (coverage, holes, gaps) in [
            (Some(Coverage::Complete), 0, false),
            (Some(Coverage::Skipped(Reason::NoText)), 0, false),
            (Some(Coverage::Complete), 1, true),
            (Some(Coverage::Partial(Reason::ImageOnly)), 0, true),
            (None, 0, true),
        ] {
            assert_eq!(ledger(&[(1, "pdf", coverage, 1, 1)], holes).has_gaps(), gaps, "{coverage:?} {holes}");
        }
        assert_eq!(percent(999_999, 1_000_000), "99.9 %");
        assert_eq!(percent(0, 0), "-");
        assert_eq!(percent(3, 2), "150.0 %");
    }
}
