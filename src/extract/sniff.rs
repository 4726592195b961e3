//! What a file truly is, told by its bytes.
//!
//! A table of marks first; containers (zip, OLE) are looked into, since half the world's documents are one or the other;
//! then text, told apart by how it begins. The name's extension only refines what the bytes leave open among texts.

use super::decode::{Charset, Scheme, TextDecoder, valid_text};
use super::ole;
use super::registry::{self, Kind, Treatment};
use super::{Failure, Source};
use crate::content::{Budget, Content};
use crate::model::Reason;
use std::borrow::Cow;
use std::io::Read;

/// What was learnt of one content.
#[derive(Clone, Copy, Debug)]
pub struct Sniffed<'a> {
    /// Its type.
    pub kind: &'static Kind,
    /// How its characters are written, for types that are text.
    pub charset: Charset,
    /// The content's beginning as UTF-8, where that was found to be valid.
    pub text: Option<&'a str>,
    /// True when the name's extension promises another type.
    pub mismatch: bool,
}

/// Tells the type of a content. `name` is the name it came under.
///
/// # Errors
/// [`Failure`] when the content cannot be read.
pub fn sniff<'a>(content: &'a Content, name: &str, budget: &Budget) -> Result<Sniffed<'a>, Failure> {
    let head = content.head()?;
    budget.charge_read(head.len())?;
    let extension = extension_of(name);
    let source = Source { content, budget, name, charset: Charset::UTF8, text: None };
    let (type_name, charset, text) = tell(head, &extension, &source);
    let kind = registry::kind(type_name);
    let mismatch = registry::mismatches(&extension, kind) && !head.is_empty();
    Ok(Sniffed { kind, charset, text, mismatch })
}

/// The extension of a name, lower case, without the dot; empty when there is none.
#[must_use]
pub fn extension_of(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}

fn tell<'a>(head: &'a [u8], extension: &str, source: &Source<'_>) -> (&'static str, Charset, Option<&'a str>) {
    if head.is_empty() {
        return ("empty", Charset::UTF8, None);
    }
    if let Some(name) = by_magic(head) {
        return (look_inside(name, source), Charset::UTF8, None);
    }
    let text = valid_text(head);
    match Charset::tell_beside(head, text.is_some()) {
        Some(charset) => (text_type(head, charset, extension), charset, text),
        None => ("binary", Charset::UTF8, None),
    }
}

/// Refines what is only a container, and finds the archive that hides behind something harmless: a self-extracting program,
/// a picture with a zip file at its end.
fn look_inside(name: &'static str, source: &Source<'_>) -> &'static str {
    match name {
        "zip" => inside_zip(source).unwrap_or(name),
        "ole" => ole::tell(source).unwrap_or(name),
        _ if matches!(registry::kind(name).treatment, Treatment::Skip(_)) => {
            if super::zip::has_directory(source) {
                "zip"
            } else {
                super::behind::archive(source, name).unwrap_or(name)
            }
        }
        _ => name,
    }
}

/// Main content types of Office documents, and the types they make.
const OFFICE_TYPES: &[(&str, &str)] = &[
    ("wordprocessingml.document.main+xml", "docx"),
    ("wordprocessingml.template.main+xml", "docx"),
    ("ms-word.document.macroenabled", "docx"),
    ("ms-word.template.macroenabled", "docx"),
    ("spreadsheetml.sheet.main+xml", "xlsx"),
    ("spreadsheetml.template.main+xml", "xlsx"),
    ("ms-excel.sheet.macroenabled", "xlsx"),
    ("ms-excel.template.macroenabled", "xlsx"),
    ("ms-excel.addin.macroenabled", "xlsx"),
    ("ms-excel.sheet.binary", "xlsb"),
    ("presentationml.", "pptx"),
    ("ms-powerpoint.", "pptx"),
    ("ms-visio.", "visio"),
    ("ms-package.xps-", "xps"),
    ("openxps", "xps"),
];

