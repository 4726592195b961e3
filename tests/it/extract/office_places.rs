//! Office packages: a string in each place where one may hide, for every kind of document.

use super::build::{content_types, docx, relationships, xlsx, zip};
use super::opendocument::package;
use super::{ReadFile, read};
use std::fmt::Write;

/// Every (part, string) of `rows` is there.
fn assert_places(what: &str, file: &ReadFile, rows: &[(&str, &str)]) {
    let mut missed = String::new();
    for (name, expected) in rows {
        let found = file.parts.iter().any(|part| part.name == *name && part.text.contains(expected));
        if !found {
            let _ = writeln!(missed, "{expected:?} in {name:?}");
        }
    }
    assert!(missed.is_empty(), "{what} lacks\n{missed}--- of ---\n{}", file.printed());
}

/// Relationships of any address, by the last step of their types.
fn related(list: &[(&str, &str, &str)]) -> Vec<u8> {
    relationships(list)
}

#[test]
fn what_stands_in_a_paragraph_apart_does_not_cut_its_sentence() {
    let rows = [
        (
            "<w:p><w:r><w:t>4111 11</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><wps:txbx><w:txbxContent><w:p><w:r><w:t>box 12</w:t></w:r></w:p><w:p><w:t>more</w:t></w:p></w:txbxContent></wps:txbx></mc:Choice>\
             <mc:Fallback><v:textbox><w:txbxContent><w:p><w:r><w:t>box 12</w:t></w:r></w:p></w:txbxContent></v:textbox></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>11</w:t></w:r></w:p><w:p><w:t>next</w:t></w:p>",
            "4111 1111\nbox 12\nmore\nnext",
        ),
        (
            "<w:p><w:r><w:t>a</w:t></w:r><w:r><w:instrText> HYPERLINK \"x\" </w:instrText></w:r><w:r><w:t>b</w:t></w:r></w:p>",
            "ab\nHYPERLINK \"x\"",
        ),
        (
            "<w:p><w:ruby><w:rt><w:t>kana</w:t></w:rt><w:rubyBase><w:t>base</w:t></w:rubyBase></w:ruby></w:p>",
            "base\nkana",
        ),
        (
            "<w:p><w:t>x</w:t><w:txbxContent><w:p><w:t>12</w:t><w:del><w:delText>34</w:delText></w:del><w:ins><w:t>56</w:t></w:ins></w:p></w:txbxContent></w:p>",
            "x\n1256\n1234",
        ),
        (
            "<w:p><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p><w:p><w:moveTo><w:r><w:t>moved</w:t></w:r></w:moveTo></w:p>",
            "moved\nmoved",
        ),
        ("<w:p><m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath></w:p>", "E=mc"),
    ];
    for (body, expected) in rows {
        let file = read("a.docx", docx(body, &[]));
        assert_eq!(file.parts[0].text, expected);
        assert_eq!(file.summary(), "docx: complete");
    }
    let changed = read("a.docx", docx("<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>", &[]));
    assert_eq!(changed.parts[0].places[0].0, "paragraph 1 (deleted)");
}

