//! What an action of a policy file may be, with its parameters, and what it means.
//!
//! To add one: a variant of [`Ask`], a row, an arm in [`ask`], and a row in the guide; tests point at what is missing.

use super::table::Table;
use crate::model::Audience;
use crate::policy::amount;
use crate::policy::ask::{Ask, Told};
use crate::policy::error::{Span, Wrongly, did_you_mean};
use crate::policy::set::{Still, Wish};
use crate::policy::syntax::Word;
use crate::source::schema::{Key, Kind, may, must};
use crate::source::{Fault, Reader, SourceFile};
use std::sync::Arc;
use std::time::Duration;

/// Longest text of a comment or task, in characters.
const TEXT_CHARS_MAX: usize = 2_000;
/// Longest span that an action names.
const SPAN_MAX: Duration = Duration::from_secs(5 * 365 * 86_400);
/// People and webhooks that one action tells at most.
const TOLD_MAX: usize = 50;
/// Words of `whom` beside addresses and webhooks.
const TOLD: [&str; 3] = ["owner", "owner_digest", "editor"];
/// What comes before a webhook's name.
const WEBHOOK: &str = "webhook:";

/// Keys that every action has beside `do`.
pub(super) static EVERY: [Key; 2] = [may("after", Kind::Text), may("if_still", Kind::Word(&["matched", "exposed"]))];

/// Every action with the keys of its own, in the order of [`Ask`].
pub(super) static ACTIONS: [(&str, &[Key]); 27] = [
    ("copy", &[must("to", Kind::Text)]),
    ("hold", &[must("name", Kind::Text)]),
    ("set_label", &[must("label", Kind::Text)]),
    ("clear_label", &[]),
    ("expire_links", &[must("lasting", Kind::Text)]),
    ("protect_links", &[]),
    ("forbid_download", &[]),
    ("restrict_links", &[must("to", Kind::Word(&["company", "members"]))]),
    ("remove_links", &[]),
    ("change_role", &[must("who", Kind::Text), must("role", Kind::Text)]),
    ("remove_member", &[must("who", Kind::Text)]),
    ("remove_externals", &[]),
    ("stop_invitations", &[]),
    ("make_private", &[]),
    ("lock", &[may("lasting", Kind::Text), may("no_download", Kind::Bool)]),
    ("overwrite", &[]),
    ("user_quarantine", &[]),
    ("admin_quarantine", &[may("to", Kind::Text), may("by_copy", Kind::Bool)]),
    ("trash", &[]),
    ("comment", &[must("text", Kind::Text)]),
    ("task", &[must("text", Kind::Text), may("within", Kind::Text)]),
    ("notify", &[must("whom", Kind::Array(&Kind::Text))]),
    ("suspend", &[]),
    ("end_sessions", &[]),
    ("require_password", &[]),
    ("remove_from_shares", &[]),
    ("revoke_apps", &[]),
];

/// The wish that an action's table means.
///
/// # Errors
/// When one of its values makes no sense.
pub(super) fn wish(table: Table<'_>) -> Result<Wish, Wrongly> {
    let still = match table.text("if_still") {
        Some(word) if word.text == "exposed" => Still::Exposed,
        _ => Still::Matched,
    };
    let after = span(table, "after")?.unwrap_or_default();
    if after.is_zero() && table.has("if_still") && still == Still::Exposed && !table.has("after") {
        return Err(Wrongly::new(table.key("if_still"), "`if_still` without `after`")
            .expected("nothing can have changed by then")
            .help("add `after = \"72h\"`, or say in `where` that it must be exposed: `access >= external`"));
    }
    Ok(Wish { ask: ask(table)?, after, still })
}

