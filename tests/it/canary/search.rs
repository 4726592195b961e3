//! The search for planted values in any bytes.

use super::planted::Value;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// What may stand between the groups of a value, also percent-encoded.
const SEPARATORS: [&str; 10] = ["", " ", "-", "_", ".", "+", "%20", "%2D", "%5F", "\u{a0}"];
/// Values of so few digits are looked for without separators only where they stand alone: in tokens and fractions of seconds
/// any nine digits occur by chance.
const SHORT_CHARS: usize = 9;
/// Bytes before a leak that its message shows.
const SHOWN_BYTES: usize = 60;

/// One way a value may be written.
struct Form {
    value: usize,
    stands_alone: bool,
}

/// All values in all forms.
pub(super) struct Search {
    forms: Vec<Form>,
    automaton: AhoCorasick,
    places: Vec<&'static str>,
}

impl Search {
    pub(super) fn new(values: &[Value]) -> Self {
        let (mut forms, mut needles) = (Vec::new(), Vec::new());
        for (at, value) in values.iter().enumerate() {
            let bare = value.groups.concat();
            let mut add = |needle: Vec<u8>, stands_alone| {
                forms.push(Form { value: at, stands_alone });
                needles.push(needle);
            };
            for separator in SEPARATORS {
                let text = value.groups.join(separator);
                add(wide(&text), false);
                let stands_alone = separator.is_empty() && bare.len() <= SHORT_CHARS;
                add(text.into_bytes(), stands_alone);
            }
            for separator in SEPARATORS.into_iter().filter(|separator| separator.len() < 2) {
                let text = value.groups.join(separator);
                add(text.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect(), false);
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(needles)
            .expect("few enough");
        Self { forms, automaton, places: values.iter().map(|value| value.place).collect() }
    }

    /// Where in these bytes a value is, told without the value.
    pub(super) fn leak(&self, bytes: &[u8]) -> Option<String> {
        let found = self.automaton.find_overlapping_iter(bytes).find(|found| {
            !self.forms[found.pattern().as_usize()].stands_alone || stands_alone(bytes, found.start(), found.end())
        })?;
        let value = self.forms[found.pattern().as_usize()].value;
        let before = &bytes[found.start().saturating_sub(SHOWN_BYTES)..found.start()];
        let before = before.iter().map(|byte| if byte.is_ascii_digit() { b'#' } else { *byte }).collect::<Vec<_>>();
        let (place, start) = (self.places[value], found.start());
        Some(format!("value {value} of `{place}` at byte {start}, after: {}", before.escape_ascii()))
    }

    /// Fails when a value is in these bytes.
    #[track_caller]
    pub(super) fn none_in(&self, what: &str, bytes: &[u8]) {
        if let Some(leak) = self.leak(bytes) {
            panic!("{what} shows {leak}");
        }
    }
}

/// UTF-16 without the NUL at either end, so that it is the same in both byte orders.
fn wide(text: &str) -> Vec<u8> {
    let mut wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    wide.pop();
    wide
}

fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'.'));
    let before = |by: usize| start.checked_sub(by).and_then(|at| bytes.get(at));
    // The digits of an encoded blank are no part of what follows.
    (before(3) == Some(&b'%') || !is_part(before(1))) && (bytes.get(end) == Some(&b'.') || !is_part(bytes.get(end)))
}
