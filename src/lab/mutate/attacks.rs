//! The attacks, each a list of variants of one value in its surroundings.

/// A kind of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// Groups set apart by other characters, or by none.
    Delimiter,
    /// A line that ends within the value, or between the value and its words.
    Wrap,
    /// The same characters in other forms of Unicode.
    Unicode,
    /// Words and value, or the value's groups, in cells of a table.
    Table,
    /// The same text in another encoding.
    Encoding,
    /// Letters in the other case.
    Case,
    /// What recognition of scanned paper makes of it: look-alikes and stray spaces.
    Ocr,
}

impl Attack {
    /// All of them.
    pub const ALL: [Attack; 7] =
        [Attack::Delimiter, Attack::Wrap, Attack::Unicode, Attack::Table, Attack::Encoding, Attack::Case, Attack::Ocr];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Attack::Delimiter => "delimiter",
            Attack::Wrap => "wrap",
            Attack::Unicode => "unicode",
            Attack::Table => "table",
            Attack::Encoding => "encoding",
            Attack::Case => "case",
            Attack::Ocr => "ocr",
        }
    }
}

/// Chance that is the same in every run.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// Chance for one detector.
    #[must_use]
    pub fn new(seed: u64, of: &str) -> Self {
        // FNV-1a over the id, from the number given.
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(of.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix) | 1)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap_or(0) % bound.max(1)
    }
}

/// How a variant reaches the scanner.
pub(super) enum Form {
    /// As one text.
    Text(String),
    /// As cells of a row.
    Cells(Vec<String>),
    /// As the bytes of a file.
    Bytes(Vec<u8>),
}

/// One variant.
pub(super) struct Variant {
    pub(super) form: Form,
    /// First character of the value in its text, and the one after the last.
    pub(super) chars: (u64, u64),
    /// What was done.
    pub(super) what: &'static str,
}

const SEPARATORS: [char; 5] = [' ', '-', '.', '/', '\u{a0}'];
/// Look-alikes, one for the other.
const ALIKE: [(char, char); 6] = [('0', 'O'), ('1', 'l'), ('5', 'S'), ('8', 'B'), ('2', 'Z'), ('6', 'G')];
/// Variants by chance of one example.
const BY_CHANCE: usize = 4;

/// The variants of a value that one attack makes; none where it would change nothing.
pub(super) fn variants(attack: Attack, before: &str, value: &str, after: &str, seed: &mut Seed) -> Vec<Variant> {
    let text = |what: &'static str, new: String| -> Option<Variant> {
        (new != value).then(|| Variant {
            chars: span(before, &new),
            form: Form::Text(format!("{before}{new}{after}")),
            what,
        })
    };
    let made: Vec<Option<Variant>> = match attack {
        Attack::Delimiter => delimiters(value).into_iter().map(|(what, new)| text(what, new)).collect(),
        Attack::Wrap => wraps(before, value, after),
        Attack::Unicode => unicode(value).into_iter().map(|(what, new)| text(what, new)).collect(),
        Attack::Table => tables(before, value, after),
        Attack::Encoding => encodings(before, value, after),
        Attack::Case => cases(before, value, after),
        Attack::Ocr => (0..BY_CHANCE).map(|_| ocr(value, seed)).map(|(what, new)| text(what, new)).collect(),
    };
    made.into_iter().flatten().collect()
}

fn span(before: &str, value: &str) -> (u64, u64) {
    let start = before.chars().count() as u64;
    (start, start + value.chars().count() as u64)
}

/// Where groups of the value meet, in bytes: at its separators.
fn seams(value: &str) -> Vec<(usize, char)> {
    let inner = value.char_indices().filter(|(at, _)| *at > 0);
    inner.filter(|(at, c)| SEPARATORS.contains(c) && at + c.len_utf8() < value.len()).collect()
}

fn delimiters(value: &str) -> Vec<(&'static str, String)> {
    if seams(value).is_empty() {
        return Vec::new();
    }
    let with = |new: &str| {
        value.chars().map(|c| if SEPARATORS.contains(&c) { new.to_owned() } else { c.to_string() }).collect()
    };
    vec![
        ("groups without anything between", with("")),
        ("groups set apart by spaces", with(" ")),
        ("groups set apart by hyphens", with("-")),
        ("groups set apart by points", with(".")),
        ("groups set apart by slashes", with("/")),
        ("groups set apart by two spaces", with("  ")),
    ]
}

fn wraps(before: &str, value: &str, after: &str) -> Vec<Option<Variant>> {
    let mut made = Vec::new();
    let whole = |what, before: &str, new: &str| {
        Some(Variant { chars: span(before, new), form: Form::Text(format!("{before}{new}{after}")), what })
    };
    if let Some((at, c)) = seams(value).first().copied() {
        let (head, tail) = (&value[..at], &value[at + c.len_utf8()..]);
        made.push(whole("a line ends between two groups", before, &format!("{head}\n{tail}")));
        made.push(whole("a line ends after the separator", before, &format!("{head}{c}\r\n{tail}")));
    }
    if before.ends_with([' ', '\t']) {
        let before = before.trim_end();
        made.push(whole("a line ends before the value", &format!("{before}\n"), value));
        made.push(whole("an empty line before the value", &format!("{before}\n\n"), value));
    }
    made
}

