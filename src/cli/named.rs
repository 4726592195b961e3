//! Finding the one item that somebody means: by its number, the provider's id, or its path.
//!
//! Nothing is guessed: where a word means several items, all are told with their numbers, and none is taken.

use super::{Failed, shown};
use crate::model::{ConnectorNumber, ItemKind, ItemNumber};
use crate::report::harmless::printable;
use crate::store::{Connector, Known, Scope, Store};

/// Items read at a time.
const PAGE: usize = 1_000;
/// Items told where a word means several.
const TOLD_MAX: usize = 5;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a> {
    /// `#17`, an id at the provider, or a path; with `NAME:` before it in that connector only.
    pub(super) typed: &'a str,
    /// In this connector only.
    pub(super) connector: Option<&'a str>,
    /// Of this kind only.
    pub(super) kind: Option<ItemKind>,
}

/// The one item that is meant.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn one(store: &dyn Store, sought: Sought<'_>) -> Result<Known, Failed> {
    let connectors = store.connectors()?;
    let (connectors, typed) = among(&connectors, sought)?;
    let fits = |known: &Known| {
        known.gone.is_none()
            && sought.kind.is_none_or(|kind| known.item.kind == kind)
            && connectors.iter().any(|one| one.number == known.connector)
    };
    let mut found: Vec<Known> = Vec::new();
    if let Some(number) = typed.strip_prefix('#').unwrap_or(typed).parse().ok().map(ItemNumber) {
        found.extend(store.item(number)?.filter(fits));
    }
    if !typed.starts_with('#') {
        for connector in &connectors {
            by_id(store, connector.number, typed, &mut found)?;
        }
        found.retain(fits);
        if found.is_empty() {
            for connector in &connectors {
                by_path(store, connector.number, sought.kind, typed, &mut found)?;
            }
        }
    }
    found.sort_by_key(|known| known.number);
    found.dedup_by_key(|known| known.number);
    match found.len() {
        0 => Err(Failed::new(format!(
            "no item `{}` is known\n  `sluicebox files` lists items with their numbers; write #17, an id, or a path",
            shown(sought.typed)
        ))),
        1 => Ok(found.swap_remove(0)),
        _ => Err(several(&connectors, sought.typed, &found)),
    }
}

/// The connectors that are meant, and the word without their name.
fn among<'a>(all: &[Connector], sought: Sought<'a>) -> Result<(Vec<Connector>, &'a str), Failed> {
    let named = |name: &str| all.iter().find(|one| one.name.as_str() == name).cloned();
    if let Some(name) = sought.connector {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        let known = named(name).ok_or_else(|| {
            Failed::new(format!("the store knows no connector `{}`\n  it knows {}", shown(name), names.join(", ")))
        })?;
        return Ok((vec![known], sought.typed));
    }
    match sought.typed.split_once(':').and_then(|(name, rest)| Some((named(name)?, rest))) {
        Some((known, rest)) => Ok((vec![known], rest)),
        None => Ok((all.to_vec(), sought.typed)),
    }
}

fn by_id(store: &dyn Store, of: ConnectorNumber, id: &str, found: &mut Vec<Known>) -> Result<(), Failed> {
    for kind in [ItemKind::File, ItemKind::Folder, ItemKind::WebLink] {
        found.extend(store.find(of, kind, id)?);
    }
    Ok(())
}

/// Looks through all items: paths are put together from names that may be sealed, and stand in no index.
fn by_path(
    store: &dyn Store,
    of: ConnectorNumber,
    kind: Option<ItemKind>,
    path: &str,
    found: &mut Vec<Known>,
) -> Result<(), Failed> {
    let plain = |path: &str| path.trim_matches('/').to_lowercase();
    let wanted = plain(path);
    let scope = Scope { connector: Some(of), kind, ..Scope::default() };
    let mut after = None;
    loop {
        let page = store.items(&scope, after, PAGE)?;
        after = page.last().map(|known| known.number);
        let is_last = page.len() < PAGE;
        found.extend(page.into_iter().filter(|known| {
            plain(&known.shown) == wanted || known.item.path.as_deref().is_some_and(|path| plain(path) == wanted)
        }));
        if is_last {
            return Ok(());
        }
    }
}

fn several(connectors: &[Connector], typed: &str, found: &[Known]) -> Failed {
    let told: Vec<String> =
        found.iter().take(TOLD_MAX).map(|known| format!("  {}", place(connectors, known))).collect();
    let more = if found.len() > TOLD_MAX { "\n  and more" } else { "" };
    Failed::new(format!(
        "`{}` means {} items; write the number of one\n{}{more}",
        shown(typed),
        found.len(),
        told.join("\n")
    ))
}

/// An item by number, connector and what of its path may be shown; harmless to a terminal.
pub(super) fn place(connectors: &[Connector], known: &Known) -> String {
    let slash = if known.item.kind == ItemKind::Folder { "/" } else { "" };
    format!("#{} {}:{}{slash}", known.number, connector_name(connectors, known.connector), printable(&known.shown))
}

/// A connector's name by its number.
pub(super) fn connector_name(connectors: &[Connector], number: ConnectorNumber) -> &str {
    connectors.iter().find(|one| one.number == number).map_or("?", |one| one.name.as_str())
}
