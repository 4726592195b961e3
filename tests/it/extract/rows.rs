//! What comes out of small files of each format.

use super::read;

#[test]
fn plain_text_is_its_own_text() {
    let rows: &[(&str, &[u8], &str, &str)] = &[
        ("a.txt", b"one\r\ntwo", "one\r\ntwo", "text: complete"),
        ("a.txt", b"", "", "empty: complete"),
        ("a.txt", b"\xef\xbb\xbfmarked", "marked", "text: complete"),
        ("a.txt", b"\xff\xfeh\0i\0", "hi", "text: complete"),
        ("a.csv", b"n;card\nJ\xfcrgen Gr\xf6\xdfe;4111\n", "n;card\nJürgen Größe;4111\n", "csv: complete"),
        ("a.pdf", b"%PDF-1.4 nothing", "%PDF-1.4 nothing", "pdf: partial: corrupt"),
        ("a.mp3", b"ID3\x04\0\0", "", "audio: skipped: no_text"),
        ("a.rtf", b"{\\rtf1 hello}", "hello", "rtf: complete"),
    ];
    for (name, bytes, text, summary) in rows {
        let file = read(name, *bytes);
        let all: String = file.parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!((all.as_str(), file.summary().as_str()), (*text, *summary), "{name}");
    }
}

#[test]
fn positions_are_those_of_the_file() {
    let file =
        read("a.txt", *b"\xef\xbb\xbf\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xffend");
    assert_eq!(file.parts[0].text, "äöüäöüäöü\u{fffd}end");
    assert_eq!(file.parts[0].raws, [Some(3), Some(21), Some(22)]);
}

#[test]
fn a_file_that_turns_out_legacy_late_keeps_exact_positions() {
    let mut bytes = vec![b'a'; 300_000];
    bytes.extend_from_slice(
        "Jürgen grüßt die schöne Straße über Größe"
            .chars()
            .map(|c| u8::try_from(u32::from(c)).expect("latin"))
            .collect::<Vec<_>>()
            .as_slice(),
    );
    let total = bytes.len() as u64;
    let file = read("a.log", bytes);
    assert!(file.parts[0].text.ends_with("Jürgen grüßt die schöne Straße über Größe"));
    assert_eq!(file.parts[0].raws.last().copied().flatten(), Some(total - 1));
}

#[test]
fn unknown_bytes_yield_their_runs_of_text() {
    let mut bytes = b"\x01\x02\x03\xfe\xff\x00secret one\x00\x01\x02".to_vec();
    bytes.extend("wide text".encode_utf16().flat_map(u16::to_le_bytes));
    bytes.extend([0xff, 3, 2, 1]);
    bytes.extend("other end".encode_utf16().flat_map(u16::to_be_bytes));
    let file = read("a.bin", bytes);
    assert_eq!(file.parts[0].text, "secret one\nwide text\nother end");
    assert!(file.parts[0].recovered);
    assert_eq!(file.summary(), "binary: partial: unsupported");
}

#[test]
fn pages_say_everything_they_hold() {
    let rows: &[(&str, &str)] = &[
        ("<html><p>41<b>11</b> 1111</p><p>next</p></html>", "4111 1111\nnext"),
        ("<html>a &amp; b&nbsp;&eacute; &#x41;</html>", "a & b\u{a0}é A"),
        ("<html><table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table></html>", "1\t2\n3"),
        ("<html><p>in <a href='http://x' title='tip'>link</a> text</p></html>", "in link text\nhttp://x tip"),
        ("<html><!-- secret --><p>shown</p></html>", "secret \nshown"),
        ("<html><script>var k = 'a<b';</script><style>p{}</style></html>", "var k = 'a<b';\np{}"),
        ("<html><input name=ssn value='078-05-1120'></html>", "ssn 078-05-1120"),
        ("<html><p>one\n   two</p><pre>a\n  b</pre></html>", "one two\na\n  b"),
        ("<html><meta name='author' content='Jo'><img alt='scan' data-id='7'></html>", "author Jo\nscan 7"),
    ];
    for (page, expected) in rows {
        let file = read("a.html", page.as_bytes());
        assert_eq!(file.parts[0].text.trim(), *expected, "{page}");
        assert_eq!(file.summary(), "html: complete");
    }
}

#[test]
fn what_is_embedded_in_a_page_is_a_member_pictures_too() {
    let page =
        "<html><a href='data:text/csv;base64,YSxiCjEsMg=='>x</a><img src='data:image/png;base64,iVBORw0KGgo='></html>";
    let file = read("a.html", page);
    assert_eq!(file.parts[1].name, "embedded 1 (text/csv) > text");
    assert_eq!(file.parts[1].text, "a,b\n1,2");
    assert_eq!(file.summary(), "html: partial: member [embedded 2 (image/png): image_only]");
}

