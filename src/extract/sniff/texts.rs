//! Which text it is: told by how it begins and how its lines are built; the name's extension decides only what the
//! beginning leaves open.

use super::super::decode::{Charset, Scheme, TextDecoder};
use super::super::registry;
use std::borrow::Cow;

/// Bytes of the beginning that are looked at.
const BEGINNING_BYTES: usize = 8 << 10;

/// The type of a text.
pub(super) fn text_type(head: &[u8], charset: Charset, extension: &str) -> &'static str {
    let start = beginning(head, charset);
    let first = start.trim_start();
    if first.starts_with("{\\rtf") || first.starts_with("{\\urtf") {
        return "rtf";
    }
    if first.starts_with("%!PS") || first.starts_with("\u{4}%!PS") {
        return "postscript";
    }
    if first.starts_with("-----BEGIN PGP MESSAGE-----") {
        return "pgp";
    }
    if begins_with_word(first, "BEGIN:VCALENDAR") {
        return "ics";
    }
    if begins_with_word(first, "BEGIN:VCARD") {
        return "vcf";
    }
    if is_html(first, extension) {
        return "html";
    }
    if is_xml(first, extension) {
        return xml_type(first);
    }
    if is_mbox(&start) {
        return "mbox";
    }
    if is_page_archive(&start) {
        return "mhtml";
    }
    if is_mail(&start) || is_promised_mail(&start, extension) {
        return if extension == "mht" || extension == "mhtml" { "mhtml" } else { "eml" };
    }
    if is_json(first, extension) {
        return json_type(first, extension);
    }
    match extension {
        "csv" | "tsv" | "tab" | "psv" | "ssv" => "csv",
        _ if is_table(&start) => "csv",
        _ => "text",
    }
}

/// True when the text begins with `word` in any letter case.
fn begins_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// A page begins with its own tag or one that only pages have; the extension decides for anything with a tag.
fn is_html(first: &str, extension: &str) -> bool {
    const STARTS: &[&str] = &[
        "<!doctype html",
        "<html",
        "<head>",
        "<head ",
        "<body",
        "<meta ",
        "<title>",
        "<script",
        "<table",
        "<div",
        "<p>",
    ];
    let promised = registry::kind("html").extensions.contains(&extension);
    if !promised && !first.starts_with('<') {
        return false;
    }
    let start: String = first.chars().take(2048).collect::<String>().to_ascii_lowercase();
    let begun = skip_comments(&start);
    STARTS.iter().any(|tag| begun.starts_with(tag))
        || (begun.starts_with("<?xml") && (start.contains("<html") || start.contains("<!doctype html")))
        || (promised && start.contains('<'))
}

fn skip_comments(mut text: &str) -> &str {
    while let Some(after) = text.strip_prefix("<!--") {
        text = after.split_once("-->").map_or("", |(_, rest)| rest).trim_start();
    }
    text
}

/// A declaration says XML, and so does a root with a namespace; the extension says it of anything that begins with a tag.
fn is_xml(first: &str, extension: &str) -> bool {
    let promises = |kind: &str| registry::kind(kind).extensions.contains(&extension);
    let names_space = || {
        let begun = skip_comments(first);
        let root = begun.split_once('>').map_or(begun, |(root, _)| root);
        root.starts_with('<') && root[1..].starts_with(|c: char| c.is_alphabetic()) && root.contains(" xmlns")
    };
    first.starts_with("<?xml")
        || (first.starts_with('<') && (promises("xml") || promises("svg") || promises("odf-flat")))
        || names_space()
}

/// Which vocabulary, where it has a type of its own.
fn xml_type(first: &str) -> &'static str {
    if first.contains("<office:document ")
        || first.contains("<office:document\n")
        || first.contains("<office:document\r")
    {
        return "odf-flat";
    }
    let svg = first.match_indices("<svg").any(|(at, _)| {
        let after = first[at + 4..].chars().next();
        after.is_none_or(|c| c.is_ascii_whitespace() || c == '>')
    });
    let root = skip_prologue(first);
    if root.starts_with("<svg") || root.starts_with("<svg:svg") || (svg && first.contains("<!DOCTYPE svg")) {
        return "svg";
    }
    "xml"
}

/// The text from its root element on, as far as the beginning shows it.
fn skip_prologue(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let end = if text.starts_with("<?") {
            "?>"
        } else if text.starts_with("<!--") {
            "-->"
        } else if text.starts_with("<!DOCTYPE") {
            if text.split_once('>').is_some_and(|(inside, _)| inside.contains('[')) { "]>" } else { ">" }
        } else {
            return text;
        };
        text = text.split_once(end).map_or("", |(_, rest)| rest);
    }
}

/// An object or array begins it and goes on as one does.
fn is_json(first: &str, extension: &str) -> bool {
    let promises = |kind: &str| registry::kind(kind).extensions.contains(&extension);
    let promised = ["json", "ipynb", "boxnote", "google-shortcut"].into_iter().any(promises);
    let next = |rest: &str| rest.trim_start().chars().next();
    match first.chars().next() {
        Some('{') => promised || matches!(next(&first[1..]), Some('"' | '}')),
        Some('[') => promised || matches!(next(&first[1..]), Some('{' | '[' | '"' | ']')),
        Some('"') => promised,
        _ => false,
    }
}

