//! Text as detectors see it: one spelling for what a reader takes for the same.
//!
//! The normal form is NFKC (Unicode Standard Annex 15), then, character by character: decimal digits of every script
//! become ASCII digits, dashes `-`, curly quotes straight ones, odd spaces a space, line separators a line break, and
//! what has no width (soft hyphen, joiners, direction marks, variation selectors) goes. ASCII stays as it is. Keywords
//! and texts take the same way, so both sides agree.
//!
//! Text is cut into units that do not touch each other: [`next_unit`] takes one, and the normal form of a text is what
//! stands for its units, one after another. So a caller that streams can keep a map from each of them to its place. For
//! example `cafe\u{301} ４ u` is `c`, `a`, `f`, `e\u{301}` for which `é` stands, ` `, `４` for which `4` stands, ` `, `u`;
//! and `u` is final only when it is known that no mark follows.

use super::syntax::Canonical;
use std::iter;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Raised whenever [`normalise`] gives another answer for any text: part of every detector's hash.
pub const NORMALISER_VERSION: u32 = 1;

/// Most characters that may follow the first one of a unit; the rest of a longer run of marks is cut off and becomes a
/// unit of its own. The Stream-Safe Text Format of Annex 15 allows 30.
pub const MARKS_MAX: usize = 32;

/// One piece of a text that normalises by itself, and what stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit<'a> {
    /// Bytes of the text that it takes.
    pub consumed: usize,
    held: Held<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Held<'a> {
    /// The unit itself.
    Same(&'a str),
    /// One other character.
    Char([u8; 4], usize),
    /// Other characters; none when the unit has no width.
    Text(String),
}

impl Unit<'_> {
    /// What stands for the unit in the normal form; empty when the unit has no width.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.held {
            Held::Same(text) => text,
            Held::Char(bytes, len) => std::str::from_utf8(&bytes[..*len]).unwrap_or_default(),
            Held::Text(text) => text,
        }
    }
}

/// Takes the next unit of a text.
///
/// When it takes less than the whole text it is final; a caller that streams must keep a unit that reaches the end of its
/// buffer until it has seen more text or the end of all of it. It takes 0 bytes only of an empty text.
#[must_use]
pub fn next_unit(text: &str) -> Unit<'_> {
    let consumed = unit_len(text);
    let unit = &text[..consumed];
    Unit { consumed, held: replace(unit) }
}

/// The normal form of a text.
#[must_use]
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (plain, other) = rest.split_at(plain_prefix(rest));
        out.push_str(plain);
        if other.is_empty() {
            return out;
        }
        let unit = next_unit(other);
        out.push_str(unit.text());
        rest = &other[unit.consumed..];
    }
}

/// Folds the case of one character of a normalised text: always one character, so that offsets stay countable.
///
/// Unicode's simple lower case, with three additions: final sigma is sigma, and both Turkish i's are `i`.
#[must_use]
pub fn fold_char(c: char) -> char {
    match c {
        _ if c.is_ascii() => c.to_ascii_lowercase(),
        'ς' => 'σ',
        'ı' | 'İ' => 'i',
        _ => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => c,
            }
        }
    }
}

/// Folds the case of a normalised text with [`fold_char`].
#[must_use]
pub fn fold_case(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// What of a normalised value counts when values are compared: its letters and digits in upper case, or every character.
#[must_use]
pub fn canonical_value(value: &str, canonical: Canonical) -> String {
    match canonical {
        Canonical::Exact => value.to_owned(),
        Canonical::Alnum => value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect(),
    }
}

/// Bytes of the leading units that are found at a glance to be single characters and their own normal form: the quick way
/// past most text. The last character of the text is never among them, since a mark may follow it, unless it stands alone.
#[must_use]
pub fn plain_prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    // End of the run, and where its last character begins.
    let (mut end, mut last) = (0, 0);
    while let Some(&first) = bytes.get(end) {
        if first < 0x80 {
            end += ascii_prefix(&bytes[end..]);
            last = end - 1;
            continue;
        }
        let rest = |at: usize| bytes.get(end + at).map_or(0, |byte| u32::from(byte & 0x3F));
        let (code, len) = match first {
            ..0xE0 => (u32::from(first & 0x1F) << 6 | rest(1), 2),
            0xE0..0xF0 => (u32::from(first & 0x0F) << 12 | rest(1) << 6 | rest(2), 3),
            _ => (u32::MAX, 4),
        };
        if !is_plain_code(code) {
            let begins = text[end..].chars().next().is_some_and(begins_unit);
            return if begins { end } else { last };
        }
        (end, last) = (end + len, end);
    }
    // At the end of the text the last character waits for what may follow, unless it is all there is.
    if last == 0 { end } else { last }
}

