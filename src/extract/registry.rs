//! The table of file types: how each is called, what names promise it, and who reads it.
//!
//! Every type that the sniffer can tell has a row, also those that nobody reads yet: a type without an extractor is
//! reported as such, never passed over.
//!
//! Each row has the version of its reader, by which stored verdicts are told from what the present program would say
//! ([`version_of`]). What may hold members of other types hangs on all rows: which members a content had is not kept with its
//! verdict, so a raised version reads containers again too.

use super::{
    Extractor, ar, arj, avro, boxnote, cab, cards, chm, cpio, dbf, epub, gz, html, ipynb, iso, iwork, json, lha, mail,
    mbox, odf, ole, onenote, ooxml, pdf, picture, plist, pst, rar, rtf, sevenz, sqlite, streams, tar, text, tnef, xml,
    zip,
};
use crate::model::Reason;
use sha2::{Digest, Sha256};

/// One file type.
#[derive(Debug)]
pub struct Kind {
    /// Its name in reports and filters.
    pub name: &'static str,
    /// Extensions that promise it, lower case.
    pub extensions: &'static [&'static str],
    /// Its media types, the usual one first.
    pub mime: &'static [&'static str],
    /// What is done with it.
    pub treatment: Treatment,
    /// True for the types whose bytes are text: they pass for one another without a mismatch.
    pub is_text: bool,
    /// Raised whenever its reader gives another answer for any content: part of every verdict's key.
    pub version: u32,
    /// True when contents of other types may be found inside, which are read as what they are.
    pub has_members: bool,
    /// What stays unread however well its reader does: the pixels of pictures.
    pub short_of: Option<Reason>,
}

impl Kind {
    const fn with_members(self) -> Self {
        Self { has_members: true, ..self }
    }

    const fn version(self, version: u32) -> Self {
        Self { version, ..self }
    }

    const fn short_of(self, reason: Reason) -> Self {
        Self { short_of: Some(reason), ..self }
    }
}

/// What is done with a type.
#[derive(Clone, Copy, Debug)]
pub enum Treatment {
    /// Read here, by a streaming reader without `unsafe` or C.
    InPlace(Extractor),
    /// Text that wants an extractor of its own; until then it is read as it stands and reported as partial.
    AsText(Reason),
    /// Runs of text in the raw bytes are read and it is reported as partial.
    AsRuns(Reason),
    /// Read in a cell: the reader is C, or pure Rust of somebody else's, or holds whole documents.
    InCell(Extractor),
    /// To be read in a cell once there is a reader; not read.
    Cell,
    /// Not read, and why.
    Skip(Reason),
}

const fn row(
    name: &'static str,
    extensions: &'static [&'static str],
    mime: &'static [&'static str],
    treatment: Treatment,
) -> Kind {
    Kind { name, extensions, mime, treatment, is_text: false, version: 1, has_members: false, short_of: None }
}

const fn text_row(
    name: &'static str,
    extensions: &'static [&'static str],
    mime: &'static [&'static str],
    treatment: Treatment,
) -> Kind {
    Kind { name, extensions, mime, treatment, is_text: true, version: 1, has_members: false, short_of: None }
}

use Treatment::{AsRuns, AsText, Cell, InCell, InPlace, Skip};

const NO_TEXT: Treatment = Skip(Reason::NoText);
const PICTURE: Treatment = Skip(Reason::ImageOnly);
const UNSUPPORTED: Treatment = Skip(Reason::Unsupported);

