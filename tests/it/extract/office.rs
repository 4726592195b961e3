//! Office documents: what is easily missed in them.

use super::build::{content_types, docx, relationships, xlsx, zip};
use super::{ReadFile, read};

fn part<'f>(file: &'f ReadFile, name: &str) -> &'f str {
    let names: Vec<_> = file.parts.iter().map(|part| part.name.as_str()).collect();
    file.parts
        .iter()
        .find(|part| part.name == name)
        .map(|part| part.text.as_str())
        .unwrap_or_else(|| panic!("no part {name} in {names:?}"))
}

#[test]
fn paragraphs_come_as_a_reader_sees_them() {
    let rows = [
        ("<w:p><w:r><w:t>4111 11</w:t></w:r><w:r><w:t>11 1111 1111</w:t></w:r></w:p>", "4111 1111 1111 1111"),
        ("<w:p><w:r><w:t>one</w:t></w:r></w:p><w:p><w:r><w:t>two</w:t></w:r></w:p>", "one\ntwo"),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a\tb\nc"),
        ("<w:p><w:r><w:t>078</w:t><w:noBreakHyphen/><w:t>05</w:t></w:r></w:p>", "078-05"),
        (
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>4111</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>1111</w:t></w:r></w:p></w:tc></w:tr>\
             <w:tr><w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:r><w:t>after</w:t></w:r></w:p>",
            "4111\t1111\nx\nafter",
        ),
        (
            "<w:tbl><w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc></w:tr><w:tr><w:tc><w:p/></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc></w:tr></w:tbl>",
            "a\nb",
        ),
        (
            "<w:p><w:r><w:t>12</w:t></w:r><w:del><w:r><w:delText>34</w:delText></w:r></w:del><w:ins><w:r><w:t>56</w:t></w:r></w:ins><w:r><w:t>78</w:t></w:r></w:p>",
            "125678\n123478",
        ),
        (
            "<w:p><mc:AlternateContent><mc:Choice><w:t>box</w:t></mc:Choice><mc:Fallback><w:t>box</w:t></mc:Fallback></mc:AlternateContent></w:p>",
            "box",
        ),
        (
            "<w:p><mc:AlternateContent><mc:Choice/><mc:Fallback><w:t>only here</w:t></mc:Fallback></mc:AlternateContent></w:p>",
            "only here",
        ),
        ("<w:p><wp:docPr descr=\"alt text\"/><wp:posOffset>114300</wp:posOffset></w:p>", "alt text"),
        ("<w:p><w:r><w:t>a &amp; b &#65; &custom;</w:t></w:r></w:p>", "a & b A &custom;"),
    ];
    for (body, expected) in rows {
        let file = read("a.docx", docx(body, &[]));
        assert_eq!(part(&file, "body"), expected);
        assert_eq!(file.summary(), "docx: complete");
    }
}

#[test]
fn places_in_a_document_are_named() {
    let body = "<w:p><w:r><w:t>one</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>two</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    let file = read("a.docx", docx(body, &[]));
    let places: Vec<_> = file.parts[0].places.iter().map(|(place, text)| (place.as_str(), text.as_str())).collect();
    assert_eq!(places, [("paragraph 1", "one"), ("table 1 row 1 column 1", "two")]);
}

#[test]
fn parts_are_found_through_relationships_and_none_is_passed_over() {
    let related = relationships(&[("h", "header", "HEADER9.xml"), ("l", "hyperlink", "mailto:a@b.example")]);
    let member = docx("<w:p><w:t>inner</w:t></w:p>", &[]);
    let more: &[(&str, &[u8])] = &[
        ("word/_rels/document.xml.rels", &related),
        ("word/header9.xml", b"<w:hdr><w:p><w:t>head</w:t></w:p></w:hdr>"),
        ("word/orphan.xml", b"<w:x><w:p><w:t>nothing leads here</w:t></w:p></w:x>"),
        (
            "docProps/custom.xml",
            b"<Properties><property name=\"SSN\"><vt:lpwstr>078-05-1120</vt:lpwstr></property></Properties>",
        ),
        ("customXml/item1.xml", b"<client><ssn>078-05-1121</ssn></client>"),
        ("word/embeddings/inner.docx", &member),
        ("word/afchunk.htm", b"<html><p>chunk</p></html>"),
        ("word/fonts/font1.odttf", b"scrambled"),
    ];
    let file = read("a.docx", docx("<w:p><w:t>body</w:t></w:p>", more));
    let rows = [
        ("header9", "head"),
        ("word/orphan (nothing refers to it)", "nothing leads here"),
        ("custom properties (nothing refers to it)", "property name SSN\nlpwstr 078-05-1120"),
        ("customxml/item1 (nothing refers to it)", "ssn 078-05-1121"),
        ("links", "mailto:a@b.example"),
        ("word/embeddings/inner.docx > body", "inner"),
        ("word/afchunk.htm > text", "chunk"),
    ];
    for (name, expected) in rows {
        assert_eq!(part(&file, name), expected, "{name}");
    }
    assert_eq!(file.summary(), "docx: complete");
}

