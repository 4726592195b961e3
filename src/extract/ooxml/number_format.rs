//! Numbers of a sheet as a reader sees them.
//!
//! A card or tax number kept as a number shows its hyphens only through the cell's format (`000-00-0000`), a date is a count
//! of days, and a long number may be stored in scientific notation; so both what is stored and what is shown is text to
//! read. Format codes as in ECMA-376 part 1, 18.8.30 and 18.8.31. Fractions and colours of sections are not rendered.

use std::borrow::Cow;

/// Days from 1899-12-30, the origin of serials, to 1970-01-01.
const EPOCH_SERIAL: i64 = 25_569;
/// Days between the two date systems of Excel.
const DAYS_1904: f64 = 1462.0;

/// How a cell's number is shown.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::extract) enum Format {
    /// As it comes.
    General,
    /// As a calendar date, a time, or both.
    Date,
    /// By sections of placeholders.
    Sections(Vec<Section>),
}

/// One section of a format code.
#[derive(Clone, Debug, PartialEq, Default)]
pub(in crate::extract) struct Section {
    condition: Option<(Comparison, f64)>,
    tokens: Vec<Token>,
    decimals: usize,
    has_thousands: bool,
    percents: i32,
    /// Commas after the last digit: each divides by a thousand.
    scale_thousands: i32,
    exponent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A placeholder of the integer part; true for `0`, which shows a zero.
    Digit(bool),
    /// The decimal point with its places.
    Fraction,
    Literal(char),
}

impl Format {
    /// The format of a built-in number; custom ones come from their code.
    pub(in crate::extract) fn built_in(id: u32) -> Self {
        let code = match id {
            1 => "0",
            2 => "0.00",
            3 | 37 | 38 => "#,##0",
            4 | 39 | 40 | 43 | 44 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            48 => "##0.0E+0",
            14..=22 | 27..=36 | 45..=47 | 50..=58 => return Format::Date,
            _ => return Format::General,
        };
        Self::parse(code)
    }

    /// Reads a format code.
    pub(in crate::extract) fn parse(code: &str) -> Self {
        let bare = without_quotes(code);
        let lower = bare.to_ascii_lowercase();
        if lower.trim().is_empty() || lower.contains("general") || lower.trim() == "@" {
            return Format::General;
        }
        let has_digits = bare.contains(['0', '#', '?']);
        let has_pairs = ["yy", "mm", "dd", "hh", "ss", "h:"].iter().any(|pair| lower.contains(pair));
        if has_pairs || (!has_digits && lower.contains(['y', 'm', 'd', 'h', 's'])) {
            return Format::Date;
        }
        let sections: Vec<_> = split_sections(code).into_iter().take(3).map(|text| Section::parse(&text)).collect();
        if sections.iter().all(|section| !section.tokens.iter().any(|token| matches!(token, Token::Digit(_)))) {
            return Format::General;
        }
        Format::Sections(sections)
    }

    /// What a reader sees of `value`.
    pub(in crate::extract) fn show(&self, value: f64, dates_from_1904: bool) -> Option<String> {
        match self {
            Format::General => Some(general(value)),
            Format::Date => date(if dates_from_1904 { value + DAYS_1904 } else { value }),
            Format::Sections(sections) => {
                let (section, value) = choose(sections, value)?;
                Some(section.render(value))
            }
        }
    }
}

