//! What a container truly is: half the world's documents are zip files or compound files.

use super::super::Source;
use super::super::zip::Archive;
use std::io::Read;

/// Main content types of Office documents, and the types they make. Only the type of a main part ends so: what is embedded
/// is listed without it.
const OFFICE_TYPES: &[(&str, &str)] = &[
    ("wordprocessingml.document.main", "docx"),
    ("wordprocessingml.template.main", "docx"),
    ("ms-word.document.macroenabled.main", "docx"),
    ("ms-word.document.macroenabledtemplate.main", "docx"),
    ("ms-word.template.macroenabledtemplate.main", "docx"),
    ("ms-word.template.macroenabled.main", "docx"),
    ("spreadsheetml.sheet.main", "xlsx"),
    ("spreadsheetml.template.main", "xlsx"),
    ("ms-excel.sheet.macroenabled.main", "xlsx"),
    ("ms-excel.template.macroenabled.main", "xlsx"),
    ("ms-excel.addin.macroenabled.main", "xlsx"),
    ("ms-excel.sheet.binary.macroenabled.main", "xlsb"),
    ("presentationml.presentation.main", "pptx"),
    ("presentationml.slideshow.main", "pptx"),
    ("presentationml.template.main", "pptx"),
    ("ms-powerpoint.presentation.macroenabled.main", "pptx"),
    ("ms-powerpoint.slideshow.macroenabled.main", "pptx"),
    ("ms-powerpoint.template.macroenabled.main", "pptx"),
    ("ms-powerpoint.addin.macroenabled.main", "pptx"),
    ("ms-visio.drawing.main", "visio"),
    ("ms-visio.stencil.main", "visio"),
    ("ms-visio.template.main", "visio"),
    ("ms-visio.drawing.macroenabled.main", "visio"),
    ("ms-visio.stencil.macroenabled.main", "visio"),
    ("ms-visio.template.macroenabled.main", "visio"),
    ("ms-package.xps-", "xps"),
    ("openxps", "xps"),
];

/// Folders and members that tell a type where nothing declares it.
const OFFICE_FOLDERS: &[(&str, &str)] = &[
    ("word/", "docx"),
    ("xl/workbook.bin", "xlsb"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
    ("visio/", "visio"),
    ("fixeddocseq.fdseq", "xps"),
    ("fixeddocumentsequence.fdseq", "xps"),
    ("theme/theme/", "pptx"),
];

/// What kind of document a zip file is; `None` for a plain archive or one that cannot be listed.
pub(super) fn inside_zip(source: &Source<'_>) -> Option<&'static str> {
    let archive = Archive::open(source).ok()?;
    let head_of = |wanted: &str| {
        let entry = archive.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(wanted))?;
        let mut head = Vec::new();
        // A cut or damaged beginning still tells; so its error is of no interest here.
        let _ = entry.open(source).ok()?.take(64 << 10).read_to_end(&mut head);
        Some(String::from_utf8_lossy(&head).replace('\0', "").to_lowercase())
    };
    if let Some(types) = head_of("[Content_Types].xml") {
        return office(&types).or_else(|| by_folder(&archive));
    }
    if let Some(kind) = head_of("mimetype") {
        if kind.starts_with("application/epub") {
            return Some("epub");
        }
        let odf = ["application/vnd.oasis.opendocument", "application/vnd.sun.xml", "application/vnd.stardivision"];
        if odf.iter().any(|start| kind.starts_with(start)) {
            return Some("odf");
        }
    }
    iwork(&archive, source).or_else(|| by_folder(&archive)).or_else(|| {
        let named = |wanted: &str| archive.names().any(|name| name.eq_ignore_ascii_case(wanted));
        if named("META-INF/container.xml") && archive.names().any(|name| name.to_lowercase().ends_with(".opf")) {
            return Some("epub");
        }
        (named("content.xml") && (named("META-INF/manifest.xml") || named("styles.xml"))).then_some("odf")
    })
}

/// By the declared type of the main part.
fn office(types: &str) -> Option<&'static str> {
    OFFICE_TYPES.iter().find(|(mark, _)| types.contains(mark)).map(|(_, kind)| *kind)
}

fn by_folder(archive: &Archive<'_>) -> Option<&'static str> {
    let has = |start: &str| {
        archive.names().any(|name| {
            name.len() >= start.len()
                && name
                    .bytes()
                    .zip(start.bytes())
                    .all(|(a, b)| a.to_ascii_lowercase() == b || (a == b'\\' && b == b'/'))
        })
    };
    OFFICE_FOLDERS.iter().find(|(folder, _)| has(folder)).map(|(_, kind)| *kind)
}

/// Pages, Numbers or Keynote: the new kind keeps its objects in `Index` (a folder or a zip file of its own), the old one in
/// one XML file. Either may stand in a folder of the document's name, as when a package was zipped.
fn iwork(archive: &Archive<'_>, source: &Source<'_>) -> Option<&'static str> {
    let ends =
        |name: &str, end: &str| name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    let any = |end: &str| archive.entries.iter().find(|entry| ends(&entry.name, end));
    if let Some(document) = any("Index/Document.iwa").or_else(|| any("Document.iwa")) {
        let slides = archive.names().any(|name| name.contains("Slide-") || name.ends_with("Slide.iwa"));
        let root = document.open(source).ok().and_then(|mut body| super::super::iwork::root_type(&mut body));
        return Some(match root {
            Some(super::super::iwork::PAGES_ROOT) => "pages",
            _ if slides => "key",
            _ => "numbers",
        });
    }
    if any("index.apxl").is_some() || any("index.apxl.gz").is_some() {
        return Some("key");
    }
    let old = any("index.xml").or_else(|| any("index.xml.gz")).or_else(|| any("Index.zip"))?;
    let folder_says = |end: &str| archive.names().any(|name| name.to_lowercase().contains(end));
    let by_folder = [(".numbers/", "numbers"), (".key/", "key"), (".pages/", "pages")];
    if let Some((_, kind)) = by_folder.into_iter().find(|(end, _)| folder_says(end)) {
        return Some(kind);
    }
    if ends(&old.name, "Index.zip") {
        let promised = super::extension_of(source.name);
        return Some(["numbers", "key"].into_iter().find(|kind| *kind == promised).unwrap_or("pages"));
    }
    let mut head = Vec::new();
    let _ = old.open(source).ok()?.take(4096).read_to_end(&mut head);
    let said = |mark: &str| memchr::memmem::find(&head, mark.as_bytes()).is_some();
    if said("<ls:document") {
        return Some("numbers");
    }
    said("<sl:document").then_some("pages")
}
