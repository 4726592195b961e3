//! The samples of `corpus/samples/pdf`, part by part, and files that mean harm.

use crate::clock::Clock;
use crate::content::{Budget, Content, Limits, Stop};
use crate::extract::decode::Charset;
use crate::extract::{Edge, Output, PartHead, Source};
use crate::model::{Place, Reason};
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What came out, one line for each line of text: `part | place | text`.
#[derive(Default)]
struct Record {
    part: String,
    lines: Vec<String>,
    holes: Vec<String>,
}

impl Output for Record {
    fn open_part(&mut self, head: PartHead) -> Result<(), Stop> {
        self.part = head.name;
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        match (edge, self.lines.last_mut()) {
            (Edge::Join, Some(line)) => line.push_str(text),
            (Edge::Soft(soft), Some(line)) if soft != '\n' => {
                let _ = write!(line, "{soft}{text}");
            }
            _ => self.lines.push(format!("{} | {place} | {text}", self.part)),
        }
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }

    fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Stop> {
        let mut bytes = Vec::new();
        if let Err(error) = body.read_to_end(&mut bytes) {
            Stop::carried_by(&error).map_or(Ok(()), Err)?;
        }
        self.lines.push(format!("member {name} | {}", String::from_utf8_lossy(&bytes)));
        Ok(())
    }

    fn hole(&mut self, place: &str, reason: Reason) {
        self.holes.push(format!("{place}: {reason}"));
    }
}

/// Reads bytes as a PDF; the failure, if any, is the last hole.
fn read(bytes: Vec<u8>) -> Record {
    let content = Content::from_memory(bytes);
    let limits = Limits { time_secs: 20, ..Limits::default() };
    let budget = Budget::new(limits, Clock::machine(), Arc::new(AtomicBool::new(false)), content.len());
    let source = Source { content: &content, budget: &budget, name: "a.pdf", charset: Charset::UTF8, text: None };
    let mut record = Record::default();
    if let Err(failure) = super::extract(&source, &mut record) {
        record.holes.push(format!("failed: {}", failure.reason()));
    }
    record
}

fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples/pdf");
    std::fs::read(folder.join(name)).expect("a sample")
}

