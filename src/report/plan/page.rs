//! A plan as one page: plain HTML without a script and without any outside resource, so that it can be opened anywhere, mailed
//! and printed. A content security policy lets only its own style apply, and everything that came from a tenant is escaped.

use super::text::{groups, standing};
use super::{Document, Entry, Planned, Standing, digits, hash};
use crate::report::harmless::html;
use crate::report::units::{count, elapsed, of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::Duration;

/// The look of all reports, and what this one adds.
const STYLE: &str = concat!(include_str!("../html/page.css"), include_str!("page.css"));

/// The plan as a page of its own. `number` is the store's, once it has one.
#[must_use]
pub fn page(plan: &Document, number: Option<i64>) -> String {
    let mut out = String::with_capacity(64 << 10);
    let name = number.map_or_else(|| "Plan".to_owned(), |number| format!("Plan {number}"));
    head(&mut out, &name);
    header(&mut out, plan, &name);
    out.push_str("<main>\n");
    sums(&mut out, plan);
    asked(&mut out, plan);
    for (title, entries) in groups(plan) {
        let items = of(entries.len() as u64, "item", "items");
        let _ = writeln!(out, "<section><h2>{} ({items})</h2>", html(&title));
        entries.iter().for_each(|entry| item(&mut out, entry));
        out.push_str("</section>\n");
    }
    let _ = write!(
        out,
        "</main>\n<footer><p>sluicebox {}. SHA-256 of the plan: <code>{}</code></p><p>Values are covered, and so is what is \
         sensitive in names; addresses of links are not kept.</p></footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        digits(&hash(&plan.canonical()))
    );
    out
}

fn head(out: &mut String, name: &str) {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>sluicebox: {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
}

fn header(out: &mut String, plan: &Document, name: &str) {
    let totals = &plan.totals;
    let class = if totals.blocked + totals.unseen > 0 { "gap" } else { "good" };
    let verdict = format!(
        "{} to do at {}; {} blocked, {} not looked at",
        of(totals.actions, "action", "actions"),
        of(totals.acted_on, "item", "items"),
        count(totals.blocked),
        count(totals.unseen)
    );
    let _ = writeln!(
        out,
        "<header><div><h1>{name}</h1><p>made {} by {}</p></div><p class=\"verdict {class}\">{verdict}</p></header>",
        plan.made,
        html(&plan.by),
    );
}

fn sums(out: &mut String, plan: &Document) {
    let totals = &plan.totals;
    out.push_str("<section aria-labelledby=\"sums\"><h2 id=\"sums\">In all</h2>\n<div class=\"tiles\">");
    let tiles = [
        ("items", totals.items, ""),
        ("actions to do", totals.actions, ""),
        ("already so", totals.already_so, "good"),
        ("blocked", totals.blocked, if totals.blocked > 0 { "gap" } else { "" }),
        ("accesses that end", totals.accesses_lost, ""),
        ("links that die", totals.links_lost, ""),
        ("calls that change something", totals.calls, ""),
        ("calls in all, about", totals.calls_with_reads, ""),
    ];
    for (label, number, class) in tiles {
        let _ = write!(out, "<div class=\"tile {class}\"><b>{}</b> {label}</div>", count(number));
    }
    let time = elapsed(Duration::from_secs(totals.seconds));
    let _ = writeln!(out, "<div class=\"tile\"><b>{time}</b> at the connectors' rates, about</div></div></section>");
}

fn asked(out: &mut String, plan: &Document) {
    let _ = writeln!(out, "<section><h2>Why</h2><p>Asked for: {}</p>", html(&plan.asked));
    if !plan.policies.is_empty() {
        out.push_str(
            "<div class=\"wide\"><table><thead><tr><th>Policy</th><th>Severity</th><th>Mode</th><th>What for</th>\
             <th>Hash</th></tr></thead><tbody>\n",
        );
        for policy in &plan.policies {
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                html(&policy.name),
                html(&policy.severity),
                html(&policy.mode),
                html(&policy.title),
                html(policy.hash.get(..12).unwrap_or(&policy.hash)),
            );
        }
        out.push_str("</tbody></table></div>\n");
    }
    if plan.approvals > 0 {
        let _ = writeln!(out, "<p>Another operator must approve it: {}</p>", html(&plan.approvals_why.join("; ")));
    }
    for left in &plan.left_out {
        let _ =
            writeln!(out, "<p class=\"note\">{} left out: {}</p>", of(left.items, "item", "items"), html(&left.why));
    }
    out.push_str("</section>\n");
}

fn item(out: &mut String, entry: &Entry) {
    let number = entry.item.map(|number| format!(" <small>#{number}</small>")).unwrap_or_default();
    let _ =
        writeln!(out, "<article class=\"item\"><h3>{}:{}{number}</h3><dl>", html(&entry.connector), html(&entry.path));
    let owner = if entry.owner.is_empty() { "nobody known" } else { &entry.owner };
    row(out, "What", &format!("{} {}, owner {owner}", entry.sort, entry.id));
    if let Some(open) = &entry.exposure {
        let more = if open.known { "" } else { " or further" };
        row(out, "Open", &format!("{}{more}", open.level));
        rows(out, "Why", &open.reasons);
    }
    if let Some(since) = entry.since {
        row(out, "Since", &since.to_string());
    }
    for found in &entry.found {
        let masks: Vec<String> =
            found.samples.iter().map(|sample| format!("{} ({})", sample.mask, sample.token)).collect();
        let different = of(found.unique, "different value", "different values");
        row(
            out,
            "Found",
            &format!("{}: {different}, {} in all: {}", found.detector, count(found.total), masks.join(", ")),
        );
    }
    let votes = entry.votes.iter().map(|vote| format!("{} asks for {}: {}", vote.policy, vote.asks, vote.because));
    rows(out, "Votes", &votes.collect::<Vec<_>>());
    out.push_str("</dl>\n");
    entry.planned.iter().for_each(|planned| deed(out, planned));
    out.push_str("</article>\n");
}

fn deed(out: &mut String, planned: &Planned) {
    let class = match planned.standing {
        Standing::Blocked | Standing::Drifted | Standing::Gone | Standing::Unseen => "gap",
        Standing::AlreadySo => "good",
        Standing::Will | Standing::Tells | Standing::Unforeseen => "will",
    };
    let instead = planned.instead_of.as_ref().map(|name| format!(", instead of {name}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "<div class=\"deed {class}\"><p><b>{}</b> {}{}</p><dl>",
        standing(planned),
        html(&planned.words),
        html(&instead)
    );
    planned.why.iter().for_each(|why| row(out, "Because", why));
    let calls: Vec<String> = planned.calls.iter().map(|call| call.words.clone()).collect();
    rows(out, "Calls", &calls);
    rows(out, "Who loses access", &planned.loses);
    rows(out, "Links that die", &planned.links);
    for stays in &planned.stays {
        row(out, "What stays", &stays.words);
        stays.propose.iter().for_each(|command| row(out, "Then", command));
    }
    rows(out, "Cannot be undone", &planned.cannot_undo);
    out.push_str("</dl></div>\n");
}

fn row(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "<dt>{label}</dt><dd>{}</dd>", html(text));
}

fn rows(out: &mut String, label: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "<dt>{label}</dt><dd><ul>");
    lines.iter().for_each(|line| {
        let _ = write!(out, "<li>{}</li>", html(line));
    });
    out.push_str("</ul></dd>\n");
}
