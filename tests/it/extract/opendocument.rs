//! OpenDocument and EPUB: a string in each place where one may hide.

use super::build::{stored_zip, zip};
use super::{ReadFile, read};

const ROOT: &str = "xmlns:office=\"o\" xmlns:text=\"t\" xmlns:table=\"tb\" xmlns:style=\"s\" xmlns:draw=\"d\"";

/// A package of this kind whose body and automatic styles hold this markup, with further streams.
pub(crate) fn package(kind: &str, styles: &str, body: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let content = format!(
        "<office:document-content {ROOT}><office:automatic-styles>{styles}</office:automatic-styles>\
         <office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    );
    let mime = format!("application/vnd.oasis.opendocument.{kind}");
    let mut members: Vec<(&str, &[u8])> = vec![("mimetype", mime.as_bytes()), ("content.xml", content.as_bytes())];
    members.extend_from_slice(more);
    zip(&members)
}

/// The text of the parts of this name.
fn part(file: &ReadFile, name: &str) -> String {
    let named = file.parts.iter().filter(|part| part.name == name);
    let texts: Vec<&str> = named.map(|part| part.text.as_str()).collect();
    let names: Vec<_> = file.parts.iter().map(|part| part.name.as_str()).collect();
    assert!(!texts.is_empty(), "no part {name} in {names:?}");
    texts.join("\n")
}

#[test]
fn running_text_comes_as_a_reader_sees_it() {
    let rows = [
        ("<text:p>4111 <text:span>11</text:span>11</text:p>", "4111 1111"),
        ("<text:p>\n   a\n  b <text:s text:c=\"2\"/>c</text:p><text:h>d</text:h>", "a b   c\nd"),
        ("<text:p>a<text:tab/>b<text:line-break/>c</text:p>", "a\tb\nc"),
        (
            "<text:p>4111 11<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>see</text:p></text:note-body></text:note>11</text:p>",
            "4111 1111",
        ),
        (
            "<text:p>4111 11<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame>11</text:p><text:p>next</text:p>",
            "4111 1111\nbox\nnext",
        ),
        (
            "<table:table><table:table-row><table:table-cell><text:p>4111</text:p></table:table-cell>\
             <table:table-cell office:value=\"1111.5\"><text:p>1,111.50</text:p></table:table-cell></table:table-row></table:table><text:p>after</text:p>",
            "4111\t1,111.50 1111.5\nafter",
        ),
        (
            "<text:tracked-changes><text:changed-region text:id=\"d\"><text:deletion><office:change-info><dc:creator>Ann</dc:creator>\
             </office:change-info><text:p>34</text:p></text:deletion></text:changed-region><text:changed-region text:id=\"i\"><text:insertion/>\
             </text:changed-region></text:tracked-changes><text:p>12<text:change text:change-id=\"d\"/><text:change-start text:change-id=\"i\"/>56\
             <text:change-end text:change-id=\"i\"/>78</text:p>",
            "125678\n123478",
        ),
    ];
    for (body, expected) in rows {
        let file = read("a.odt", package("text", "", body, &[]));
        assert_eq!(part(&file, "body"), expected);
        assert_eq!(file.summary(), "odf: complete");
    }
}

#[test]
fn each_place_of_a_text_is_read() {
    let body = "<text:p>body-text<office:annotation><dc:creator>Ann Author</dc:creator><text:p>comment-text</text:p></office:annotation>\
        <text:note><text:note-body><text:p>note-text</text:p></text:note-body></text:note><text:a xlink:href=\"mailto:link@x.example\">here</text:a>\
        <text:user-field-get text:name=\"f\">field-shown</text:user-field-get><draw:frame><svg:title>alt-title</svg:title><svg:desc>alt-desc</svg:desc></draw:frame></text:p>\
        <office:forms><form:textarea form:current-value=\"form-value\"/></office:forms>\
        <text:tracked-changes><text:changed-region text:id=\"x\"><text:deletion><text:p>deleted-text</text:p></text:deletion></text:changed-region></text:tracked-changes>\
        <text:user-field-decl text:name=\"f\" office:string-value=\"field-value\"/><!-- remark-text -->";
    let styles = "<office:document-styles><office:styles><number:text>look</number:text></office:styles><office:master-styles>\
        <style:master-page style:name=\"Standard\"><style:header><text:p>header-text</text:p></style:header>\
        <style:footer><text:p>footer-text</text:p></style:footer></style:master-page></office:master-styles></office:document-styles>";
    let meta = "<office:document-meta><office:meta><dc:title>title-text</dc:title>\
        <meta:user-defined meta:name=\"SSN\">meta-text</meta:user-defined></office:meta></office:document-meta>";
    let chart = format!(
        "<office:document-content {ROOT}><office:body><office:chart><chart:chart><chart:title><text:p>chart-title</text:p></chart:title>\
         <table:table><table:table-row><table:table-cell office:value=\"17.25\"><text:p>chart-cell</text:p></table:table-cell></table:table-row></table:table>\
         </chart:chart></office:chart></office:body></office:document-content>"
    );
    let file = read(
        "a.odt",
        package(
            "text",
            "",
            body,
            &[
                ("styles.xml", styles.as_bytes()),
                ("meta.xml", meta.as_bytes()),
                ("Object 1/content.xml", chart.as_bytes()),
                ("Object 2", b"plain words of an object"),
                ("Basic/Standard/Module1.xml", b"<script:module>macro-text</script:module>"),
                ("Thumbnails/thumbnail.png", b"\x89PNG\r\n\x1a\n"),
            ],
        ),
    );
    let rows = [
        ("body", "body-text"),
        ("body", "field-shown"),
        ("body", "alt-title"),
        ("body", "alt-desc"),
        ("body", "form-value"),
        ("body", "field-value"),
        ("comments", "Ann Author\ncomment-text"),
        ("notes", "note-text"),
        ("links", "mailto:link@x.example"),
        ("tracked changes", "deleted-text"),
        ("remarks", "remark-text"),
        ("headers", "header-text"),
        ("footers", "footer-text"),
        ("properties", "title-text\nSSN meta-text"),
        ("Object 1 chart", "chart-title"),
        ("Object 1 chart", "chart-cell 17.25"),
        ("Object 2 > text", "plain words of an object"),
        ("Basic/Standard/Module1.xml", "macro-text"),
        ("embedded", "Object 2"),
    ];
    for (name, expected) in rows {
        assert!(part(&file, name).contains(expected), "{name}: {}", part(&file, name));
    }
    assert!(!file.printed().contains("look"));
    assert_eq!(file.summary(), "odf: complete");
}

#[test]
fn cells_show_what_is_seen_and_what_is_stored_and_repeats_are_bounded() {
    let body = "<table:content-validations><table:content-validation table:condition=\"cell-content()=&quot;list-entry&quot;\"/></table:content-validations>\
        <table:table table:name=\"Pay\" table:style-name=\"off\"><table:table-row><table:table-cell office:value-type=\"float\" office:value=\"78051120\">\
        <text:p>078-05-1120</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"3\"><text:p>x</text:p></table:table-cell>\
        <table:table-cell office:date-value=\"2021-01-31\"><office:annotation><text:p>cell-comment</text:p></office:annotation><text:p>31.1.21</text:p></table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"2\"><table:table-cell/><table:table-cell><text:p>y</text:p></table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
        <table:table-row table:number-rows-repeated=\"4000000000\"><table:table-cell table:number-columns-repeated=\"4000000000\"><text:p>z</text:p></table:table-cell></table:table-row></table:table>\
        <table:named-expressions><table:named-range table:name=\"Rate\" table:cell-range-address=\"$Pay.$A$1\"/></table:named-expressions>";
    let styles = "<style:style style:name=\"off\"><style:table-properties table:display=\"false\"/></style:style>";
    let file = read("a.ods", package("spreadsheet", styles, body, &[]));
    let sheet = part(&file, "sheet 'Pay' (hidden)");
    assert!(sheet.starts_with("078-05-1120 78051120\tx\tx\tx\t31.1.21 2021-01-31\ny\ny\nz\tz"), "{}", &sheet[..80]);
    assert!(sheet.len() < 20 << 20, "{} bytes", sheet.len());
    let pay = file.parts.iter().find(|part| part.name.contains("Pay")).expect("the sheet");
    let places: Vec<_> = pay.places.iter().take(6).map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["A1", "B1", "C1", "D1", "E1", "B2"]);
    assert!(part(&file, "workbook").contains("list-entry") && part(&file, "workbook").contains("Rate"));
    assert_eq!(part(&file, "comments"), "cell-comment");
    assert_eq!(part(&file, "sheet names"), "Pay");
    assert_eq!(file.summary(), "odf: complete");
}