/// What kind of document a zip file is; `None` for a plain archive or one that cannot be listed.
fn inside_zip(source: &Source<'_>) -> Option<&'static str> {
    let archive = super::zip::Archive::open(source).ok()?;
    let has = |start: &str| archive.names().any(|name| name.to_lowercase().replace('\\', "/").starts_with(start));
    let head_of = |wanted: &str| {
        let entry = archive.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(wanted))?;
        let mut head = Vec::new();
        // A cut or damaged beginning still tells; so its error is of no interest here.
        let _ = entry.open(source).ok()?.take(64 << 10).read_to_end(&mut head);
        Some(String::from_utf8_lossy(&head).replace('\0', "").to_lowercase())
    };
    if let Some(types) = head_of("[Content_Types].xml") {
        if let Some((_, kind)) = OFFICE_TYPES.iter().find(|(mark, _)| types.contains(mark)) {
            return Some(kind);
        }
        let by_folder = [("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"), ("visio/", "visio")];
        return by_folder.iter().find(|(folder, _)| has(folder)).map(|(_, kind)| *kind);
    }
    if let Some(kind) = head_of("mimetype") {
        if kind.starts_with("application/epub") {
            return Some("epub");
        }
        if kind.starts_with("application/vnd.oasis.opendocument") || kind.starts_with("application/vnd.sun.xml") {
            return Some("odf");
        }
    }
    let by_member = [
        ("index/document.iwa", "iwork"),
        ("index.zip", "iwork"),
        ("fixeddocseq.fdseq", "xps"),
        ("word/document.xml", "docx"),
        ("xl/workbook.xml", "xlsx"),
        ("xl/workbook.bin", "xlsb"),
        ("ppt/presentation.xml", "pptx"),
    ];
    by_member.iter().find(|(member, _)| has(member)).map(|(_, kind)| *kind)
}

/// True for the beginning of something large that nobody reads on: films, sound, pictures, fonts. Programs are not among
/// them, since an archive may follow.
#[must_use]
pub fn is_unread_medium(head: &[u8]) -> bool {
    let told = by_magic(head).map(registry::kind);
    told.is_some_and(|kind| {
        kind.name != "executable" && matches!(kind.treatment, Treatment::Skip(Reason::NoText | Reason::ImageOnly))
    })
}

/// A mark: where it stands, its bytes, the type.
type Magic = (usize, &'static [u8], &'static str);

