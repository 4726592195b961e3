//! Mail and archives: what comes out of the samples, out of awkward ones, and out of damaged ones.

use super::{read, read_under};
use sluicebox::clock::Clock;
use sluicebox::content::{Budget, Content, Limits, Stop};
use sluicebox::extract::decode::Charset;
use sluicebox::extract::registry::Treatment;
use sluicebox::extract::{Edge, Output, PartHead, Source};
use sluicebox::model::{Coverage, Limit, Place, Reason};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples")
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(samples().join(name)).expect("a sample")
}

const ODILE: &str = "DE89 3704 0044 0532 0130 00";
const INES: &str = "GB29 NWBK 6016 1331 9268 19";

#[test]
fn each_container_shows_what_is_in_it() {
    let rows: &[(&str, &[&str], &str)] = &[
        (
            "mail/letter.eml",
            &[
                "Subject: Gehälter – März",
                "== body\nGrüße, die IBAN ist DE89 3704 0044 0532 0130 00.",
                "== body.html > text\nGrüße, IBAN GB29 NWBK 6016 1331 9268 19",
                "== Übersicht März.zip > ledger.csv > text",
                "== message.eml > body\nThe card is 5555 5555 5555 4444.",
            ],
            "eml: complete",
        ),
        (
            "mail/odd.eml",
            &[
                "Subject: Jürgenüber raw über",
                "== preamble\nThis text stands before the first part",
                "The card is 5555 5555 5555 4444 and more.",
                "== €-rates.csv > text\nname,iban\nInes,GB29NWBK60161331926819",
                "A part behind the closing line",
                "== notes.txt > text\nthe card is 3782 822463 10005",
            ],
            "eml: complete",
        ),
        ("mail/sealed.eml", &["Subject: sealed"], "eml: partial: member [letter.asc: encrypted_password]"),
        ("mail/page.mhtml", &["== account.html > text\nYour IBAN is DE89 3704 0044 0532 0130 00."], "mhtml: complete"),
        (
            "mail/box.mbox",
            &[
                "== message 1.eml > body\nHello,\n\nFrom here on: card 4111",
                "message 2.eml > Übersicht März.zip",
                "note 2",
            ],
            "mbox: complete",
        ),
        (
            "mail/cards.vcf",
            &[
                "== card 1",
                "N: Müller;Jürgen",
                "the card is 4111 1111 1111 1111",
                "GB29NWBK60161331926819\nsecond",
                "== list.csv > text",
            ],
            "vcf: complete",
        ),
        ("mail/meeting.ics", &["== event 1", "DE89 3704 0044 0532 0130 00, as ever", "== todo 2"], "ics: complete"),
        (
            "mail/office.pst",
            &[
                "== Top of Outlook data file > Inbox > RE: Larkspur payroll > headers\nSubject: RE: Larkspur payroll",
                "Address: ines.quade@larkspur.example",
                "The card is 4111 1111 1111 1111.",
                "the html body says 5500 0000 0000 0004.",
                "RE: Larkspur payroll > salaries.csv > text",
                "RE: Larkspur payroll > Forwarded note > body\nInside the attached message: 378282246310005.",
                "== recovered > Deleted but there > body\nHard deleted: 6011 1111 1111 1117.",
            ],
            "pst: complete",
        ),
        (
            "archive/methods.zip",
            &[
                "stored.csv > text",
                "bzip2.csv.bz2 > bzip2.csv > text",
                "lzma.csv.lzma > lzma.csv",
                "zstd.csv > text",
                INES,
                "Bram Okafor",
            ],
            "zip: complete",
        ),
        ("archive/odile.csv.bz2", &[ODILE, INES], "bzip2: complete"),
        ("archive/odile.csv.xz", &[ODILE], "xz: complete"),
        ("archive/odile.csv.lzma", &[ODILE], "lzma: complete"),
        ("archive/odile.csv.zst", &[ODILE, INES], "zstd: complete"),
        ("archive/odile.csv.lz4", &[ODILE], "lz4: complete"),
        ("archive/odile.csv.Z", &[ODILE], "compress: complete"),
        ("archive/odile.csv.gz", &[ODILE], "gzip: complete"),
        ("archive/payroll.7z", &["== payroll/odile.csv > text", ODILE, INES], "7z: complete"),
        (
            "archive/sealed.7z",
            &["payroll/ines.csv"],
            "7z: partial: member [payroll/odile.csv: encrypted_password, payroll/ines.csv: encrypted_password]",
        ),
        ("archive/payroll.rar", &["payroll/ines é.csv > text", ODILE, INES], "rar: complete"),
        ("archive/payroll.deb", &["control.tar.gz > control.tar > ./control", INES], "ar: complete"),
        ("archive/payroll.rpm", &["Payroll of Larkspur", "etc/odile.csv > text", ODILE], "rpm: complete"),
        ("archive/tree.cpio", &["== etc/link > text\nodile.csv", ODILE], "cpio: complete"),
        ("archive/tree.tar", &["kept by Bram Okafor", ODILE, INES], "tar: complete"),
        ("archive/payroll.cab", &["nothing to see here", INES], "cab: partial: member [packed.doc: unsupported]"),
        ("archive/disc.iso", &["== Pay/Odile März.csv > text", ODILE], "iso: complete"),
    ];
    for (name, wanted, summary) in rows {
        let file = read(name, sample(name));
        let printed = file.printed();
        for text in *wanted {
            // Lines are compared without their carriage returns, which belong to what was written.
            assert!(printed.replace('\r', "").contains(text), "{name}: {text:?} is missing in\n{printed}");
        }
        assert_eq!(file.summary(), *summary, "{name}");
    }
}

