//! The visible part of the page as plain HTML; the script builds its table into it.

use super::super::harmless::html;
use super::super::human::short;
use super::super::summary::{DetectorTotals, ReasonTotals, exit_words, links_words};
use super::super::{FileReport, Summary, harmless, place, reason, units};
use crate::model::Finding;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Runs before anything is painted, so that the plain tables never flash.
const EARLY_SCRIPT: &str = "document.documentElement.className=\"js\"";

/// Everything up to the data.
pub(super) fn head() -> String {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}' '{}'; base-uri 'none'; form-action 'none'",
        source_hash(STYLE),
        source_hash(EARLY_SCRIPT),
        source_hash(SCRIPT)
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>sluicebox report</title>\n<style>{STYLE}</style>\n<script>{EARLY_SCRIPT}</script>\n</head>\n<body>\n"
    )
}

/// A source expression of the content security policy (CSP Level 3, 2.3.1).
fn source_hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            text.push(if at <= chunk.len() { char::from(SIGNS[bits >> (18 - 6 * at) & 63]) } else { '=' });
        }
    }
    text
}

/// Rows kept for readers without JavaScript and for paper.
#[derive(Debug, Default)]
pub(super) struct Plain {
    finding_rows: String,
    unread_rows: String,
    /// Findings in it.
    pub(super) findings: usize,
    /// Files in it that were not wholly read.
    pub(super) unread: usize,
}

impl Plain {
    /// Adds a finding.
    pub(super) fn finding(&mut self, path: &str, finding: &Finding) {
        self.findings += 1;
        let band = finding.confidence.band();
        let _ = writeln!(
            self.finding_rows,
            "<tr><td class=\"{band}\">{band}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            html(&finding.detector),
            html(path),
            html(&place::words(finding)),
            html(&harmless::one_line(finding.mask.as_str())),
            html(&harmless::one_line(finding.excerpt.as_str())),
        );
    }

    /// Adds a file that was not wholly read.
    pub(super) fn unread(&mut self, file: &FileReport) {
        let Some(why) = file.verdict.coverage.reason() else { return };
        self.unread += 1;
        let state = file.verdict.coverage.state();
        let _ = writeln!(
            self.unread_rows,
            "<tr><td>{state}</td><td>{why}</td><td>{}</td><td>{}</td></tr>",
            html(&file.path),
            html(&reason::advice(why))
        );
    }
}