/// Bytes of the leading ASCII characters.
fn ascii_prefix(bytes: &[u8]) -> usize {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let (words, _) = bytes.as_chunks::<8>();
    let whole = words.iter().take_while(|word| u64::from_le_bytes(**word) & HIGH_BITS == 0).count() * 8;
    whole + bytes[whole..].iter().take_while(|byte| byte.is_ascii()).count()
}

/// Bytes of the first character and of those that may join with it.
fn unit_len(text: &str) -> usize {
    let mut chars = text.char_indices();
    let first = chars.next().map_or(0, |(_, c)| c.len_utf8());
    let follows = chars.take_while(|(_, c)| !begins_unit(*c)).take(MARKS_MAX);
    follows.last().map_or(first, |(at, c)| at + c.len_utf8())
}

/// True when a character neither composes with what stands before it nor is put in order with it: its decomposition
/// begins with a starter that no primary composite ends with (`NFKC_Quick_Check` is not "maybe").
fn begins_unit(c: char) -> bool {
    is_plain(c) || at_a_glance(c).is_some() || begins_unit_by_table(c)
}

fn begins_unit_by_table(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(iter::once(first)) != IsNormalized::Maybe
}

fn replace(unit: &str) -> Held<'_> {
    let mut chars = unit.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        if is_plain(c) {
            return Held::Same(unit);
        }
        match at_a_glance(c) {
            Some('\0') => return Held::Text(String::new()),
            Some(ascii) => return Held::Char([u32::from(ascii).to_le_bytes()[0], 0, 0, 0], 1),
            None => {}
        }
    }
    let mut chars = unit.nfkc().filter_map(respell);
    match (chars.next(), chars.next()) {
        (Some(one), None) if unit.chars().eq([one]) => Held::Same(unit),
        (Some(one), None) => {
            let mut bytes = [0; 4];
            let len = one.encode_utf8(&mut bytes).len();
            Held::Char(bytes, len)
        }
        (one, two) => {
            let text: String = one.into_iter().chain(two).chain(chars).collect();
            if text == unit { Held::Same(unit) } else { Held::Text(text) }
        }
    }
}

/// What stands for a character after NFKC; `None` for what has no width.
fn respell(c: char) -> Option<char> {
    if is_plain(c) { Some(c) } else { respell_by_table(c) }
}

/// The ASCII character that stands for one alone, for those that are printed most; NUL for what has no width.
fn at_a_glance(c: char) -> Option<char> {
    Some(match c {
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201B}' => '\'',
        '\u{201C}'..='\u{201F}' => '"',
        '\u{FF01}'..='\u{FF5E}' => return char::from_u32(u32::from(c) - 0xFEE0),
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{FEFF}' => '\0',
        _ => return None,
    })
}

fn respell_by_table(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c);
    }
    if is_widthless(c) {
        return None;
    }
    Some(match c {
        // The property Dash, and the hyphen bullet.
        '\u{058A}' | '\u{05BE}' | '\u{1400}' | '\u{1806}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2053}' => '-',
        '\u{207B}' | '\u{208B}' | '\u{2212}' | '\u{2E17}' | '\u{2E1A}' | '\u{2E3A}' | '\u{2E3B}' | '\u{2E40}' => '-',
        '\u{2E5D}' | '\u{301C}' | '\u{3030}' | '\u{30A0}' | '\u{10D6E}' | '\u{10EAD}' => '-',
        '\u{2018}'..='\u{201B}' | '\u{02BC}' => '\'',
        '\u{201C}'..='\u{201F}' => '"',
        '\u{1680}' => ' ',
        '\u{0085}' | '\u{2028}' | '\u{2029}' => '\n',
        _ => ascii_digit(c).unwrap_or(c),
    })
}

/// Characters without width: the property `Default_Ignorable_Code_Point` but for the Hangul and Khmer fillers, which
/// stand for a letter.
fn is_widthless(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// The zero of each script's decimal digits, which stand in order (general category Nd of Unicode 16); those that NFKC
/// makes ASCII are left out.
const ZEROS: [u32; 67] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136,
    0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0,
    0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1E140, 0x1E2F0, 0x1E4F0,
    0x1E5F1, 0x1E950,
];

/// The ASCII digit that a decimal digit of another script stands for.
fn ascii_digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS[ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?];
    char::from_digit(code - zero, 10)
}