/// All types.
pub static KINDS: &[Kind] = &[
    // Text.
    text_row("text", TEXT_EXTENSIONS, &["text/plain"], InPlace(text::extract)),
    text_row(
        "csv",
        &["csv", "tsv", "tab", "psv", "ssv"],
        &["text/csv", "text/tab-separated-values"],
        InPlace(text::extract),
    ),
    text_row("eml", &["eml", "emlx"], &["message/rfc822"], InPlace(mail::extract)).with_members(),
    text_row("mbox", &["mbox", "mbx"], &["application/mbox"], InPlace(mbox::extract)).with_members(),
    text_row("mhtml", &["mhtml", "mht"], &["multipart/related"], InPlace(mail::extract)).with_members(),
    text_row("ics", &["ics", "ical", "ifb", "vcs"], &["text/calendar"], InPlace(cards::extract)).with_members(),
    text_row("vcf", &["vcf", "vcard"], &["text/vcard", "text/x-vcard", "text/directory"], InPlace(cards::extract))
        .with_members(),
    text_row("rtf", &["rtf"], &["application/rtf", "text/rtf"], InPlace(rtf::extract)).with_members(),
    text_row("postscript", &["ps", "eps", "ai"], &["application/postscript"], AsText(Reason::Unsupported)),
    text_row(
        "google-shortcut",
        &["gdoc", "gsheet", "gslides", "gdraw", "gform", "gmap", "gsite", "gjam", "gscript"],
        &["application/vnd.google-apps.shortcut"],
        AsText(Reason::NotInspectable),
    ),
    text_row("json", JSON_EXTENSIONS, &["application/json", "application/x-ndjson"], InPlace(json::extract)),
    text_row("html", &["html", "htm", "xhtml", "xht", "shtml"], &["text/html"], InPlace(html::extract)).with_members(),
    Kind { version: 2, ..text_row("xml", XML_EXTENSIONS, &["application/xml", "text/xml"], InPlace(xml::extract)) }
        .with_members(),
    text_row("svg", &["svg"], &["image/svg+xml"], InPlace(xml::extract)),
    Kind {
        version: 2,
        ..text_row(
            "odf-flat",
            &["fodt", "fods", "fodp", "fodg"],
            &["application/vnd.oasis.opendocument.text-flat-xml"],
            InPlace(xml::extract),
        )
    }
    .with_members(),
    text_row("ipynb", &["ipynb"], &["application/x-ipynb+json"], InPlace(ipynb::extract)).with_members(),
    text_row("boxnote", &["boxnote"], &["application/vnd.box.note"], InPlace(boxnote::extract)),
    // Office documents.
    Kind {
        version: 2,
        ..row(
            "docx",
            &["docx", "docm", "dotx", "dotm"],
            &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
            InPlace(ooxml::extract_docx),
        )
    }
    .with_members(),
    Kind {
        version: 2,
        ..row(
            "xlsx",
            &["xlsx", "xlsm", "xltx", "xltm", "xlam"],
            &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
            InPlace(ooxml::extract_xlsx),
        )
    }
    .with_members(),
    Kind {
        version: 2,
        ..row(
            "pptx",
            &["pptx", "pptm", "ppsx", "ppsm", "potx", "potm", "ppam", "sldx", "thmx"],
            &["application/vnd.openxmlformats-officedocument.presentationml.presentation"],
            InPlace(ooxml::extract_pptx),
        )
    }
    .with_members(),
    // Documents to be read in a cell.
    Kind { version: 2, ..row("pdf", &["pdf", "ai"], &["application/pdf"], InCell(pdf::extract)) }.with_members(),
    Kind { version: 2, ..row("doc", &["doc", "dot", "wps"], &["application/msword"], InCell(ole::extract)) }
        .with_members(),
    Kind { version: 2, ..row("xls", &["xls", "xlt", "xla"], &["application/vnd.ms-excel"], InCell(ole::extract)) }
        .with_members(),
    Kind { version: 2, ..row("ppt", &["ppt", "pot", "pps"], &["application/vnd.ms-powerpoint"], InCell(ole::extract)) }
        .with_members(),
    row("msg", &["msg", "oft"], &["application/vnd.ms-outlook"], InCell(ole::extract)).with_members(),
    row("xlsb", &["xlsb"], &["application/vnd.ms-excel.sheet.binary.macroEnabled.12"], InPlace(ooxml::extract_xlsb))
        .with_members(),
    row("pst", &["pst", "ost"], &["application/vnd.ms-outlook-pst"], InCell(pst::extract)).with_members().version(2),
    Kind {
        version: 2,
        ..row("onenote", &["one", "onetoc2", "onepkg"], &["application/onenote"], InCell(onenote::extract))
    }
    .with_members(),
    row("visio-ole", &["vsd", "vss", "vst"], &["application/vnd.visio"], InCell(ole::extract)).with_members(),
    Kind { version: 2, ..row("publisher", &["pub"], &["application/x-mspublisher"], InCell(ole::extract)) }
        .with_members(),
    row("project", &["mpp"], &["application/vnd.ms-project"], InCell(ole::extract)).with_members(),
    row("hwp", &["hwp"], &["application/x-hwp"], InCell(ole::extract)).with_members(),
    row("ole", &["msi"], &["application/x-ole-storage"], InCell(ole::extract)).with_members(),
    row("tnef", &["tnef"], &["application/vnd.ms-tnef"], InCell(tnef::extract)).with_members(),
    row(
        "sqlite",
        &["sqlite", "sqlite3", "db3", "gpkg", "mbtiles"],
        &["application/vnd.sqlite3"],
        InCell(sqlite::extract),
    )
    .with_members(),
    row("access", &["mdb", "accdb"], &["application/x-msaccess"], Cell),
    row("7z", &["7z"], &["application/x-7z-compressed"], InCell(sevenz::extract)).with_members().version(2),
    Kind { version: 2, ..row("rar", &["rar"], &["application/vnd.rar"], InCell(rar::extract)) }.with_members(),
    row("bzip2", &["bz2", "tbz2", "tbz"], &["application/x-bzip2"], InCell(streams::extract_bzip2)).with_members(),
    row("xz", &["xz", "txz"], &["application/x-xz"], InCell(streams::extract_xz)).with_members().version(2),
    row("zstd", &["zst", "tzst"], &["application/zstd"], InCell(streams::extract_zstd)).with_members(),
    // Documents and containers that nobody reads yet.
    Kind {
        version: 2,
        ..row(
            "odf",
            &["odt", "ods", "odp", "odg", "odf", "ott", "ots", "otp", "otg", "odb", "odc", "sxw", "sxc", "sxi", "sxd"],
            &["application/vnd.oasis.opendocument.text"],
            InPlace(odf::extract),
        )
    }
    .with_members(),
    row("epub", &["epub"], &["application/epub+zip"], InPlace(epub::extract)).with_members(),
    row(
        "visio",
        &["vsdx", "vsdm", "vssx", "vssm", "vstx", "vstm"],
        &["application/vnd.ms-visio.drawing"],
        InPlace(ooxml::extract_visio),
    )
    .with_members(),
    row("xps", &["xps", "oxps"], &["application/vnd.ms-xpsdocument"], InPlace(ooxml::extract_xps)).with_members(),
    Kind { version: 2, ..row("pages", &["pages"], &["application/vnd.apple.pages"], InCell(iwork::extract)) }
        .with_members(),
    Kind { version: 2, ..row("numbers", &["numbers"], &["application/vnd.apple.numbers"], InCell(iwork::extract)) }
        .with_members(),
    Kind { version: 2, ..row("key", &["key"], &["application/vnd.apple.keynote"], InCell(iwork::extract)) }
        .with_members(),
    row("dbf", &["dbf"], &["application/vnd.dbf"], InCell(dbf::extract)).version(2),
    row(
        "zip",
        &["zip", "jar", "war", "ear", "apk", "ipa", "xpi", "kmz", "whl", "nupkg"],
        &["application/zip"],
        InPlace(zip::extract),
    )
    .with_members()
    .version(2),
    row("gzip", &["gz", "tgz", "svgz", "emz", "wmz"], &["application/gzip"], InPlace(gz::extract)).with_members(),
    row("tar", &["tar"], &["application/x-tar"], InPlace(tar::extract)).with_members(),
    row("compress", &["z", "taz"], &["application/x-compress"], InPlace(streams::extract_compress)).with_members(),
    row("lz4", &["lz4"], &["application/x-lz4"], InPlace(streams::extract_lz4)).with_members().version(2),
    row("lzma", &["lzma", "tlz"], &["application/x-lzma"], InCell(streams::extract_lzma)).with_members(),
    Kind {
        version: 2,
        ..row("cab", &["cab", "onepkg"], &["application/vnd.ms-cab-compressed"], InPlace(cab::extract))
    }
    .with_members(),
    row("ar", &["ar", "deb", "a"], &["application/x-archive"], InPlace(ar::extract)).with_members(),
    row("cpio", &["cpio"], &["application/x-cpio"], InPlace(cpio::extract)).with_members(),
    row("rpm", &["rpm"], &["application/x-rpm"], InPlace(cpio::extract_rpm)).with_members().version(2),
    row("lha", &["lzh", "lha"], &["application/x-lzh-compressed"], InPlace(lha::extract)).with_members(),
    row("arj", &["arj"], &["application/x-arj"], InPlace(arj::extract)).with_members(),
    row("iso", &["iso", "img"], &["application/x-iso9660-image"], InPlace(iso::extract)).with_members(),
    row("parquet", &["parquet"], &["application/vnd.apache.parquet"], UNSUPPORTED),
    row("avro", &["avro"], &["application/vnd.apache.avro"], InCell(avro::extract)),
    row("orc", &["orc"], &["application/vnd.apache.orc"], UNSUPPORTED),
    row("djvu", &["djvu", "djv"], &["image/vnd.djvu"], UNSUPPORTED),
    row("dwg", &["dwg"], &["image/vnd.dwg"], UNSUPPORTED),
    row("chm", &["chm"], &["application/vnd.ms-htmlhelp"], InPlace(chm::extract)).with_members(),
    row("wordperfect", &["wpd", "wp"], &["application/vnd.wordperfect"], UNSUPPORTED),
    row("plist", &["plist", "webloc"], &["application/x-plist"], InCell(plist::extract)).with_members(),
    row("binary", &["bin", "dat"], &["application/octet-stream"], AsRuns(Reason::Unsupported)),
    // Encrypted as a whole.
    row("encrypted-office", SEALED_EXTENSIONS, &["application/encrypted"], Skip(Reason::EncryptedPassword)),
    row("rights-office", SEALED_EXTENSIONS, &["application/vnd.ms-office.protected"], Skip(Reason::EncryptedRights)),
    row("pgp", &["gpg", "pgp"], &["application/pgp-encrypted"], AsRuns(Reason::EncryptedPassword)),
    // Pictures: documents to come.
    row("png", &["png", "apng"], &["image/png"], InCell(picture::png)).with_members().short_of(Reason::ImageOnly),
    row("jpeg", &["jpg", "jpeg", "jpe", "jfif"], &["image/jpeg"], InCell(picture::jpeg))
        .with_members()
        .short_of(Reason::ImageOnly),
    row("gif", &["gif"], &["image/gif"], InCell(picture::gif)).with_members().short_of(Reason::ImageOnly),
    row("bmp", &["bmp", "dib"], &["image/bmp"], PICTURE),
    row("tiff", &["tif", "tiff", "dng", "nef", "cr2", "arw"], &["image/tiff"], InCell(picture::tiff))
        .with_members()
        .short_of(Reason::ImageOnly),
    row("webp", &["webp"], &["image/webp"], InCell(picture::webp)).with_members().short_of(Reason::ImageOnly),
    row("heif", &["heic", "heif", "avif"], &["image/heif"], InCell(picture::boxes))
        .with_members()
        .short_of(Reason::ImageOnly),
    row("jpeg2000", &["jp2", "j2k", "jpx"], &["image/jp2"], InCell(picture::boxes))
        .with_members()
        .short_of(Reason::ImageOnly),
    row("jpegxl", &["jxl"], &["image/jxl"], InCell(picture::boxes)).with_members().short_of(Reason::ImageOnly),
    row("ico", &["ico", "cur"], &["image/vnd.microsoft.icon"], PICTURE),
    row("psd", &["psd", "psb"], &["image/vnd.adobe.photoshop"], InCell(picture::psd))
        .with_members()
        .short_of(Reason::ImageOnly),
    row("wmf", &["wmf", "emf"], &["image/wmf"], InCell(picture::metafile)).with_members().short_of(Reason::ImageOnly),
    row("dicom", &["dcm"], &["application/dicom"], InCell(picture::dicom)).with_members().short_of(Reason::ImageOnly),
    // Nothing to read.
    row("empty", &[], &["application/x-empty"], InPlace(nothing)),
    row(
        "audio",
        &["mp3", "wav", "flac", "ogg", "oga", "opus", "aif", "aiff", "mid", "midi", "amr", "m4a", "wma", "aac"],
        &["audio/mpeg"],
        NO_TEXT,
    ),
    row(
        "video",
        &["mp4", "m4v", "mov", "avi", "mkv", "webm", "flv", "wmv", "mpg", "mpeg", "3gp", "asf", "ts"],
        &["video/mp4"],
        NO_TEXT,
    ),
    row("font", &["ttf", "otf", "ttc", "woff", "woff2", "eot"], &["font/ttf"], NO_TEXT),
    row(
        "executable",
        &["exe", "dll", "sys", "so", "dylib", "o", "obj", "elf", "class", "wasm", "pyc", "pyo", "rlib", "lib"],
        &["application/x-executable"],
        NO_TEXT,
    ),
];

