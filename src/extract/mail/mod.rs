//! Mail (RFC 5322, MIME by RFC 2045 to 2049), web archives of one file (MHTML, RFC 2557), read in one pass.
//!
//! The reader of lines never goes back, and a body is decoded while it is handed on: an attachment of any size costs a few
//! kilobytes here. Fields and text bodies are parts of the mail; attachments, HTML bodies and messages within are members,
//! read as what they are. What breaks the rules is read all the same: boundaries that were never declared, parts behind the
//! closing line, text before the first part, files written into the text by programs older than MIME.

mod body;
mod cms;
mod coding;
mod flowed;
mod head;
pub(super) mod lines;
mod words;

pub(super) use coding::{Coding, base64_reader, transfer_decoded};
pub(super) use words::{charset_of, decode_words};

use super::decode::{Charset, Order, Scheme, TextDecoder, Utf8Reader};
use super::{Failure, Output, Source, registry};
use crate::model::{Limit, Reason};
use body::{Body, Bounds, DEPTH_MAX, End};
use flowed::{Flow, TextPart};
use head::{Head, printable};
use lines::Lines;
use std::collections::HashMap;
use std::io::Read;

/// Names of members remembered to tell equal ones apart.
const NAMES_MAX: usize = 4096;

/// Pushes the fields and text bodies, and hands over the attachments.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut lines = Lines::new(source.reader());
    let Some(counted) = apple_count(&mut lines)? else {
        return Walker::new(lines, out).walk();
    };
    let mut rest = lines.rest();
    Walker::new(Lines::new((&mut rest).take(counted)), &mut *out).walk()?;
    out.member("properties.plist", &mut rest)?;
    Ok(())
}

/// Length of the message in a file of Apple Mail, which stands alone in the first line.
fn apple_count<R: Read>(lines: &mut Lines<R>) -> Result<Option<u64>, Failure> {
    let Some(piece) = lines.peek()? else { return Ok(None) };
    let digits = std::str::from_utf8(lines.text(piece).trim_ascii()).unwrap_or_default();
    let count = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    if count.is_some() {
        lines.pass(piece);
    }
    Ok(count)
}

/// Reads one mail, part after part.
struct Walker<'o, R> {
    lines: Lines<R>,
    bounds: Bounds,
    out: &'o mut dyn Output,
    parts: u32,
    bodies: u32,
    names: HashMap<String, u32>,
    /// Levels of multiparts whose content is encrypted.
    encrypted_from: Option<usize>,
}

impl<'o, R: Read> Walker<'o, R> {
    fn new(lines: Lines<R>, out: &'o mut dyn Output) -> Self {
        Self { lines, bounds: Bounds::default(), out, parts: 0, bodies: 0, names: HashMap::new(), encrypted_from: None }
    }

    fn walk(mut self) -> Result<(), Failure> {
        let mut end = self.part("headers", true)?;
        loop {
            end = match end {
                End::Mail => return Ok(()),
                End::Bound { level, closes: false } => {
                    self.back_to(level);
                    self.next_part()?
                }
                End::Bound { level, closes: true } => {
                    self.back_to(level);
                    self.text("epilogue", Coding::Plain, None, Flow::Fixed)?
                }
                End::Undeclared(boundary) => {
                    self.bounds.enter(&boundary, false);
                    self.next_part()?
                }
                End::Embedded(coding, name) => self.embedded(coding, &name)?,
                End::Own => self.text("after the attachment", Coding::Plain, None, Flow::Fixed)?,
            };
        }
    }

    fn back_to(&mut self, level: usize) {
        self.bounds.back_to(level);
        self.encrypted_from = self.encrypted_from.filter(|from| level >= *from);
    }

    fn next_part(&mut self) -> Result<End, Failure> {
        self.parts = self.parts.saturating_add(1);
        let name = format!("headers of part {}", self.parts);
        self.part(&name, false)
    }

    /// Reads a head and the body behind it.
    fn part(&mut self, head_name: &str, is_mail: bool) -> Result<End, Failure> {
        let (head, end) = head::read(&mut self.lines, &self.bounds, head_name, is_mail, self.out)?;
        if let Some(end) = end {
            return Ok(end);
        }
        let default = if !is_mail && self.bounds.in_digest() { "message/rfc822" } else { "text/plain" };
        let told = head.media_type();
        let media = if told.contains('/') { told } else { default };
        if media.starts_with("multipart/") {
            return self.multipart(media, &head);
        }
        if self.encrypted_from.is_some() || media == "application/pgp-encrypted" {
            return self.encrypted(&head, media);
        }
        match media {
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => self.cms(&head),
            "application/pkcs7-signature" | "application/x-pkcs7-signature" => self.signature(&head),
            _ if is_text(media) && !head.is_attachment() && head.file_name().is_none() => self.text_body(&head),
            _ => self.attachment(&head, media),
        }
    }

