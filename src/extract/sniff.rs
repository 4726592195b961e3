//! What a file truly is, told by its bytes.
//!
//! A table of marks first; containers (zip, OLE) are looked into, since half the world's documents are one or the other;
//! then text, told apart by how it begins. The name's extension only refines what the bytes leave open among texts.

mod inside;
mod marks;
mod texts;

use super::decode::{Charset, valid_text};
use super::registry::{self, Kind, Treatment};
use super::{Failure, Source};
use crate::content::{Budget, Content};
use crate::model::Reason;
pub(super) use marks::by_magic;

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
        Some(charset) => (texts::text_type(head, charset, extension), charset, text),
        None => ("binary", Charset::UTF8, None),
    }
}

/// Refines what is only a container, and finds the archive that hides behind something harmless: a self-extracting program,
/// a picture with a zip file at its end.
fn look_inside(name: &'static str, source: &Source<'_>) -> &'static str {
    match name {
        "zip" => inside::inside_zip(source).unwrap_or(name),
        "ole" => super::ole::tell(source).unwrap_or(name),
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

/// True for the beginning of something large that nobody reads on: films, sound, pictures, fonts. Programs are not among
/// them, since an archive may follow.
#[must_use]
pub fn is_unread_medium(head: &[u8]) -> bool {
    let told = by_magic(head).map(registry::kind);
    told.is_some_and(|kind| {
        kind.name != "executable" && matches!(kind.treatment, Treatment::Skip(Reason::NoText | Reason::ImageOnly))
    })
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
        for (_, _, name) in marks::MAGIC {
            assert_eq!(registry::kind(name).name, *name);
        }
    }

    /// Bytes, the name they come under, the type.
    type Told = (&'static [u8], &'static str, &'static str);

    const TOLD: &[Told] = &[
        (b"", "a.txt", "empty"),
        (b"hello", "a.pdf", "text"),
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"junk before\n%PDF-1.4\n1 0 obj", "a", "pdf"),
        (b"a text that speaks of %PDF-1.4\n", "a", "text"),
        (b"a;b;c\n1;2;3\n", "a.csv", "csv"),
        (b"a;b;c\n1;2;3\n4;5;6\n", "a.txt", "csv"),
        (b"one, two\nthree, four\nfive\n", "a.txt", "text"),
        (b"{\\rtf1\\ansi}", "a.doc", "rtf"),
        (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nbody", "a", "eml"),
        (b"From: the desk of\nmany people\n", "a.txt", "text"),
        (b"From a@b Mon Jan  1 00:00:00 2026\nFrom: a@b.c\nDate: x\n\nbody", "a", "mbox"),
        (b"From: a@b.c\nSubject: x\n\nbody", "a", "eml"),
        (b"from: 1\nto: 2\n", "a.yaml", "text"),
        (b"Subject: x\n\nbody", "a.eml", "eml"),
        (b"123\nFrom: a@b.c\nSubject: x\n\nbody", "a.emlx", "eml"),
        (b"From here to there\nDate: never\n", "a.txt", "text"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b", "a", "mhtml"),
        (b"begin:vcalendar\r\nversion:2.0\r\n", "a", "ics"),
        (b"BEGIN:VCARD\r\nN:x\r\n", "a", "vcf"),
        (b"<!DOCTYPE html><p>x", "a", "html"),
        (b"<?xml version='1.0'?><a/>", "a", "xml"),
        (b"<a:b xmlns:a='x'/>", "a", "xml"),
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='x'/>", "a", "svg"),
        (b"<?xml version='1.0'?><office:document xmlns:office='x'>", "a", "odf-flat"),
        (b"{\"a\": 1}", "a", "json"),
        (b"{\"cells\": [{\"cell_type\": \"code\"}]}", "a", "ipynb"),
        (b"{\"atext\":{\"text\":\"x\",\"attribs\":\"\"}}", "a", "boxnote"),
        (b"{\"doc_id\":\"x\",\"email\":\"y\"}", "a.gdoc", "google-shortcut"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a", "postscript"),
        (b"-----BEGIN PGP MESSAGE-----\n\nx", "a", "pgp"),
        (b"PK\x03\x04", "a", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a", "ole"),
        (b"\x1f\x8b\x08\0", "a", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "a", "7z"),
        (b"Rar!\x1a\x07\0", "a", "rar"),
        (b"BZh91AY&SY\0", "a", "bzip2"),
        (b"BZhang wrote this", "a.txt", "text"),
        (b"\xfd7zXZ\0", "a", "xz"),
        (b"\x28\xb5\x2f\xfd\0", "a", "zstd"),
        (b"\x1f\x9d\x90", "a", "compress"),
        (b"\x04\x22\x4d\x18\x60", "a", "lz4"),
        (b"MSCF\0\0\0\0", "a", "cab"),
        (b"!<arch>\nx", "a", "ar"),
        (b"0707010000\0", "a", "cpio"),
        (b"070701,a number\n", "a.txt", "text"),
        (b"\xed\xab\xee\xdb\x03", "a", "rpm"),
        (b"\x20\x04-lh5-\0", "a", "lha"),
        (b"\x60\xea\0", "a", "arj"),
        (b"!BDN\0\0\0\0SM", "a", "pst"),
        (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "a", "onenote"),
        (b"\x78\x9f\x3e\x22\0", "winmail.dat", "tnef"),
        (b"SQLite format 3\0", "a", "sqlite"),
        (b"\0\x01\0\0Standard Jet DB\0", "a", "access"),
        (b"PAR1\x15\0", "a", "parquet"),
        (b"Obj\x01\x04", "a", "avro"),
        (b"ORC\0", "a", "orc"),
        (b"AT&TFORM\0", "a", "djvu"),
        (b"AC1032\0", "a", "dwg"),
        (b"ITSF\x03\0", "a", "chm"),
        (b"\xffWPC", "a", "wordperfect"),
        (b"bplist00\0", "a", "plist"),
        (b"\xdb\xa5\x2d\0", "a", "doc"),
        (b"\x09\x02\x06\0", "a", "xls"),
        (b"HWP Document File V3.00 \x1a", "a", "hwp"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "a.txt", "png"),
        (b"\xff\xd8\xff\xe0", "a", "jpeg"),
        (b"GIF89a\x01\0", "a", "gif"),
        (b"BM\x46\0\0\0\0\0\0\0", "a", "bmp"),
        (b"II*\0\x08\0", "a", "tiff"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a", "webp"),
        (b"The new WEBP pictures", "a.txt", "text"),
        (b"\0\0\0\x18ftypheic\0", "a", "heif"),
        (b"\xff\x4f\xff\x51\0", "a", "jpeg2000"),
        (b"\xff\x0a\0", "a", "jpegxl"),
        (b"\0\0\x01\0\x01\0", "a", "ico"),
        (b"8BPS\0\x01", "a", "psd"),
        (b"\xd7\xcd\xc6\x9a\0", "a", "wmf"),
        (b"ID3\x04\0", "a", "audio"),
        (b"ID3 is how this text begins", "a.txt", "text"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "a", "video"),
        (b"OTTO\0", "a", "font"),
        (b"MZ\x90\0\x03\0\0\0", "a.exe", "executable"),
        (b"MZ is how this plain text begins", "a.txt", "text"),
        (b"\x01\x02\x03\x80\x90\xff\xfe\0\0\x01", "a", "binary"),
    ];

    /// Types told by what is inside a container or far from the beginning; the samples and documents of the corpus show them.
    const TOLD_INSIDE: &[&str] = &[
        "access",
        "dbf",
        "dicom",
        "docx",
        "encrypted-office",
        "epub",
        "iso",
        "key",
        "lzma",
        "msg",
        "numbers",
        "odf",
        "pages",
        "ppt",
        "pptx",
        "project",
        "publisher",
        "rights-office",
        "tar",
        "visio",
        "visio-ole",
        "xlsb",
        "xlsx",
        "xps",
    ];

    #[test]
    fn types_are_told_by_content() {
        for (bytes, name, expected) in TOLD {
            assert_eq!(told(bytes, name), *expected, "{name}: {:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn every_row_of_the_registry_can_be_told() {
        let shown = |name: &str| TOLD.iter().any(|(_, _, told)| *told == name) || TOLD_INSIDE.contains(&name);
        let never: Vec<_> = registry::KINDS.iter().map(|kind| kind.name).filter(|name| !shown(name)).collect();
        assert_eq!(never, Vec::<&str>::new());
    }

    #[test]
    fn names_promise_what_they_hold() {
        let rows: &[(&[u8], &str, bool)] = &[
            (b"-----BEGIN PRIVATE KEY-----\nx", "server.key", false),
            (b"const a: number = 1;\n", "a.ts", false),
            (b"digraph { a -> b }\n", "a.dot", false),
            (b"anything at all\n", "a.dat", false),
            (b"\x1f\x8b\x08\0", "a.svgz", false),
            (b"%PDF-1.7\n", "a.ai", false),
            (b"MSCF\0\0\0\0", "a.onepkg", false),
            (b"\x89PNG\r\n\x1a\n\0", "a.jpg", true),
            (b"MZ\x90\0\x03\0\0\0", "invoice.pdf", true),
            (b"{\\rtf1\\ansi}", "a.doc", true),
        ];
        for (bytes, name, expected) in rows {
            let budget = Budget::new(Default::default(), Default::default(), Default::default(), 0);
            let content = Content::from_memory(*bytes);
            let told = sniff(&content, name, &budget).expect("memory does not fail");
            assert_eq!(told.mismatch, *expected, "{name}: {}", told.kind.name);
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