fn ask(table: Table<'_>) -> Result<Ask, Wrongly> {
    let name = table.text("do").map(|word| word.text).unwrap_or_default();
    let flag = |key: &str| table.flag(key).unwrap_or_default();
    Ok(match name.as_str() {
        "copy" => Ask::Copy { to: some(table, "to")? },
        "hold" => Ask::Hold { policy: some(table, "name")? },
        "set_label" => Ask::SetLabel { label: some(table, "label")? },
        "clear_label" => Ask::ClearLabel,
        "expire_links" => Ask::ExpireLinks { after: span(table, "lasting")?.unwrap_or_default() },
        "protect_links" => Ask::ProtectLinks,
        "forbid_download" => Ask::ForbidDownload,
        "restrict_links" => Ask::RestrictLinks { to: audience(table) },
        "remove_links" => Ask::RemoveLinks,
        "change_role" => Ask::ChangeRole { who: some(table, "who")?, role: some(table, "role")? },
        "remove_member" => Ask::RemoveMember { who: some(table, "who")? },
        "remove_externals" => Ask::RemoveExternals,
        "stop_invitations" => Ask::StopInvitations,
        "make_private" => Ask::MakePrivate,
        "lock" => Ask::Lock { lasting: span(table, "lasting")?, no_download: flag("no_download") },
        "overwrite" => Ask::Overwrite,
        "user_quarantine" => Ask::UserQuarantine,
        "admin_quarantine" => {
            let to = if table.has("to") { Some(some(table, "to")?) } else { None };
            Ask::AdminQuarantine { to, by_copy: flag("by_copy") }
        }
        "trash" => Ask::Trash,
        "comment" => Ask::Comment { text: some(table, "text")? },
        "task" => Ask::Task { text: some(table, "text")?, within: span(table, "within")? },
        "notify" => Ask::Notify { whom: whom(table)? },
        "suspend" => Ask::Suspend,
        "end_sessions" => Ask::EndSessions,
        "require_password" => Ask::RequirePassword,
        "remove_from_shares" => Ask::RemoveFromShares,
        "revoke_apps" => Ask::RevokeApps,
        _ => return Err(Wrongly::new(table.span, format!("there is no action `{name}`"))),
    })
}

/// A text in which something stands.
fn some(table: Table<'_>, key: &str) -> Result<Arc<str>, Wrongly> {
    let Some(word) = table.text(key) else {
        return Err(Wrongly::new(table.span, format!("missing key `{key}`")));
    };
    let text = word.text.trim();
    if text.is_empty() {
        return Err(Wrongly::new(word.span, format!("`{key}` is empty")).expected("expected some text"));
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        let message = format!("`{key}` is longer than {TEXT_CHARS_MAX} characters");
        return Err(Wrongly::new(word.span, message));
    }
    Ok(text.into())
}

/// A span of time, longer than nothing.
pub(super) fn span(table: Table<'_>, key: &str) -> Result<Option<Duration>, Wrongly> {
    let Some(word) = table.text(key) else { return Ok(None) };
    let read = amount::span_ms(&word.text).and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
    match read {
        Some(span) if span > SPAN_MAX => Err(Wrongly::new(word.span, format!("`{key}` is too long"))
            .expected("at most five years")
            .help("leave the action out to have it never done")),
        Some(span) if span.is_zero() && key != "after" => {
            Err(Wrongly::new(word.span, format!("`{key}` is no time at all")).expected("expected more than nothing"))
        }
        Some(span) => Ok(Some(span)),
        None => Err(Wrongly::new(word.span, format!("`{}` is no span of time", word.text))
            .expected("expected a number with its unit, as `30 days`, `72h`")
            .maybe_help(word.text.trim().parse::<u64>().is_ok().then(|| "which unit: h, days, weeks?".to_owned()))),
    }
}

fn audience(table: Table<'_>) -> Audience {
    match table.text("to") {
        Some(word) if word.text == "company" => Audience::Company,
        _ => Audience::Members,
    }
}

fn whom(table: Table<'_>) -> Result<Vec<Told>, Wrongly> {
    let words = table.texts("whom");
    if words.is_empty() || words.len() > TOLD_MAX {
        return Err(Wrongly::new(table.at("whom"), "`whom` names nobody, or too many")
            .expected(format!("expected 1 to {TOLD_MAX} of them"))
            .help("as in `whom = [\"owner\", \"security@example.com\"]`"));
    }
    words.iter().map(told).collect()
}