    fn multipart(&mut self, media: &str, head: &Head) -> Result<End, Failure> {
        if self.bounds.depth() >= DEPTH_MAX {
            self.out.hole("parts within parts", Reason::Limit(Limit::Nesting));
            return self.text("parts within parts", Coding::Plain, None, Flow::Fixed);
        }
        if media == "multipart/encrypted" {
            self.encrypted_from.get_or_insert(self.bounds.depth());
        }
        if let Some(boundary) = head.type_parameter("boundary").filter(|boundary| !boundary.is_empty()) {
            self.bounds.enter(boundary, media == "multipart/digest");
        }
        self.text("preamble", Coding::Plain, None, Flow::Fixed)
    }

    fn encrypted(&mut self, head: &Head, media: &str) -> Result<End, Failure> {
        if media != "application/pgp-encrypted" {
            let name = self.member_name(head, media);
            self.out.hole(&name, Reason::EncryptedPassword);
        }
        self.pass_over()
    }

    fn pass_over(&mut self) -> Result<End, Failure> {
        Ok(Body::new(&mut self.lines, &self.bounds, Coding::Plain).finish()?.0)
    }

    fn text_body(&mut self, head: &Head) -> Result<End, Failure> {
        self.bodies = self.bodies.saturating_add(1);
        let name = if self.bodies == 1 { "body".to_owned() } else { format!("body {}", self.bodies) };
        let is_flowed = head.type_parameter("format").is_some_and(|value| value.eq_ignore_ascii_case(b"flowed"));
        let drops_space = head.type_parameter("delsp").is_some_and(|value| value.eq_ignore_ascii_case(b"yes"));
        let flow = if is_flowed { Flow::Flowed { drops_space } } else { Flow::Fixed };
        self.text(&name, head.coding, head.type_parameter("charset"), flow)
    }

    /// Pushes a body as text; no part is made of a blank one.
    fn text(&mut self, name: &str, coding: Coding, charset: Option<&[u8]>, flow: Flow) -> Result<End, Failure> {
        let mut body = Body::of_text(&mut self.lines, &self.bounds, coding);
        let mut part = TextPart::new(self.out, name.to_owned(), flow);
        if charset.is_some_and(|label| label.eq_ignore_ascii_case(b"utf-7")) {
            push_utf7(&mut body, &mut part)?;
        } else {
            let mut decoder = TextDecoder::new(&mut body, charset_scheme(charset))?;
            while let Some(piece) = decoder.next_piece()? {
                part.push(piece.text)?;
            }
        }
        part.close()?;
        let (end, has_pgp) = body.finish()?;
        if has_pgp {
            self.out.hole(name, Reason::EncryptedPassword);
        }
        Ok(end)
    }

    fn embedded(&mut self, coding: Coding, name: &[u8]) -> Result<End, Failure> {
        let name = self.told_apart(printable(&decode_words(name)));
        self.hand_over(&name, coding)
    }

    fn attachment(&mut self, head: &Head, media: &str) -> Result<End, Failure> {
        let name = self.member_name(head, media);
        let declared = head.type_parameter("charset").and_then(charset_of);
        let Some(charset) = declared.filter(|_| media == "text/html") else {
            return self.hand_over(&name, head.coding);
        };
        // The mail knows the encoding better than the page; a mark outranks what the page says.
        let mut body = Body::new(&mut self.lines, &self.bounds, head.coding);
        let page = Utf8Reader::new(&mut body, charset_scheme(Some(charset.name().as_bytes())))?;
        self.out.member(&name, &mut "\u{feff}".as_bytes().chain(page))?;
        Ok(body.finish()?.0)
    }

    fn hand_over(&mut self, name: &str, coding: Coding) -> Result<End, Failure> {
        let mut body = Body::new(&mut self.lines, &self.bounds, coding);
        self.out.member(name, &mut body)?;
        Ok(body.finish()?.0)
    }