#[test]
fn each_place_of_a_word_document_is_read() {
    let main = related(&[
        ("1", "header", "header1.xml"),
        ("2", "footnotes", "footnotes.xml"),
        ("3", "comments", "comments.xml"),
        ("4", "glossaryDocument", "glossary/document.xml"),
        ("5", "settings", "settings.xml"),
        ("6", "aFChunk", "chunk.html"),
        ("7", "oleObject", "embeddings/oleObject1.bin"),
        ("8", "chart", "charts/chart1.xml"),
        ("9", "hyperlink", "https://link.example/target"),
        ("10", "people", "people.xml"),
        ("11", "diagramData", "diagrams/data1.xml"),
    ]);
    let chart = related(&[("1", "package", "../embeddings/book.xlsx")]);
    let inner = xlsx(&[("Data", "", "<row><c t=\"inlineStr\"><is><t>embedded-cell</t></is></c></row>")], &[], &[]);
    let body = "<w:p><w:fldSimple w:instr=\"AUTHOR field-code\"><w:t>field-result</w:t></w:fldSimple></w:p>\
        <w:sdt><w:sdtPr><w:alias w:val=\"control-name\"/><w:dropDownList><w:listItem w:displayText=\"list-entry\" w:value=\"list-value\"/></w:dropDownList></w:sdtPr>\
        <w:sdtContent><w:p><w:t>control-text</w:t></w:p></w:sdtContent></w:sdt><w:p><wp:docPr descr=\"alt-text\"/><v:shape alt=\"shape-alt\"/></w:p>";
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><w:footnotes><w:p><w:t>note-text</w:t></w:p></w:footnotes>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    let file = read("a.docx", docx(body, &[
        ("word/_rels/document.xml.rels", &main),
        ("word/charts/_rels/chart1.xml.rels", &chart),
        ("word/Header1.XML", b"<w:hdr><w:p><w:t>header-text</w:t></w:p></w:hdr>"),
        ("word/footnotes.xml", &utf16),
        ("word/comments.xml", b"<w:comments><w:comment w:author=\"Ann Author\"><w:p><w:t>comment-text</w:t></w:p></w:comment></w:comments>"),
        ("word/glossary/document.xml", b"<w:glossaryDocument><w:p><w:t>building-block</w:t></w:p></w:glossaryDocument>"),
        ("word/settings.xml", b"<w:settings><w:mailMerge><w:connectString w:val=\"connect-string\"/></w:mailMerge><w:docVar w:name=\"n\" w:val=\"variable-text\"/></w:settings>"),
        ("word/people.xml", b"<w15:people><w15:person w15:author=\"Pat Person\"/></w15:people>"),
        ("word/chunk.html", b"<html><p>chunk-text</p></html>"),
        ("word/embeddings/oleObject1.bin", b"plain object words"),
        ("word/embeddings/book.xlsx", &inner),
        ("word/charts/chart1.xml", b"<c:chart><c:title><a:p><a:t>chart-title</a:t></a:p></c:title><c:cat><c:pt><c:v>category</c:v></c:pt></c:cat><c:val><c:pt><c:v>1234.5</c:v></c:pt></c:val></c:chart>"),
        ("word/diagrams/data1.xml", b"<dgm:dataModel><dgm:pt><dgm:t><a:p><a:t>diagram-text</a:t></a:p></dgm:t></dgm:pt></dgm:dataModel>"),
        ("docProps/core.xml", b"<cp:coreProperties><dc:subject>subject-text</dc:subject></cp:coreProperties>"),
        ("docProps/app.xml", b"<Properties><Company>company-text</Company></Properties>"),
        ("customXml/item1.xml", b"<x><y>custom-xml</y></x>"),
    ]));
    assert_places(
        "docx",
        &file,
        &[
            ("body", "field-code"),
            ("body", "field-result"),
            ("body", "control-name"),
            ("body", "list-entry"),
            ("body", "list-value"),
            ("body", "control-text"),
            ("body", "alt-text"),
            ("body", "shape-alt"),
            ("header1", "header-text"),
            ("footnotes", "note-text"),
            ("comments", "Ann Author"),
            ("comments", "comment-text"),
            ("document", "building-block"),
            ("settings", "connect-string"),
            ("settings", "variable-text"),
            ("people", "Pat Person"),
            ("word/chunk.html > text", "chunk-text"),
            ("word/embeddings/oleObject1.bin > text", "plain object words"),
            ("word/embeddings/book.xlsx > sheet 'Data'", "embedded-cell"),
            ("chart1", "chart-title"),
            ("chart1", "category"),
            ("chart1", "1234.5"),
            ("data1", "diagram-text"),
            ("links", "https://link.example/target"),
            ("core properties (nothing refers to it)", "subject-text"),
            ("app properties (nothing refers to it)", "company-text"),
            ("customxml/item1 (nothing refers to it)", "custom-xml"),
            ("embedded", "word/embeddings/oleObject1.bin"),
        ],
    );
    assert_eq!(file.summary(), "docx: complete");
}

#[test]
fn variants_and_strict_documents_are_told_and_read() {
    let rows = [
        ("a.docm", "vnd.ms-word.document.macroEnabled.main+xml", "docx"),
        ("a.dotx", "vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", "docx"),
        ("a.dotm", "vnd.ms-word.template.macroEnabledTemplate.main+xml", "docx"),
    ];
    for (name, content_type, kind) in rows {
        let bytes = zip(&[
            ("[Content_Types].xml", &content_types(&[("/odd/Name.xml", content_type)])),
            ("_rels/.rels", b"<Relationships><Relationship Id=\"a\" Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument\" Target=\"/odd/Name.xml\"/></Relationships>"),
            ("odd/name.xml", b"<w:document><w:body><w:p><w:t>strict-text</w:t></w:p></w:body></w:document>"),
            ("odd/vbaProject.bin", b"module words here"),
        ]);
        let file = read(name, bytes);
        assert_places(name, &file, &[("body", "strict-text"), ("odd/vbaProject.bin > text", "module words here")]);
        assert_eq!(file.summary(), format!("{kind}: complete"));
        assert!(!file.walked.mismatch);
    }
}

