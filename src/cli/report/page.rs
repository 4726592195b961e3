//! The page itself: plain HTML without a script and without any outside resource, so that it can be opened anywhere, mailed and
//! printed. A content security policy lets only its own style apply.
//!
//! Whatever came from a tenant (names of files, people, types) is escaped, and shown as the store allows it to be shown.

use super::{OpenFile, Report};
use crate::cli::activity::KINDS;
use crate::cli::coverage::{Sum, Sums, holes_words, percent};
use crate::model::{Confidence, Level};
use crate::report::harmless::html;
use crate::report::{reason, units};
use crate::store::coverage::ExposureRow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The look of all reports, and what this one adds.
const STYLE: &str = concat!(include_str!("../../report/html/page.css"), include_str!("page.css"));
/// Holes that the page names.
const HOLES_LISTED: usize = 500;
/// Types that the page names.
const TYPES_LISTED: usize = 40;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut out = String::with_capacity(64 << 10);
    head(&mut out);
    header(&mut out, report);
    out.push_str("<main>\n");
    coverage(&mut out, report);
    exposure(&mut out, report);
    open_files(&mut out, report);
    detectors(&mut out, report);
    holes(&mut out, report);
    activity(&mut out, report);
    out.push_str("</main>\n");
    footer(&mut out);
    out
}

fn head(out: &mut String) {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>sluicebox: state of the tenants</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
}

fn header(out: &mut String, report: &Report) {
    let total = report.ledger.total();
    let class = if report.ledger.has_gaps() { "gap" } else { "good" };
    let seen = total.complete.items + total.no_text.items;
    let verdict = format!(
        "{} of {} read wholly or without anything to read; {}",
        percent(seen, total.all().items),
        units::of(total.all().items, "item", "items"),
        holes_words(report.ledger.holes.len()),
    );
    let _ = writeln!(
        out,
        "<header><div><h1>State of the tenants</h1><p>{}</p></div><p class=\"verdict {class}\">{}</p></header>",
        report.at,
        html(&verdict),
    );
}

fn coverage(out: &mut String, report: &Report) {
    let ledger = &report.ledger;
    let total = ledger.total();
    out.push_str("<section aria-labelledby=\"coverage\"><h2 id=\"coverage\">Coverage</h2>\n<div class=\"tiles\">");
    let gap = |sum: Sum| if sum.items > 0 { "gap" } else { "" };
    let tiles = [
        ("items listed", total.all(), ""),
        ("read wholly", total.complete, "good"),
        ("read in part", total.partial, gap(total.partial)),
        ("not read", total.skipped, gap(total.skipped)),
        ("waiting", total.waiting, "wait"),
        ("nothing to read", total.no_text, ""),
    ];
    for (label, sum, class) in tiles {
        let _ = write!(out, "<div class=\"tile {class}\"><b>{}</b> {label}</div>", units::count(sum.items));
    }
    out.push_str("</div>\n");
    bar(out, &total);
    let connectors = ledger.by(|row| row.connector).into_iter();
    let connectors = connectors.map(|(number, sums)| {
        (
            ledger.name(number),
            sums,
            ledger.share(number, &sums).unwrap_or_else(|| "not told by the provider".to_owned()),
        )
    });
    sums_table(out, "Connector", Some("Bytes seen"), connectors.collect());
    reasons(out, report);
    let mut kinds: Vec<_> = ledger.by(|row| row.kind.to_string()).into_iter().collect();
    kinds.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.all().items));
    let left_out = kinds.len().saturating_sub(TYPES_LISTED);
    kinds.truncate(TYPES_LISTED);
    out.push_str("<h2>By type</h2>\n");
    sums_table(out, "Type", None, kinds.into_iter().map(|(kind, sums)| (kind, sums, String::new())).collect());
    if left_out > 0 {
        let _ = writeln!(out, "<p class=\"note\">{} more</p>", units::of(left_out as u64, "type", "types"));
    }
    out.push_str("</section>\n");
}