#[test]
fn mail_that_breaks_the_rules_is_read() {
    let head = "From: a@b.example\nTo: c@d.example\nDate: today\nSubject: s\n";
    let rows: &[(&str, &str)] = &[
        // Declared as base64, and plain text.
        ("Content-Transfer-Encoding: base64\n\nthis is not what it says it is", "this is not what it says"),
        // A character cut in two by a soft line end.
        (
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=\n=BC=C3=9Fe",
            "Grüße",
        ),
        ("Content-Type: text/plain; charset=utf-7\n\nGr+APwA3w-e", "Grüße"),
        ("Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n8NLJ18XU", "Привет"),
        // No boundary is named, and none closes: nothing is lost, though not told apart.
        ("Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\ninside", "inside"),
        // The inner multipart never ends.
        (
            "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ninner\n--a\n\nouter\n--a--\nafter",
            "== body 2\nouter\n== epilogue\nafter",
        ),
        ("X-Long: a\n b\n\tc\n\nbody", "X-Long: a b\tc"),
        ("\nbegin 644 cat.txt\n#0V%T\n`\nend\nafter", "== cat.txt > text\nCat\n== after the attachment\nafter"),
        // A signed message that holds what was signed: two pieces of an indefinite length.
        (
            "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n\
             MIAGCSqGSIb3DQEHAqCAMIACAQExADCABgkqhkiG9w0BBwGggCSABBVGcm9tOiB4QHkuZXhhbXBsZQoKc2UECWNyZXQgdGV4dAAAAAAAAAAAAAAAAA==",
            "secret text",
        ),
    ];
    for (rest, wanted) in rows {
        let file = read("a.eml", format!("{head}{rest}"));
        assert!(file.printed().contains(wanted), "{wanted:?} is missing in\n{}", file.printed());
    }
    let enveloped = format!(
        "{head}Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHA6CA"
    );
    assert_eq!(read("a.eml", enveloped).summary(), "eml: partial: member [smime.p7m: encrypted_password]");
}

#[test]
fn a_program_that_carries_an_archive_is_read() {
    for name in ["payroll.7z", "payroll.rar", "payroll.cab"] {
        let mut bytes = b"MZ\x90\0\x03\0\0\0".to_vec();
        bytes.resize(70_001, 0);
        bytes.extend(sample(&format!("archive/{name}")));
        let file = read("setup.exe", bytes);
        assert!(file.printed().contains(INES), "{name}: {}", file.summary());
    }
}

#[test]
fn inflation_is_charged_whatever_the_method() {
    let limits = Limits { inflate_grace_bytes: 16, inflate_ratio: 1, ..Limits::default() };
    let is_limit = |reason: &Reason| matches!(reason, Reason::Limit(_));
    for name in ["archive/odile.csv.Z", "archive/payroll.cab"] {
        let walked = read_under(name, sample(name), limits.clone()).walked;
        let told = match walked.coverage {
            Coverage::Partial(reason) | Coverage::Skipped(reason) => is_limit(&reason),
            Coverage::Complete => false,
        };
        assert!(told || walked.holes.iter().any(|hole| is_limit(&hole.reason)), "{name}: {:?}", walked.coverage);
    }
}