#[test]
fn each_place_of_a_workbook_is_read() {
    let sheet = "<row r=\"1\"><c r=\"A1\" t=\"d\"><v>2021-01-31</v></c></row></sheetData><hyperlinks><hyperlink tooltip=\"tip-text\" display=\"shown-link\"/></hyperlinks>\
        <dataValidations><dataValidation prompt=\"prompt-text\"><formula1>\"list-entry\"</formula1></dataValidation></dataValidations>\
        <extLst><x14:dataValidation><x14:formula1><xm:f>\"extension-entry\"</xm:f></x14:formula1></x14:dataValidation></extLst>\
        <conditionalFormatting><cfRule text=\"rule-text\"><formula>SEARCH(\"rule-formula\",A1)</formula></cfRule></conditionalFormatting>\
        <autoFilter><filters><filter val=\"filter-value\"/></filters></autoFilter><headerFooter><oddHeader>&amp;Cheader-text</oddHeader></headerFooter><sheetData>";
    let plain = xlsx(&[("Pay", "veryHidden", sheet)], &["<t>x</t>"], &[]);
    let types = |part: &str, kind: &str| {
        format!(
            "<Override PartName=\"/{part}\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml\"/>"
        )
    };
    let overrides: String = [
        ("xl/workbook.xml", "sheet.main"),
        ("xl/pivotCache/d.xml", "pivotCacheDefinition"),
        ("xl/externalLinks/e.xml", "externalLink"),
        ("xl/tables/t.xml", "table"),
        ("xl/connections.xml", "connections"),
        ("xl/worksheets/lost.xml", "worksheet"),
    ]
    .iter()
    .map(|(part, kind)| types(part, kind))
    .collect();
    let sheet_related = related(&[
        ("1", "comments", "../comments1.xml"),
        ("2", "threadedComment", "../threadedComments/t1.xml"),
        ("3", "drawing", "../drawings/drawing1.xml"),
        ("4", "vmlDrawing", "../drawings/vml1.vml"),
    ]);
    let drawing_related = related(&[("1", "chart", "../charts/chart1.xml")]);
    let mut members = unzipped(&plain);
    members.retain(|(name, _)| name != "[Content_Types].xml");
    let mut members: Vec<(&str, &[u8])> = members.iter().map(|(name, body)| (name.as_str(), body.as_slice())).collect();
    let types = format!("<Types>{overrides}</Types>");
    members.extend_from_slice(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("xl/worksheets/_rels/sheet0.xml.rels", &sheet_related),
        ("xl/drawings/_rels/drawing1.xml.rels", &drawing_related),
        ("xl/comments1.xml", b"<comments><authors><author>Ann Author</author></authors><commentList><comment ref=\"B7\"><text><r><t>old-comment</t></r></text></comment></commentList></comments>"),
        ("xl/threadedComments/t1.xml", b"<ThreadedComments><threadedComment ref=\"C9\"><text>threaded-comment</text></threadedComment></ThreadedComments>"),
        ("xl/persons/person.xml", b"<personList><person displayName=\"Pat Person\" userId=\"pat@x.example\"/></personList>"),
        ("xl/drawings/drawing1.xml", b"<xdr:wsDr><xdr:from><xdr:col>4111</xdr:col></xdr:from><xdr:sp><xdr:cNvPr descr=\"shape-alt\"/><a:p><a:t>box-text</a:t></a:p></xdr:sp></xdr:wsDr>"),
        ("xl/drawings/vml1.vml", b"<xml><v:shape><v:textbox><div><font>caption-text<br></font></div></v:textbox><x:ClientData><x:Anchor>1, 15</x:Anchor></x:ClientData></v:shape></xml>"),
        ("xl/charts/chart1.xml", b"<c:chart><a:p><a:t>chart-title</a:t></a:p></c:chart>"),
        ("xl/pivotCache/d.xml", b"<pivotCacheDefinition><cacheField name=\"field-name\"><sharedItems><s v=\"pivot-value\"/></sharedItems></cacheField></pivotCacheDefinition>"),
        ("xl/externalLinks/e.xml", b"<externalLink><sheetName val=\"other-sheet\"/><cell r=\"A1\"><v>external-value</v></cell></externalLink>"),
        ("xl/tables/t.xml", b"<table displayName=\"table-name\"><tableColumn name=\"column-name\"><calculatedColumnFormula>\"column-formula\"</calculatedColumnFormula></tableColumn></table>"),
        ("xl/connections.xml", b"<connections><connection name=\"link-name\"><dbPr connection=\"Password=connect-word\" command=\"select-text\"/></connection></connections>"),
        ("xl/worksheets/lost.xml", b"<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>lost-cell</t></is></c></row></sheetData></worksheet>"),
    ]);
    let file = read("a.xlsx", zip(&members));
    let pay = "sheet 'Pay' (very hidden)";
    assert_places(
        "xlsx",
        &file,
        &[
            (pay, "2021-01-31"),
            (pay, "tip-text"),
            (pay, "shown-link"),
            (pay, "prompt-text"),
            (pay, "list-entry"),
            (pay, "extension-entry"),
            (pay, "rule-text"),
            (pay, "rule-formula"),
            (pay, "filter-value"),
            (pay, "header-text"),
            ("workbook", "Rate"),
            ("sheet 'Pay' (very hidden) comments", "Ann Author"),
            ("sheet 'Pay' (very hidden) comments", "old-comment"),
            ("sheet 'Pay' (very hidden) t", "threaded-comment"),
            ("sheet 'Pay' (very hidden) drawing", "box-text"),
            ("sheet 'Pay' (very hidden) drawing", "shape-alt"),
            ("sheet 'Pay' (very hidden) chart1", "chart-title"),
            ("xl/drawings/vml1.vml", "caption-text"),
            ("xl/persons/person (nothing refers to it)", "Pat Person"),
            ("xl/persons/person (nothing refers to it)", "pat@x.example"),
            ("d", "field-name"),
            ("d", "pivot-value"),
            ("e", "other-sheet"),
            ("e", "external-value"),
            ("t", "table-name"),
            ("t", "column-name"),
            ("t", "column-formula"),
            ("connections", "Password=connect-word"),
            ("connections", "select-text"),
            ("sheet lost (not in the workbook)", "lost-cell"),
        ],
    );
    assert!(!file.printed().contains("4111") && !file.printed().contains("1, 15"), "positions are no text");
    let comments = file.parts.iter().find(|part| part.name.ends_with("comments")).expect("comments");
    assert!(comments.places.contains(&("B7".to_owned(), "old-comment".to_owned())), "{:?}", comments.places);
    assert_eq!(file.summary(), "xlsx: complete");
}

