//! Small archives and Office documents made by the tests themselves.

use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A zip file of these members, deflated.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(members, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated))
}

/// A zip file of these members, stored.
pub(crate) fn stored_zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(members, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
}

fn zip_with(members: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in members {
        writer.start_file(*name, options).expect("a member");
        writer.write_all(body).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

/// Bytes as one gzip member.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).expect("written");
    encoder.finish().expect("finished")
}

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Relationships: id, kind (`header`, or an external `hyperlink`), target.
pub(crate) fn relationships(list: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut xml =
        String::from("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (id, kind, target) in list {
        let mode = if *kind == "hyperlink" { " TargetMode=\"External\"" } else { "" };
        xml.push_str(&format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"{mode}/>"));
    }
    xml.push_str("</Relationships>");
    xml.into_bytes()
}

/// Content types by part.
pub(crate) fn content_types(list: &[(&str, &str)]) -> Vec<u8> {
    let mut xml = String::from("<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">");
    for (part, kind) in list {
        xml.push_str(&format!("<Override PartName=\"{part}\" ContentType=\"application/{kind}\"/>"));
    }
    xml.push_str("</Types>");
    xml.into_bytes()
}

/// A docx whose body holds this markup, with further parts.
pub(crate) fn docx(body: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let types = content_types(&[(
        "/word/document.xml",
        "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    )]);
    let root = relationships(&[("r1", "officeDocument", "word/document.xml")]);
    let body = format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    let mut members: Vec<(&str, &[u8])> =
        vec![("[Content_Types].xml", &types), ("_rels/.rels", &root), ("word/document.xml", body.as_bytes())];
    members.extend_from_slice(more);
    zip(&members)
}

/// An xlsx with one sheet for each (name, state, sheet data), these shared strings and these number formats.
pub(crate) fn xlsx(sheets: &[(&str, &str, &str)], strings: &[&str], formats: &[&str]) -> Vec<u8> {
    let types =
        content_types(&[("/xl/workbook.xml", "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")]);
    let root = relationships(&[("r1", "officeDocument", "xl/workbook.xml")]);
    let mut listed = String::new();
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut related = vec![
        ("rs".to_owned(), "sharedStrings", "sharedStrings.xml".to_owned()),
        ("rt".to_owned(), "styles", "styles.xml".to_owned()),
    ];
    for (at, (name, state, data)) in sheets.iter().enumerate() {
        listed.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{at}\" state=\"{state}\" r:id=\"s{at}\"/>"));
        related.push((format!("s{at}"), "worksheet", format!("worksheets/sheet{at}.xml")));
        parts.push((
            format!("xl/worksheets/sheet{at}.xml"),
            format!("<worksheet><sheetData>{data}</sheetData></worksheet>").into_bytes(),
        ));
    }
    let workbook = format!(
        "<workbook xmlns:r=\"r\"><sheets>{listed}</sheets><definedNames><definedName name=\"Rate\">Pay!$A$1</definedName></definedNames></workbook>"
    );
    let shared: String = strings.iter().map(|text| format!("<si>{text}</si>")).collect();
    let custom: String = (0..)
        .zip(formats)
        .map(|(at, code)| format!("<numFmt numFmtId=\"{}\" formatCode=\"{code}\"/>", 164 + at))
        .collect();
    let styles: String = (0..formats.len()).map(|at| format!("<xf numFmtId=\"{}\"/>", 164 + at)).collect();
    parts.push(("xl/workbook.xml".to_owned(), workbook.into_bytes()));
    parts.push(("xl/sharedStrings.xml".to_owned(), format!("<sst>{shared}</sst>").into_bytes()));
    parts.push((
        "xl/styles.xml".to_owned(),
        format!("<styleSheet><numFmts>{custom}</numFmts><cellXfs><xf numFmtId=\"0\"/>{styles}</cellXfs></styleSheet>")
            .into_bytes(),
    ));
    let related: Vec<_> = related.iter().map(|(id, kind, target)| (id.as_str(), *kind, target.as_str())).collect();
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relationships(&related)));
    let mut members: Vec<(&str, &[u8])> = vec![("[Content_Types].xml", &types), ("_rels/.rels", &root)];
    members.extend(parts.iter().map(|(name, body)| (name.as_str(), body.as_slice())));
    zip(&members)
}

/// One entry of a tar archive.
pub(crate) fn tar_entry(name: &str, kind: u8, target: &str, body: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
    header[156] = kind;
    header[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|&b| u64::from(b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend_from_slice(body);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}