/// Characters that are their own normal form and begin a unit: most of what is written. Ranges of the basic plane, in
/// order; the tests hold each of them against the definition.
const PLAIN: &[(u32, u32)] = &[
    (0x00, 0x7F),
    (0xA1, 0xA7),
    (0xA9, 0xA9),
    (0xAB, 0xAC),
    (0xAE, 0xAE),
    (0xB0, 0xB1),
    (0xB6, 0xB7),
    (0xBB, 0xBB),
    (0xBF, 0x131),
    (0x134, 0x13E),
    (0x141, 0x148),
    (0x14A, 0x17E),
    (0x180, 0x1C3),
    (0x1CD, 0x1F0),
    (0x391, 0x3A1),
    (0x3A3, 0x3CF),
    (0x400, 0x482),
    (0x48A, 0x52F),
    (0x531, 0x556),
    (0x561, 0x586),
    (0x5D0, 0x5EA),
    (0x621, 0x64A),
    (0x679, 0x6D3),
    (0x904, 0x939),
    (0xE01, 0xE32),
    (0xE3F, 0xE47),
    (0x10D0, 0x10FA),
    (0x1E00, 0x1E99),
    (0x1E9C, 0x1EFF),
    (0x2020, 0x2023),
    (0x2030, 0x2032),
    (0x2039, 0x203A),
    (0x20A0, 0x20A7),
    (0x20A9, 0x20C0),
    (0x2190, 0x2211),
    (0x2213, 0x222B),
    (0x2231, 0x2328),
    (0x2500, 0x27BF),
    (0x3001, 0x301B),
    (0x301D, 0x3029),
    (0x3041, 0x3096),
    (0x30A1, 0x30FE),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
];

/// [`PLAIN`], a bit for each character of the basic plane.
static PLAIN_BITS: [u64; 1024] = {
    let mut bits = [0; 1024];
    let mut row = 0;
    while row < PLAIN.len() {
        let mut code = PLAIN[row].0;
        while code <= PLAIN[row].1 {
            bits[(code >> 6) as usize] |= 1 << (code & 63);
            code += 1;
        }
        row += 1;
    }
    bits
};

/// True for the characters of [`PLAIN`].
fn is_plain(c: char) -> bool {
    is_plain_code(u32::from(c))
}