/// Extensions of text that has no rules of its own worth knowing here.
const TEXT_EXTENSIONS: &[&str] = &[
    "txt",
    "text",
    "log",
    "md",
    "markdown",
    "rst",
    "org",
    "adoc",
    "tex",
    "yaml",
    "yml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "properties",
    "env",
    "sql",
    "sh",
    "bash",
    "zsh",
    "fish",
    "bat",
    "cmd",
    "ps1",
    "psm1",
    "py",
    "rb",
    "pl",
    "pm",
    "php",
    "js",
    "mjs",
    "cjs",
    "jsx",
    "tsx",
    "vue",
    "c",
    "h",
    "cc",
    "cpp",
    "cxx",
    "hpp",
    "cs",
    "java",
    "kt",
    "kts",
    "go",
    "rs",
    "swift",
    "m",
    "scala",
    "clj",
    "hs",
    "lua",
    "r",
    "jl",
    "dart",
    "ex",
    "exs",
    "erl",
    "f90",
    "vb",
    "vbs",
    "asm",
    "s",
    "tf",
    "tfvars",
    "hcl",
    "gradle",
    "cmake",
    "mk",
    "diff",
    "patch",
    "srt",
    "vtt",
    "ldif",
    "pem",
    "crt",
    "cer",
    "csr",
    "pub",
    "asc",
    "url",
    "desktop",
    "css",
    "scss",
    "less",
    "proto",
    "graphql",
    "lock",
    "list",
    "key",
    "ts",
    "dot",
    "obj",
    "dxf",
    "web",
];