/// The members of a zip file with their bytes.
fn unzipped(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip file");
    (0..archive.len())
        .map(|at| {
            let mut member = archive.by_index(at).expect("a member");
            let mut body = Vec::new();
            std::io::copy(&mut member, &mut body).expect("readable");
            (member.name().expect("a name").to_string(), body)
        })
        .collect()
}

#[test]
fn each_place_of_a_presentation_is_read() {
    let types = content_types(&[("/ppt/presentation.xml", "vnd.ms-powerpoint.slideshow.macroEnabled.main+xml")]);
    let slide = related(&[
        ("1", "notesSlide", "../notesSlides/notesSlide1.xml"),
        ("2", "comments", "../comments/comment1.xml"),
        ("3", "diagramData", "../diagrams/data1.xml"),
        ("4", "slideLayout", "../slideLayouts/slideLayout1.xml"),
    ]);
    let file = read("a.ppsm", zip(&[
        ("[Content_Types].xml", &types),
        ("_rels/.rels", &related(&[("1", "officeDocument", "ppt/presentation.xml")])),
        ("ppt/_rels/presentation.xml.rels", &related(&[("rId1", "slide", "slides/slide1.xml")])),
        ("ppt/presentation.xml", b"<p:presentation><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/></p:sldIdLst><p14:section name=\"section-name\"/><p:custShow name=\"show-name\"/></p:presentation>"),
        ("ppt/slides/slide1.xml", b"<p:sld><p:cNvPr descr=\"alt-text\"/><a:p><a:hlinkClick tooltip=\"tip-text\"/><a:t>slide-text</a:t></a:p><a:tbl><a:tr><a:tc><a:p><a:t>c1</a:t></a:p></a:tc><a:tc><a:p><a:t>c2</a:t></a:p></a:tc></a:tr></a:tbl></p:sld>"),
        ("ppt/slides/_rels/slide1.xml.rels", &slide),
        ("ppt/notesSlides/notesSlide1.xml", b"<p:notes><a:p><a:t>notes-text</a:t></a:p></p:notes>"),
        ("ppt/comments/comment1.xml", b"<p:cmLst><p:cm><p:text>old-comment</p:text></p:cm><p188:cm><p188:txBody><a:p><a:t>modern-comment</a:t></a:p></p188:txBody></p188:cm></p:cmLst>"),
        ("ppt/commentAuthors.xml", b"<p:cmAuthorLst><p:cmAuthor name=\"Ann Author\"/></p:cmAuthorLst>"),
        ("ppt/diagrams/data1.xml", b"<dgm:dataModel><dgm:pt><a:p><a:t>smart-art</a:t></a:p></dgm:pt></dgm:dataModel>"),
        ("ppt/slideLayouts/slideLayout1.xml", b"<p:sldLayout><p:cSld name=\"layout-name\"/><a:p><a:t>layout-text</a:t></a:p></p:sldLayout>"),
        ("ppt/slideMasters/slideMaster1.xml", b"<p:sldMaster><a:p><a:t>master-text</a:t></a:p></p:sldMaster>"),
        ("ppt/tags/tag1.xml", b"<p:tagLst><p:tag name=\"TAG\" val=\"tag-value\"/></p:tagLst>"),
    ]));
    assert_places(
        "pptx",
        &file,
        &[
            ("slide 1", "slide-text"),
            ("slide 1", "alt-text"),
            ("slide 1", "tip-text"),
            ("slide 1", "c1\tc2"),
            ("slide 1 notes", "notes-text"),
            ("slide 1 comment", "old-comment\nmodern-comment"),
            ("slide 1 diagram", "smart-art"),
            ("ppt/commentauthors (nothing refers to it)", "Ann Author"),
            ("ppt/slidelayouts/slidelayout1", "layout-text"),
            ("ppt/slidelayouts/slidelayout1", "layout-name"),
            ("ppt/slidemasters/slidemaster1 (nothing refers to it)", "master-text"),
            ("ppt/tags/tag1 (nothing refers to it)", "tag-value"),
            ("ppt/presentation", "section-name"),
            ("ppt/presentation", "show-name"),
        ],
    );
    assert_eq!(file.summary(), "pptx: complete");
}