    /// A signed message (RFC 8551, 3.5): what was signed is read. An enveloped one is a hole.
    fn cms(&mut self, head: &Head) -> Result<End, Failure> {
        let name = self.member_name(head, "application/pkcs7-mime");
        let mut body = Body::new(&mut self.lines, &self.bounds, head.coding);
        match cms::open(&mut body)? {
            cms::Opened::Signed(mut content) => self.out.member(&format!("{name}.eml"), &mut content)?,
            cms::Opened::Sealed => self.out.hole(&name, Reason::EncryptedPassword),
            cms::Opened::Other => self.out.hole(&name, Reason::Unsupported),
        }
        Ok(body.finish()?.0)
    }

    /// A detached signature holds names of certificates, and nothing else that is text.
    fn signature(&mut self, head: &Head) -> Result<End, Failure> {
        let mut body = Body::new(&mut self.lines, &self.bounds, head.coding);
        let mut part = TextPart::new(self.out, "signature".to_owned(), Flow::Fixed);
        cms::each_run(&mut body, &mut |run| part.push(run))?;
        part.close()?;
        Ok(body.finish()?.0)
    }

    fn member_name(&mut self, head: &Head, media: &str) -> String {
        let told = head.file_name().or_else(|| head.location_name());
        let name = match (told, media) {
            (Some(name), "message/rfc822" | "message/global") if !name.to_ascii_lowercase().ends_with(".eml") => {
                format!("{name}.eml")
            }
            (Some(name), _) => name,
            (None, "text/html") => "body.html".to_owned(),
            (None, "message/rfc822" | "message/global" | "message/news") => "message.eml".to_owned(),
            (None, "application/ms-tnef" | "application/vnd.ms-tnef") => "winmail.dat".to_owned(),
            (None, _) => format!("part {}.{}", self.parts, extension_of_media(media)),
        };
        self.told_apart(name)
    }

    /// The name, with a number when there was one like it before.
    fn told_apart(&mut self, name: String) -> String {
        let name = if name.is_empty() { format!("part {}", self.parts) } else { name };
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(&name) {
            return name;
        }
        let times = self.names.entry(name.clone()).or_insert(0);
        *times = times.saturating_add(1);
        let times = *times;
        match (times, name.rsplit_once('.')) {
            (1, _) => name,
            (_, Some((stem, extension))) => format!("{stem} ({times}).{extension}"),
            (_, None) => format!("{name} ({times})"),
        }
    }
}

/// Types whose body is the mail's own text when no file name says otherwise.
fn is_text(media: &str) -> bool {
    matches!(
        media,
        "text/plain"
            | "text/enriched"
            | "text/richtext"
            | "text/rfc822-headers"
            | "application/pgp"
            | "application/pgp-signature"
            | "message/delivery-status"
            | "message/global-delivery-status"
            | "message/disposition-notification"
            | "message/feedback-report"
            | "message/external-body"
            | "message/partial"
    )
}

fn extension_of_media(media: &str) -> &'static str {
    match media {
        "text/calendar" => "ics",
        "text/vcard" | "text/x-vcard" | "text/directory" => "vcf",
        "application/octet-stream" => "bin",
        _ => {
            let found = registry::KINDS.iter().find(|kind| kind.mime.contains(&media));
            found.and_then(|kind| kind.extensions.first()).copied().unwrap_or("bin")
        }
    }
}

/// How the characters of a body are written, by its label; without a usable one its bytes tell.
fn charset_scheme(label: Option<&[u8]>) -> Charset {
    let scheme = match label.and_then(charset_of) {
        None => Scheme::Utf8,
        Some(encoding) if encoding == encoding_rs::UTF_8 => Scheme::Utf8,
        Some(encoding) if encoding == encoding_rs::UTF_16LE => Scheme::Utf16(Order::Little),
        Some(encoding) if encoding == encoding_rs::UTF_16BE => Scheme::Utf16(Order::Big),
        Some(encoding) => Scheme::Legacy(encoding),
    };
    Charset { scheme, mark_bytes: 0 }
}

/// UTF-7 has no decoder that streams; its lines are decoded one by one, since no shift crosses a line's end.
fn push_utf7(body: &mut impl Read, part: &mut TextPart<'_>) -> Result<(), Failure> {
    let mut lines = Lines::new(body);
    while let Some(piece) = lines.peek()? {
        part.push(&words::from_utf7(lines.whole(piece)))?;
        lines.pass(piece);
    }
    Ok(())
}
