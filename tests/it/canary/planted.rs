//! The planted values, and the tenants' files that hold them.

use crate::extract::build;
use sluicebox::emulator::edit::Edit;
use sluicebox::emulator::seed::{Fill, SeedFile};

/// Values in each of the four plain texts.
const TEXT_VALUES: usize = 125;
/// Members of the first archive, and the values in each.
const MEMBERS: [usize; 2] = [8, 10];
/// Members of the second archive, each with a value in its name and one in its body.
pub(super) const NAMES: usize = 60;
/// Sheets, each with a value in its name.
pub(super) const SHEETS: usize = 20;
/// Cells with a value in each sheet.
const CELLS: usize = 5;
/// Files with a value in the name and one in the body; every fourth cannot be read to its end.
const FILES: usize = 60;
/// Folders with a value in the name and a file with one in the body.
const FOLDERS: usize = 20;
/// Mails as text, with a value in the subject.
const SUBJECTS: usize = 20;
/// Rounds of edits, with three names each.
const ROUNDS: usize = 2;

/// One planted value.
#[derive(Clone)]
pub(super) struct Value {
    /// Its parts as it is usually written; joined by nothing they are the bare value.
    pub(super) groups: Vec<String>,
    /// Where it was planted.
    pub(super) place: &'static str,
    /// The word without which it might be any number.
    word: &'static str,
    /// How it is written where it was planted: what stands between the groups.
    separator: &'static str,
}

impl Value {
    /// The value with its word, as in a text or name.
    fn phrase(&self) -> String {
        let between = if self.separator == "_" { "_" } else { " " };
        format!("{}{between}{}", self.word, self.groups.join(self.separator))
    }
}

/// Draws values from a seed.
struct Draw {
    state: u64,
    values: Vec<Value>,
}

impl Draw {
    /// A number below `below` (SplitMix64).
    fn number(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.number(10)).expect("a digit"))).collect()
    }

    /// The next value, with its word. Kinds and forms take turns.
    fn phrase(&mut self, place: &'static str) -> String {
        let at = self.values.len();
        let (word, groups) = match at % 3 {
            0 => ("SSN", self.ssn()),
            1 => ("credit card", fours(&self.card())),
            _ => ("IBAN", fours(&self.iban())),
        };
        let usual = if word == "SSN" { "-" } else { " " };
        let is_name = matches!(place, "file names" | "folder names" | "member names" | "later");
        let separator = match (at / 3) % 4 {
            0 | 1 => usual,
            2 => "",
            _ if is_name => "_",
            _ if word == "SSN" => " ",
            _ => "-",
        };
        let value = Value { groups, place, word, separator };
        let phrase = value.phrase();
        self.values.push(value);
        phrase
    }

    /// Lines of text with a value each.
    fn lines(&mut self, place: &'static str, count: usize) -> String {
        // Far enough apart that no value is read with another's word.
        let filler = "nothing of interest is written here, and that for quite a while. ".repeat(4);
        (0..count).map(|_| format!("{}\n{filler}\n", self.phrase(place))).collect()
    }

    fn ssn(&mut self) -> Vec<String> {
        // No area of 666, no group or serial of zeros, and nothing that is written in examples.
        let (area, group, serial) = (100 + self.number(500), 10 + self.number(80), 1_000 + self.number(8_999));
        vec![area.to_string(), group.to_string(), serial.to_string()]
    }

    fn card(&mut self) -> String {
        let head = format!("4{}", self.digits(14));
        let sum: u32 = (0..)
            .zip(head.bytes().rev())
            .map(|(at, digit)| {
                let digit = u32::from(digit - b'0');
                let twice = if at % 2 == 0 { digit * 2 } else { digit };
                if twice > 9 { twice - 9 } else { twice }
            })
            .sum();
        format!("{head}{}", (10 - sum % 10) % 10)
    }

    fn iban(&mut self) -> String {
        let account = self.digits(18);
        // `DE00` as the rule of the registry reads it: letters as two digits, at the end.
        let rest = format!("{account}131400").bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
        format!("DE{:02}{account}", 98 - rest)
    }
}

fn fours(text: &str) -> Vec<String> {
    text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect()
}

/// The path of a file of the tenants.
pub(super) fn steps(path: &[&str]) -> Vec<String> {
    path.iter().map(|step| (*step).to_owned()).collect()
}

