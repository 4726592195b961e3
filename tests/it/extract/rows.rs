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
        ("a.pdf", b"%PDF-1.4 nothing", "", "pdf: skipped: unsupported"),
        ("a.mp3", b"ID3\x04\0\0", "", "audio: skipped: no_text"),
        ("a.rtf", b"{\\rtf1 hello}", "{\\rtf1 hello}", "rtf: partial: unsupported"),
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