/// Which JSON, by the keys that it begins with.
fn json_type(first: &str, extension: &str) -> &'static str {
    let has = |key: &str| first.contains(key);
    let object = first.starts_with('{');
    if object && (extension == "ipynb" || has("\"cell_type\"") && (has("\"cells\"") || has("\"worksheets\""))) {
        return "ipynb";
    }
    let pad = has("\"atext\"") && has("\"text\"");
    let tree = has("\"doc\"") && has("\"type\"") && (has("\"schema_version\"") || has("\"last_edit_timestamp\""));
    if object && (extension == "boxnote" || pad && has("\"attribs\"") || tree && has("\"content\"")) {
        return "boxnote";
    }
    let pointer = has("\"doc_id\"") || has("\"resource_id\"") || has("https://docs.google.com/");
    if object && matches!(extension, "gdoc" | "gsheet" | "gslides" | "gdraw" | "gform") && first.len() < 4096
        || object && pointer && first.len() < 1024 && (has("\"doc_id\"") || has("\"url\""))
    {
        return "google-shortcut";
    }
    "json"
}

/// The first characters, decoded.
fn beginning(head: &[u8], charset: Charset) -> Cow<'_, str> {
    let mut head = &head[..head.len().min(BEGINNING_BYTES)];
    if charset.scheme == Scheme::Utf8 {
        let text = &head[charset.mark_bytes.min(head.len())..];
        match std::str::from_utf8(text) {
            Ok(text) => return Cow::Borrowed(text),
            // Only the last character was cut.
            Err(error) if error.error_len().is_none() => {
                head = &head[..head.len() - (text.len() - error.valid_up_to())]
            }
            Err(_) => {}
        }
        if let Ok(text) = std::str::from_utf8(&head[charset.mark_bytes.min(head.len())..]) {
            return Cow::Borrowed(text);
        }
    }
    let Ok(mut decoder) = TextDecoder::of_bytes(head, charset) else { return Cow::Borrowed("") };
    let mut text = String::new();
    while let Ok(Some(piece)) = decoder.next_piece() {
        text.push_str(piece.text);
    }
    Cow::Owned(text)
}

/// A mailbox begins with an envelope line (RFC 4155), and header lines follow it.
fn is_mbox(start: &str) -> bool {
    let Some(rest) = start.strip_prefix("From ") else { return false };
    let Some((envelope, headers)) = rest.split_once('\n') else { return false };
    let first = headers.trim_start_matches('>').lines().next().unwrap_or_default();
    let begins_header = first.split_once(':').is_some_and(|(name, _)| is_header_name(name));
    begins_header && (envelope.contains(':') || headers.contains("\nReceived:") || headers.contains("\nDate:"))
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Lines of a mail's head, unfolded names in lower case beside their values; ends where the head does.
fn header_lines(start: &str) -> Option<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in start.lines() {
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push_str(line);
            }
            continue;
        }
        let (name, value) = line.split_once(':')?;
        if !is_header_name(name.trim_end()) {
            return None;
        }
        headers.push((name.trim_end().to_ascii_lowercase(), value.to_ascii_lowercase()));
    }
    Some(headers)
}

/// A web page saved whole (RFC 2557): parts that belong together, and nobody it was sent to.
fn is_page_archive(start: &str) -> bool {
    let Some(headers) = header_lines(start) else { return false };
    let value = |name: &str| headers.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str());
    let related = value("content-type").is_some_and(|value| value.contains("multipart/related"));
    let sent = ["to", "received", "message-id", "return-path"].into_iter().any(|name| value(name).is_some());
    value("snapshot-content-location").is_some() || (related && value("mime-version").is_some() && !sent)
}

/// A message within another may have a single field: its name then says what it is.
fn is_promised_mail(start: &str, extension: &str) -> bool {
    matches!(extension, "eml" | "emlx") && header_lines(start).is_some_and(|lines| !lines.is_empty())
}

/// A mail begins with header lines; at least two of them are ones that mail programs write.
fn is_mail(start: &str) -> bool {
    const KNOWN: &[&str] = &[
        "received",
        "from",
        "to",
        "date",
        "subject",
        "message-id",
        "mime-version",
        "return-path",
        "delivered-to",
        "content-type",
        "content-transfer-encoding",
        "x-mailer",
        "reply-to",
        "dkim-signature",
        "x-mozilla-status",
        "x-unsent",
        "cc",
        "bcc",
        "sender",
        "in-reply-to",
        "user-agent",
    ];
    // The file of Apple Mail has the length of the mail in its first line.
    let lines = start.split_once('\n').filter(|(first, _)| {
        let first = first.trim();
        !first.is_empty() && first.len() <= 12 && first.bytes().all(|b| b.is_ascii_digit())
    });
    let start = lines.map_or(start, |(_, rest)| rest).trim_start_matches(['\r', '\n']);
    let Some(headers) = header_lines(start) else { return false };
    let known = headers.iter().filter(|(name, _)| KNOWN.contains(&name.as_str())).count();
    let is_typed = headers.iter().any(|(name, value)| name == "content-type" && value.contains('/'));
    known >= 3 || (known == 2 && is_typed)
}

/// Rows of equally many cells: at least three, by a separator that also stands in the first.
fn is_table(start: &str) -> bool {
    let mut lines: Vec<&str> = start.lines().take(24).collect();
    if start.len() >= BEGINNING_BYTES / 2 {
        // The last one may be cut.
        lines.pop();
    }
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    if lines.len() < 3 {
        return false;
    }
    [('\t', 1), (';', 2), ('|', 2), (',', 2)].into_iter().any(|(separator, least)| {
        let first = cells(lines[0], separator);
        first >= least && lines.iter().all(|line| cells(line, separator) == first)
    })
}

/// Separators of a line that stand outside of quotes.
fn cells(line: &str, separator: char) -> usize {
    let mut quoted = false;
    line.chars()
        .filter(|c| {
            quoted ^= *c == '"';
            *c == separator && !quoted
        })
        .count()
}