/// What Office seals under a password or rights keeps its own name.
const SEALED_EXTENSIONS: &[&str] = &[
    "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xlsb", "xltx", "xltm", "pptx", "pptm", "ppsx", "ppsm", "potx",
    "potm", "doc", "xls", "ppt", "pdoc", "pxls", "pppt", "pfile",
];

const JSON_EXTENSIONS: &[&str] =
    &["json", "jsonl", "ndjson", "geojson", "har", "webmanifest", "json5", "jsonc", "map", "paper"];

const XML_EXTENSIONS: &[&str] =
    &["xml", "xsd", "xsl", "xslt", "rss", "atom", "kml", "gpx", "wsdl", "plist", "webloc", "resx", "config"];

fn nothing(_: &super::Source<'_>, _: &mut dyn super::Output) -> Result<(), super::Failure> {
    Ok(())
}

/// Raised whenever contents are told to be of another type, or what all readers share (decoding, recovery of damaged files, the
/// walk through members) gives another answer: all verdicts are then made again.
pub const READING_VERSION: u32 = 1;

/// What decides the text of contents of a type: a hash over its reader's version and treatment, for types that may hold members
/// over those of all types. A name that is not in the table (`unknown`, of a content whose reading crashed before its type was
/// told) hangs on all types too.
#[must_use]
pub fn version_of(name: &str) -> [u8; 32] {
    let own = KINDS.iter().find(|kind| kind.name == name);
    let mut hash = Sha256::new();
    hash.update(format!("reading {READING_VERSION} of {}\0", own.map_or("unknown", |kind| kind.name)));
    let rows = own.filter(|kind| !kind.has_members).map_or(KINDS, std::slice::from_ref);
    for Kind { name, treatment, version, .. } in rows {
        let treatment = match treatment {
            Treatment::InPlace(_) => "in place".to_owned(),
            Treatment::AsText(reason) => format!("as text, {reason}"),
            Treatment::AsRuns(reason) => format!("as runs, {reason}"),
            Treatment::InCell(_) => "in a cell".to_owned(),
            Treatment::Cell => "cell".to_owned(),
            Treatment::Skip(reason) => format!("skipped, {reason}"),
        };
        hash.update(format!("{name} {version} {treatment}\0"));
    }
    hash.finalize().into()
}