#[test]
fn each_place_of_a_drawing_is_read() {
    let types = content_types(&[("/visio/document.xml", "vnd.ms-visio.drawing.main+xml")]);
    let document = related(&[("1", "pages", "pages/pages.xml"), ("2", "masters", "masters/masters.xml")]);
    let file = read("a.vsdx", zip(&[
        ("[Content_Types].xml", &types),
        ("_rels/.rels", b"<Relationships><Relationship Id=\"a\" Type=\"http://schemas.microsoft.com/visio/2010/relationships/document\" Target=\"visio/document.xml\"/></Relationships>"),
        ("visio/document.xml", b"<VisioDocument/>"),
        ("visio/_rels/document.xml.rels", &document),
        ("visio/pages/pages.xml", b"<Pages><Page Name=\"Plan\"><Rel r:id=\"r1\"/></Page><Page Name=\"Back\" Background=\"1\"><Rel r:id=\"r2\"/></Page></Pages>"),
        ("visio/pages/_rels/pages.xml.rels", &related(&[("r1", "page", "page1.xml"), ("r2", "page", "page2.xml")])),
        ("visio/pages/page1.xml", b"<PageContents><Shape><Cell N=\"PinX\" V=\"4111\"/><Section N=\"Property\"><Row><Cell N=\"Value\" V=\"shape-data\"/></Row></Section>\
            <Section N=\"Hyperlink\"><Row><Cell N=\"Address\" V=\"https://x.example/\"/></Row></Section><Text><cp IX=\"0\"/>4111 <cp IX=\"1\"/>1111</Text></Shape></PageContents>"),
        ("visio/pages/page2.xml", b"<PageContents><Shape><Text>background-text</Text></Shape></PageContents>"),
        ("visio/masters/masters.xml", b"<Masters><Master Name=\"Box\" Prompt=\"master-prompt\"><Rel r:id=\"r1\"/></Master></Masters>"),
        ("visio/masters/_rels/masters.xml.rels", &related(&[("r1", "master", "master1.xml")])),
        ("visio/masters/master1.xml", b"<MasterContents><Text>master-text</Text></MasterContents>"),
        ("visio/comments.xml", b"<Comments><AuthorList><AuthorEntry Name=\"Ann Author\"/></AuthorList><CommentList><CommentEntry>comment-text</CommentEntry></CommentList></Comments>"),
        ("visio/data/recordset1.xml", b"<xml><rs:data><z:row c1=\"linked-value\" c2=\"second\"/></rs:data></xml>"),
    ]));
    assert_places(
        "vsdx",
        &file,
        &[
            ("page 'Plan'", "4111 1111"),
            ("page 'Plan'", "shape-data"),
            ("page 'Plan'", "https://x.example/"),
            ("page 'Back' (background)", "background-text"),
            ("master 'Box'", "master-text"),
            ("visio/masters/masters", "master-prompt"),
            ("visio/comments (nothing refers to it)", "Ann Author\ncomment-text"),
            ("visio/data/recordset1 (nothing refers to it)", "linked-value\tsecond"),
        ],
    );
    assert_eq!(file.summary(), "visio: complete");
}