#[test]
fn xml_shows_names_values_and_comments() {
    let rows: &[(&str, &str)] = &[
        ("<?xml version='1.0'?><r><ssn>078-05-1120</ssn><n a='x'>y</n></r>", "ssn 078-05-1120\nn a x\ny"),
        ("<?xml version='1.0'?><p>run <b>on</b> text</p>", "p run on text"),
        ("<?xml version='1.0'?><r><!-- note --><![CDATA[<raw>]]></r>", " note \nr <raw>"),
        ("<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x 'y'>]><r>&x;&lt;</r>", "r [<!ENTITY x 'y'>]\nr &x;<"),
    ];
    for (document, expected) in rows {
        let file = read("a.xml", document.as_bytes());
        assert_eq!(file.parts[0].text, *expected, "{document}");
        assert_eq!(file.summary(), "xml: complete");
    }
    let file = read(
        "a.xml",
        "<?xml version='1.0' encoding='windows-1251'?><r>\u{c}</r>".replace('\u{c}', "").as_bytes().to_vec(),
    );
    assert_eq!(file.summary(), "xml: complete");
}

#[test]
fn json_is_its_own_text_and_its_escapes_are_read() {
    let json = r#"{"a":{"ssn":"078\u002d05\u002d1120","plain":"x"},"list":["no","new\nline 😀 \ud83d\ude00"]}"#;
    let file = read("a.json", json.as_bytes());
    assert_eq!(file.parts[0].text, json);
    assert_eq!(file.parts[1].text, "ssn 078-05-1120\nnew\nline 😀 😀");
    let places: Vec<_> = file.parts[1].places.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["/a/ssn", "/list/1"]);
    assert_eq!(read("a.json", *b"{\"no\": \"escapes\"}").parts.len(), 1);
}

#[test]
fn archives_show_names_comments_and_members() {
    let inner = super::build::zip(&[("deep.txt", b"deep text")]);
    let file = read(
        "a.zip",
        super::build::zip(&[
            ("ssn 078-05-1120.txt", b"one"),
            ("inner.zip", &inner),
            ("pic.png", b"\x89PNG\r\n\x1a\n0000"),
            ("x.mp3", b"ID3\x04\0\0\0"),
        ]),
    );
    let names: Vec<_> = file.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["names", "ssn 078-05-1120.txt > text", "inner.zip > names", "inner.zip > deep.txt > text"]);
    assert!(file.parts[0].text.contains("ssn 078-05-1120.txt"));
    assert_eq!(file.summary(), "zip: partial: member [pic.png: image_only, x.mp3: no_text]");
}

#[test]
fn gzip_reads_all_members_and_what_follows() {
    let mut bytes = super::build::gzip(b"first ");
    bytes.extend(super::build::gzip(b"second"));
    assert_eq!(read("a.txt.gz", bytes.clone()).printed(), "== a.txt > text\nfirst second\n");
    bytes.extend(b"\0\0junk at the end");
    assert_eq!(read("a.txt.gz", bytes).parts[1].text, "junk at the end");
    let whole = super::build::gzip("a line of text that is not so short\n".repeat(2000).as_bytes());
    let cut = read("a.gz", &whole[..whole.len() / 2]);
    assert!(cut.printed().contains("a line of text"));
    assert_eq!(cut.summary(), "gzip: partial: member [a: corrupt]");
}

#[test]
fn tar_reads_long_names_links_and_what_a_cut_leaves() {
    let long = "folder/".repeat(30) + "file.txt";
    let mut bytes = super::build::tar_entry("././@LongLink", b'L', "", format!("{long}\0").as_bytes());
    bytes.extend(super::build::tar_entry("cut name", b'0', "", b"first text"));
    bytes.extend(super::build::tar_entry("pax", b'x', "", b"20 path=p\xc3\xa4x/na.txt\n"));
    bytes.extend(super::build::tar_entry("short", b'0', "", b"second text"));
    bytes.extend(super::build::tar_entry("link", b'2', "/home/078-05-1120", b""));
    let cut = bytes.len();
    bytes.extend([0; 1024]);
    let file = read("a.tar", bytes.clone());
    assert_eq!(file.parts[0].text, format!("{long}\npäx/na.txt\nlink\n/home/078-05-1120"));
    assert_eq!(file.parts[1].name, format!("{long} > text"));
    assert_eq!((file.parts[2].name.as_str(), file.parts[2].text.as_str()), ("päx/na.txt > text", "second text"));
    assert_eq!(file.summary(), "tar: complete");
    let file = read("a.tgz", super::build::gzip(&bytes[..cut - 512 - 505]));
    assert!(file.printed().contains("a.tar > päx/na.txt > text"), "{}", file.printed());
    assert!(file.summary().contains("päx/na.txt: corrupt"), "{}", file.summary());
}