#[test]
fn each_part_of_the_samples_comes_out() {
    let rows: &[(&str, &[&str])] = &[
        (
            "parts.pdf",
            &[
                "text | page 1 | On the page: Visa card 4012 8888 0253 4087",
                "annotations | page 1 | In a note: Visa card 4012 8888 0190 0560",
                "annotations | page 1 | R. Alder",
                "annotations | page 1 | In rich text: Visa card 4012 8888 0197 9754",
                "annotations | page 1 | https://pay.example/4012888802058947",
                "annotations | page 1 | Over a redaction: Visa card 4012 8888 0213 8137",
                "annotations | page 1 | On a stamp: Visa card 4012 8888 0221 7329",
                "annotations |  | Described: Visa card 4012 8888 0166 2996",
                "bookmarks |  | Bookmark: Visa card 4012 8888 0229 6513",
                "properties |  | Label: Visa card 4012 8888 0285 0848",
                "properties |  | Subject: In the properties: Visa card 4012 8888 0269 2463",
                "properties |  | Department: In a key of its own: Visa card 4012 8888 0277 1655",
                "scripts |  | app.alert('In a script: Visa card 4012 8888 0237 5705');",
                "alternate text |  | Instead of a picture: Visa card 4012 8888 0245 4898",
                "alternate text |  | Read aloud: Visa card 4012 8888 0261 3279",
                "member letter.txt | In the attachment: Visa card 4012 8888 0158 3804",
                "member pin.txt | In the pinned file: Visa card 4012 8888 0174 2186",
            ],
        ),
        (
            "form.pdf",
            &[
                "form | page 1 | holder (Name on the card): Zoë Ålund, 4012 8888 0316 7606",
                "form | page 1 | holder (Name on the card): Usually: Visa card 4012 8888 0324 6798",
                "form | page 1 | account: Choice: Visa card 4012 8888 0332 5980",
                "form | page 1 | account: Stored: Visa card 4012 8888 0340 5170",
                "form | page 1 | agreed: Yes",
                "form | page 1 | story: A long value: Visa card 4012 8888 0348 4365",
                "annotations | page 1 | Only shown: Visa card 4012 8888 0364 2749",
                "scripts | page 1 | var a = 'Keystroke: Visa card 4012 8888 0356 3556'",
                "properties |  | Reason: Reason: Visa card 4012 8888 0372 1931",
            ],
        ),
        (
            "unseen.pdf",
            &[
                "text | page 1 | Invisible: Visa card 4012 8888 0395 9507",
                "text | page 1 | White: Visa card 4012 8888 0403 8699",
                "text | page 1 | Clipped: Visa card 4012 8888 0411 7881",
                "text | page 1 | Tiny: Visa card 4012 8888 0419 7073",
                "text | page 1 | Switched off: Visa card 4012 8888 0427 6265",
                "text | page 1 | Off the page: Visa card 4012 8888 0435 5457",
                "text | page 1 | Turned: Visa card 4012 8888 0443 4641",
                "unreferenced content |  | Left over: Visa card 4012 8888 0451 3832",
                "unreferenced content |  | A deleted page: Visa card 4012 8888 0459 3024",
                "properties |  | Layer: Visa card 4012 8888 0467 2216",
            ],
        ),
        (
            "letters.pdf",
            &[
                "text | page 1 | Names without meaning: Visa card 4012 8888 0475 1408",
                "text | page 1 | By its collection: Visa card 4012 8888 0483 0590",
                "text | page 1 | שם בעל הכרטיס 4012 8888 0490 9782",
                "text | page 1 | Letter by letter: Visa card 4012 8888 0498 8976",
                "text | page 1 | Bold by drawing twice: Visa card 4012 8888 0506 8166",
            ],
        ),
        (
            "revised.pdf",
            &[
                "text | page 1 | Pay to: the customer",
                "earlier revision 1 | page 1 | Pay to: Visa card 4012 8888 0554 3309",
            ],
        ),
        ("scan.pdf", &["text | page 1 | Behind this page is a scan: Visa card 4012 8888 0593 9259"]),
        ("cut.pdf", &["text | page 1 | Invisible: Visa card 4012 8888 0395 9507"]),
        ("owner-password.pdf", &["text | page 1 | Anybody may open this: Visa card 4012 8888 0601 8442"]),
    ];
    for (name, expected) in rows {
        let record = read(sample(name));
        for line in *expected {
            let told = record.lines.iter().filter(|told| *told == line).count();
            assert_eq!(told, 1, "{name}: {line}\n{:#?}", record.lines);
        }
    }
    let xfa = read(sample("form.pdf")).lines;
    assert!(xfa.iter().any(|line| line.starts_with("xfa form |") && line.contains("4012 8888 0380 1121")), "{xfa:#?}");
    let metadata = read(sample("parts.pdf")).lines;
    assert!(metadata.iter().any(|line| line.starts_with("metadata |") && line.contains("4012 8888 0182 1378")));
}

#[test]
fn what_was_not_read_is_said() {
    let rows: &[(&str, &[&str])] = &[
        ("parts.pdf", &[]),
        ("scan.pdf", &["page 2: image_only"]),
        ("cut.pdf", &["failed: corrupt"]),
        ("password.pdf", &["failed: encrypted_password"]),
    ];
    for (name, expected) in rows {
        assert_eq!(read(sample(name)).holes, *expected, "{name}");
    }
    assert_eq!(read(b"%PDF-1.4\nnothing".to_vec()).holes, ["failed: corrupt"]);
}