#[test]
fn a_document_of_nothing_but_pictures_says_so() {
    let picture: &[(&str, &[u8])] = &[("word/media/image1.png", b"\x89PNG\r\n\x1a\n")];
    assert!(read("a.docx", docx("<w:p/>", picture)).summary().starts_with("docx: partial: image_only"));
    let beside_text = read("a.docx", docx("<w:p><w:t>text</w:t></w:p>", picture)).summary();
    assert_eq!(beside_text, "docx: partial: member [word/media/image1.png: image_only]");
}

#[test]
fn cells_show_what_is_seen_and_what_is_stored() {
    let data = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\"><v>4111111111111111</v></c></row>\
        <row r=\"2\"><c r=\"A2\" s=\"1\"><v>78051120</v></c><c r=\"C2\" s=\"2\"><v>44197</v></c></row>\
        <row r=\"3\"><c r=\"A3\"><v>4.111111111111111E+15</v></c><c r=\"B3\" t=\"inlineStr\"><is><t>in</t><r><t>line</t></r><rPh><t>reading</t></rPh></is></c></row>\
        <row r=\"4\"><c r=\"A4\" t=\"str\"><f>\"say \"&amp;A1</f><v>say it</v></c><c r=\"B4\" t=\"b\"><v>1</v></c></row>";
    let strings = ["<r><t>Card </t></r><r><t>number</t></r><rPh><t>kana</t></rPh>"];
    let file = read(
        "a.xlsx",
        xlsx(&[("Pay", "hidden", data), ("Open", "visible", "")], &strings, &["000\\-00\\-0000", "m/d/yyyy"]),
    );
    let expected = "Card number\t4111111111111111\n078-05-1120 78051120\t2021-01-01 44197\n\
        4111111111111111 4.111111111111111E+15\tinline\nsay it \"say \"&A1\tTRUE";
    assert_eq!(part(&file, "sheet 'Pay' (hidden)"), expected);
    assert!(part(&file, "workbook").contains("Rate") && part(&file, "workbook").contains("Pay!$A$1"));
    let sheet = file.parts.iter().find(|part| part.name.contains("Pay")).expect("the sheet");
    assert_eq!(sheet.places[1].0, "B1");
    assert_eq!(file.summary(), "xlsx: complete");
}

#[test]
fn shared_strings_that_do_not_fit_are_still_read() {
    let long = format!("<t>{}</t>", "4111 1111 1111 1111 ".repeat(5000));
    let limits = sluicebox::content::Limits { memory_bytes: 64 << 10, ..Default::default() };
    let bytes = xlsx(&[("Pay", "visible", "<row><c t=\"s\"><v>0</v></c></row>")], &[&long], &[]);
    let file = super::read_under("a.xlsx", bytes, limits);
    assert!(part(&file, "shared strings").starts_with("4111 1111 1111 1111 "));
    assert_eq!(file.summary(), "xlsx: partial: member [xl/sharedstrings.xml: limit:memory]");
}

#[test]
fn slides_come_in_their_order_with_what_hangs_on_them() {
    let types = content_types(&[(
        "/ppt/presentation.xml",
        "vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    )]);
    let root = relationships(&[("r1", "officeDocument", "ppt/presentation.xml")]);
    let related = relationships(&[("rId1", "slide", "slides/slide7.xml"), ("rId2", "slide", "slides/slide3.xml")]);
    let hanging = relationships(&[("n", "notesSlide", "../notesSlides/notesSlide1.xml")]);
    let slide = |text: &str, show: &str| format!("<p:sld{show}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>");
    let (first, second, notes) =
        (slide("second part, first slide", ""), slide("hidden one", " show=\"0\""), slide("spoken", ""));
    let file = read("a.pptx", zip(&[
        ("[Content_Types].xml", &types),
        ("_rels/.rels", &root),
        ("ppt/presentation.xml", b"<p:presentation><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId2\"/><p:sldId id=\"257\" r:id=\"rId1\"/></p:sldIdLst></p:presentation>"),
        ("ppt/_rels/presentation.xml.rels", &related),
        ("ppt/slides/slide3.xml", first.as_bytes()),
        ("ppt/slides/_rels/slide3.xml.rels", &hanging),
        ("ppt/slides/slide7.xml", second.as_bytes()),
        ("ppt/notesSlides/notesSlide1.xml", notes.as_bytes()),
    ]));
    assert_eq!(part(&file, "slide 1"), "second part, first slide");
    assert_eq!(part(&file, "slide 1 notes"), "spoken");
    assert_eq!(part(&file, "slide 2 (hidden)"), "hidden one");
}

#[test]
fn an_office_file_cut_at_its_end_shows_what_is_left() {
    let whole = docx("<w:p><w:t>still here</w:t></w:p>", &[]);
    let cut = &whole[..whole.len() - 30];
    let file = read("a.docx", cut);
    assert!(file.printed().contains("still here"), "{}", file.printed());
    assert_eq!(file.summary(), "docx: partial: corrupt");
}