/// Drops quoted text, escapes and bracketed remarks, which only look like placeholders.
fn without_quotes(code: &str) -> String {
    let mut out = String::new();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            '\\' | '_' | '*' => _ = chars.next(),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                // Elapsed time is written in brackets.
                if inside.chars().all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's')) {
                    out.push_str("h:s");
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn split_sections(code: &str) -> Vec<String> {
    let (mut sections, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in code.chars() {
        if c == ';' && !quoted && !escaped {
            sections.push(String::new());
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped && !quoted;
        if let Some(last) = sections.last_mut() {
            last.push(c);
        }
    }
    sections
}

fn choose(sections: &[Section], value: f64) -> Option<(&Section, f64)> {
    if let Some(section) = sections.iter().find(|section| section.condition.is_some_and(|c| holds(c, value))) {
        return Some((section, value));
    }
    if sections.iter().any(|section| section.condition.is_some()) {
        return sections.iter().find(|section| section.condition.is_none()).map(|section| (section, value));
    }
    match sections {
        [_, negative, ..] if value < 0.0 => Some((negative, -value)),
        [_, _, zero] if value == 0.0 => Some((zero, value)),
        [first, ..] => Some((first, value)),
        [] => None,
    }
}

fn holds((comparison, bound): (Comparison, f64), value: f64) -> bool {
    match comparison {
        Comparison::Less => value < bound,
        Comparison::LessOrEqual => value <= bound,
        Comparison::Greater => value > bound,
        Comparison::GreaterOrEqual => value >= bound,
        Comparison::Equal => value == bound,
        Comparison::NotEqual => value != bound,
    }
}

fn condition(text: &str) -> Option<(Comparison, f64)> {
    const SIGNS: &[(&str, Comparison)] = &[
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("<>", Comparison::NotEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
        ("=", Comparison::Equal),
    ];
    let (rest, sign) = SIGNS.iter().find_map(|(sign, c)| text.strip_prefix(sign).map(|rest| (rest, *c)))?;
    rest.trim().parse().ok().map(|bound| (sign, bound))
}

impl Section {
    fn parse(text: &str) -> Self {
        let mut section = Section::default();
        let mut chars = text.chars().peekable();
        let (mut in_fraction, mut commas) = (false, 0);
        while let Some(c) = chars.next() {
            match c {
                '0' | '#' | '?' if section.exponent => {}
                '0' | '#' | '?' if in_fraction => section.decimals += 1,
                '0' | '#' | '?' => {
                    section.has_thousands |= commas > 0;
                    commas = 0;
                    section.tokens.push(Token::Digit(c == '0'));
                }
                ',' => commas += 1,
                '.' if !in_fraction => {
                    in_fraction = true;
                    section.tokens.push(Token::Fraction);
                }
                '%' => {
                    section.percents += 1;
                    section.tokens.push(Token::Literal('%'));
                }
                'E' | 'e' if matches!(chars.peek(), Some('+' | '-')) => {
                    chars.next();
                    section.exponent = true;
                }
                '"' => section.tokens.extend(chars.by_ref().take_while(|c| *c != '"').map(Token::Literal)),
                '\\' => section.tokens.extend(chars.next().map(Token::Literal)),
                '_' => {
                    chars.next();
                    section.tokens.push(Token::Literal(' '));
                }
                '*' => _ = chars.next(),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    section.condition = section.condition.or_else(|| condition(&inside));
                    let currency = inside.strip_prefix('$').and_then(|rest| rest.split('-').next()).unwrap_or("");
                    section.tokens.extend(currency.chars().map(Token::Literal));
                }
                '@' => {}
                c => section.tokens.push(Token::Literal(c)),
            }
        }
        section.scale_thousands = commas;
        section
    }

    fn render(&self, value: f64) -> String {
        if self.exponent {
            return scientific(value, self.decimals);
        }
        let scaled = value * 100f64.powi(self.percents) / 1000f64.powi(self.scale_thousands);
        let fixed = format!("{:.*}", self.decimals.min(30), scaled.abs());
        let (whole, fraction) = fixed.split_once('.').unwrap_or((&fixed, ""));
        let whole = if whole == "0" && !self.tokens.contains(&Token::Digit(true)) { "" } else { whole };
        let places = self.tokens.iter().filter(|token| matches!(token, Token::Digit(_))).count();
        let mut digits = PlacedDigits::new(whole, places, self.has_thousands);
        let mut out = String::new();
        for token in &self.tokens {
            match token {
                Token::Digit(shows_zero) => digits.place(*shows_zero, &mut out),
                Token::Fraction if !fraction.is_empty() => {
                    out.push('.');
                    out.push_str(fraction);
                }
                Token::Fraction => {}
                Token::Literal(c) => out.push(*c),
            }
        }
        let negative = scaled < 0.0 && out.contains(|c: char| ('1'..='9').contains(&c));
        let shown = out.trim();
        if negative { format!("-{shown}") } else { shown.to_owned() }
    }
}

/// Deals the digits of a whole number out to its placeholders, the surplus to the first.
struct PlacedDigits<'a> {
    digits: &'a [u8],
    places_left: usize,
    has_thousands: bool,
    started: bool,
}

impl<'a> PlacedDigits<'a> {
    fn new(whole: &'a str, places: usize, has_thousands: bool) -> Self {
        Self { digits: whole.as_bytes(), places_left: places, has_thousands, started: false }
    }

    fn place(&mut self, shows_zero: bool, out: &mut String) {
        while self.digits.len() > self.places_left {
            self.one(out, self.digits.len());
        }
        if self.digits.len() == self.places_left && !self.digits.is_empty() {
            self.one(out, self.digits.len());
        } else if shows_zero {
            self.started = true;
            out.push('0');
        }
        self.places_left -= 1;
    }

    /// Writes the next digit, of which `left` remain with it.
    fn one(&mut self, out: &mut String, left: usize) {
        if self.has_thousands && self.started && left.is_multiple_of(3) {
            out.push(',');
        }
        self.started = true;
        out.push(char::from(self.digits[0]));
        self.digits = &self.digits[1..];
    }
}

/// A number in the general format: whole numbers in full, others to ten significant digits.
pub(in crate::extract) fn general(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1e21 || (value != 0.0 && value.abs() < 1e-9) {
        return scientific(value, 5);
    }
    if let Some(number) = whole(value).filter(|_| value.fract() == 0.0) {
        return number.to_string();
    }
    let whole_digits = match whole(value.trunc()) {
        Some(number) => number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1,
        None => format!("{:.0}", value.abs().trunc()).len(),
    };
    let fixed = format!("{:.*}", 10usize.saturating_sub(whole_digits).max(1), value);
    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A stored number that is written as people write it: digits, perhaps a point and more digits.
#[derive(Clone, Copy, Debug)]
pub(in crate::extract) struct Decimal<'a> {
    text: &'a str,
    /// Where its point stands, behind the sign and at least one digit.
    point: usize,
    whole_digits: usize,
}

impl<'a> Decimal<'a> {
    /// Takes a number apart; `None` for one without a point, with an exponent or with digits that say nothing.
    pub(in crate::extract) fn of(text: &'a str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.')?;
        let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_plain = are_digits(whole) && are_digits(fraction) && !fraction.ends_with('0');
        let has_no_surplus = whole == "0" || !whole.starts_with('0');
        // Smaller ones are shown by their exponent.
        let is_small = whole == "0" && fraction.starts_with("00000000");
        let point = text.len() - fraction.len() - 1;
        (is_plain && has_no_surplus && !is_small).then_some(Self { text, point, whole_digits: whole.len() })
    }

    /// True when no shorter notation names the same number: up to 15 digits are told apart by every double.
    pub(in crate::extract) fn is_shortest(&self) -> bool {
        self.text.len() - self.point - 1 + self.whole_digits <= 15
    }

    /// What [`general`] shows of it, rounded digit by digit; `None` where the digits are too close to a half, which only
    /// the number itself can decide.
    pub(in crate::extract) fn shown(&self) -> Option<Cow<'a, str>> {
        let places = 10usize.saturating_sub(self.whole_digits).max(1);
        let end = self.point + 1 + places;
        if self.whole_digits > 15 || end >= self.text.len() {
            return (self.whole_digits <= 15).then_some(Cow::Borrowed(self.text));
        }
        let (kept, rest) = self.text.split_at(end);
        if matches!(rest.as_bytes(), [b'5'] | [b'5', b'0'] | [b'5', b'0', b'0', ..] | [b'4', b'9', b'9', ..]) {
            return None;
        }
        if rest.as_bytes()[0] < b'5' {
            return Some(Cow::Borrowed(kept.trim_end_matches('0').trim_end_matches('.')));
        }
        // Nines at the end become noughts, which are not shown: the digit before them counts up.
        let kept = kept.trim_end_matches('9');
        let last = kept.bytes().next_back().filter(u8::is_ascii_digit)?;
        let mut shown = kept[..kept.len() - 1].to_owned();
        shown.push(char::from(last + 1));
        Some(Cow::Owned(shown))
    }
}

