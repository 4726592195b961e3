//! The small company: a table of files, and who shares what with whom.
//!
//! Every number that looks personal is from a range its issuer never gives out or is the issuer's own example (test cards
//! of the payment networks, example IBANs of the registry): a demo shows findings and harms nobody.

use super::{Fill, SeedFile};
use crate::emulator::edit::Edit;
use std::io::{Cursor, Write};
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Bytes of the large file: three of Dropbox's blocks, the last one short.
const LARGE_BYTES: usize = (9 << 20) + 17;

/// What is in a file.
#[derive(Clone, Copy)]
enum Body {
    /// This text.
    Text(&'static str),
    /// A few lines made of its path.
    Note,
    /// The letter of which there are several copies.
    Letter,
    /// Nothing.
    Empty,
    /// Many rows of measurements.
    Large,
    /// Bytes that are no text.
    Noise,
    /// A Word document with this paragraph.
    Word(&'static str),
    /// A ZIP archive with this text in it.
    Zip(&'static str),
}

const PAYROLL: &str = "employee,social security number,monthly salary,account\n\
    Erin Evans,219-45-7788,5400,DE89 3704 0044 0532 0130 00\n\
    Frank Möller,530-82-4417,6100,GB82 WEST 1234 5698 7654 32\n\
    Heidi O'Neill,457-55-5462,5900,FR14 2004 1010 0505 0001 3M02 606\n";
const CARDS: &str = "Payment card numbers used for the booking test:\n\
    Visa 4012 8888 8888 1881, expires 11/29\nMastercard 5555 5555 5555 4444, expires 03/30\nAmex 3782 822463 10005\n";
const PATIENT: &str = "Patient: Grace Example\nDate of birth: 14 March 1984\nMedicare number: 2951 63481 1\n\
    Diagnosis: seasonal allergy. Phone +1 202 555 0143, mail grace@example.com\n";
const DEPLOY: &str = "# staging only\ndb_user = reports\npassword = \"Tr0ub4dor&3-staging\"\n\
    aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";
const MINUTES: &str = "Minutes of the weekly meeting. Nothing in here is about anybody: the printer works again, the plants \
    are watered, and the next meeting is on Thursday.\n";
const CONTRACT: &str = "Supply contract between Example Ltd and Partner GmbH. Bank account (IBAN) for all payments: \
    DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX.\n";
const PAGE: &str = "<!doctype html><html><head><title>Contact</title></head><body><p>Write to heidi@example.com or call \
    <b>+1 202 555 0178</b>.</p></body></html>\n";
const EXPORT: &str = "[{\"name\":\"Ivan Inactive\",\"passport number\":\"C01X00T47\",\"ssn\":\"612-31-9924\"}]\n";
const LETTER: &str =
    "Dear all,\n\nthe office is closed on Friday. This letter lies in several places, word for word the same.\n";

/// The files: path with slashes, owner first, and what is in it.
const FILES: &[(&str, Body)] = &[
    ("ada/Board/Minutes 2026-03.docx", Body::Word(MINUTES)),
    ("ada/Board/Minutes 2026-04.docx", Body::Word(MINUTES)),
    ("ada/Board/Salaries of the board.csv", Body::Text(PAYROLL)),
    ("ada/Keys/staging.env", Body::Text(DEPLOY)),
    ("ada/Letter.txt", Body::Letter),
    ("ada/Notes.txt", Body::Note),
    ("carl/Audit/2026/Plan.txt", Body::Note),
    ("carl/Audit/2026/Findings.txt", Body::Text(EXPORT)),
    ("carl/Copy of Letter.txt", Body::Letter),
    ("erin/Payroll/March.csv", Body::Text(PAYROLL)),
    ("erin/Payroll/April.csv", Body::Note),
    ("erin/Payroll/Archive/2025.zip", Body::Zip(PAYROLL)),
    ("erin/Payroll/Archive/2024.zip", Body::Zip(MINUTES)),
    ("erin/Travel/Cards.txt", Body::Text(CARDS)),
    ("erin/Travel/Itinerary.txt", Body::Note),
    ("erin/Résumé.docx", Body::Word("Curriculum vitae of Erin Evans, erin@example.com, +1 202 555 0119.")),
    ("erin/Decomposed/Re\u{301}sume\u{301}.txt", Body::Note),
    ("erin/Composed/R\u{e9}sum\u{e9}.txt", Body::Note),
    ("erin/Empty.txt", Body::Empty),
    ("erin/a b  c/two  blanks.txt", Body::Note),
    ("frank/Contracts/Supply contract.docx", Body::Word(CONTRACT)),
    ("frank/Contracts/Supply contract (signed).txt", Body::Text(CONTRACT)),
    ("frank/Contracts/Drafts/Draft 1.txt", Body::Note),
    ("frank/Contracts/Drafts/Draft 2.txt", Body::Note),
    ("frank/Übersicht/Größen & Maße.txt", Body::Note),
    ("frank/Übersicht/naïve café.txt", Body::Note),
    ("frank/Measurements.csv", Body::Large),
    ("frank/Sensor.bin", Body::Noise),
    ("frank/100% done #1 +more.txt", Body::Note),
    ("frank/it's \"quoted\", really; [yes] {no}.txt", Body::Note),
    ("frank/Projekt X/Plan.txt", Body::Note),
    ("frank/Projekt X/Budget.csv", Body::Note),
    ("frank/Projekt X/People.json", Body::Text(EXPORT)),
    ("grace/健康/患者.txt", Body::Text(PATIENT)),
    ("grace/健康/検査結果 二〇二六年.txt", Body::Note),
    ("grace/한국어/보고서.txt", Body::Note),
    ("grace/中文/合同.txt", Body::Text(CONTRACT)),
    ("grace/emoji 🎉/party 🥳👩‍👩‍👧.txt", Body::Note),
    ("grace/emoji 🎉/Letter 📎.txt", Body::Letter),
    ("grace/עברית/מסמך.txt", Body::Note),
    ("grace/Photos/Scan 0001.bin", Body::Noise),
    ("grace/Photos/Scan 0002.bin", Body::Noise),
    ("heidi/Site/contact.html", Body::Text(PAGE)),
    ("heidi/Site/index.html", Body::Text("<!doctype html><title>Welcome</title><p>Hello.</p>\n")),
    ("heidi/Site/style.css", Body::Text("body { margin: 0 }\n")),
    ("heidi/Press/Release.txt", Body::Note),
    ("heidi/Press/Figures.csv", Body::Note),
    ("heidi/Press/Old/Release 2025.txt", Body::Note),
    ("heidi/.hidden/.config", Body::Text(DEPLOY)),
    ("heidi/no extension", Body::Note),
    ("heidi/UPPER.TXT", Body::Note),
    ("heidi/O'Neill's list.txt", Body::Text(PATIENT)),
    ("heidi/1/2/3/4/5/6/7/8/9/10/11/12 levels deep.txt", Body::Text(CARDS)),
    ("ivan/Handover/Accounts.json", Body::Text(EXPORT)),
    ("ivan/Handover/Letter.txt", Body::Letter),
    ("pat/Joint venture/Terms.txt", Body::Text(CONTRACT)),
    ("pat/Joint venture/Schedule.txt", Body::Note),
    ("team/Handbook/Welcome.docx", Body::Word("Welcome. This handbook is for everybody and about nobody.")),
    ("team/Handbook/Holidays.txt", Body::Note),
    ("team/Handbook/Letter.txt", Body::Letter),
    ("team/Finance/Invoices/Invoice 0001.txt", Body::Text(CONTRACT)),
    ("team/Finance/Invoices/Invoice 0002.txt", Body::Note),
    ("team/Finance/Payroll 2026.zip", Body::Zip(PAYROLL)),
    ("team/Templates/Letterhead.docx", Body::Word("Example Ltd, 1 Example Street.")),
];

/// Links: who, on what, for whom.
const LINKS: &[(&str, &str, &str)] = &[
    ("erin", "erin/Travel/Cards.txt", "public"),
    ("heidi", "heidi/Site", "public"),
    ("heidi", "heidi/Press", "company"),
    ("frank", "frank/Contracts/Supply contract (signed).txt", "company"),
    ("grace", "grace/中文/合同.txt", "members"),
    ("ada", "team/Handbook/Holidays.txt", "company"),
];

/// Invitations: who, to what, whom (a key, an address or a group).
const INVITATIONS: &[(&str, &str, &str)] = &[
    ("erin", "erin/Payroll", "group:Finance"),
    ("frank", "frank/Projekt X", "group:Project X"),
    ("frank", "frank/Contracts", "pat"),
    ("frank", "frank/Contracts/Drafts/Draft 2.txt", "grace"),
    ("grace", "grace/健康", "doctor@clinic.example.org"),
    ("ada", "ada/Board", "carl"),
    ("pat", "pat/Joint venture", "erin"),
];

pub(super) fn fill() -> Fill {
    let letter: Arc<[u8]> = LETTER.as_bytes().into();
    let file = |&(path, body): &(&str, Body)| SeedFile { path: steps(path), body: bytes(path, body, &letter) };
    let mut files: Vec<SeedFile> = FILES.iter().map(file).collect();
    let long = format!("{}.txt", "long name ".repeat(20).trim_end().chars().take(196).collect::<String>());
    files.push(SeedFile { path: vec!["heidi".into(), long], body: letter });
    Fill { files, deeds: deeds(), ..Fill::default() }
}

fn deeds() -> Vec<Edit> {
    let link = |&(by, path, audience)| Edit::Link { by, path: steps(path), audience: Some(audience) };
    let invite = |&(by, path, whom): &(_, &str, &str)| Edit::Invite { by, path: steps(path), whom: whom.to_owned() };
    LINKS.iter().map(link).chain(INVITATIONS.iter().map(invite)).collect()
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn bytes(path: &str, body: Body, letter: &Arc<[u8]>) -> Arc<[u8]> {
    match body {
        Body::Text(text) => text.as_bytes().into(),
        Body::Note => format!("A note.\nIt was filed under {path} and says nothing else.\n").into_bytes().into(),
        Body::Letter => Arc::clone(letter),
        Body::Empty => Arc::new([]),
        Body::Large => large().into(),
        Body::Noise => noise(path).into(),
        Body::Word(text) => word(text).into(),
        Body::Zip(text) => zipped(&[("inside/list.csv", text)]).into(),
    }
}

fn large() -> Vec<u8> {
    let mut rows = Vec::with_capacity(LARGE_BYTES + 64);
    rows.extend_from_slice(b"row,celsius,pascal\n");
    for row in 0_u32.. {
        if rows.len() >= LARGE_BYTES {
            break;
        }
        let line = format!("{row},{}.{},{}\n", 18 + row % 9, row % 10, 100_800 + row % 977);
        rows.extend_from_slice(line.as_bytes());
    }
    rows.truncate(LARGE_BYTES);
    rows
}

fn noise(path: &str) -> Vec<u8> {
    let seed = path.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut numbers = crate::emulator::fault::Numbers(seed);
    (0..4_000).flat_map(|_| numbers.next().to_be_bytes()).collect()
}

fn word(text: &str) -> Vec<u8> {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/\
         2006/main\"><w:body><w:p><w:r><w:t>{escaped}</w:t></w:r></w:p></w:body></w:document>"
    );
    let types = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/\
         content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.\
         wordprocessingml.document.main+xml\"/></Types>";
    let relations = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/\
         package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
         relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>";
    zipped(&[("[Content_Types].xml", types), ("_rels/.rels", relations), ("word/document.xml", &document)])
}

/// An archive in memory, its times fixed. Writing to memory cannot fail; if it did, the archive would be short and every
/// test that opens it would say so.
fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, text) in members {
        let written = archive.start_file(*name, options).map(|()| archive.write_all(text.as_bytes()));
        debug_assert!(matches!(written, Ok(Ok(()))));
    }
    archive.finish().map(Cursor::into_inner).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::CAST;
    use super::*;
    use std::collections::{HashMap, HashSet};
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn it_holds_what_it_promises() {
        let fill = fill();
        assert!(fill.files.len() >= 60, "{}", fill.files.len());
        let names: Vec<&String> = fill.files.iter().filter_map(|file| file.path.last()).collect();
        assert!(names.iter().any(|name| name.chars().count() == 200));
        assert!(fill.files.iter().any(|file| file.path.len() == 13));
        assert!(fill.files.iter().any(|file| file.body.len() == LARGE_BYTES));
        assert!(fill.files.iter().any(|file| file.body.is_empty()));
        assert!(names.iter().any(|name| name.nfc().collect::<String>() != **name));
        let mut bodies: HashMap<&[u8], u32> = HashMap::new();
        fill.files.iter().for_each(|file| *bodies.entry(&file.body).or_default() += 1);
        assert!(bodies.values().any(|&count| count >= 5));
        assert_eq!(self::fill().files.iter().map(|file| file.body.clone()).collect::<Vec<_>>(), {
            fill.files.iter().map(|file| file.body.clone()).collect::<Vec<_>>()
        });
    }

    #[test]
    fn both_services_would_take_every_path() {
        let (fill, mut taken) = (fill(), HashSet::new());
        for file in &fill.files {
            assert!(file.path[0] == "team" || CAST.iter().any(|person| person.key == file.path[0]), "{:?}", file.path);
            for step in &file.path {
                assert!(!step.is_empty() && step.trim() == step && !step.contains(['/', '\\']), "{step:?}");
                assert!(step.chars().count() <= 255);
            }
            let folded: String = file.path.join("/").to_lowercase().nfc().collect();
            assert!(taken.insert(folded), "{:?} twice", file.path);
        }
    }

    #[test]
    fn deeds_are_about_what_exists_and_by_people_of_the_cast() {
        let fill = fill();
        let exists = |path: &[String]| fill.files.iter().any(|file| file.path.starts_with(path));
        for deed in &fill.deeds {
            let (Edit::Link { by, path, .. } | Edit::Invite { by, path, .. }) = deed else { panic!("{deed:?}") };
            assert!(exists(path) && CAST.iter().any(|person| person.key == *by), "{path:?}");
        }
    }
}