#[test]
fn runs_of_glyphs_are_put_together_by_their_places() {
    let types = "<Types><Default Extension=\"fdseq\" ContentType=\"application/vnd.ms-package.xps-fixeddocumentsequence+xml\"/></Types>";
    let page = "<FixedPage><Glyphs UnicodeString=\"4111 11\" OriginX=\"10\" OriginY=\"20\" FontRenderingEmSize=\"10\" Indices=\",50;,50;,50;,50;,50;,50;,50\"/>\
        <Glyphs UnicodeString=\"11\" OriginX=\"45.2\" OriginY=\"20\" FontRenderingEmSize=\"10\" Indices=\",50;,50\"/>\
        <Glyphs UnicodeString=\"{}{word}\" OriginX=\"80\" OriginY=\"20\" FontRenderingEmSize=\"10\"/>\
        <Path FixedPage.NavigateUri=\"https://x.example/\"/>\
        <Glyphs UnicodeString=\"next\" OriginX=\"10\" OriginY=\"32\" FontRenderingEmSize=\"10\"/></FixedPage>";
    let file = read("a.xps", zip(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", b"<Relationships><Relationship Id=\"a\" Type=\"http://schemas.microsoft.com/xps/2005/06/fixedrepresentation\" Target=\"/Seq.fdseq\"/></Relationships>"),
        ("Seq.fdseq", b"<FixedDocumentSequence><DocumentReference Source=\"Documents/1/Doc.fdoc\"/></FixedDocumentSequence>"),
        ("Documents/1/Doc.fdoc", b"<FixedDocument><PageContent Source=\"Pages/1.fpage\"/></FixedDocument>"),
        ("Documents/1/Pages/1.fpage", page.as_bytes()),
        ("Documents/1/Structure/s.struct", b"<DocumentOutline><OutlineEntry Description=\"outline-entry\"/></DocumentOutline>"),
        ("Resources/font.odttf", b"scrambled"),
    ]));
    assert_places("xps", &file, &[("documents/1/structure/s.struct (nothing refers to it)", "outline-entry")]);
    assert_eq!(file.parts[0].name, "page 1");
    assert_eq!(file.parts[0].text, "4111 1111 {word}\nhttps://x.example/\nnext");
    assert_eq!(file.summary(), "xps: complete");
}

/// One record of a binary workbook.
fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    let [low, high] = (kind & 0x7f | (kind >> 7) << 8).to_le_bytes();
    let mut bytes = if high == 0 { vec![low] } else { vec![low | 0x80, high] };
    let len = u32::try_from(body.len()).expect("short");
    bytes.extend([u8::try_from(len & 0x7f).expect("seven bits") | 0x80, u8::try_from(len >> 7).expect("short")]);
    bytes.extend_from_slice(body);
    bytes
}

/// A string as binary workbooks write it.
fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = u32::try_from(units.len()).expect("short").to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

/// The head of a cell record.
fn cell(column: u32, style: u32, value: &[u8]) -> Vec<u8> {
    [&column.to_le_bytes()[..], &style.to_le_bytes(), value].concat()
}