/// The proportions as one line of colour.
fn bar(out: &mut String, total: &Sums) {
    let all = total.all().items;
    if all == 0 {
        return;
    }
    let per_mille = |n: u64| u128::from(n) * 1000 / u128::from(all);
    let seen = |n: u64| if n > 0 { per_mille(n).max(4) } else { 0 };
    let (partial, gap) = (seen(total.partial.items), seen(total.skipped.items + total.waiting.items));
    let complete = 1000_u128.saturating_sub(partial + gap);
    let _ = writeln!(
        out,
        "<svg class=\"bar\" role=\"img\" aria-label=\"proportions of coverage\" viewBox=\"0 0 1000 10\" \
         preserveAspectRatio=\"none\"><rect class=\"good\" width=\"{complete}\" height=\"10\"/>\
         <rect class=\"part\" x=\"{complete}\" width=\"{partial}\" height=\"10\"/>\
         <rect class=\"gap\" x=\"{}\" width=\"{gap}\" height=\"10\"/></svg>",
        complete + partial,
    );
}

/// Opens a table with these heads; those with `#` before them are numbers.
fn table(out: &mut String, heads: &[&str]) {
    out.push_str("<div class=\"wide\"><table><thead><tr>");
    for head in heads {
        let _ = match head.strip_prefix('#') {
            Some(number) => write!(out, "<th class=\"n\">{number}</th>"),
            None => write!(out, "<th>{head}</th>"),
        };
    }
    out.push_str("</tr></thead><tbody>\n");
}

fn end_table(out: &mut String) {
    out.push_str("</tbody></table></div>\n");
}

fn number(out: &mut String, n: u64) {
    let _ = write!(out, "<td class=\"n{}\">{}</td>", if n == 0 { " zero" } else { "" }, units::count(n));
}

fn sums_table(out: &mut String, title: &str, note: Option<&str>, rows: Vec<(String, Sums, String)>) {
    let mut heads = vec![title, "#Items", "#Complete", "#Partial", "#Not read", "#Waiting", "#No text", "#Bytes"];
    heads.extend(note);
    table(out, &heads);
    for (name, sums, told) in rows {
        let _ = write!(out, "<tr><td>{}</td>", html(&name));
        for sum in [sums.all(), sums.complete, sums.partial, sums.skipped, sums.waiting, sums.no_text] {
            number(out, sum.items);
        }
        let _ = write!(out, "<td class=\"n\">{}</td>", units::bytes(sums.all().bytes));
        if note.is_some() {
            let _ = write!(out, "<td>{}</td>", html(&told));
        }
        out.push_str("</tr>\n");
    }
    end_table(out);
}

fn reasons(out: &mut String, report: &Report) {
    let reasons = report.ledger.by_reason();
    if reasons.is_empty() {
        return;
    }
    out.push_str("<h2>Why not wholly</h2>\n");
    table(out, &["#Items", "#Bytes", "Coverage", "Reason", "What it means, and what to do"]);
    for (coverage, sum) in reasons {
        let Some(why) = coverage.reason() else { continue };
        let (items, bytes) = (units::count(sum.items), units::bytes(sum.bytes));
        let _ = writeln!(
            out,
            "<tr><td class=\"n\">{items}</td><td class=\"n\">{bytes}</td><td>{}</td><td><code>{why}</code></td><td>{}</td></tr>",
            coverage.state(),
            html(&reason::advice(why)),
        );
    }
    end_table(out);
}

/// A level's name, and the class that colours it.
fn level_words(level: Option<Level>) -> (&'static str, &'static str) {
    level.map_or(("not told yet", ""), |level| (level.name(), level.name()))
}

fn exposure(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"exposure\"><h2 id=\"exposure\">Exposure of files</h2>\n");
    let mut rows: Vec<&ExposureRow> = report.exposures.iter().filter(|row| row.files > 0).collect();
    rows.sort_by_key(|row| (row.connector, std::cmp::Reverse(row.level)));
    table(out, &["Connector", "Open to", "#Files", "#With findings", "#May be further open"]);
    for row in rows {
        let (word, class) = level_words(row.level);
        let _ =
            write!(out, "<tr><td>{}</td><td class=\"{class}\">{word}</td>", html(&report.ledger.name(row.connector)));
        [row.files, row.with_findings, row.unknown].into_iter().for_each(|n| number(out, n));
        out.push_str("</tr>\n");
    }
    end_table(out);
    out.push_str("</section>\n");
}

