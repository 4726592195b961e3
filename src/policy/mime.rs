//! From content and extension to MIME type, and from MIME type to what people call a document or a spreadsheet.
//!
//! Neither Box nor Dropbox tells a MIME type, so it is told here: by the type that the content showed itself to be, and
//! only where nothing was read yet by the name's extension. The families of [`FileType::of_mime`] are those of the
//! reference products, archives set apart, since their content is read.

/// What people call a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// Running text with layout: word processors, PDF, notes, drawings.
    Document,
    /// Tables.
    Spreadsheet,
    /// Slides.
    Presentation,
    /// Plain text, source code, markup.
    Text,
    /// Pictures.
    Image,
    /// Files that hold files.
    Archive,
    /// A folder.
    Folder,
    /// A bookmark.
    Bookmark,
    /// The rest.
    Other,
}

/// The words of the filter `type`.
pub(super) const TYPE_NAMES: [&str; 9] =
    ["document", "spreadsheet", "presentation", "text", "image", "archive", "folder", "bookmark", "other"];

impl FileType {
    /// The name that filters use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FileType::Document => "document",
            FileType::Spreadsheet => "spreadsheet",
            FileType::Presentation => "presentation",
            FileType::Text => "text",
            FileType::Image => "image",
            FileType::Archive => "archive",
            FileType::Folder => "folder",
            FileType::Bookmark => "bookmark",
            FileType::Other => "other",
        }
    }

    /// The family of a MIME type; parameters (`; charset=...`) and letter case do not count.
    #[must_use]
    pub fn of_mime(mime: &str) -> Self {
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let begins = |starts: &[&str]| starts.iter().any(|start| mime.starts_with(start));
        if RICH_TEXT.contains(&mime.as_str()) {
            FileType::Document
        } else if mime.starts_with("image/") || begins(IMAGES) {
            FileType::Image
        } else if begins(SPREADSHEETS) {
            FileType::Spreadsheet
        } else if begins(PRESENTATIONS) {
            FileType::Presentation
        } else if begins(DOCUMENTS) {
            FileType::Document
        } else if mime.starts_with("text/") || TEXTS.contains(&mime.as_str()) {
            FileType::Text
        } else if ARCHIVES.contains(&mime.as_str()) {
            FileType::Archive
        } else {
            FileType::Other
        }
    }
}

/// Documents although their names begin with `text/` or belong to no family.
const RICH_TEXT: [&str; 3] = ["application/rtf", "text/rtf", "text/richtext"];

/// How the MIME types of each family begin. Images come first of all, so that ODF and Google pictures do not fall to the
/// documents of the same house.
const IMAGES: &[&str] = &["application/vnd.oasis.opendocument.image", "application/vnd.google-apps.photo"];
const SPREADSHEETS: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.spreadsheetml",
    "application/vnd.ms-excel",
    "application/msexcel",
    "application/x-msexcel",
    "application/x-ms-excel",
    "application/x-excel",
    "application/x-xls",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.sun.xml.calc",
    "application/vnd.stardivision.calc",
    "application/vnd.google-apps.spreadsheet",
    "application/vnd.apple.numbers",
    "text/csv",
    "text/tab-separated-values",
];
const PRESENTATIONS: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.presentationml",
    "application/vnd.ms-powerpoint",
    "application/mspowerpoint",
    "application/powerpoint",
    "application/x-mspowerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.sun.xml.impress",
    "application/vnd.stardivision.impress",
    "application/vnd.google-apps.presentation",
    "application/vnd.apple.keynote",
];
const DOCUMENTS: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.wordprocessingml",
    "application/msword",
    "application/vnd.ms-word",
    "application/vnd.oasis.opendocument.",
    "application/vnd.sun.xml.writer",
    "application/vnd.sun.xml.math",
    "application/vnd.sun.xml.draw",
    "application/vnd.stardivision.",
    "application/vnd.google-apps.document",
    "application/vnd.google-apps.kix",
    "application/vnd.apple.pages",
    "application/pdf",
    "application/x-pdf",
    "application/vnd.box.webdoc",
    "application/vnd.box.note",
    "application/vnd.jive.document",
    "application/vnd.dropbox.paper",
    "application/epub+zip",
    "application/vnd.ms-xpsdocument",
    "application/vnd.visio",
    "application/vnd.ms-visio",
    "application/x-mspublisher",
    "application/onenote",
    "application/postscript",
    "application/vnd.wordperfect",
    "application/x-hwp",
];
/// Texts although their names do not begin with `text/`.
const TEXTS: [&str; 8] = [
    "application/json",
    "application/x-ipynb+json",
    "application/x-ndjson",
    "application/xml",
    "application/mbox",
    "application/sql",
    "message/rfc822",
    "multipart/related",
];
const ARCHIVES: [&str; 18] = [
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/x-bzip2",
    "application/x-xz",
    "application/zstd",
    "application/x-compress",
    "application/x-lz4",
    "application/vnd.ms-cab-compressed",
    "application/x-archive",
    "application/x-cpio",
    "application/x-rpm",
    "application/x-lzh-compressed",
    "application/x-arj",
    "application/x-iso9660-image",
    "application/vnd.ms-outlook-pst",
];

