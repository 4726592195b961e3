//! Pages of items: what a folder or the trash holds.
//!
//! With `usemarker` a page goes on after the last item shown, so that nothing is missed when things come and go; with
//! `offset` it counts, to 9,999 at most. Some pages are short or empty though more follow, and some repeat the last item of
//! the page before, as happens at Box.

use super::super::wire::Answer;
use super::draw;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The longest page.
const MOST: u64 = 1_000;
/// Offsets end here.
const LAST_OFFSET: u64 = 9_999;

impl State {
    /// The items of a folder as a person sees them.
    pub(super) fn items_of(&self, who: Uid, folder: Nid) -> Vec<Nid> {
        let mut items = self.tree.children(folder).to_vec();
        if self.tree.is_root(folder) && self.tree.owner(folder) == who {
            items.extend(self.shared_with(who));
            items.sort_unstable();
        }
        items
    }

    /// What a person put in the trash, each item by itself.
    pub(super) fn trash_of(&self, who: Uid) -> Vec<Nid> {
        self.tree.trash.iter().copied().filter(|nid| self.tree.owner(*nid) == who).collect()
    }

    /// One page of items.
    pub(super) fn page(&self, call: &mut Call<'_>, place: u64, all: &[Nid], without: u64) -> Told {
        call.knows_query(&["fields", "usemarker", "marker", "offset", "limit", "sort", "direction"]);
        let limit = call.limit(without, MOST)?;
        let fields = call.fields();
        if call.says("usemarker") {
            if call.query("offset").is_some() {
                return Err(Fault::bad("offset and usemarker cannot be used together"));
            }
            return self.marked_page(call, place, all, limit, fields.as_deref());
        }
        if call.query("marker").is_some() {
            call.odd.push("a marker without usemarker is ignored".into());
        }
        let offset = call.number("offset", 0)?;
        if offset > LAST_OFFSET {
            return Err(invalid("offset", &offset.to_string(), "must be below 10000"));
        }
        let shown = all.iter().skip(size(offset)).take(size(limit));
        let entries: Vec<Value> = shown.map(|nid| self.item(call, *nid, fields.as_deref())).collect();
        Ok(Answer::json(
            200,
            &json!({
                "total_count": all.len(),
                "entries": entries,
                "offset": offset,
                "limit": limit,
                "order": [{"by": "type", "direction": "ASC"}, {"by": "name", "direction": "ASC"}],
            }),
        ))
    }

    fn marked_page(&self, call: &mut Call<'_>, place: u64, all: &[Nid], limit: u64, fields: Option<&[String]>) -> Told {
        let (page, after) = match call.query("marker") {
            None => (0, None),
            Some(marker) => read_marker(marker, place).ok_or_else(|| invalid("marker", "", "is not valid"))?,
        };
        let from = after.map_or(0, |last| all.partition_point(|nid| *nid <= last));
        let (from, count) = self.cut(place, page, from, limit);
        let shown = &all[from.min(all.len())..(from + count).min(all.len())];
        let end = from + shown.len() >= all.len();
        let last = shown.last().copied().or(after);
        let entries: Vec<Value> = shown.iter().map(|nid| self.item(call, *nid, fields)).collect();
        let mut body = json!({"limit": limit, "entries": entries});
        match (end, draw::mix(self.seed, place) % 3) {
            (false, _) => body["next_marker"] = marker(place, page + 1, last).into(),
            (true, 0) => {}
            (true, 1) => body["next_marker"] = Value::Null,
            (true, _) => body["next_marker"] = "".into(),
        }
        Ok(Answer::json(200, &body))
    }

    /// Where a page really begins and how long it is: now and then one back, short, or empty.
    fn cut(&self, place: u64, page: u64, from: usize, limit: u64) -> (usize, usize) {
        let limit = size(limit);
        let drawn = draw::mix(self.seed ^ place, page);
        if self.odd_pages == 0 || !drawn.is_multiple_of(self.odd_pages) {
            return (from, limit);
        }
        match (drawn >> 32) % 3 {
            0 if page > 0 => (from.saturating_sub(1), limit),
            1 if page > 0 => (from, 0),
            _ => (from, limit.div_ceil(2)),
        }
    }
}

/// A count as a size; what does not fit is as good as endless.
pub(super) fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn marker(place: u64, page: u64, last: Option<Nid>) -> String {
    let last = last.map_or(String::new(), |nid| nid.to_string());
    BASE64_URL_SAFE_NO_PAD.encode(format!("{{\"type\":\"id\",\"dir\":\"next\",\"at\":\"{place}.{page}.{last}\"}}"))
}

fn read_marker(text: &str, place: u64) -> Option<(u64, Option<Nid>)> {
    let read: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let mut parts = read["at"].as_str()?.split('.');
    let (of, page, last) = (parts.next()?, parts.next()?, parts.next()?);
    if of.parse() != Ok(place) {
        return None;
    }
    let last = if last.is_empty() { None } else { Some(last.parse().ok()?) };
    Some((page.parse().ok()?, last))
}