fn unicode(value: &str) -> Vec<(&'static str, String)> {
    let map = |change: &dyn Fn(char) -> char| value.chars().map(change).collect::<String>();
    let digits = |zero: u32| {
        move |c: char| {
            c.to_digit(10).filter(|_| c.is_ascii()).and_then(|digit| char::from_u32(zero + digit)).unwrap_or(c)
        }
    };
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        c => c,
    };
    let mut parted = value.chars().collect::<Vec<_>>();
    let middle = parted.len() / 2;
    let mut with = |c: char| {
        parted.insert(middle, c);
        let text = parted.iter().collect::<String>();
        parted.remove(middle);
        text
    };
    vec![
        ("full-width forms", map(&wide)),
        ("Arabic-Indic digits", map(&digits(0x0660))),
        ("Devanagari digits", map(&digits(0x0966))),
        ("no-break spaces", map(&|c| if c == ' ' { '\u{a0}' } else { c })),
        ("thin spaces", map(&|c| if c == ' ' { '\u{2009}' } else { c })),
        ("non-breaking hyphens", map(&|c| if c == '-' { '\u{2011}' } else { c })),
        ("en dashes", map(&|c| if c == '-' { '\u{2013}' } else { c })),
        ("a soft hyphen inside", with('\u{ad}')),
        ("a zero-width space inside", with('\u{200b}')),
    ]
}

fn tables(before: &str, value: &str, after: &str) -> Vec<Option<Variant>> {
    let cells = |what, parts: Vec<String>, at: usize, many: usize| {
        let start = parts[..at].iter().map(|part| part.chars().count() as u64 + 1).sum();
        let length: u64 = parts[at..at + many].iter().map(|part| part.chars().count() as u64 + 1).sum();
        Some(Variant { chars: (start, start + length.saturating_sub(1)), form: Form::Cells(parts), what })
    };
    let (left, right) = (before.trim_end().to_owned(), after.trim_start().to_owned());
    let mut made =
        vec![cells("the value in a cell of its own", vec![left.clone(), value.to_owned(), right.clone()], 1, 1)];
    if let Some((at, c)) = seams(value).first().copied() {
        let parts = vec![left, value[..at].to_owned(), value[at + c.len_utf8()..].to_owned(), right];
        made.push(cells("the value split between two cells", parts, 1, 2));
    }
    made
}

fn encodings(before: &str, value: &str, after: &str) -> Vec<Option<Variant>> {
    let text = format!("{before}{value}{after}");
    let bytes = |what, bytes: Vec<u8>| Some(Variant { chars: span(before, value), form: Form::Bytes(bytes), what });
    let utf16 = |order: fn(u16) -> [u8; 2]| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(order).collect();
    let mut made = vec![
        bytes("UTF-16, little end first", utf16(u16::to_le_bytes)),
        bytes("UTF-16, big end first", utf16(u16::to_be_bytes)),
        bytes("UTF-8 with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
    ];
    let (latin, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
    if !text.is_ascii() && !lossy {
        made.push(bytes("Windows-1252", latin.into_owned()));
    }
    made
}

fn cases(before: &str, value: &str, after: &str) -> Vec<Option<Variant>> {
    // Letters whose other case is as long keep the value where it is.
    let upper = |text: &str| text.chars().map(|c| one(c, c.to_uppercase())).collect::<String>();
    let lower = |text: &str| text.chars().map(|c| one(c, c.to_lowercase())).collect::<String>();
    let all = |what, before: String, new: String, after: String| {
        let same = format!("{before}{new}{after}");
        Some(Variant { chars: span(&before, &new), form: Form::Text(same), what })
    };
    let mut made = vec![
        all("words in capitals", upper(before), value.to_owned(), upper(after)),
        all("words in small letters", lower(before), value.to_owned(), lower(after)),
    ];
    if value.chars().any(char::is_alphabetic) {
        made.push(all("the value in small letters", before.to_owned(), lower(value), after.to_owned()));
        made.push(all("the value in capitals", before.to_owned(), upper(value), after.to_owned()));
    }
    made
}

/// A character's other case where that is one character.
fn one(c: char, mut other: impl ExactSizeIterator<Item = char>) -> char {
    if other.len() == 1 { other.next().unwrap_or(c) } else { c }
}

/// One slip of recognition: a look-alike, or a stray space.
fn ocr(value: &str, seed: &mut Seed) -> (&'static str, String) {
    let chars: Vec<char> = value.chars().collect();
    let alike = |c: char| {
        ALIKE.iter().find_map(|(one, other)| match c {
            c if c == *one => Some(*other),
            c if c == *other => Some(*one),
            _ => None,
        })
    };
    let places: Vec<usize> = (0..chars.len()).filter(|at| alike(chars[*at]).is_some()).collect();
    if places.is_empty() || seed.below(2) == 0 {
        let mut chars = chars;
        let at = 1 + seed.below(chars.len().saturating_sub(1));
        chars.insert(at.min(chars.len()), ' ');
        return ("a stray space", chars.into_iter().collect());
    }
    let at = places[seed.below(places.len())];
    let new = |(number, c): (usize, char)| if number == at { alike(c).unwrap_or(c) } else { c };
    ("a look-alike for one character", chars.into_iter().enumerate().map(new).collect())
}