const MAGIC: &[Magic] = &[
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x07\x08PK\x03\x04", "zip"),
    (0, b"PK00PK\x03\x04", "zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x1f\x9d", "compress"),
    (0, b"\x1f\xa0", "compress"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0, b"!<arch>\n", "ar"),
    (0, b"070701", "cpio"),
    (0, b"070702", "cpio"),
    (0, b"070707", "cpio"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (2, b"-lh", "lha"),
    (0, b"\x60\xea", "arj"),
    (257, b"ustar", "tar"),
    (32_769, b"CD001", "iso"),
    (0, b"!BDN", "pst"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (0, b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f", "onenote"),
    (0, b"\x78\x9f\x3e\x22", "tnef"),
    (0, b"SQLite format 3\0", "sqlite"),
    (0, b"\0\x01\0\0Standard Jet DB", "access"),
    (0, b"\0\x01\0\0Standard ACE DB", "access"),
    (0, b"PAR1", "parquet"),
    (0, b"Obj\x01", "avro"),
    (0, b"ORC", "orc"),
    (0, b"AT&TFORM", "djvu"),
    (0, b"AC10", "dwg"),
    (0, b"ITSF", "chm"),
    (0, b"\xffWPC", "wordperfect"),
    (0, b"bplist0", "plist"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (8, b"WEBP", "webp"),
    (0, b"\0\0\0\x0cjP  ", "jpeg2000"),
    (0, b"\xff\x4f\xff\x51", "jpeg2000"),
    (0, b"\0\0\0\x0cJXL ", "jpegxl"),
    (0, b"\xff\x0a", "jpegxl"),
    (0, b"8BPS", "psd"),
    (0, b"\xd7\xcd\xc6\x9a", "wmf"),
    (40, b" EMF", "wmf"),
    (128, b"DICM", "dicom"),
    (0, b"OTTO\0", "font"),
    (0, b"\0\x01\0\0\0", "font"),
    (0, b"true\0", "font"),
    (0, b"ttcf\0", "font"),
    (0, b"wOFF", "font"),
    (0, b"wOF2", "font"),
    (0, b"ID3", "audio"),
    (0, b"fLaC", "audio"),
    (0, b"OggS", "audio"),
    (0, b"MThd\0\0\0\x06", "audio"),
    (0, b"#!AMR", "audio"),
    (8, b"WAVE", "audio"),
    (8, b"AIFF", "audio"),
    (8, b"AIFC", "audio"),
    (8, b"AVI ", "video"),
    (0, b"\x1a\x45\xdf\xa3", "video"),
    (0, b"FLV\x01", "video"),
    (0, b"\0\0\x01\xba", "video"),
    (0, b"\0\0\x01\xb3", "video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (0, b"\x7fELF", "executable"),
    (0, b"\xca\xfe\xba\xbe\0", "executable"),
    (0, b"\xfe\xed\xfa\xce", "executable"),
    (0, b"\xfe\xed\xfa\xcf", "executable"),
    (0, b"\xce\xfa\xed\xfe", "executable"),
    (0, b"\xcf\xfa\xed\xfe", "executable"),
    (0, b"\0asm\x01\0\0\0", "executable"),
];

pub(super) fn by_magic(head: &[u8]) -> Option<&'static str> {
    let stands = |&&(at, bytes, _): &&Magic| head.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    let told = MAGIC.iter().find(stands).map(|&(_, _, name)| name);
    told.or_else(|| by_shape(head))
}

/// Types whose mark is too short to be trusted alone.
fn by_shape(head: &[u8]) -> Option<&'static str> {
    let near_start = &head[..head.len().min(1024)];
    if memchr::memmem::find(near_start, b"%PDF-").is_some() {
        return Some("pdf");
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Some(media_brand(head.get(8..12).unwrap_or_default()));
    }
    if matches!(head.get(4..8), Some(b"moov" | b"mdat" | b"wide")) && head[0] == 0 {
        return Some("video");
    }
    if head.starts_with(b"MZ") && (memchr::memchr(0, near_start).is_some()) {
        return Some("executable");
    }
    if head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) {
        return Some("bmp");
    }
    if (head.starts_with(b"\0\0\x01\0") || head.starts_with(b"\0\0\x02\0")) && head.get(5) == Some(&0) {
        return Some("ico");
    }
    if head.get(2..4) == Some(b"\r\n") && head.get(8..16) == Some(&[0; 8]) {
        return Some("executable"); // Compiled Python.
    }
    let [first, second, ..] = head else { return None };
    (*first == 0xff && second & 0xe6 == 0xe2 && Charset::tell(head).is_none()).then_some("audio")
}

fn media_brand(brand: &[u8]) -> &'static str {
    match brand {
        b"heic" | b"heix" | b"mif1" | b"msf1" | b"avif" | b"avis" => "heif",
        b"M4A " | b"M4B " => "audio",
        _ => "video",
    }
}

/// Which text it is, by how it begins; the extension decides what the beginning leaves open.
fn text_type(head: &[u8], charset: Charset, extension: &str) -> &'static str {
    let start = beginning(head, charset);
    let first = start.trim_start();
    if first.starts_with("{\\rtf") {
        return "rtf";
    }
    if first.starts_with("%!PS") {
        return "postscript";
    }
    if is_html(first, extension) {
        return "html";
    }
    if is_xml(first, extension) {
        return "xml";
    }
    if start.starts_with("From ") && start.contains("\nReceived:") | start.contains("\nDate:") {
        return "mbox";
    }
    if is_mail(&start) {
        return if extension == "mht" || extension == "mhtml" { "mhtml" } else { "eml" };
    }
    match extension {
        "gdoc" | "gsheet" | "gslides" | "gdraw" | "gform" if first.starts_with('{') => "google-shortcut",
        "csv" | "tsv" | "tab" | "psv" | "ssv" => "csv",
        _ if is_json(first, extension) => "json",
        _ => "text",
    }
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
        || (begun.starts_with("<?xml") && start.contains("<html"))
        || (promised && start.contains('<'))
}