/// Everything after the data.
pub(super) fn body(
    summary: &Summary,
    names: &HashMap<&str, &str>,
    version: &str,
    plain: &Plain,
    left_out: u64,
) -> String {
    let mut page = String::with_capacity(plain.finding_rows.len() + SCRIPT.len() + 16 * 1024);
    header(&mut page, summary);
    page.push_str("<main>\n");
    coverage(&mut page, summary);
    detectors(&mut page, summary, names);
    app(&mut page, left_out);
    plain_tables(&mut page, summary, plain);
    page.push_str("</main>\n");
    footer(&mut page, summary, version);
    let _ = write!(page, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

fn header(page: &mut String, summary: &Summary) {
    let class = match summary.exit_code {
        0 => "good",
        1 => "found",
        _ => "gap",
    };
    let started = summary.started_utc.as_deref().map(|time| format!("<p>{}</p>", html(time))).unwrap_or_default();
    let verdict = sentence(&exit_words(summary).replace("above", "below"));
    let _ = writeln!(
        page,
        "<header><div><h1>sluicebox report</h1>{started}</div><p class=\"verdict {class}\">{verdict}</p></header>",
    );
}

fn sentence(words: &str) -> String {
    let mut text = html(words);
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn coverage(page: &mut String, summary: &Summary) {
    let no_gap: u64 =
        summary.reasons.iter().filter(|(why, _)| why.is_no_gap()).map(|(_, n)| n.partial + n.skipped).sum();
    page.push_str("<section aria-labelledby=\"coverage\"><h2 id=\"coverage\">Coverage</h2>\n<div class=\"tiles\">");
    let tiles = [
        ("files", summary.files, ""),
        ("read wholly", summary.complete, "good"),
        ("read in part", summary.partial, if summary.partial > 0 { "gap" } else { "" }),
        ("not read", summary.skipped, if summary.skipped > no_gap { "gap" } else { "" }),
    ];
    for (label, n, class) in tiles {
        let _ = write!(page, "<div class=\"tile {class}\"><b>{}</b> {label}</div>", units::count(n));
    }
    page.push_str("</div>\n");
    bar(page, summary);
    if !summary.reasons.is_empty() {
        page.push_str(
            "<div class=\"wide\"><table><thead><tr><th class=\"n\">Files</th><th>Coverage</th><th>Reason</th>",
        );
        page.push_str("<th>What it means, and what to do</th></tr></thead><tbody>\n");
        for (why, &ReasonTotals { partial, skipped }) in &summary.reasons {
            for (state, n) in [("partial", partial), ("skipped", skipped)].into_iter().filter(|(_, n)| *n > 0) {
                let advice = html(&reason::advice(*why));
                let n = units::count(n);
                let _ = writeln!(
                    page,
                    "<tr><td class=\"n\">{n}</td><td>{state}</td><td><code>{why}</code></td><td>{advice}</td></tr>"
                );
            }
        }
        page.push_str("</tbody></table></div>\n");
    }
    if let Some(links) = links_words(summary) {
        let _ = writeln!(page, "<p>{links}</p>");
    }
    page.push_str("</section>\n");
}

/// The proportions as one line of colour: an SVG, since the policy allows no style attributes.
fn bar(page: &mut String, summary: &Summary) {
    if summary.files == 0 {
        return;
    }
    let per_mille = |n: u64| u128::from(n) * 1000 / u128::from(summary.files);
    let seen = |n: u64| if n > 0 { per_mille(n).max(4) } else { 0 };
    let (partial, skipped) = (seen(summary.partial), seen(summary.skipped));
    let complete = 1000_u128.saturating_sub(partial + skipped);
    let label =
        format!("{} of {} read wholly", units::count(summary.complete), units::of(summary.files, "file", "files"));
    let _ = writeln!(
        page,
        "<svg class=\"bar\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\">\
         <rect class=\"good\" width=\"{complete}\" height=\"10\"/>\
         <rect class=\"part\" x=\"{complete}\" width=\"{partial}\" height=\"10\"/>\
         <rect class=\"gap\" x=\"{}\" width=\"{skipped}\" height=\"10\"/></svg>",
        complete + partial,
    );
}

fn detectors(page: &mut String, summary: &Summary, names: &HashMap<&str, &str>) {
    page.push_str("<section aria-labelledby=\"detectors\"><h2 id=\"detectors\">Findings by detector</h2>\n");
    if summary.detectors.is_empty() {
        page.push_str("<p>No findings.</p></section>\n");
        return;
    }
    let capped = summary.detectors.values().any(|totals| totals.beyond_cap > 0);
    page.push_str(
        "<div class=\"wide tall\"><table id=\"by-detector\"><thead><tr><th>Detector</th><th class=\"n\">High</th>",
    );
    page.push_str("<th class=\"n\">Medium</th><th class=\"n\">Low</th>");
    page.push_str(if capped { "<th class=\"n\">Not listed</th>" } else { "" });
    page.push_str("<th class=\"n\">Total</th><th class=\"n\">Files</th></tr></thead><tbody>\n");
    for (id, totals) in &summary.detectors {
        let name = names.get(&**id).map(|name| format!("<br><small>{}</small>", html(name))).unwrap_or_default();
        let id = html(id);
        let &DetectorTotals { high, medium, low, beyond_cap, total, files } = totals;
        let _ = write!(page, "<tr><td><code>{id}</code>{name}</td>");
        let not_listed = capped.then_some(beyond_cap);
        for n in [high, medium, low].into_iter().chain(not_listed).chain([total, files]) {
            let _ = write!(page, "<td class=\"n{}\">{}</td>", if n == 0 { " zero" } else { "" }, units::count(n));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div></section>\n");
}

/// The frame that the script fills; hidden without it.
fn app(page: &mut String, left_out: u64) {
    page.push_str(include_str!("app.html"));
    if left_out > 0 {
        let _ = writeln!(
            page,
            "<p class=\"note\">{} more are counted above but not carried by this page; the format jsonl has all.</p>",
            units::of(left_out, "finding", "findings")
        );
    }
}

fn plain_tables(page: &mut String, summary: &Summary, plain: &Plain) {
    page.push_str("<div id=\"plain\">\n");
    if plain.unread > 0 {
        let all = units::count(summary.partial + summary.skipped);
        let _ = writeln!(
            page,
            "<section><h2>Not wholly read</h2><p>The first {} of {all}.</p>",
            units::count(of(plain.unread))
        );
        page.push_str(
            "<table><thead><tr><th>Coverage</th><th>Reason</th><th>File</th><th>What to do</th></tr></thead><tbody>\n",
        );
        page.push_str(&plain.unread_rows);
        page.push_str("</tbody></table></section>\n");
    }
    if plain.findings > 0 {
        let (shown, all) = (units::count(of(plain.findings)), units::count(summary.findings_total));
        let _ = writeln!(page, "<section><h2>Findings</h2><p>The first {shown} of {all}.</p>");
        page.push_str("<table><thead><tr><th>Confidence</th><th>Detector</th><th>File</th><th>Place</th>");
        page.push_str("<th>Covered value</th><th>Covered surroundings</th></tr></thead><tbody>\n");
        page.push_str(&plain.finding_rows);
        page.push_str("</tbody></table></section>\n");
    }
    page.push_str("</div>\n");
}

fn of(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn footer(page: &mut String, summary: &Summary, version: &str) {
    let rate = units::per_second(summary.bytes, summary.elapsed).map(units::bytes);
    let speed = rate.map(|rate| format!(" ({rate}/s)")).unwrap_or_default();
    let _ = write!(
        page,
        "<footer><p>{} read, {} of it text, in {}{speed}. {}, rules <code>{}</code>, token key {}. sluicebox {}.</p>",
        units::bytes(summary.bytes),
        units::bytes(summary.text_bytes),
        units::elapsed(summary.elapsed),
        units::of(summary.rules, "detector", "detectors"),
        html(short(&summary.ruleset_hash)),
        summary.key_version,
        html(version),
    );
    if !summary.limits.is_empty() {
        let _ = write!(page, "<p>Limits: {}</p>", html(&harmless::one_line(&summary.limits)));
    }
    page.push_str("<p>Values are covered; nothing in this page leads back to them without the key.</p></footer>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_rfc_4648_section_10() {
        let rows =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (text, expected) in rows {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
