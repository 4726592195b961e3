//! Uploads: a form of two parts, `attributes` first, and the question beforehand whether one would be taken.
//!
//! <https://developer.box.com/reference/post-files-content/>

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, sha1_of};
use crate::emulator::hex;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Larger files must be uploaded in parts.
const MOST_BYTES: u64 = 52_428_800 * 100;

/// The two parts of an upload.
struct Form {
    attributes: Map<String, Value>,
    file: Vec<u8>,
}

impl State {
    /// Routes of the upload door.
    pub(super) fn uploads(&mut self, call: &mut Call<'_>) -> Told {
        self.needs("root_readwrite")?;
        let words = call.words();
        let steps: Vec<&str> = words.iter().map(String::as_str).collect();
        match (call.asked.method.as_str(), &steps[..]) {
            ("POST", ["files", "content"]) => self.upload(call),
            ("POST", ["files", id, "content"]) => self.upload_version(call, id),
            (_, ["files", "upload_sessions", ..] | ["files", _, "upload_sessions"]) => self.sessions(call, &steps),
            _ => Err(Fault::not_found().refused("no such route on the upload host")),
        }
    }

    fn upload(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields"]);
        let form = read_form(call)?;
        check_digest(call, &form.file)?;
        call.knows("attributes.", &form.attributes, &["name", "parent", "content_created_at", "content_modified_at"]);
        let parent = self.read_parent(call, &form.attributes)?.ok_or_else(|| invalid("parent", "", "is required"))?;
        let name = self.read_name(&form.attributes)?.ok_or_else(|| invalid("name", "", "is required"))?;
        self.may_write(call.actor, parent)?;
        self.free(call.actor, parent, &name, None)?;
        let nid = self.make_file(call.actor, parent, &name, form.file.into());
        Ok(self.uploaded(call, nid, 201))
    }

    fn upload_version(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let form = read_form(call)?;
        check_digest(call, &form.file)?;
        call.knows("attributes.", &form.attributes, &["name", "content_modified_at"]);
        let nid = self.seen(call.actor, "file", id)?;
        self.matches(call, nid)?;
        self.may_change(call.actor, nid)?;
        if let Some(name) = self.read_name(&form.attributes)?.filter(|name| *name != self.tree.name(nid)) {
            self.relocate(call.actor, nid, None, &name)?;
        }
        self.edit(call.actor, nid, form.file.into());
        Ok(self.uploaded(call, nid, 200))
    }

    /// The answer to an upload.
    pub(super) fn uploaded(&self, call: &mut Call<'_>, nid: Nid, status: u16) -> Answer {
        Answer::json(status, &json!({"total_count": 1, "entries": [self.full(call, nid)]}))
    }

    /// `OPTIONS /files/content`: would an upload be taken?
    pub(super) fn preflight(&mut self, call: &mut Call<'_>, id: Option<&str>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["name", "size", "parent"])?;
        if body.get("size").and_then(Value::as_u64).unwrap_or(0) > MOST_BYTES {
            return Err(Fault::new(
                413,
                "file_size_limit_exceeded",
                "File size exceeds the folder owner's file size limit",
            ));
        }
        let name = self.read_name(&body)?;
        let path = match id {
            Some(id) => {
                let nid = self.seen(call.actor, "file", id)?;
                self.may_change(call.actor, nid)?;
                format!("files/{id}/content")
            }
            None => {
                let parent = self.read_parent(call, &body)?.ok_or_else(|| invalid("parent", "", "is required"))?;
                self.may_write(call.actor, parent)?;
                self.free(call.actor, parent, name.as_deref().unwrap_or(""), None)?;
                "files/content".to_owned()
            }
        };
        let url = format!("{}/api/2.0/{path}", self.doors[1]);
        Ok(Answer::json(200, &json!({"upload_url": url, "upload_token": self.fresh_code()})))
    }

    /// Makes the file of an upload in parts.
    pub(super) fn finished(&mut self, call: &mut Call<'_>, parent: Nid, name: &str, body: Arc<[u8]>) -> Told {
        if !self.tree.is_live(parent) {
            return Err(Fault::not_found());
        }
        self.may_write(call.actor, parent)?;
        self.free(call.actor, parent, name, None)?;
        let nid = self.make_file(call.actor, parent, name, body);
        Ok(self.uploaded(call, nid, 201))
    }
}

/// `content-md5` holds, whatever its name says, a SHA-1.
fn check_digest(call: &Call<'_>, body: &[u8]) -> Result<(), Fault> {
    match call.asked.header("content-md5") {
        Some(digest) if !digest.eq_ignore_ascii_case(&hex(&sha1_of(body))) => {
            Err(Fault::new(400, "bad_digest", "The specified content-md5 did not match what we received")
                .refused("content-md5 is wrong"))
        }
        _ => Ok(()),
    }
}

/// Takes a multipart body apart; its parts must come in order.
fn read_form(call: &Call<'_>) -> Result<Form, Fault> {
    let odd = |why: &str| Fault::bad(format!("The upload's form is wrong: {why}"));
    let kind = call.asked.header("content-type").unwrap_or("");
    let boundary = kind.strip_prefix("multipart/form-data").and_then(|rest| rest.split("boundary=").nth(1));
    let boundary =
        boundary.ok_or_else(|| odd("no multipart/form-data"))?.split(';').next().unwrap_or("").trim_matches('"');
    let parts = read_parts(&call.asked.body, boundary).ok_or_else(|| odd("its parts cannot be told apart"))?;
    let (mut attributes, mut file) = (None, None);
    for (name, body) in parts {
        match name.as_str() {
            "attributes" if file.is_some() => {
                return Err(Fault::new(
                    400,
                    "metadata_after_file_contents",
                    "The attributes must come before the file",
                )
                .refused("attributes after the file"));
            }
            "attributes" => attributes = serde_json::from_slice(body).ok(),
            "file" => file = Some(body.to_vec()),
            _ => return Err(odd("a part of an unknown name")),
        }
    }
    match (attributes, file) {
        (Some(attributes), Some(file)) => Ok(Form { attributes, file }),
        _ => Err(odd("it needs attributes and a file")),
    }
}

/// Names and bodies of a form's parts.
fn read_parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<(String, &'a [u8])>> {
    let dashes = format!("--{boundary}");
    let follows = format!("\r\n{dashes}");
    let mut rest = body.strip_prefix(dashes.as_bytes())?;
    let mut parts = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head_end = memchr::memmem::find(part, b"\r\n\r\n")?;
        let head = std::str::from_utf8(&part[..head_end]).ok()?;
        let content = &part[head_end + 4..];
        let end = memchr::memmem::find(content, follows.as_bytes())?;
        parts.push((part_name(head)?, &content[..end]));
        rest = &content[end + follows.len()..];
    }
    rest.starts_with(b"--").then_some(parts)
}

/// The field's name in a part's head.
fn part_name(head: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = line.split(';').map(str::trim).find_map(|field| field.strip_prefix("name="))?;
    Some(name.trim_matches('"').to_owned())
}
