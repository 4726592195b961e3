//! Contents: download, export, revisions.

use super::super::wire::Answer;
use super::gate::Call;
use super::metadata::{View, file, tag_or, time};
use super::place;
use super::reply::{Reply, conflict_tags, header_json, ok};
use super::state::State;
use super::state::file::{Version, content_hash};
use super::state::tree::{Change, NodeId};
use crate::emulator::hex;
use serde_json::json;

/// `files/download`.
pub(super) fn download(state: &State, call: &Call<'_>) -> Reply {
    let path = call.text("path");
    let rev = path.strip_prefix("rev:").or_else(|| call.field("rev").as_str());
    let node = place::need_file(state, call, path)?;
    if state.tree.is_restricted(node) {
        return Err(conflict_tags(&["path", "restricted_content"]));
    }
    if state.tree.export(node).is_some() {
        return Err(conflict_tags(&["unsupported_file"]));
    }
    let version = version(state, node, rev).ok_or_else(|| conflict_tags(&["path", "not_found"]))?;
    let result = header_json(&file(state, &View::of(call), node, &version, false));
    let answer = ranged(call.asked.header("range"), &version.body, &format!("W/\"{}\"", version.rev_text()));
    let answer = answer.of_content(version.rev_text(), version.body.len());
    Ok(answer.with("dropbox-api-result", result).with("original-content-length", version.body.len().to_string()))
}

fn version(state: &State, node: NodeId, rev: Option<&str>) -> Option<Version> {
    match rev {
        None => state.tree.current(node),
        Some(rev) => state.tree.versions(node).into_iter().find(|version| version.rev_text() == rev),
    }
}

/// A content, or the part of it that a `Range` header names: 206 with `Content-Range`, 416 when it begins past the end.
fn ranged(range: Option<&str>, body: &[u8], etag: &str) -> Answer {
    let kind = "application/octet-stream";
    let whole = || {
        let mut answer =
            Answer::empty(200).with("content-type", kind).with("etag", etag).with("accept-ranges", "bytes");
        answer.body = body.to_vec();
        answer
    };
    let Some(spec) = range.and_then(|range| range.strip_prefix("bytes=")) else {
        return whole();
    };
    let Some((from, to)) = span(spec, body.len()) else {
        return whole();
    };
    if from >= body.len() {
        return Answer::text(416, "Requested range not satisfiable")
            .with("content-range", format!("bytes */{}", body.len()));
    }
    let mut answer = Answer::empty(206).with("content-type", kind).with("etag", etag);
    answer.body = body[from..=to].to_vec();
    answer.with("content-range", format!("bytes {from}-{to}/{}", body.len()))
}

/// First and last byte of a range; `None` for what is no range, which is passed over (RFC 9110, section 14.2).
fn span(spec: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = spec.split_once('-')?;
    let last = length.saturating_sub(1);
    match (from.parse::<usize>().ok(), to.parse::<usize>().ok()) {
        (Some(from), Some(to)) if from <= to => Some((from, to.min(last))),
        (Some(from), None) if to.is_empty() => Some((from, last)),
        (None, Some(tail)) if from.is_empty() && tail > 0 => Some((length.saturating_sub(tail), last)),
        _ => None,
    }
}

/// `files/export`.
pub(super) fn export(state: &State, call: &Call<'_>) -> Reply {
    let node = place::need_file(state, call, call.text("path"))?;
    let Some(export) = state.tree.export(node) else {
        return Err(conflict_tags(&["non_exportable"]));
    };
    let wanted = call.field("export_format").as_str().unwrap_or(export.default);
    let Some((form, body)) = export.forms.iter().find(|(form, _)| *form == wanted) else {
        return Err(conflict_tags(&["invalid_export_format"]));
    };
    let Some(version) = state.tree.current(node) else {
        return Err(conflict_tags(&["path", "not_found"]));
    };
    let name = state.tree.name(node);
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let ending = if *form == "markdown" { "md" } else { form };
    let result = json!({
        "export_metadata": {
            "name": format!("{stem}.{ending}"), "size": body.len(), "export_hash": hex(&content_hash(body)),
        },
        "file_metadata": file(state, &View::of(call), node, &version, false),
    });
    let mut answer = Answer::empty(200).with("content-type", "application/octet-stream");
    answer.body = body.to_vec();
    Ok(answer.of_content(version.rev_text(), body.len()).with("dropbox-api-result", header_json(&result)))
}

/// `files/list_revisions`.
pub(super) fn revisions(state: &State, call: &Call<'_>) -> Reply {
    let path = call.text("path");
    let mode = tag_or(call, "mode", "path");
    let before = call.field("before_rev").as_str();
    if before.is_some() && mode == "id" {
        return Err(conflict_tags(&["before_rev_not_supported"]));
    }
    let (node, deleted_at) = match place::find(state, call, path) {
        Ok(node) if !state.tree.is_file(node) => return Err(conflict_tags(&["path", "not_file"])),
        Ok(node) => (node, None),
        Err("not_found") => gone_file(state, call, path).ok_or_else(|| conflict_tags(&["path", "not_found"]))?,
        Err(why) => return Err(conflict_tags(&["path", why])),
    };
    let mut versions = state.tree.versions(node);
    versions.reverse();
    if let Some(before) = before {
        let at = versions.iter().position(|version| version.rev_text() == before);
        let at = at.ok_or_else(|| conflict_tags(&["invalid_before_rev"]))?;
        versions.drain(..=at);
    }
    let limit = call.number("limit", 10);
    let view = View::of(call);
    let entries: Vec<_> = versions.iter().take(limit).map(|version| file(state, &view, node, version, false)).collect();
    let mut body =
        json!({ "is_deleted": deleted_at.is_some(), "entries": entries, "has_more": versions.len() > limit });
    if let Some(at) = deleted_at {
        body["server_deleted"] = time(at);
    }
    Ok(ok(&body))
}

/// The file that was last at a path or had an id, and when it was deleted.
pub(super) fn gone_file(state: &State, call: &Call<'_>, path: &str) -> Option<(NodeId, Option<crate::clock::Moment>)> {
    let by_id = state.tree.by_id(path);
    let lower = path.to_lowercase();
    for space in state.tree.all_spaces().filter(|space| super::gate::reaches(state, call.who, *space)) {
        let Some(above) = place::shown_at(state, call.root, space).or_else(|| by_id.map(|_| String::new())) else {
            continue;
        };
        let found = state.tree.space(space).journal.iter().rev().find_map(|change| match change {
            Change::Gone(gone)
                if state.tree.is_file(gone.node)
                    && !state.tree.alive(gone.node)
                    && !state.purged.contains(&gone.node) =>
            {
                let named = by_id == Some(gone.node)
                    || (by_id.is_none() && (above.clone() + &gone.path).to_lowercase() == lower);
                named.then_some((gone.node, Some(gone.at)))
            }
            _ => None,
        });
        if found.is_some() {
            return found;
        }
    }
    None
}