/// A binary workbook with a string in each place.
fn xlsb() -> Vec<u8> {
    let types = "<Types><Default Extension=\"bin\" ContentType=\"application/vnd.ms-excel.sheet.binary.macroEnabled.main\"/>\
        <Override PartName=\"/xl/worksheets/sheet1.bin\" ContentType=\"application/vnd.ms-excel.worksheet\"/>\
        <Override PartName=\"/xl/comments1.bin\" ContentType=\"application/vnd.ms-excel.comments\"/></Types>";
    let workbook = [
        record(153, &[0; 8]),
        record(156, &[&1u32.to_le_bytes()[..], &1u32.to_le_bytes(), &wide("rId1"), &wide("Pay")].concat()),
        record(39, &[&[0; 9][..], &wide("Defined_Name")].concat()),
    ]
    .concat();
    let styles = [
        record(44, &[&200u16.to_le_bytes()[..], &wide("000-00-0000")].concat()),
        record(617, &[2, 0, 0, 0]),
        record(47, &[0; 16]),
        record(47, &[&[0, 0, 200, 0][..], &[0; 12]].concat()),
        record(618, &[]),
    ]
    .concat();
    let text_token = [&[0, 0, 12, 0, 0, 0, 0x17, 4, 0][..], &wide("mark")[4..]].concat();
    let sheet = [
        record(0, &[0; 17]),
        record(7, &cell(0, 0, &0u32.to_le_bytes())),
        record(2, &cell(1, 1, &(78_051_120u32 << 2 | 2).to_le_bytes())),
        record(5, &cell(2, 0, &4_111_111_111_111_111.0f64.to_le_bytes())),
        record(0, &[&4u32.to_le_bytes()[..], &[0; 13]].concat()),
        record(6, &cell(0, 0, &wide("inline text"))),
        record(62, &cell(1, 0, &[&[0][..], &wide("rich text")].concat())),
        record(8, &cell(2, 0, &[&wide("formula result")[..], &text_token].concat())),
        record(4, &cell(3, 0, &[1])),
        record(479, &[&[0, 0][..], &wide("&Cheader-text")].concat()),
    ]
    .concat();
    let comments = [
        record(632, &wide("Ann Author")),
        record(
            635,
            &[&[0; 4][..], &2u32.to_le_bytes(), &2u32.to_le_bytes(), &1u32.to_le_bytes(), &1u32.to_le_bytes()].concat(),
        ),
        record(637, &[&[0][..], &wide("comment-text")].concat()),
    ]
    .concat();
    let strings = record(19, &[&[0][..], &wide("shared text")].concat());
    zip(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", &related(&[("1", "officeDocument", "xl/workbook.bin")])),
        ("xl/workbook.bin", &workbook),
        (
            "xl/_rels/workbook.bin.rels",
            &related(&[
                ("rId1", "worksheet", "worksheets/sheet1.bin"),
                ("s", "styles", "styles.bin"),
                ("t", "sharedStrings", "sharedStrings.bin"),
            ]),
        ),
        ("xl/styles.bin", &styles),
        ("xl/sharedStrings.bin", &strings),
        ("xl/worksheets/sheet1.bin", &sheet),
        ("xl/worksheets/_rels/sheet1.bin.rels", &related(&[("1", "comments", "../comments1.bin")])),
        ("xl/comments1.bin", &comments),
    ])
}

#[test]
fn each_place_of_a_binary_workbook_is_read() {
    let file = read("a.xlsb", xlsb());
    let expected = "shared text\t078-05-1120 78051120\t4111111111111111\n\
        inline text\trich text\tformula result mark\tTRUE\n&Cheader-text";
    let sheet = file.parts.iter().find(|part| part.name == "sheet 'Pay' (hidden)").expect("the sheet");
    assert_eq!(sheet.text, expected);
    let places: Vec<_> = sheet.places.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["A1", "B1", "B1", "C1", "A5", "B5", "C5", "C5", "D5"]);
    assert_places(
        "xlsb",
        &file,
        &[
            ("workbook", "Defined_Name"),
            ("sheet 'Pay' (hidden) comments", "Ann Author"),
            ("sheet 'Pay' (hidden) comments", "comment-text"),
        ],
    );
    let comments = file.parts.iter().find(|part| part.name.ends_with("comments")).expect("comments");
    assert_eq!(comments.places, [("B3".to_owned(), "comment-text".to_owned())]);
    assert_eq!(file.summary(), "xlsb: complete");
}

