//! What comes out of small documents, and that none of them can do harm.

use crate::content::{Budget, Content, Limits, Spool, Stop};
use crate::extract::{Edge, PartHead};
use crate::inspect::walk::{Visitor, Walked, walk};
use crate::model::{Place, Reason};

#[derive(Default)]
struct All(String);

impl Visitor for All {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        self.0.push_str(&format!(
            "[{}{}]",
            chain.iter().map(|step| format!("{step} > ")).collect::<String>(),
            head.name
        ));
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        if let Edge::Soft(c) = edge {
            self.0.push(if c == '\n' { '|' } else { c });
        }
        if let Place::TableCell { table, row, column } = place {
            self.0.push_str(&format!("({table}.{row}.{column})"));
        }
        self.0.push_str(text);
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

fn read(bytes: &[u8]) -> (Walked, String) {
    let content = Content::from_memory(bytes);
    let budget = Budget::new(Limits::default(), Default::default(), Default::default(), content.len());
    let mut all = All::default();
    let walked = walk(&content, "a.rtf", &budget, &Spool::default(), &mut all);
    (walked, all.0)
}

#[test]
fn documents_say_what_they_hold() {
    let rows: &[(&str, &[u8], &str)] = &[
        ("runs join", b"{\\rtf1\\ansi 41{\\b 11}\\i 22\\par next}", "[text]411122|next"),
        (
            "western",
            b"{\\rtf1\\ansi\\ansicpg1252 caf\\'e9 \\u8364?5\\~x\\_y}",
            "[text]caf\u{e9} \u{20ac}5\u{a0}x\u{2011}y",
        ),
        (
            "cyrillic by font",
            b"{\\rtf1{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 B;}}\\f1\\'c8\\f0\\'c8}",
            "[text]И\u{c8}",
        ),
        ("a second byte like a brace", b"{\\rtf1\\ansicpg932 \\'83\\'7b\\'83{\\'83\\{}x}", "[text]ボ\u{fffd}ボx"),
        ("a second byte like a backslash", b"{\\rtf1\\ansicpg932 \\'83\\'5c\\'83\\\\}", "[text]ソソ"),
        ("a second byte that is a letter", b"{\\rtf1\\ansicpg936 \\'d6\\'d0\\'81A}", "[text]中丄"),
        ("korean and chinese", b"{\\rtf1\\ansicpg949 \\'b1\\'e8}", "[text]김"),
        ("big5", b"{\\rtf1\\ansicpg950 \\'a4\\'a4}", "[text]中"),
        ("what stands for unicode is passed over", b"{\\rtf1\\uc2\\u24847\\'88\\'d3x\\uc0\\u65 B}", "[text]意xAB"),
        ("halves of a character", b"{\\rtf1\\uc1\\u-10179?\\u-8704?!}", "[text]😀!"),
        ("raw bytes", b"{\\rtf1 a\\bin6 }}{{\\\\ b}", "[text]ab"),
        (
            "links",
            b"{\\rtf1 see {\\field{\\*\\fldinst HYPERLINK \"http://a.example\"}{\\fldrslt here}} now\\par}",
            "[text]see here now|HYPERLINK \"http://a.example\"",
        ),
        (
            "tables",
            b"{\\rtf1\\trowd\\intbl a\\cell b\\cell\\row\\intbl c\\cell\\row\\pard d\\par}",
            "[text](1.1.1)a\t(1.1.2)b|(1.2.1)c|d",
        ),
        (
            "beside the text",
            b"{\\rtf1{\\info{\\title T}{\\author A}}{\\header H\\par}a{\\footnote F}{\\*\\annotation C}b}",
            "[text]ab[properties]|T|A[headers and footers]|H[footnotes]|F[comments]|C",
        ),
        ("hidden and deleted", b"{\\rtf1 a{\\v hid}{\\deleted gone}b\\par}", "[text]ahidb|gone"),
        (
            "nothing of tables of styles",
            b"{\\rtf1{\\stylesheet{\\s1 Normal;}}{\\*\\generator G;}{\\colortbl;\\red0;}x}",
            "[text]x",
        ),
        ("what is not known is kept apart", b"{\\rtf1 a{\\*\\unheard of}b}", "[text]ab[further text]|of"),
        (
            "shapes",
            b"{\\rtf1{\\shp{\\*\\shpinst{\\sp{\\sn fFlip}{\\sv 0}}{\\sp{\\sn wzDescription}{\\sv alt}}{\\shptxt in}}}}",
            "[text][text boxes]|alt|in",
        ),
        (
            "a page of HTML",
            b"{\\rtf1\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf \\par\\htmlrtf0 a &{\\*\\htmltag72 </p>}}",
            "[body.html > text]a &",
        ),
        ("a hyphen that is no number", b"{\\rtf1 a\\b-c}", "[text]a-c"),
    ];
    for (what, bytes, expected) in rows {
        let (walked, text) = read(bytes);
        assert_eq!(walked.kind.name, "rtf", "{what}");
        // A part without text does not show, but for the one that is begun first.
        assert_eq!(text, expected.replace("[text][", "["), "{what}");
    }
}

/// An object of the first OLE that wraps a file, as digits.
fn packaged() -> String {
    let mut native = vec![2, 0];
    native.extend(b"note.txt\0C:\\note.txt\0\0\0\x03\0");
    native.extend(9u32.to_le_bytes());
    native.extend(b"C:\\n.txt\0");
    native.extend(22u32.to_le_bytes());
    native.extend(b"words within a package");
    let mut object = vec![1, 5, 0, 0, 2, 0, 0, 0];
    object.extend(8u32.to_le_bytes());
    object.extend(b"Package\0\0\0\0\0\0\0\0\0");
    object.extend(u32::try_from(native.len()).expect("short").to_le_bytes());
    object.extend(native);
    object.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn embedded_files_come_out() {
    let document = format!("{{\\rtf1 a{{\\object{{\\*\\objdata {}}}{{\\result r}}}}b}}", packaged());
    let (walked, text) = read(document.as_bytes());
    assert_eq!(text, "[text]arb[note.txt > text]words within a package");
    assert!(!walked.coverage.is_gap());
}

#[test]
fn every_cut_and_every_flipped_bit_is_survived() {
    let document = format!(
        "{{\\rtf1\\ansi{{\\fonttbl{{\\f0\\fcharset128 M;}}}}\\f0\\'83\\'5c\\u-10179?{{\\*\\fldinst x}}{{\\header h}}\
         {{\\object{{\\*\\objdata {}}}}}{{\\pict\\bin3 abc}}\\trowd a\\cell\\row{{\\*\\htmltag <p>}}end}}",
        packaged()
    );
    for at in 0..document.len() {
        for bytes in [document.as_bytes()[..at].to_vec(), {
            let mut flipped = document.clone().into_bytes();
            flipped[at] ^= 1 << (at % 8);
            flipped
        }] {
            assert!(read(&bytes).0.coverage.reason() != Some(Reason::Crashed), "at {at}");
        }
    }
    let (walked, _) = read(&[b"{\\rtf1 ".as_slice(), &b"{".repeat(100_000)].concat());
    assert_eq!(walked.coverage.reason().map(|r| r.to_string()).as_deref(), Some("limit:nesting"));
}
