//! Compound files made by hand: well-formed ones, and ones that lie.

use super::compound::{Compound, ROOT};
use super::writer::Plan;
use crate::content::{Budget, Content, Limits, Spool, Stop};
use crate::extract::cell::Cells;
use crate::extract::decode::Charset;
use crate::extract::{Edge, PartHead, Source};
use crate::inspect::walk::{Visitor, Walked, walk};
use crate::model::Place;
use std::io::Read;

/// All text, parts and places of a walk.
#[derive(Default)]
struct All(String);

impl Visitor for All {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        self.0.push_str(&format!(
            "\n[{}{}]",
            chain.iter().map(|step| format!("{step} > ")).collect::<String>(),
            head.name
        ));
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        if let Edge::Soft(c) = edge {
            self.0.push(if c == '\n' { '|' } else { c });
        }
        if let Place::Cell { .. } | Place::TableCell { .. } = place {
            self.0.push_str(&format!("({place})"));
        }
        self.0.push_str(text);
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Reads bytes as a file of this name.
fn read(bytes: Vec<u8>, name: &str) -> (Walked, String) {
    let content = Content::from_memory(bytes);
    let budget = Budget::new(Limits::default(), Default::default(), Default::default(), content.len());
    let mut all = All::default();
    let walked = walk(&content, name, &budget, &Spool::default(), &Cells::in_process(), &mut all);
    (walked, all.0)
}

/// A compound file with these streams; a `/` in a name makes storages.
fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    Plan::by_hand(streams)
}