/// The row of this name; the row of unknown bytes when there is none.
#[must_use]
pub fn kind(name: &str) -> &'static Kind {
    let by_name = |name: &str| KINDS.iter().find(|kind| kind.name == name);
    by_name(name).or_else(|| by_name("binary")).unwrap_or(&KINDS[0])
}

/// True when an extension promises some type and the type told by the content is none that it promises. `.dat` promises
/// nothing, and an extension may promise several types: `.key` is a presentation or a private key.
#[must_use]
pub fn mismatches(extension: &str, told: &Kind) -> bool {
    let promises = |kind: &&Kind| kind.name != "binary" && kind.extensions.contains(&extension);
    let mut promised = KINDS.iter().filter(promises).peekable();
    promised.peek().is_some() && !promised.any(|kind| std::ptr::eq(kind, told) || family(kind) == family(told))
}

/// Types of one family pass for one another: texts among themselves, sound and film (one container serves both), and Office
/// documents under a password or rights, whose name says what they hold.
fn family(kind: &Kind) -> &'static str {
    match kind.name {
        _ if kind.is_text => "text",
        "audio" | "video" => "media",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lower_case() {
        let mut names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        for extension in KINDS.iter().flat_map(|kind| kind.extensions) {
            assert!(!extension.is_empty() && *extension == extension.to_lowercase(), "{extension}");
        }
    }

    #[test]
    fn what_hangs_on_a_version_is_told_apart() {
        let kinds: std::collections::HashSet<_> = KINDS.iter().map(|kind| version_of(kind.name)).collect();
        assert_eq!(kinds.len(), KINDS.len(), "two types share a version");
        assert_eq!(version_of("unknown"), version_of("no such type"));
        assert!(!kinds.contains(&version_of("unknown")));
        let holds = |name: &str| kind(name).has_members;
        assert!(["html", "docx", "zip", "gzip", "tar", "jpeg", "sqlite"].into_iter().all(holds));
        assert!(!["text", "csv", "json", "font"].into_iter().any(holds));
    }

    #[test]
    fn a_mismatch_needs_a_broken_promise() {
        let rows = [
            ("pdf", "zip", true),
            ("pdf", "pdf", false),
            ("txt", "csv", false),
            ("csv", "pdf", true),
            ("unheard-of", "png", false),
            ("", "png", false),
        ];
        for (extension, told, expected) in rows {
            let told = if told == "zip" { kind("7z") } else { kind(told) };
            assert_eq!(mismatches(extension, told), expected, "{extension} holding {}", told.name);
        }
    }
}