fn told(word: &Word) -> Result<Told, Wrongly> {
    let text = word.text.as_str();
    match text {
        "owner" => return Ok(Told::Owner),
        "owner_digest" => return Ok(Told::OwnerDigest),
        "editor" => return Ok(Told::Editor),
        _ => {}
    }
    if let Some(name) = text.strip_prefix(WEBHOOK).filter(|name| !name.is_empty()) {
        return Ok(Told::Webhook(name.into()));
    }
    if is_address(text) {
        return Ok(Told::Address(text.into()));
    }
    Err(Wrongly::new(word.span, format!("`{text}` is nobody who can be told"))
        .expected("expected owner, owner_digest, editor, an address, or `webhook:NAME`")
        .maybe_help(did_you_mean(text, TOLD)))
}

/// A mail address as far as a program can tell: one `@` between something and a domain.
fn is_address(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | ';' | '<' | '>' | '"');
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = domain.split('.').all(|label| !label.is_empty());
    text.len() <= 254 && text.chars().all(plain) && !local.is_empty() && !local.contains('@') && labels
}

/// Webhooks that a `whom` names, with their places.
pub(super) fn webhooks(table: Table<'_>) -> Vec<(String, Span)> {
    let named = |word: Word| Some((word.text.strip_prefix(WEBHOOK)?.to_owned(), word.span));
    table.texts("whom").into_iter().filter_map(named).collect()
}

/// One action as a table of its own, for [`ask_of`].
static ALONE: [Key; 1] = [must("action", Kind::ByWord("do", &[], &ACTIONS))];

/// Reads an action as a command line names it: its name, then its parameters as `KEY=VALUE`, each value as in a policy file or
/// without quotation marks: `remove_links`, `restrict_links to=company`, `notify whom=owner,security@example.com`.
///
/// # Errors
/// What is wrong with it, in a sentence or two.
pub fn ask_of(text: &str) -> Result<Ask, String> {
    let reader = Reader { noun: "action", many: "actions", cover: |_| None, keys: &ALONE };
    let source = SourceFile::new("action", inline(text)?, None, reader.cover);
    let told = |fault: &Fault| {
        let parts = [Some(fault.message()), Some(fault.label()).filter(|label| !label.is_empty()), fault.suggestion()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    };
    let root = reader.table(&source).map_err(|faults| faults.iter().map(told).collect::<Vec<_>>().join("\n  "))?;
    let table = Table::new(root.get_ref(), 0..0).table("action").ok_or("an action needs a name")?;
    ask(table).map_err(|wrong| told(&super::sheet::fault(&source, wrong)))
}

/// The same action as an inline table of TOML.
fn inline(text: &str) -> Result<String, String> {
    let pairs: Vec<String> = typed(text)?.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    Ok(format!("action = {{ {} }}", pairs.join(", ")))
}

/// Its keys and values as TOML has them, `do` first.
pub(super) fn typed(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut words = words(text).into_iter();
    let name = words.next().ok_or("an action needs a name, as `remove_links`")?;
    let mut pairs = vec![("do".to_owned(), toml_text(&name))];
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            return Err(format!("`{word}` is no parameter; write KEY=VALUE"));
        };
        let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let key = if plain { key.to_owned() } else { toml_text(key) };
        let value = value_of(&key, value);
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Words between blanks that stand outside quotation marks and brackets.
fn words(text: &str) -> Vec<String> {
    let (mut all, mut word) = (Vec::new(), String::new());
    let (mut quote, mut depth) = (None, 0_usize);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && quote.is_none() && depth == 0 {
            all.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        } else {
            word.push(c);
        }
    }
    all.extend(Some(word).filter(|word| !word.is_empty()));
    all
}

fn value_of(key: &str, value: &str) -> String {
    let is_typed = value.starts_with(['"', '\'', '[']) || matches!(value, "true" | "false");
    match key {
        _ if is_typed => value.to_owned(),
        "whom" => format!("[{}]", value.split(',').map(toml_text).collect::<Vec<_>>().join(", ")),
        _ => toml_text(value),
    }
}

/// A text in quotation marks; what TOML escapes, JSON escapes alike.
pub(super) fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