/// The values and what holds them.
pub(super) struct Planted {
    /// All values, those of later edits too.
    pub(super) values: Vec<Value>,
    /// What both tenants begin with.
    pub(super) fill: Fill,
    /// The ends of paths, and how many values lie in their contents.
    pub(super) contents: Vec<(&'static str, usize)>,
    /// Files with a value in their name.
    pub(super) named: Vec<Vec<String>>,
    /// Files in folders with a value in their name.
    pub(super) foldered: Vec<Vec<String>>,
    /// How many files have a value in their name.
    pub(super) files: usize,
    /// How many folders have.
    pub(super) folders: usize,
    /// Names of each round of edits.
    pub(super) later: Vec<Vec<String>>,
}

impl Planted {
    /// Always the same.
    pub(super) fn new() -> Self {
        let mut draw = Draw { state: 7, values: Vec::new() };
        let mut files: Vec<(Vec<String>, Vec<u8>)> = Vec::new();
        let at_top = |name: &str| steps(&["erin", "Contents", name]);
        files.push((at_top("utf-8.txt"), format!("Größe ≥ 3\n{}", draw.lines("UTF-8", TEXT_VALUES)).into_bytes()));
        let text = format!("\u{feff}{}", draw.lines("UTF-16LE", TEXT_VALUES));
        files.push((at_top("utf-16le.txt"), text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        let text = format!("\u{feff}{}", draw.lines("UTF-16BE", TEXT_VALUES));
        files.push((at_top("utf-16be.txt"), text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
        let text = format!("Größe für Käufer\n{}", draw.lines("windows-1252", TEXT_VALUES));
        files.push((at_top("windows-1252.txt"), text.chars().map(|c| u8::try_from(c).expect("a byte")).collect()));
        files.push((at_top("members.zip"), members(&mut draw)));
        files.push((at_top("names.zip"), names(&mut draw)));
        files.push((at_top("sheets.xlsx"), sheets(&mut draw)));
        let mails = (0..SUBJECTS).map(|at| {
            let subject = draw.phrase("subjects");
            format!("From: erin{at}@example.com\nSubject: {subject}\n\n{}\n", "Nothing else to say. ".repeat(16))
        });
        let mails = mails.collect::<String>().into_bytes();
        files.push((at_top("mails.txt"), mails));
        let named: Vec<_> = (0..FILES).map(|at| named(&mut draw, at)).collect();
        let foldered: Vec<_> = (0..FOLDERS)
            .map(|_| {
                let folder = draw.phrase("folder names");
                let body = draw.lines("folder contents", 1);
                (steps(&["erin", "Folders", &folder, "inside.txt"]), body.into_bytes())
            })
            .collect();
        let paths = |files: &[(Vec<String>, Vec<u8>)]| -> Vec<Vec<String>> {
            files.iter().map(|(path, _)| path.clone()).collect()
        };
        let (named_paths, foldered_paths) = (paths(&named), paths(&foldered));
        files.extend(named);
        files.extend(foldered);
        // Some lie in the trash before anybody looks, some are open to the world.
        let (last_file, last_folder) = (&named_paths[FILES - 1], &foldered_paths[FOLDERS - 1]);
        let (link, invited) = (&named_paths[FILES - 2], &foldered_paths[FOLDERS - 2]);
        let above = |file: &[String]| file[..file.len() - 1].to_vec();
        let deeds = vec![
            Edit::Link { by: "erin", path: link.clone(), audience: Some("public") },
            Edit::Invite { by: "erin", path: above(invited), whom: "pat".to_owned() },
            Edit::Delete { by: "erin", path: last_file.clone() },
            Edit::Delete { by: "erin", path: above(last_folder) },
        ];
        let later = (0..ROUNDS).map(|_| (0..3).map(|_| draw.phrase("later")).collect()).collect();
        let files = files.into_iter().map(|(path, body)| SeedFile { path, body: body.into() }).collect();
        Self {
            values: draw.values,
            fill: Fill { files, deeds, ..Fill::default() },
            contents: vec![
                ("utf-8.txt", TEXT_VALUES),
                ("utf-16le.txt", TEXT_VALUES),
                ("utf-16be.txt", TEXT_VALUES),
                ("windows-1252.txt", TEXT_VALUES),
                ("members.zip", MEMBERS[0] * MEMBERS[1]),
                ("names.zip", NAMES),
                ("sheets.xlsx", SHEETS * CELLS),
                ("mails.txt", SUBJECTS),
            ],
            named: named_paths,
            foldered: foldered_paths,
            files: FILES,
            folders: FOLDERS,
            later,
        }
    }
}

fn members(draw: &mut Draw) -> Vec<u8> {
    let bodies: Vec<(String, String)> =
        (0..MEMBERS[0]).map(|at| (format!("part {at}.txt"), draw.lines("members", MEMBERS[1]))).collect();
    zip(&bodies)
}

fn names(draw: &mut Draw) -> Vec<u8> {
    let bodies: Vec<(String, String)> = (0..NAMES)
        .map(|at| {
            let name = draw.phrase("member names");
            let folder = if at % 3 == 0 { "old/" } else { "" };
            (format!("{folder}{name}.txt"), draw.lines("bodies of named members", 1))
        })
        .collect();
    zip(&bodies)
}

fn zip(members: &[(String, String)]) -> Vec<u8> {
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    build::zip(&members)
}

fn sheets(draw: &mut Draw) -> Vec<u8> {
    let sheets: Vec<(String, String)> = (0..SHEETS)
        .map(|_| {
            let name = draw.phrase("sheet names");
            let row = |at: usize, draw: &mut Draw| {
                let (number, text) = (10 * at + 1, draw.phrase("cells"));
                format!("<row r='{number}'><c r='A{number}' t='inlineStr'><is><t>{text}</t></is></c></row>")
            };
            let rows: String = (0..CELLS).map(|at| row(at, draw)).collect();
            (name, rows)
        })
        .collect();
    let sheets: Vec<(&str, &str, &str)> =
        sheets.iter().map(|(name, data)| (name.as_str(), "visible", data.as_str())).collect();
    build::xlsx(&sheets, &[], &[])
}

/// A file with a value in its name. Texts, and contents that fail in some way: messages about them must not tell their names.
fn named(draw: &mut Draw, at: usize) -> (Vec<String>, Vec<u8>) {
    let name = draw.phrase("file names");
    let body = draw.lines("bodies of named files", 1);
    let (end, body) = match at % 8 {
        3 => {
            let whole = zip(&[(format!("{name}.txt"), body)]);
            ("zip", whole[..whole.len() - 30].to_vec())
        }
        7 => ("xml", format!("<?xml version=\"1.0\"?><a><b>{body}</a>").into_bytes()),
        _ => ("txt", body.into_bytes()),
    };
    (steps(&["erin", "Names", &format!("{name}.{end}")]), body)
}