fn open_files(out: &mut String, report: &Report) {
    let open = &report.open;
    if open.files.is_empty() {
        return;
    }
    let total = match open.total {
        Some(total) if total == open.files.len() => String::new(),
        Some(total) => format!(" (the first {} of {})", open.files.len(), units::count(total as u64)),
        None => format!(" (the first {} of many)", open.files.len()),
    };
    let _ = writeln!(out, "<section><h2>Open to the outside and holding findings{total}</h2>");
    table(out, &["Open to", "#Findings", "Most of them", "File"]);
    for file in &open.files {
        open_file(out, file);
    }
    end_table(out);
    out.push_str("</section>\n");
}

fn open_file(out: &mut String, file: &OpenFile) {
    let (word, class) = level_words(Some(file.level));
    let more = if file.known { "" } else { " or further" };
    let most = file.detectors.iter().take(3).map(|(id, total)| format!("{id} {}", units::count(*total)));
    let most = html(&most.collect::<Vec<_>>().join(", "));
    let _ = write!(out, "<tr><td class=\"{class}\">{word}{more}</td>");
    number(out, file.findings);
    let _ = writeln!(out, "<td>{most}</td><td class=\"place\">{}</td></tr>", html(&file.place));
}

/// Findings of one detector by band, and the files that hold them.
#[derive(Debug, Default)]
struct Bands {
    high: u64,
    medium: u64,
    low: u64,
    /// Files at the confidence that most have; more when several confidences occur.
    files: u64,
    several: bool,
}

fn detectors(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"detectors\"><h2 id=\"detectors\">Findings by detector</h2>\n");
    let mut by_id: BTreeMap<&str, Bands> = BTreeMap::new();
    for row in report.detectors.iter().filter(|row| row.findings > 0) {
        let bands = by_id.entry(&row.detector).or_default();
        let band = match Confidence::new(row.confidence).map(Confidence::band) {
            Some("high") => &mut bands.high,
            Some("medium") => &mut bands.medium,
            _ => &mut bands.low,
        };
        *band += row.findings;
        bands.several |= bands.files > 0;
        bands.files = bands.files.max(row.files);
    }
    if by_id.is_empty() {
        out.push_str("<p>No findings.</p></section>\n");
        return;
    }
    table(out, &["Detector", "#High", "#Medium", "#Low", "#Total", "#Files"]);
    for (id, bands) in by_id {
        let name = report.names.get(id).map(|name| format!("<br><small>{}</small>", html(name))).unwrap_or_default();
        let _ = write!(out, "<tr><td><code>{}</code>{name}</td>", html(id));
        let total = bands.high + bands.medium + bands.low;
        [bands.high, bands.medium, bands.low, total].into_iter().for_each(|n| number(out, n));
        let at_least = if bands.several { "≥ " } else { "" };
        let _ = writeln!(out, "<td class=\"n\">{at_least}{}</td></tr>", units::count(bands.files));
    }
    end_table(out);
    out.push_str("</section>\n");
}

fn holes(out: &mut String, report: &Report) {
    let holes = &report.ledger.holes;
    let _ = writeln!(out, "<section><h2>Not walked</h2><p>{}.</p>", holes_words(holes.len()));
    if !holes.is_empty() {
        table(out, &["Connector", "Whose or what", "Why", "Since"]);
        for hole in holes.iter().take(HOLES_LISTED) {
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td class=\"place\">{}</td><td>{}</td><td>{}</td></tr>",
                html(&report.ledger.name(hole.connector)),
                html(&hole.name),
                hole.why.name(),
                hole.since,
            );
        }
        end_table(out);
        let more = holes.len().saturating_sub(HOLES_LISTED);
        if more > 0 {
            let _ = writeln!(out, "<p class=\"note\">and {} more</p>", units::count(more as u64));
        }
    }
    out.push_str("</section>\n");
}

