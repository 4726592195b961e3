//! TNEF, the `winmail.dat` of mails that Outlook sends ([MS-OXTNEF]): attributes one after the other, most of the message in
//! one that holds properties as a compound message does.
//!
//! Attributes are read in place; a checksum that does not fit changes nothing. An attachment's data come before its name, so
//! only their place is kept until the attachment ends.

use super::mapi::{
    ATTACHED, BINARY, BODY, HTML, OBJECT, RTF, STRING8, UNICODE, Unpacked, hand_over_html, is_machine, label,
    push_body, text_of,
};
use super::ole::bytes::{code_page, narrow, size_at, u16_at, u32_at, utf16_until_nul};
use super::parts::{Parts, printable};
use super::{Failure, Output, Source};
use crate::model::Place;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::io::{Read, Seek, SeekFrom};

/// Attributes of one file that are read.
const ATTRIBUTES_MAX: u32 = 100_000;
/// One attribute other than an attachment's data: these are held while they are read.
const HELD_BYTES_MAX: usize = 64 << 20;

/// An attachment in the making.
#[derive(Default)]
struct Attachment {
    name: String,
    /// Where its data lie in the file, and how many.
    data: Option<(u64, u64)>,
}

struct Letter<'s, 'a> {
    source: &'s Source<'a>,
    encoding: &'static Encoding,
    attachment: Option<Attachment>,
    attachments: u32,
}

/// Pushes the message's text, and hands over its attachments.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut letter = Letter { source, encoding: WINDOWS_1252, attachment: None, attachments: 0 };
    let mut parts = Parts::new(out);
    let mut at = 6u64;
    let end = source.content.len();
    for _ in 0..ATTRIBUTES_MAX {
        source.budget.check()?;
        let mut head = [0; 9];
        let n = source.content.read_up_to(at, &mut head)?;
        if n == 0 {
            break;
        }
        let (Some(id), Some(bytes), 9) = (u32_at(&head, 1), u32_at(&head, 5), n) else {
            return Err(Failure::corrupt("an attribute of the message is cut"));
        };
        let bytes = u64::from(bytes);
        letter.take(id, at + 9, bytes.min(end.saturating_sub(at + 9)), &mut parts)?;
        if at + 9 + bytes > end {
            letter.end_attachment(&mut parts)?;
            return Err(Failure::corrupt("the message ends before its time"));
        }
        at += 9 + bytes + 2;
    }
    letter.end_attachment(&mut parts)?;
    parts.end()
}