fn open<T>(bytes: &[u8], look: impl FnOnce(&Compound<'_>) -> T) -> T {
    let content = Content::from_memory(bytes);
    let budget = Budget::new(Limits::default(), Default::default(), Default::default(), content.len());
    let source = Source { content: &content, budget: &budget, name: "", charset: Charset::UTF8, text: None };
    look(&Compound::open(&source).expect("it opens"))
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut record = kind.to_le_bytes().to_vec();
    record.extend(u16::try_from(data.len()).expect("short").to_le_bytes());
    record.extend(data);
    record
}

fn le(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn what_the_writer_packs_the_reader_finds() {
    let long: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
    let bytes = compound(&[("a", b"first"), ("store/b", &long), ("store/inner/c", b""), ("z", &long[..4097])]);
    open(&bytes, |compound| {
        let store = compound.child(ROOT, "STORE").expect("whatever its case");
        let mut body = Vec::new();
        let stream = compound.find(store, "b").expect("read").expect("there");
        stream.reader().read_to_end(&mut body).expect("read");
        assert!(body == long);
        assert!(compound.find(store, "c").expect("read").is_none(), "it is one storage deeper");
        assert_eq!(compound.under(ROOT).len(), 6);
        assert!(!compound.is_damaged());
        let stream = compound.find(ROOT, "z").expect("read").expect("there");
        assert_eq!(stream.bytes_at(4000, 1000).expect("read"), long[4000..4097]);
    });
}

#[test]
fn loops_and_lies_end() {
    let long = vec![b'x'; 40_000];
    let good = compound(&[("a", &long), ("b", &long)]);
    // Header: sector size 4096. The table of sectors is the first sector, the directory the next.
    let (table, directory) = (4096, 8192);
    let put = |at: usize, value: u32| {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let rows: [(&str, Vec<u8>); 10] = [
        ("a stream's chain loops", put(table + 3 * 4, 2)),
        ("a chain leads outside", put(table + 3 * 4, 0x00ff_ffff)),
        ("the directory's chain loops", put(table + 4, 1)),
        ("an entry is its own sibling", put(directory + 128 + 72, 1)),
        ("an entry is its own child", put(directory + 76, 0)),
        ("a stream says to be endless", put(directory + 128 + 120, 0xffff_ffff)),
        ("the list of tables loops", put(68, 0)),
        ("a table is outside", put(76, 0x00ff_ffff)),
        ("the mini stream is a directory", put(directory + 116, 1)),
        ("small streams are looked for where there are none", put(56, 0xffff_ffff)),
    ];
    for (what, bytes) in rows {
        let (walked, text) = read(bytes, "x.doc");
        assert!(walked.text_bytes < 400_000, "{what}: {} bytes", walked.text_bytes);
        assert!(text.len() < 1_000_000, "{what}");
    }
    let (walked, text) = read(good, "x");
    assert_eq!((walked.kind.name, text.matches("xxxx").count() >= 20_000), ("ole", true));
}

/// A workbook: one sheet with a string, two numbers and a formula; its table of strings cut within a character's run.
fn workbook() -> Vec<u8> {
    let mut globals = record(0x0809, &le(&[0x0600, 5, 0, 0, 0, 0, 0, 0]));
    globals.extend(record(0x041e, &[&le(&[164, 11]), &[0][..], b"000-00-0000"].concat()));
    globals.extend(record(0xe0, &[0; 20]));
    globals.extend(record(0xe0, &[&le(&[0, 164]), &[0; 16][..]].concat()));
    let sheet_name = [&[0, 0, 0, 0, 1, 0, 3, 0][..], b"Pay"].concat();
    let bound_at = globals.len() + 4;
    globals.extend(record(0x85, &sheet_name));
    // Two strings. The first is cut after three narrow characters and goes on in wide ones, the second has runs and phonetics.
    let first = [&le(&[2, 0, 2, 0, 6])[..], &[0], b"abc"].concat();
    globals.extend(record(0xfc, &first));
    let second = [&[1][..], &le(&[0x42f, 0x431, 0x432]), &le(&[2]), &[0x0c], &le(&[1, 4, 0]), b"yz", &[9; 8]].concat();
    globals.extend(record(0x3c, &second));
    globals.extend(record(0x0a, &[]));
    let at = u32::try_from(globals.len()).expect("short");
    globals[bound_at..bound_at + 4].copy_from_slice(&at.to_le_bytes());
    let mut sheet = record(0x0809, &le(&[0x0600, 0x10, 0, 0, 0, 0, 0, 0]));
    sheet.extend(record(0xfd, &le(&[0, 0, 0, 0, 0])));
    sheet.extend(record(0x0203, &[&le(&[0, 1, 1]), &123_456_789f64.to_le_bytes()[..]].concat()));
    sheet.extend(record(0x027e, &[&le(&[1, 0, 0]), &((42u32 << 2) | 2).to_le_bytes()[..]].concat()));
    let formula =
        [&le(&[1, 1, 0])[..], &[0, 0, 0, 0, 0, 0, 0xff, 0xff], &[0; 6], &le(&[5]), &[0x17, 2, 0], b"hi"].concat();
    sheet.extend(record(0x06, &formula));
    sheet.extend(record(0x0207, &[&le(&[4]), &[0][..], b"done"].concat()));
    sheet.extend(record(0x15, &[&le(&[6]), &[0][..], b"&Cfoot"].concat()));
    sheet.extend(record(0x0a, &[]));
    globals.extend(sheet);
    globals
}

#[test]
fn a_workbook_says_what_is_stored_and_shown() {
    let (walked, text) = read(compound(&[("Workbook", &workbook())]), "pay.xls");
    assert_eq!(walked.kind.name, "xls");
    assert_eq!(
        text,
        "\n[sheet 'Pay' (hidden)]|Pay|(A1)abcЯбв\t(B1)123-45-6789 (B1)123456789|(A2)42\t(B2)done (B2)hi|&Cfoot\
         \n[unused strings]|yz"
    );
}

/// A document of two pieces, one of each width; what lies between them was deleted.
fn document() -> Vec<u8> {
    let mut stream = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| stream[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &0xa5ecu16.to_le_bytes());
    put(2, &0xc1u16.to_le_bytes());
    put(0x18, &0x400u32.to_le_bytes());
    put(0x4c, &18u32.to_le_bytes());
    put(0x50, &4u32.to_le_bytes());
    put(0x1a2, &0u32.to_le_bytes());
    put(0x1a6, &33u32.to_le_bytes());
    stream.extend(b"r\xe9sum\xe9 41");
    stream.extend(b"the deleted sentence");
    let wide: Vec<u8> = "11 Ж\u{7}end\rnote".encode_utf16().flat_map(u16::to_le_bytes).collect();
    stream.extend(wide);
    stream
}

fn piece_table() -> Vec<u8> {
    let mut table = vec![2];
    table.extend(28u32.to_le_bytes());
    table.extend([0u32, 9, 22].into_iter().flat_map(u32::to_le_bytes));
    table.extend([0, 0]);
    table.extend((0x4000_0000u32 | (0x400 * 2)).to_le_bytes());
    table.extend([0, 0, 0, 0]);
    table.extend((0x400u32 + 9 + 20).to_le_bytes());
    table.extend([0, 0]);
    table
}

#[test]
fn a_document_is_read_by_its_pieces_and_between_them() {
    let bytes = compound(&[("WordDocument", &document()), ("0Table", &piece_table())]);
    let (walked, text) = read(bytes, "a.doc");
    assert_eq!(walked.kind.name, "doc");
    assert_eq!(text, "\n[text]résumé 4111 Ж\tend\n[footnotes]note\n[deleted text]|the deleted sentence");
}

#[test]
fn a_document_says_what_was_deleted() {
    let mut stream = document();
    stream[0xfa..0xfe].copy_from_slice(&33u32.to_le_bytes());
    stream[0xfe..0x102].copy_from_slice(&12u32.to_le_bytes());
    // The page of runs: the digits `41` are deleted.
    stream.resize(0x600, 0);
    let mut page = vec![0; 512];
    for (at, place) in [0x400u32, 0x407, 0x409].into_iter().enumerate() {
        page[at * 4..at * 4 + 4].copy_from_slice(&place.to_le_bytes());
    }
    page[13] = 0x80;
    page[0x100..0x104].copy_from_slice(&[3, 0x00, 0x08, 1]);
    page[511] = 2;
    stream.extend(page);
    let mut table = piece_table();
    table.extend([0x400u32, 0x409, 3].into_iter().flat_map(u32::to_le_bytes));
    let (_, text) = read(compound(&[("WordDocument", &stream), ("0Table", &table)]), "a.doc");
    let expected = "\n[text]résumé 11 Ж|résumé 4111 Ж\tend\n[footnotes]note\n[deleted text]|the deleted sentence";
    assert_eq!(text, expected);
}

/// A picture's record; what it holds is a text, so that it shows.
fn picture(kind: u16, instance: u16, text: &[u8]) -> Vec<u8> {
    let mut body = vec![7; if instance & 1 == 1 { 33 } else { 17 }];
    body.extend(text);
    let mut record = le(&[instance << 4, kind]);
    record.extend(u32::try_from(body.len()).expect("short").to_le_bytes());
    record.extend(body);
    record
}

/// An entry of the list of pictures with its picture in it.
fn listed(picture: &[u8]) -> Vec<u8> {
    let mut entry = vec![0; 36];
    entry[28..32].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut record = le(&[0x0062, 0xf007]);
    record.extend(u32::try_from(entry.len() + picture.len()).expect("short").to_le_bytes());
    record.extend(entry);
    record.extend(picture);
    record
}

#[test]
fn pictures_of_the_three_programs_are_handed_over() {
    let text = b"text of a picture, long enough";
    let (one, two) = (picture(0xf01e, 0x6e0, text), picture(0xf01d, 0x46b, text));
    let show = compound(&[("Pictures", &[one.clone(), two].concat())]);
    let mut group = le(&[0x000f, 0xf000, 0, 0]);
    group.extend(listed(&one));
    let mut workbook = record(0x0809, &le(&[0x0600, 5, 0, 0, 0, 0, 0, 0]));
    workbook.extend(record(0xeb, &group[..50]));
    workbook.extend(record(0x3c, &group[50..]));
    workbook.extend(record(0x0a, &[]));
    let book = compound(&[("Workbook", &workbook)]);
    let mut drawing = vec![0; 0x44];
    let body = listed(&one);
    drawing[..4].copy_from_slice(&u32::try_from(0x44 + body.len()).expect("short").to_le_bytes());
    drawing[4..8].copy_from_slice(&le(&[0x44, 0x64]));
    drawing.extend(body);
    drawing.splice(0..0, *b"other bytes");
    let letter = compound(&[("WordDocument", &document()), ("0Table", &piece_table()), ("Data", &drawing)]);
    let rows = [(show, "x.ppt", 2), (book, "x.xls", 1), (letter, "x.doc", 1)];
    for (bytes, name, pictures) in rows {
        let (_, said) = read(bytes, name);
        assert_eq!(said.matches("> text]text of a picture, long enough").count(), pictures, "{name}: {said}");
        assert!(said.contains("[picture 1."), "{name}: {said}");
    }
}

#[test]
fn an_encrypted_document_says_so() {
    let mut stream = document();
    stream[11] = 1;
    let (walked, _) = read(compound(&[("WordDocument", &stream)]), "a.doc");
    assert_eq!(walked.coverage.reason(), Some(crate::model::Reason::EncryptedPassword));
}

/// A message with an attached one.
fn message() -> Vec<u8> {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let packed = b"\x16\0\0\0\x06\0\0\0MELA\0\0\0\0{\\rtf1 packed}";
    compound(&[
        ("__properties_version1.0", &[0; 32]),
        ("__substg1.0_0037001F", &wide("the subject")),
        ("__substg1.0_1000001E", b"the b\xf6dy"),
        ("__substg1.0_10090102", &[&packed[..4], &30u32.to_le_bytes(), &packed[8..]].concat()),
        ("__recip_version1.0_#00000000/__substg1.0_3003001F", &wide("a@b.example")),
        ("__attach_version1.0_#00000000/__substg1.0_3707001F", &wide("note.txt")),
        ("__attach_version1.0_#00000000/__substg1.0_37010102", b"attached text, long enough"),
        ("__attach_version1.0_#00000001/__substg1.0_3701000D/__properties_version1.0", &[0; 24]),
        ("__attach_version1.0_#00000001/__substg1.0_3701000D/__substg1.0_0037001F", &wide("inner subject")),
    ])
}

#[test]
fn a_message_is_read_with_those_inside() {
    let (walked, text) = read(message(), "a.msg");
    assert_eq!(walked.kind.name, "msg");
    for expected in [
        "\n[headers]|the subject",
        "\n[recipients]|a@b.example",
        "\n[body]|the bödy",
        "\n[body.rtf > text]packed",
        "\n[note.txt > text]attached text, long enough",
        "\n[attachment 2 > headers]|inner subject",
    ] {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_survived() {
    let samples = [
        compound(&[("Workbook", &workbook())]),
        compound(&[("WordDocument", &document()), ("0Table", &piece_table())]),
        message(),
    ];
    for (number, sample) in samples.iter().enumerate() {
        for cut in (0..sample.len()).step_by(512) {
            let (walked, _) = read(sample[..cut].to_vec(), "x");
            assert!(walked.coverage.reason() != Some(crate::model::Reason::Crashed), "sample {number} cut at {cut}");
        }
        // Bits of the tables and of the streams' beginnings; a prime step meets all kinds of fields.
        for at in (0..sample.len()).step_by(37) {
            let mut bytes = sample.clone();
            bytes[at] ^= 1 << (at % 8);
            let (walked, _) = read(bytes, "x");
            assert!(walked.coverage.reason() != Some(crate::model::Reason::Crashed), "sample {number} flipped at {at}");
        }
    }
}