/// Every sample of this file's formats, cut and with bits flipped: no crash, whatever else is said, and an end long before
/// the time is over.
#[test]
fn damaged_containers_end_well() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).expect("31 bits")
    };
    for folder in ["mail", "archive"] {
        for entry in std::fs::read_dir(samples().join(folder)).expect("the samples") {
            let path = entry.expect("a sample").path();
            let name = path.to_string_lossy().into_owned();
            if name.ends_with(".json") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a sample");
            let step = (bytes.len() / 8).clamp(1, 1024);
            for end in (0..bytes.len()).step_by(step) {
                check(&name, &bytes[..end]);
            }
            for _ in 0..16 {
                let mut damaged = bytes.clone();
                let at = random() % damaged.len();
                damaged[at] ^= 1 << (random() % 8);
                check(&name, &damaged);
            }
        }
    }
}

/// What once felled a reader or held it up: corpus/crashes, found by damage and by fuzzing.
#[test]
fn what_felled_a_reader_once_does_not_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/crashes");
    let files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").path()).collect();
    assert!(!files.is_empty());
    for path in files {
        let (name, bytes) = (path.to_string_lossy(), std::fs::read(&path).expect("a file"));
        check(&name, &bytes);
        read_strictly(&name, bytes);
    }
}

/// Gives bytes to the reader of their type, and holds it to the contract that the walk is lenient about.
fn read_strictly(name: &str, bytes: Vec<u8>) {
    let kind = read(name, bytes.clone()).walked.kind;
    let (Treatment::InPlace(reader) | Treatment::InCell(reader)) = kind.treatment else { return };
    let content = Content::from_memory(bytes);
    let budget = Budget::new(Limits::default(), Clock::machine(), Arc::default(), content.len());
    let source = Source { content: &content, budget: &budget, name, charset: Charset::UTF8, text: None };
    // What it says of the content was looked at above.
    let _ = reader(&source, &mut Strict { open: false });
}

/// Parts are opened and closed in turn, members handed over between them.
struct Strict {
    open: bool,
}

impl Output for Strict {
    fn open_part(&mut self, _: PartHead) -> Result<(), Stop> {
        assert!(!self.open, "a part is opened while one is open");
        self.open = true;
        Ok(())
    }

    fn push(&mut self, _: Edge, _: &Place, _: &str, _: Option<u64>) -> Result<(), Stop> {
        assert!(self.open, "a push without a part");
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        assert!(self.open, "a part is closed twice");
        self.open = false;
        Ok(())
    }

    fn member(&mut self, _: &str, body: &mut dyn Read) -> Result<(), Stop> {
        assert!(!self.open, "a member is handed over while a part is open");
        // A member that fails is the member's own affair.
        let _ = std::io::copy(body, &mut std::io::sink());
        Ok(())
    }

    fn hole(&mut self, _: &str, _: Reason) {}
}

#[test]
fn archives_that_end_early_say_so() {
    let rows = [
        ("archive/methods.zip", 1),
        ("archive/methods.zip", 60),
        ("archive/odile.csv.lz4", 1),
        ("archive/odile.csv.lz4", 5),
        ("archive/odile.csv.gz", 4),
        ("archive/odile.csv.bz2", 4),
        ("archive/odile.csv.xz", 4),
        ("archive/payroll.7z", 1),
        ("archive/payroll.rpm", 260),
        ("archive/tree.cpio", 130),
        ("bundles/staff.dbf", 40),
    ];
    for (name, cut) in rows {
        let bytes = sample(name);
        let walked = read(name, &bytes[..bytes.len() - cut]).walked;
        assert_ne!(walked.coverage, Coverage::Complete, "{name} less {cut} bytes");
    }
}

fn check(name: &str, bytes: &[u8]) {
    let walked = read_under(name, bytes, Limits { time_secs: 20, ..Limits::default() }).walked;
    let reasons = walked.holes.iter().map(|hole| hole.reason).chain(match walked.coverage {
        Coverage::Partial(reason) | Coverage::Skipped(reason) => Some(reason),
        Coverage::Complete => None,
    });
    let bad = reasons.into_iter().find(|reason| matches!(reason, Reason::Crashed | Reason::Limit(Limit::Time)));
    assert_eq!(bad, None, "{name}: {} bytes", bytes.len());
}
