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