fn is_plain_code(code: u32) -> bool {
    PLAIN_BITS.get((code >> 6) as usize).is_some_and(|bits| bits >> (code & 63) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The normal form by its definition, without units.
    fn whole(text: &str) -> String {
        text.nfkc().filter_map(respell).collect()
    }

    #[test]
    fn one_spelling() {
        let rows = [
            ("plain ASCII \t\r\n\x0b\0 stays", "plain ASCII \t\r\n\x0b\0 stays"),
            ("４１１１\u{3000}１１１１", "4111 1111"),
            ("٤١١١ ۴۱۱۱ ४१११ 𝟒𝟏", "4111 4111 4111 41"),
            ("a\u{2010}b\u{2011}c\u{2013}d\u{2212}e\u{FF0D}f", "a-b-c-d-e-f"),
            ("pass\u{AD}wo\u{200B}r\u{2060}d\u{FEFF}", "password"),
            ("1\u{A0}2\u{2009}3\u{202F}4\u{1680}5", "1 2 3 4 5"),
            ("line\u{2028}line", "line\nline"),
            ("driver\u{2019}s \u{201C}x\u{201D}", "driver's \"x\""),
            ("cafe\u{301} ｶﾞ", "café ガ"),
            ("\u{1112}\u{1161}\u{11AB}", "한"),
            ("\u{FFA4}\u{FFC2}", "\u{1102}\u{1161}".nfkc().collect::<String>().leak()),
            ("ﬁ №", "fi No"),
        ];
        for (text, want) in rows {
            assert_eq!(normalise(text), want, "{text:?}");
            assert_eq!(whole(text), want, "{text:?}");
        }
    }

    #[test]
    fn the_example_of_the_caption() {
        let mut rest = "cafe\u{301} ４ u";
        let mut units = Vec::new();
        while !rest.is_empty() {
            let unit = next_unit(rest);
            units.push((rest[..unit.consumed].to_owned(), unit.text().to_owned()));
            rest = &rest[unit.consumed..];
        }
        let want =
            [("c", "c"), ("a", "a"), ("f", "f"), ("e\u{301}", "é"), (" ", " "), ("４", "4"), (" ", " "), ("u", "u")];
        assert_eq!(units, want.map(|(from, to)| (from.to_owned(), to.to_owned())));
    }

    #[test]
    fn the_plain_prefix_keeps_the_last_character_back() {
        let rows =
            [("", 0), ("a", 1), ("ab", 1), ("ab\u{301}", 1), ("ab４", 2), ("été ", 5), ("４", 0), ("\u{301}a", 0)];
        for (text, want) in rows {
            assert_eq!(plain_prefix(text), want, "{text:?}");
        }
    }

    #[test]
    fn plain_characters_are_what_they_claim() {
        for c in (0x80..=0x10FFFF).filter_map(char::from_u32).filter(|c| is_plain(*c)) {
            assert!(iter::once(c).nfkc().eq([c]), "{c:?} changes");
            assert_eq!(canonical_combining_class(c), 0, "{c:?} is a mark");
            assert_eq!(is_nfkc_quick(iter::once(c)), IsNormalized::Yes, "{c:?} may compose");
            assert_eq!(respell_by_table(c), Some(c), "{c:?} is respelled");
        }
    }

    #[test]
    fn a_glance_agrees_with_the_definition() {
        for c in (0..=0x10FFFF).filter_map(char::from_u32) {
            let Some(told) = at_a_glance(c) else { continue };
            let defined: String = iter::once(c).nfkc().filter_map(respell_by_table).collect();
            assert_eq!(told.to_string().trim_matches('\0'), defined, "{c:?}");
            assert!(begins_unit_by_table(c), "{c:?} is a mark");
        }
    }

    #[test]
    fn digits_of_every_script_are_known() {
        let class = regex::Regex::new(r"^\p{Nd}$").unwrap();
        let every = (0..=0x10FFFF).filter_map(char::from_u32);
        let mut value = 0;
        for c in every.filter(|c| c.is_numeric() && class.is_match(c.encode_utf8(&mut [0; 4]))) {
            // Each run of digits begins with a zero and has ten.
            let want = char::from_digit(value, 10).unwrap();
            assert_eq!(normalise(&c.to_string()), want.to_string(), "{:X}", u32::from(c));
            value = (value + 1) % 10;
        }
    }

    #[test]
    fn a_unit_is_bounded() {
        let text = format!("e{}", "\u{301}".repeat(1_000));
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let unit = next_unit(rest);
            assert!(rest[..unit.consumed].chars().count() <= 1 + MARKS_MAX);
            rest = &rest[unit.consumed..];
        }
    }

    #[test]
    fn case_folds_one_to_one() {
        let rows = [("ΟΔΟΣ", "οδοσ"), ("οδος", "οδοσ"), ("KİMLİK kımlık", "kimlik kimlik"), ("ÄßẞÉ", "äßßé")];
        for (text, want) in rows {
            assert_eq!(fold_case(text), want);
        }
    }

    /// Characters that meet each other badly: marks of several classes, jamo, half-width kana with their voice marks,
    /// starters that compose backwards, and what is respelled.
    fn hostile() -> impl Strategy<Value = char> {
        let starters = "aeAおカｶﾊ４-1 \u{AD}\u{200B}\u{34F}\u{9C7}\u{B47}\u{1100}\u{1112}가각\u{FFA1}\u{FFC2}ﷺ";
        let joiners =
            "\u{301}\u{323}\u{344}\u{345}\u{3099}\u{309A}ﾞﾟ\u{9BE}\u{B57}\u{1161}\u{1175}\u{11A8}\u{11C2}\u{FFC7}";
        let listed: Vec<char> = starters.chars().chain(joiners.chars()).collect();
        prop_oneof![3 => prop::sample::select(listed), 1 => any::<char>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn units_join_to_the_whole(chars in prop::collection::vec(hostile(), 0..24)) {
            let text: String = chars.into_iter().collect();
            prop_assert_eq!(normalise(&text), whole(&text));
        }

        #[test]
        fn a_cut_after_a_final_unit_changes_nothing(chars in prop::collection::vec(hostile(), 1..16), cut in 0_usize..16) {
            let text: String = chars.iter().collect();
            let head: String = chars.iter().take(cut).collect();
            let unit = next_unit(&head);
            if unit.consumed < head.len() {
                let rest = normalise(&text[unit.consumed..]);
                prop_assert_eq!([unit.text(), &rest].concat(), whole(&text));
            }
            let plain = plain_prefix(&head);
            if plain < head.len() {
                let rest = normalise(&text[plain..]);
                prop_assert_eq!([&head[..plain], &rest].concat(), whole(&text));
            }
        }
    }
}