#[test]
fn slides_carry_their_notes_and_say_when_they_are_hidden() {
    let body = "<draw:page draw:name=\"page1\" draw:style-name=\"off\"><draw:frame><draw:text-box><text:p>slide-text</text:p></draw:text-box></draw:frame>\
        <presentation:notes><draw:frame><draw:text-box><text:p>notes-text</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>\
        <draw:page draw:name=\"Merger\"><draw:custom-shape><text:p>second</text:p></draw:custom-shape></draw:page>";
    let styles = "<style:style style:name=\"off\"><style:drawing-page-properties presentation:visibility=\"hidden\"/></style:style>";
    let file = read("a.odp", package("presentation", styles, body, &[]));
    let rows = [
        ("slide 1 (hidden)", "slide-text"),
        ("slide 1 (hidden) notes", "notes-text"),
        ("slide 2", "second"),
        ("names", "Merger"),
    ];
    for (name, expected) in rows {
        assert_eq!(part(&file, name), expected, "{name}");
    }
}

#[test]
fn flat_documents_are_read_as_what_they_are() {
    let flat = format!(
        "<?xml version=\"1.0\"?><!-- made by hand --><office:document {ROOT}><office:meta><dc:title>flat-title</dc:title></office:meta>\
         <office:master-styles><style:master-page><style:header><text:p>flat-header</text:p></style:header></style:master-page></office:master-styles>\
         <office:body><office:text><text:p>4111 11<text:span>11</text:span><draw:frame><draw:image><office:binary-data>\n  cGxhaW4g\n  d29yZHM=\n</office:binary-data></draw:image></draw:frame></text:p></office:text></office:body></office:document>"
    );
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(flat.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (what, bytes) in [("UTF-8", flat.clone().into_bytes()), ("UTF-16", wide)] {
        let file = read("a.fodt", bytes);
        let rows = [
            ("properties", "flat-title"),
            ("headers", "flat-header"),
            ("body", "4111 1111"),
            ("embedded 1 > text", "plain words"),
        ];
        for (name, expected) in rows {
            assert_eq!(part(&file, name), expected, "{what}: {name}");
        }
        assert_eq!(file.summary(), "odf-flat: complete", "{what}");
    }
    let word = "<?xml version=\"1.0\"?><w:wordDocument><w:body><w:p><w:r><w:t>41</w:t></w:r><w:r><w:t>11</w:t></w:r></w:p></w:body></w:wordDocument>";
    assert_eq!(part(&read("a.xml", word), "body"), "4111");
}

#[test]
fn encrypted_documents_say_so() {
    let manifest = |name: &str| {
        format!(
            "<manifest:manifest><manifest:file-entry manifest:full-path=\"{name}\"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
        )
    };
    let sealed = |name: &str, body: &[u8]| {
        stored_zip(&[
            ("mimetype", b"application/vnd.oasis.opendocument.text"),
            (name, body),
            ("META-INF/manifest.xml", manifest(name).as_bytes()),
        ])
    };
    let rows: [(&str, &[u8], &str); 4] = [
        ("content.xml", b"\x01\x9a\xf3sealed", "odf: skipped: encrypted_password"),
        ("encrypted-package", b"\x01\x9a\xf3sealed", "odf: skipped: encrypted_password"),
        ("Pictures/a.png", b"\x01\x9a\xf3sealed", "odf: partial: image_only [Pictures/a.png: encrypted_password]"),
        (
            "content.xml",
            b"<office:document-content><office:body><text:p>open</text:p></office:body></office:document-content>",
            "odf: complete",
        ),
    ];
    for (name, body, expected) in rows {
        assert_eq!(read("a.odt", sealed(name, body)).summary(), expected, "{name}");
    }
}

#[test]
fn books_come_in_the_order_of_their_spine() {
    let container = b"<container><rootfiles><rootfile full-path=\"OEBPS/book.opf\"/></rootfiles></container>";
    let opf = b"<package><metadata><dc:title>book-title</dc:title></metadata><manifest><item id=\"a\" href=\"one%201.xhtml\"/><item id=\"b\" href=\"two.xhtml\"/></manifest>\
        <spine><itemref idref=\"b\"/><itemref idref=\"a\"/></spine></package>";
    let encryption = b"<encryption><enc:EncryptedData><enc:EncryptionMethod Algorithm=\"http://www.idpf.org/2008/embedding\"/><enc:CipherReference URI=\"OEBPS/a.otf\"/></enc:EncryptedData>\
        <enc:EncryptedData><enc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/><enc:CipherReference URI=\"OEBPS/sealed.xhtml\"/></enc:EncryptedData></encryption>";
    let file = read(
        "a.epub",
        zip(&[
            ("mimetype", b"application/epub+zip"),
            ("META-INF/container.xml", container),
            ("META-INF/encryption.xml", encryption),
            ("OEBPS/one 1.xhtml", b"<html><p>first file</p></html>"),
            ("OEBPS/two.xhtml", b"<html><p>second file</p></html>"),
            ("OEBPS/unlisted.xhtml", b"<html><p>nothing lists it</p></html>"),
            ("OEBPS/sealed.xhtml", b"\x93\x01\xff"),
            ("OEBPS/a.otf", b"scrambled"),
            ("OEBPS/toc.ncx", b"<ncx><navLabel><text>chapter-name</text></navLabel></ncx>"),
            ("OEBPS/book.opf", opf),
        ]),
    );
    let rows = [
        ("properties", "book-title"),
        ("contents", "chapter-name"),
        ("OEBPS/one 1.xhtml > text", "first file"),
        ("OEBPS/two.xhtml > text", "second file"),
        ("OEBPS/unlisted.xhtml > text", "nothing lists it"),
    ];
    for (name, expected) in rows {
        assert!(part(&file, name).contains(expected), "{name}");
    }
    let printed = file.printed();
    assert!(printed.find("second file") < printed.find("first file"), "the order of the spine");
    assert!(file.summary().contains("OEBPS/sealed.xhtml: encrypted_rights"), "{}", file.summary());
    assert!(!file.summary().contains("a.otf"), "{}", file.summary());
}