fn skip_comments(mut text: &str) -> &str {
    while let Some(after) = text.strip_prefix("<!--") {
        text = after.split_once("-->").map_or("", |(_, rest)| rest).trim_start();
    }
    text
}

/// An object or array begins it and goes on as one does.
fn is_json(first: &str, extension: &str) -> bool {
    let promised = registry::kind("json").extensions.contains(&extension);
    let next = |rest: &str| rest.trim_start().chars().next();
    match first.chars().next() {
        Some('{') => promised || matches!(next(&first[1..]), Some('"' | '}')),
        Some('[') => promised || matches!(next(&first[1..]), Some('{' | '[' | '"' | ']')),
        Some('"') => promised,
        _ => false,
    }
}

/// A declaration says XML, and so does the extension of something that begins with a tag.
fn is_xml(first: &str, extension: &str) -> bool {
    let promised = registry::kind("xml").extensions.contains(&extension);
    first.starts_with("<?xml") || (promised && first.starts_with('<'))
}

/// The first characters, decoded.
fn beginning(head: &[u8], charset: Charset) -> Cow<'_, str> {
    let head = &head[..head.len().min(4 << 10)];
    if charset.scheme == Scheme::Utf8
        && let Ok(text) = std::str::from_utf8(&head[charset.mark_bytes.min(head.len())..])
    {
        return Cow::Borrowed(text);
    }
    let Ok(mut decoder) = TextDecoder::of_bytes(head, charset) else { return Cow::Borrowed("") };
    let mut text = String::new();
    while let Ok(Some(piece)) = decoder.next_piece() {
        text.push_str(piece.text);
    }
    Cow::Owned(text)
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
        "x-mailer",
        "reply-to",
        "dkim-signature",
        "x-mozilla-status",
        "x-unsent",
        "cc",
    ];
    let mut known = 0;
    for line in start.lines() {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return false;
        }
        known += usize::from(KNOWN.contains(&name.to_ascii_lowercase().as_str()));
    }
    known >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8], name: &str) -> &'static str {
        let budget = Budget::new(Default::default(), Default::default(), Default::default(), 0);
        sniff(&Content::from_memory(bytes), name, &budget).expect("memory does not fail").kind.name
    }

    #[test]
    fn every_mark_names_a_row() {
        for (_, _, name) in MAGIC {
            assert_eq!(registry::kind(name).name, *name);
        }
    }

    #[test]
    fn types_are_told_by_content() {
        let rows: &[(&[u8], &str, &str)] = &[
            (b"", "a.txt", "empty"),
            (b"hello", "a.pdf", "text"),
            (b"%PDF-1.7\n", "a.txt", "pdf"),
            (b"junk before\n%PDF-1.4\n", "a", "pdf"),
            (b"a;b;c\n1;2;3\n", "a.csv", "csv"),
            (b"{\\rtf1\\ansi}", "a.doc", "rtf"),
            (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nbody", "a", "eml"),
            (b"From: the desk of\nmany people\n", "a.txt", "text"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "a.txt", "png"),
            (b"MZ\x90\0\x03\0\0\0", "a.exe", "executable"),
            (b"MZ is how this plain text begins", "a.txt", "text"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0", "a", "video"),
            (b"\x01\x02\x03\x80\x90\xff\xfe\0\0\x01", "a", "binary"),
        ];
        for (bytes, name, expected) in rows {
            assert_eq!(told(bytes, name), *expected, "{name}: {:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn extensions_come_from_the_last_step_of_a_path() {
        let rows = [("a/b.c/d", ""), ("A.TXT", "txt"), ("x\\y.Docx", "docx"), (".env", "env"), ("", "")];
        for (name, expected) in rows {
            assert_eq!(extension_of(name), expected, "{name}");
        }
    }
}