/// A document of these objects, the first its root, without cross references.
fn document(objects: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    for (n, object) in objects.iter().enumerate() {
        bytes.extend(format!("{} 0 obj\n", n + 1).into_bytes());
        bytes.extend_from_slice(object);
        bytes.extend_from_slice(b"\nendobj\n");
    }
    bytes.extend_from_slice(b"trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    bytes
}

const ROOT: &[u8] = b"<</Type/Catalog/Pages 2 0 R>>";

fn stream(dict: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("<<{dict}/Length {}>>\nstream\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(b"\nendstream");
    bytes
}

fn zeros_packed(len: u64) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::ZlibEncoder::new(std::io::repeat(b' ').take(len), flate2::Compression::best());
    encoder.read_to_end(&mut packed).expect("memory does not fail");
    packed
}

#[test]
fn bombs_end_soon() {
    let pages = b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec();
    let page =
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</A 5 0 R>>/Font<</F 5 0 R>>>>>>".to_vec();
    let twice =
        |next: usize| stream(&format!("/Subtype/Form/Resources<</XObject<</A {next} 0 R>>>>"), &b"/A Do ".repeat(9));
    let mut fan = vec![ROOT.to_vec(), pages.clone(), page.clone(), stream("", b"/A Do /A Do")];
    fan.extend((6..26).map(twice));
    fan.push(stream("/Subtype/Form", b"0 0 m"));
    let mut shouting = fan.clone();
    shouting.pop();
    shouting.push(stream("/Subtype/Form", b"BT /F 9 Tf (shout) Tj ET"));
    let with = |content: Vec<u8>, last: &[u8]| vec![ROOT.to_vec(), pages.clone(), page.clone(), content, last.to_vec()];
    let rows: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("forms in forms", fan),
        ("forms in forms that shout", shouting),
        (
            "a form in itself",
            with(stream("", b"/A Do"), &stream("/Subtype/Form/Resources<</XObject<</A 5 0 R>>>>", b"/A Do /A Do")),
        ),
        ("nothing, packed", with(stream("/Filter/FlateDecode", &zeros_packed(1 << 27)), b"null")),
        ("packed twice", with(stream("/Filter[/FlateDecode/FlateDecode]", &zeros_packed(1 << 26)), b"null")),
        (
            "packed objects",
            with(stream("/Type/ObjStm/N 1/First 9/Filter/FlateDecode", &zeros_packed(1 << 27)), b"null"),
        ),
        (
            "a font with four billion widths",
            with(
                stream("", b"BT /F 9 Tf <0041> Tj ET"),
                b"<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</W[0 4294967295 500]>>]>>",
            ),
        ),
        (
            "a font that is a bomb",
            vec![
                ROOT.to_vec(),
                pages.clone(),
                page.clone(),
                stream("", b"BT /F 9 Tf (still here) Tj ET"),
                b"<</Type/Font/Subtype/TrueType/BaseFont/A/FontDescriptor<</FontFile2 6 0 R>>>>".to_vec(),
                stream("/Filter/FlateDecode", &zeros_packed(1 << 27)),
            ],
        ),
        ("pages in a ring", vec![ROOT.to_vec(), b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>".to_vec()]),
        ("a deep tree", vec![ROOT.to_vec(), [b"[".repeat(100_000), b"]".repeat(100_000)].concat()]),
        ("many operands", with(stream("", &b"1 ".repeat(1 << 20)), b"null")),
        ("open pictures", with(stream("", &b"BI ID EI \xff".repeat(1 << 16)), b"null")),
        ("states", with(stream("", &b"q ".repeat(1 << 20)), b"null")),
        (
            "one stream a million times",
            vec![
                ROOT.to_vec(),
                pages.clone(),
                [b"<</Type/Page/Contents[".to_vec(), b"4 0 R ".repeat(1 << 18), b"]>>".to_vec()].concat(),
                stream("/Filter/FlateDecode", &zeros_packed(1 << 20)),
            ],
        ),
    ];
    for (what, objects) in rows {
        let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
        let record = read(document(&objects));
        assert!(!record.holes.iter().any(|hole| hole.contains("limit:time")), "{what}: {:?}", record.holes);
        assert!(record.lines.len() < 500_000, "{what}");
    }
}

#[test]
fn damaged_files_are_survived() {
    let names = ["parts.pdf", "form.pdf", "unseen.pdf", "letters.pdf", "revised.pdf", "scan.pdf", "owner-password.pdf"];
    for name in names {
        let whole = sample(name);
        for cut in (0..whole.len()).step_by(257) {
            let holes = read(whole[..cut].to_vec()).holes;
            // A file that was changed is whole at its earlier ends.
            assert!(!holes.is_empty() || name == "revised.pdf", "{name} cut at {cut} passes for whole");
        }
        // One bit at a time, all over the file.
        for n in 0..120 {
            let mut bytes = whole.clone();
            let at = n * 6151 % bytes.len();
            bytes[at] ^= 1 << (n % 8);
            read(bytes);
        }
    }
}