/// One row: a MIME type, the type of content that has it (empty when content alone does not tell), its extensions.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// Content types by the names that inspection gives them. Where one content type stands for several MIME types (ODF), the
/// extension chooses among them.
const ROWS: &[Row] = &[
    (
        "text/plain",
        "text",
        &[
            "txt",
            "text",
            "log",
            "md",
            "markdown",
            "rst",
            "tex",
            "yaml",
            "yml",
            "toml",
            "ini",
            "cfg",
            "conf",
            "properties",
            "env",
            "sh",
            "bat",
            "cmd",
            "ps1",
            "py",
            "rb",
            "pl",
            "php",
            "js",
            "ts",
            "c",
            "h",
            "cpp",
            "cs",
            "java",
            "kt",
            "go",
            "rs",
            "swift",
            "sql",
            "pem",
        ],
    ),
    ("text/csv", "csv", &["csv", "psv", "ssv"]),
    ("text/tab-separated-values", "", &["tsv", "tab"]),
    ("message/rfc822", "eml", &["eml", "emlx"]),
    ("application/mbox", "mbox", &["mbox", "mbx"]),
    ("multipart/related", "mhtml", &["mhtml", "mht"]),
    ("application/rtf", "rtf", &["rtf"]),
    ("application/postscript", "postscript", &["ps", "eps", "ai"]),
    ("application/vnd.google-apps.shortcut", "google-shortcut", &["gform"]),
    ("application/vnd.google-apps.document", "", &["gdoc"]),
    ("application/vnd.google-apps.spreadsheet", "", &["gsheet"]),
    ("application/vnd.google-apps.presentation", "", &["gslides"]),
    ("application/vnd.dropbox.paper", "", &["paper", "papert"]),
    ("application/json", "json", &["json", "jsonl", "ndjson", "geojson"]),
    ("application/vnd.box.note", "boxnote", &["boxnote"]),
    ("application/x-ipynb+json", "ipynb", &["ipynb"]),
    ("text/calendar", "ics", &["ics", "ical", "ifb", "vcs"]),
    ("text/vcard", "vcf", &["vcf", "vcard"]),
    ("text/html", "html", &["html", "htm", "xhtml", "xht", "shtml"]),
    ("application/xml", "xml", &["xml", "xsd", "xsl", "xslt", "rss", "atom", "kml", "gpx"]),
    ("image/svg+xml", "svg", &["svg"]),
    ("application/vnd.oasis.opendocument.text-flat-xml", "odf-flat", &["fodt"]),
    ("application/vnd.oasis.opendocument.spreadsheet-flat-xml", "", &["fods"]),
    ("application/vnd.oasis.opendocument.presentation-flat-xml", "", &["fodp"]),
    ("application/vnd.oasis.opendocument.graphics-flat-xml", "", &["fodg"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", &["docx"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.template", "", &["dotx"]),
    ("application/vnd.ms-word.document.macroEnabled.12", "", &["docm", "dotm"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", &["xlsx", "xltx"]),
    ("application/vnd.ms-excel.sheet.macroEnabled.12", "", &["xlsm", "xltm", "xlam"]),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pptx",
        &["pptx", "ppsx", "potx", "sldx"],
    ),
    ("application/vnd.ms-powerpoint.presentation.macroEnabled.12", "", &["pptm", "ppsm", "potm", "ppam"]),
    ("application/pdf", "pdf", &["pdf"]),
    ("application/msword", "doc", &["doc", "dot", "wps"]),
    ("application/vnd.ms-excel", "xls", &["xls", "xlt", "xla"]),
    ("application/vnd.ms-excel.sheet.binary.macroEnabled.12", "xlsb", &["xlsb"]),
    ("application/vnd.ms-powerpoint", "ppt", &["ppt", "pot", "pps"]),
    ("application/vnd.ms-outlook", "msg", &["msg", "oft"]),
    ("application/vnd.ms-outlook-pst", "pst", &["pst", "ost"]),
    ("application/onenote", "onenote", &["one", "onetoc2", "onepkg"]),
    ("application/vnd.visio", "visio-ole", &["vsd", "vss", "vst"]),
    ("application/vnd.ms-visio.drawing", "visio", &["vsdx", "vsdm", "vssx", "vstx"]),
    ("application/x-mspublisher", "publisher", &["pub"]),
    ("application/vnd.ms-project", "project", &["mpp"]),
    ("application/x-hwp", "hwp", &["hwp"]),
    ("application/x-ole-storage", "ole", &["msi"]),
    ("application/vnd.ms-tnef", "tnef", &["tnef"]),
    ("application/vnd.sqlite3", "sqlite", &["sqlite", "sqlite3", "db3"]),
    ("application/x-msaccess", "access", &["mdb", "accdb"]),
    ("application/x-7z-compressed", "7z", &["7z"]),
    ("application/vnd.rar", "rar", &["rar"]),
    ("application/x-bzip2", "bzip2", &["bz2", "tbz2", "tbz"]),
    ("application/x-xz", "xz", &["xz", "txz"]),
    ("application/zstd", "zstd", &["zst", "tzst"]),
    ("application/vnd.oasis.opendocument.text", "odf", &["odt", "ott", "odm"]),
    ("application/vnd.oasis.opendocument.spreadsheet", "", &["ods", "ots"]),
    ("application/vnd.oasis.opendocument.presentation", "", &["odp", "otp"]),
    ("application/vnd.oasis.opendocument.graphics", "", &["odg"]),
    ("application/vnd.oasis.opendocument.formula", "", &["odf"]),
    ("application/vnd.sun.xml.writer", "", &["sxw"]),
    ("application/vnd.sun.xml.calc", "", &["sxc"]),
    ("application/vnd.sun.xml.impress", "", &["sxi"]),
    ("application/epub+zip", "epub", &["epub"]),
    ("application/vnd.ms-xpsdocument", "xps", &["xps", "oxps"]),
    ("application/vnd.apple.pages", "pages", &["pages"]),
    ("application/vnd.apple.numbers", "numbers", &["numbers"]),
    ("application/vnd.apple.keynote", "key", &["key"]),
    ("application/vnd.dbf", "dbf", &["dbf"]),
    ("application/zip", "zip", &["zip", "jar", "war", "apk", "ipa", "kmz", "whl", "nupkg"]),
    ("application/gzip", "gzip", &["gz", "tgz"]),
    ("application/x-tar", "tar", &["tar"]),
    ("application/x-compress", "compress", &["z", "taz"]),
    ("application/x-lz4", "lz4", &["lz4"]),
    ("application/vnd.ms-cab-compressed", "cab", &["cab"]),
    ("application/x-archive", "ar", &["ar", "deb", "a"]),
    ("application/x-cpio", "cpio", &["cpio"]),
    ("application/x-rpm", "rpm", &["rpm"]),
    ("application/x-lzh-compressed", "lha", &["lzh", "lha"]),
    ("application/x-arj", "arj", &["arj"]),
    ("application/x-iso9660-image", "iso", &["iso", "img", "dmg"]),
    ("application/vnd.apache.parquet", "parquet", &["parquet"]),
    ("application/vnd.apache.avro", "avro", &["avro"]),
    ("application/vnd.apache.orc", "orc", &["orc"]),
    ("image/vnd.djvu", "djvu", &["djvu", "djv"]),
    ("image/vnd.dwg", "dwg", &["dwg"]),
    ("application/vnd.ms-htmlhelp", "chm", &["chm"]),
    ("application/vnd.wordperfect", "wordperfect", &["wpd", "wp"]),
    ("application/x-plist", "plist", &["plist"]),
    ("application/octet-stream", "binary", &["bin", "dat"]),
    ("application/encrypted", "encrypted-office", &[]),
    ("application/vnd.ms-office.protected", "rights-office", &[]),
    ("application/pgp-encrypted", "pgp", &["gpg", "pgp"]),
    ("image/png", "png", &["png", "apng"]),
    ("image/jpeg", "jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("image/gif", "gif", &["gif"]),
    ("image/bmp", "bmp", &["bmp", "dib"]),
    ("image/tiff", "tiff", &["tif", "tiff", "dng", "nef", "cr2", "arw"]),
    ("image/webp", "webp", &["webp"]),
    ("image/heif", "heif", &["heic", "heif", "avif"]),
    ("image/jp2", "jpeg2000", &["jp2", "j2k", "jpx"]),
    ("image/jxl", "jpegxl", &["jxl"]),
    ("image/vnd.microsoft.icon", "ico", &["ico", "cur"]),
    ("image/vnd.adobe.photoshop", "psd", &["psd", "psb"]),
    ("image/wmf", "wmf", &["wmf", "emf"]),
    ("application/dicom", "dicom", &["dcm"]),
    ("application/x-empty", "empty", &[]),
    (
        "audio/mpeg",
        "audio",
        &["mp3", "wav", "flac", "ogg", "oga", "opus", "aif", "aiff", "mid", "midi", "amr", "m4a", "wma", "aac"],
    ),
    ("video/mp4", "video", &["mp4", "m4v", "mov", "avi", "mkv", "webm", "flv", "wmv", "mpg", "mpeg", "3gp", "asf"]),
    ("font/ttf", "font", &["ttf", "otf", "ttc", "woff", "woff2", "eot"]),
    ("application/x-executable", "executable", &["exe", "dll", "sys", "so", "dylib", "class", "wasm", "pyc"]),
];

/// The extension of a name in lower case, without its dot; `None` when it has none (`README`, `.profile`).
#[must_use]
pub fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

/// The MIME type of a file: by the type that its content showed (`docx`), else by its name's extension. `None` when neither
/// tells anything.
#[must_use]
pub fn mime_of(format: Option<&str>, name: &str) -> Option<&'static str> {
    let by_extension = || {
        let extension = extension(name)?;
        ROWS.iter().find(|(_, _, extensions)| extensions.contains(&extension.as_str())).map(|row| row.0)
    };
    let Some(format) = format else { return by_extension() };
    // What stands between a content type's own row and the next such row are its kin, told apart by the extension alone.
    let own = ROWS.iter().position(|(_, content, _)| *content == format)?;
    let kin = ROWS[own + 1..].iter().take_while(|(_, content, _)| content.is_empty());
    let chosen = by_extension().filter(|mime| kin.clone().any(|(of_kin, _, _)| of_kin == mime));
    chosen.or(ROWS.get(own).map(|row| row.0))
}

/// What people call a file; see [`mime_of`].
#[must_use]
pub fn type_of(format: Option<&str>, name: &str) -> FileType {
    mime_of(format, name).map_or(FileType::Other, FileType::of_mime)
}

/// Every type of content that has a MIME type here.
pub fn formats() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.1).filter(|format| !format.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mime_types_fall_into_the_families_people_know() {
        use FileType::{Archive, Document, Image, Other, Presentation, Spreadsheet, Text};
        for (family, mimes) in [
            (
                Document,
                &[
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                    "application/msword",
                    "application/vnd.ms-word.document.macroEnabled.12",
                    "application/vnd.oasis.opendocument.text",
                    "application/vnd.oasis.opendocument.chart",
                    "application/vnd.stardivision.writer-global",
                    "application/vnd.sun.xml.math",
                    "application/vnd.google-apps.document",
                    "application/vnd.google-apps.kix",
                    "application/pdf",
                    "application/x-pdf",
                    "application/vnd.box.webdoc",
                    "application/vnd.box.note",
                    "application/rtf",
                    "text/rtf",
                ][..],
            ),
            (
                Spreadsheet,
                &[
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    "application/vnd.ms-excel.sheet.macroEnabled.12",
                    "application/msexcel",
                    "application/x-msexcel",
                    "application/x-excel",
                    "application/vnd.oasis.opendocument.spreadsheet",
                    "application/vnd.sun.xml.calc",
                    "application/vnd.stardivision.calc",
                    "application/vnd.google-apps.spreadsheet",
                    "text/csv; charset=utf-8",
                ],
            ),
            (
                Presentation,
                &[
                    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                    "application/vnd.ms-powerpoint.template.macroEnabled.12",
                    "application/mspowerpoint",
                    "application/powerpoint",
                    "application/x-mspowerpoint",
                    "application/vnd.sun.xml.impress",
                    "application/vnd.stardivision.impress",
                    "application/vnd.google-apps.presentation",
                ],
            ),
            (
                Image,
                &[
                    "image/png",
                    "IMAGE/JPEG",
                    "application/vnd.oasis.opendocument.image",
                    "application/vnd.google-apps.photo",
                ],
            ),
            (Text, &["text/plain", "text/x-python", "application/json", "message/rfc822"]),
            (Archive, &["application/zip", "application/x-7z-compressed"]),
            (Other, &["video/mp4", "application/octet-stream", "font/ttf", ""]),
        ] {
            for mime in mimes {
                assert_eq!(FileType::of_mime(mime), family, "{mime}");
            }
        }
    }

    #[test]
    fn content_tells_the_type_before_the_extension_does() {
        for (format, name, mime) in [
            (None, "Pay.XLSX", Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
            (Some("docx"), "pay.txt", Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
            (Some("docx"), "pay.docm", Some("application/vnd.ms-word.document.macroEnabled.12")),
            (Some("odf"), "pay.ods", Some("application/vnd.oasis.opendocument.spreadsheet")),
            (Some("odf"), "pay.bin", Some("application/vnd.oasis.opendocument.text")),
            (Some("text"), "pay.docm", Some("text/plain")),
            (None, "README", None),
            (None, ".profile", None),
            (None, "a.", None),
        ] {
            assert_eq!(mime_of(format, name), mime, "{format:?} {name}");
        }
        assert_eq!(type_of(None, "README"), FileType::Other);
    }
}