impl Letter<'_, '_> {
    fn take(&mut self, id: u32, at: u64, bytes: u64, parts: &mut Parts<'_>) -> Result<(), Failure> {
        match id {
            // The beginning of an attachment, its data, its properties.
            0x0006_9002 => {
                self.end_attachment(parts)?;
                self.attachment = Some(Attachment::default());
            }
            0x0006_800f => self.attachment.get_or_insert_default().data = Some((at, bytes)),
            0x0006_9005 => self.properties_at(at, bytes, true, parts)?,
            0x0006_9003 => self.properties_at(at, bytes, false, parts)?,
            0x0006_9004 => self.recipients(at, bytes, parts)?,
            0x0006_9007 => {
                let raw = self.raw(at, bytes.min(8))?;
                self.encoding = code_page(u32_at(&raw, 0).unwrap_or(1252));
            }
            0x0001_8010 => {
                let raw = self.raw(at, bytes)?;
                let name = printable(&narrow(&raw, self.encoding));
                let attachment = self.attachment.get_or_insert_default();
                if attachment.name.is_empty() {
                    attachment.name = name;
                }
            }
            0x0002_800c => push_body(&mut self.reader(at, bytes)?, Some(self.encoding), "body", parts)?,
            // Numbers of the message, of use to programs.
            0x0001_8009 => {}
            // Subject, sender, and what else is a string.
            _ if id >> 16 == 1 || id >> 16 == 2 || id == 0x8000 => {
                let raw = self.raw(at, bytes)?;
                // The sender's address stands behind its lengths.
                let from = if id == 0x8000 { raw.get(8..).unwrap_or_default() } else { &raw };
                parts.begin("headers")?;
                let text: Vec<String> =
                    from.split(|b| *b == 0).map(|piece| narrow(piece, self.encoding)).filter(|t| t.len() > 1).collect();
                for text in text {
                    parts.line(&Place::named(if id == 0x0001_8004 { "subject" } else { "attribute" }), &text)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn reader(&self, at: u64, bytes: u64) -> Result<impl Read + use<'_>, Failure> {
        let mut reader = self.source.reader();
        reader.seek(SeekFrom::Start(at))?;
        Ok(std::io::BufReader::with_capacity(8 << 10, reader).take(bytes))
    }

    fn raw(&self, at: u64, bytes: u64) -> Result<Vec<u8>, Failure> {
        let mut raw = Vec::new();
        self.reader(at, bytes.min(HELD_BYTES_MAX as u64))?.read_to_end(&mut raw)?;
        Ok(raw)
    }

    fn properties_at(
        &mut self,
        at: u64,
        bytes: u64,
        of_attachment: bool,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        let _held = self.source.budget.hold(usize::try_from(bytes.min(HELD_BYTES_MAX as u64)).unwrap_or(usize::MAX))?;
        let raw = self.raw(at, bytes)?;
        let mut walk = Values { raw: &raw, at: 0 };
        if of_attachment {
            self.name_of(Values { raw: &raw, at: 0 });
        }
        self.properties(&mut walk, if of_attachment { "attachments" } else { "headers" }, parts)
    }

    /// The attachment's name may stand behind its data: it is looked for first.
    fn name_of(&mut self, mut walk: Values<'_>) {
        for _ in 0..walk.u32().unwrap_or(0) {
            let Some((id, kind, _)) = walk.head() else { return };
            let Some(values) = walk.values(kind) else { return };
            let is_long = id == 0x3707;
            if let Some(value) = values.first().filter(|_| is_long || id == 0x3704)
                && let Some(text) = text_of(kind, value, self.encoding)
            {
                let attachment = self.attachment.get_or_insert_default();
                if is_long || attachment.name.is_empty() {
                    attachment.name = printable(&text);
                }
            }
        }
    }

    /// Rows of properties: a number of rows, then each.
    fn recipients(&mut self, at: u64, bytes: u64, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let _held = self.source.budget.hold(usize::try_from(bytes.min(HELD_BYTES_MAX as u64)).unwrap_or(usize::MAX))?;
        let raw = self.raw(at, bytes)?;
        let mut walk = Values { raw: &raw, at: 4 };
        for _ in 0..u32_at(&raw, 0).unwrap_or(0) {
            if walk.at >= raw.len() {
                break;
            }
            self.properties(&mut walk, "recipients", parts)?;
        }
        Ok(())
    }

    fn properties(&mut self, walk: &mut Values<'_>, part: &str, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let count = walk.u32().unwrap_or(0);
        for _ in 0..count {
            self.source.budget.tick()?;
            let Some((id, kind, given)) = walk.head() else { break };
            let Some(values) = walk.values(kind) else { break };
            for value in values {
                self.value(id, kind & 0xfff, given.as_deref(), value, part, parts)?;
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        id: u16,
        kind: u16,
        given: Option<&str>,
        mut raw: &[u8],
        part: &str,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        match (id, kind) {
            (BODY, UNICODE) => return push_body(&mut raw, None, "body", parts),
            (BODY, STRING8) => return push_body(&mut raw, Some(self.encoding), "body", parts),
            (HTML, BINARY | STRING8) => return hand_over_html(&mut raw, self.encoding, parts),
            (RTF, BINARY) => {
                if let Some(mut unpacked) = Unpacked::open(raw)? {
                    parts.member("body.rtf", &mut unpacked)?;
                }
                return Ok(());
            }
            // An object begins with its interface: a message in TNEF of its own, or a storage.
            (ATTACHED, OBJECT | BINARY) => {
                let name = self.attachment.as_ref().map_or("object", |attachment| attachment.name.as_str()).to_owned();
                let mut body = if kind == OBJECT { raw.get(16..).unwrap_or_default() } else { raw };
                let name = if name.is_empty() { "object".to_owned() } else { name };
                // The attribute of that kind then only says that it cannot be shown.
                self.attachment.get_or_insert_default().data = None;
                return parts.member(&name, &mut body);
            }
            _ => {}
        }
        let Some(text) = text_of(kind, raw, self.encoding).filter(|_| !is_machine(id)) else { return Ok(()) };
        let is_header = label(id).is_some();
        if kind != UNICODE && kind != STRING8 && !is_header {
            return Ok(());
        }
        let named = given.map_or_else(|| format!("property {id:04X}"), printable);
        parts.begin_again(part)?;
        parts.line(&Place::named(label(id).map_or(named, str::to_owned)), &text)
    }

    fn end_attachment(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let Some(Attachment { name, data }) = self.attachment.take() else { return Ok(()) };
        self.attachments += 1;
        let Some((at, bytes)) = data else { return Ok(()) };
        let name = if name.is_empty() { format!("attachment {}", self.attachments) } else { name };
        let mut reader = self.reader(at, bytes)?;
        parts.member(&name, &mut reader)
    }
}

/// Walks through values in memory ([MS-OXTNEF] 2.1.3.4).
struct Values<'r> {
    raw: &'r [u8],
    at: usize,
}

impl<'r> Values<'r> {
    fn u32(&mut self) -> Option<u32> {
        let value = u32_at(self.raw, self.at)?;
        self.at += 4;
        Some(value)
    }

    fn size(&mut self) -> Option<usize> {
        let value = size_at(self.raw, self.at)?;
        self.at += 4;
        Some(value)
    }

    /// Bytes, and those that fill them up to a multiple of four. `None` when they are not there.
    fn padded(&mut self, len: usize) -> Option<&'r [u8]> {
        let bytes = self.raw.get(self.at..self.at.checked_add(len)?)?;
        self.at = self.at.checked_add(len.next_multiple_of(4))?;
        Some(bytes)
    }

    /// The number, type and given name of the next property.
    fn head(&mut self) -> Option<(u16, u16, Option<String>)> {
        let (kind, id) = (u16_at(self.raw, self.at)?, u16_at(self.raw, self.at + 2)?);
        self.at += 4;
        let mut given = None;
        if id >= 0x8000 {
            self.at += 16;
            if self.u32()? == 0 {
                self.at += 4;
            } else {
                let len = self.size()?;
                given = Some(utf16_until_nul(self.padded(len)?));
            }
        }
        Some((id, kind, given))
    }

    fn values(&mut self, kind: u16) -> Option<Vec<&'r [u8]>> {
        let has_length = matches!(kind & 0xfff, STRING8 | UNICODE | BINARY | OBJECT);
        let bytes = match kind & 0xfff {
            2 | 3 | 4 | 0x0a | 0x0b => 4,
            5 | 6 | 7 | 0x14 | 0x40 => 8,
            0x48 => 16,
            _ if has_length => 0,
            _ => return None,
        };
        let count = if kind & 0x1000 != 0 || has_length { self.size()? } else { 1 };
        let mut values = Vec::new();
        for _ in 0..count.min(self.raw.len()) {
            let len = if has_length { self.size()? } else { bytes };
            values.push(self.padded(len)?);
        }
        Some(values)
    }
}