/// One document of each kind, large enough to be cut more than once.
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let filler: String = (0..2000u64).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{:x} ", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        text
    });
    let paragraph = format!(
        "<text:p>{filler}</text:p><table:table><table:table-row><table:table-cell office:value=\"1\"><text:p>1</text:p></table:table-cell></table:table-row></table:table>"
    );
    let drawing = format!("<PageContents><Text>{filler}</Text></PageContents>");
    let page = format!(
        "<FixedPage><Glyphs UnicodeString=\"{filler}\" OriginX=\"1\" RenderTransform=\"1,0,0,1,5,5\"/></FixedPage>"
    );
    let chapter = format!("<html><p>{filler}</p></html>");
    let types = |kind: &str| content_types(&[("/main.xml", kind)]);
    let mut binary = unzipped(&xlsb());
    let strings = binary.iter_mut().find(|(name, _)| name.ends_with("sharedStrings.bin")).expect("strings");
    strings.1 = (0..200).flat_map(|n| record(19, &[&[0][..], &wide(&filler[n * 7..n * 7 + 60])].concat())).collect();
    let binary: Vec<(&str, &[u8])> = binary.iter().map(|(name, body)| (name.as_str(), body.as_slice())).collect();
    vec![
        ("a.docx", docx(&format!("<w:p><w:txbxContent><w:p><w:t>{filler}</w:t></w:p></w:txbxContent></w:p>"), &[])),
        ("a.odt", package("text", "", &paragraph, &[("styles.xml", b"<office:document-styles/>")])),
        ("a.ods", package("spreadsheet", "", &paragraph, &[])),
        ("a.xlsb", zip(&binary)),
        (
            "a.vsdx",
            zip(&[
                ("[Content_Types].xml", &types("vnd.ms-visio.drawing.main+xml")),
                ("visio/pages/page1.xml", drawing.as_bytes()),
            ]),
        ),
        (
            "a.xps",
            zip(&[
                ("[Content_Types].xml", &types("vnd.ms-package.xps-fixeddocumentsequence+xml")),
                ("1.fpage", page.as_bytes()),
            ]),
        ),
        ("a.epub", zip(&[("mimetype", b"application/epub+zip"), ("a.xhtml", chapter.as_bytes())])),
    ]
}

#[test]
fn office_files_cut_or_flipped_anywhere_end_well() {
    for (name, whole) in documents() {
        assert_eq!(read(name, whole.clone()).walked.coverage.state(), "complete", "{name}");
        for len in (4..whole.len() - 1).step_by(1 << 10).chain([whole.len() - 1]) {
            let file = read(name, &whole[..len]);
            let summary = file.summary();
            assert!(summary.contains("partial") || summary.contains("skipped"), "{name} cut at {len}: {summary}");
            assert!(!summary.contains("crashed"), "{name} cut at {len}: {summary}");
        }
        let members = unzipped(&whole);
        for seed in 0..120usize {
            // The archive's own bytes, and those of a member in a sound archive.
            let mut bytes = whole.clone();
            let at = seed.wrapping_mul(7919) % bytes.len();
            bytes[at] ^= 1 << (seed % 8);
            assert!(!read(name, bytes).summary().contains("crashed"), "{name} flipped at {at}");
            let mut members = members.clone();
            let which = seed % members.len();
            let body = &mut members[which].1;
            if !body.is_empty() {
                let at = seed.wrapping_mul(104_729) % body.len();
                body[at] ^= 1 << (seed % 8);
                body.truncate(body.len() - seed % 3);
            }
            let members: Vec<(&str, &[u8])> =
                members.iter().map(|(name, body)| (name.as_str(), body.as_slice())).collect();
            assert!(
                !read(name, zip(&members)).summary().contains("crashed"),
                "{name}, member {which} with seed {seed}"
            );
        }
    }
}

#[test]
fn lies_of_the_archive_are_holes() {
    let docx = docx("<w:p><w:t>body words</w:t></w:p>", &[("word/footnotes.xml", b"<w:p><w:t>note words</w:t></w:p>")]);
    let odt = package("text", "", "<text:p>body words</text:p>", &[("styles.xml", b"<office:document-styles/>")]);
    let record_of = |bytes: &[u8], name: &str| {
        let records: Vec<usize> = memchr::memmem::find_iter(bytes, b"PK\x01\x02").collect();
        let named = |at: &&usize| bytes[**at + 46..].starts_with(name.as_bytes());
        *records.iter().find(named).expect("a record of this name")
    };
    for (file, whole, member) in [("a.docx", docx, "word/footnotes.xml"), ("a.odt", odt, "styles.xml")] {
        let at = record_of(&whole, member);
        // Flags say encrypted; a method nobody has; a wrong checksum; a wrong place.
        let rows: [(usize, u8, &str); 4] =
            [(8, 1, "encrypted_password"), (10, 77, "unsupported"), (16, 0x55, "corrupt"), (42, 0x33, "corrupt")];
        for (offset, change, reason) in rows {
            let mut bytes = whole.clone();
            bytes[at + offset] ^= change;
            let read = read(file, bytes);
            let summary = read.summary();
            assert!(
                summary.contains(&format!(": {reason}")) && summary.contains("partial: member"),
                "{file} {offset}: {summary}"
            );
            assert!(read.printed().contains("body words"), "{file} {offset}");
        }
    }
}