fn activity(out: &mut String, report: &Report) {
    let days = units::of(u64::from(report.days), "day", "days");
    let _ = writeln!(out, "<section><h2>Activity of the last {days}</h2>");
    if report.acts.kinds.is_empty() {
        out.push_str("<p>None on record.</p></section>\n");
        return;
    }
    table(out, &["What", "#Times", "#By people outside or without sign-in"]);
    for kind in KINDS {
        let Some((all, outside)) = report.acts.kinds.get(&kind) else { continue };
        let _ = write!(out, "<tr><td>{}</td>", kind.name());
        [*all, *outside].into_iter().for_each(|n| number(out, n));
        out.push_str("</tr>\n");
    }
    end_table(out);
    if report.acts.cut {
        out.push_str("<p class=\"note\">There was more; only the newest are summed up.</p>\n");
    }
    out.push_str("</section>\n");
}

fn footer(out: &mut String) {
    let _ = write!(
        out,
        "<footer><p>sluicebox {}. Values are covered, and so is what is sensitive in names; nothing in this page leads back \
         to them without the key.</p></footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
}

#[cfg(test)]
mod tests {
    use super::super::{Open, Sums as Acts};
    use super::*;
    use crate::cli::coverage::tests::ledger;
    use crate::clock::Moment;
    use crate::model::{ActivityKind, ConnectorNumber, Coverage, Reason};
    use crate::store::coverage::DetectorRow;

    fn report() -> Report {
        let rows = [
            (1, "pdf<i>", Some(Coverage::Complete), 5, 500),
            (2, "zip", Some(Coverage::Skipped(Reason::EncryptedPassword)), 1, 70),
        ];
        let detector =
            |confidence, files, findings| DetectorRow { detector: "bank.iban".into(), confidence, files, findings };
        let open = OpenFile {
            place: "main:/HR/<script>alert(1)</script>\u{202e}.xlsx".to_owned(),
            level: Level::Public,
            known: false,
            detectors: vec![("bank.iban".to_owned(), 7)],
            findings: 7,
        };
        let exposure = ExposureRow {
            connector: ConnectorNumber(1),
            level: Some(Level::Public),
            files: 3,
            with_findings: 1,
            unknown: 2,
        };
        Report {
            at: Moment::from_millis(0),
            days: 7,
            ledger: ledger(&rows, 2),
            exposures: vec![exposure],
            detectors: vec![detector(95, 4, 40), detector(65, 9, 10)],
            names: [("bank.iban".to_owned(), "Bank account".to_owned())].into(),
            open: Open { files: vec![open], total: Some(1) },
            acts: Acts { kinds: [(ActivityKind::Share, (12, 3))].into(), cut: true },
        }
    }

    #[test]
    fn the_page_tells_coverage_first_and_then_the_rest_in_order() {
        let page = page(&report());
        let order = [
            ">Coverage<",
            ">Why not wholly<",
            "encrypted_password",
            ">Exposure of files<",
            "holding findings",
            ">Findings by detector<",
            "Bank account",
            ">Not walked<",
            "inactive owner",
            ">Activity of the last 7 days<",
        ];
        let places: Vec<_> =
            order.iter().map(|word| page.find(word).unwrap_or_else(|| panic!("{word} is missing"))).collect();
        assert!(places.is_sorted(), "{places:?}");
        for wanted in ["≥ 9", "50.0 % of the provider", "public or further", "There was more"] {
            assert!(page.contains(wanted), "{wanted} is missing");
        }
    }

    #[test]
    fn nothing_on_the_page_runs_or_calls_outside() {
        let page = page(&report());
        for refused in ["<script", "<i>", "<b> ", "\u{202e}", "http:", "https:", "style=\"", " src="] {
            assert!(!page.contains(refused), "{refused}");
        }
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        assert!(page.contains(&format!("style-src 'sha256-{hash}'")));
        assert!(page.contains("&lt;script&gt;"));
    }
}