/// The shortest decimal notation that names exactly this number, without an exponent where that is sane.
pub(in crate::extract) fn plain(value: f64) -> Option<String> {
    (value.is_finite() && value.abs() < 1e21 && (value == 0.0 || value.abs() > 1e-9)).then(|| format!("{value}"))
}

fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{:.*E}", decimals.min(30), value);
    match text.split_once('E') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}E+{exponent:0>2}"),
        Some((mantissa, exponent)) => format!("{mantissa}E-{:0>2}", &exponent[1..]),
        None => text,
    }
}

/// A serial as `2021-01-31`, `13:05:00` or both; `None` out of Excel's range.
fn date(serial: f64) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let mut days = whole(serial.trunc())?;
    let mut seconds = whole((serial.fract() * 86_400.0).round())?;
    if seconds >= 86_400 {
        days += 1;
        seconds -= 86_400;
    }
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if days == 0 {
        return Some(time);
    }
    // Excel counts a 29 February 1900 that never was.
    let days = if days < 60 { days + 1 } else { days };
    let (year, month, day) = civil(days - EPOCH_SERIAL);
    let date = format!("{year:04}-{month:02}-{day:02}");
    Some(if seconds == 0 { date } else { format!("{date} {time}") })
}

#[expect(clippy::cast_possible_truncation, reason = "callers pass whole numbers far inside the range of i64")]
fn whole(value: f64) -> Option<i64> {
    (value.abs() < 1e15).then_some(value as i64)
}

/// The proleptic Gregorian date of a day counted from 1970-01-01 (eras of 400 years that begin in March).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_as_their_format_says() {
        let rows = [
            ("General", 4_111_111_111_111_111.0, "4111111111111111"),
            ("General", 22.222_222_222_222_22, "22.22222222"),
            ("General", 0.5, "0.5"),
            ("000-00-0000", 123_456_789.0, "123-45-6789"),
            ("000\\-00\\-0000", 1_234_567.0, "001-23-4567"),
            ("00000", 501.0, "00501"),
            ("#,##0.00", 1_234_567.891, "1,234,567.89"),
            ("#,##0", 12.0, "12"),
            ("0%", 0.256, "26%"),
            ("0.00E+00", 1234.5, "1.23E+03"),
            ("\"$\"#,##0.00_);(\"$\"#,##0.00)", -1234.5, "($1,234.50)"),
            ("[$€-407] #,##0", 1500.0, "€ 1,500"),
            ("[<=9999999]###-####;(###) ###-####", 2_025_550_143.0, "(202) 555-0143"),
            ("[<=9999999]###-####;(###) ###-####", 5_550_143.0, "555-0143"),
            ("0000 0000 0000 0000", 4_111_111_111_111_111.0, "4111 1111 1111 1111"),
            ("0.0,,\"M\"", 12_345_678.0, "12.3M"),
            ("yyyy\\-mm\\-dd", 44_197.0, "2021-01-01"),
            ("m/d/yy h:mm", 44_197.5, "2021-01-01 12:00:00"),
            ("[h]:mm:ss", 0.25, "06:00:00"),
            ("mmss.0", 0.5, "12:00:00"),
            ("d-mmm", 59.0, "1900-02-28"),
            ("@", 12.0, "12"),
        ];
        for (code, value, expected) in rows {
            assert_eq!(Format::parse(code).show(value, false).as_deref(), Some(expected), "{code} of {value}");
        }
    }

    #[test]
    fn decimals_show_without_being_numbers() {
        let rows = [
            "0.5",
            "-0.5",
            "22.22222222222222",
            "22.222222225",
            "22.2222222251",
            "1.9999999999",
            "0.99999999999",
            "9.99999999996",
            "123456789012.25",
            "123456789012.75",
            "12345678901.349",
            "0.123456789123",
            "-7.123456789987",
            "3.14159265358979",
            "0.000000012345678",
            "1234567.891",
            "0.1000000000049",
            "2.00000000001",
            "1234567890.96",
        ];
        for stored in rows {
            let value: f64 = stored.parse().expect("a number");
            let decimal = Decimal::of(stored).expect(stored);
            if let Some(shown) = decimal.shown() {
                assert_eq!(shown, general(value), "{stored}");
            }
            assert!(!decimal.is_shortest() || plain(value).as_deref() == Some(stored), "{stored}");
        }
        for other in ["12", "1e5", "1.5E3", "1.50", "01.5", ".5", "1.", "0.0000000001", "", "-", "1.2.3"] {
            assert!(Decimal::of(other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_other_date_system_begins_later() {
        assert_eq!(Format::Date.show(0.0, true).as_deref(), Some("1904-01-01"));
        assert_eq!(Format::Date.show(-1.0, false), None);
        assert_eq!(Format::built_in(14), Format::Date);
    }
}
