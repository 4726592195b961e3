//! Checksums written as templates, and counts of characters: what imported rules ask of a value.
//!
//! A template is text with `{{ name | filter: n | filter }}` in it, the part of Liquid that Kingfisher's checksums are written in.
//! Names are groups of an expression that is matched against the text once more.

use std::sync::Arc;

use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, ready};
use super::{Row, Table, Validate};
use regex::bytes::{Captures, Regex, RegexBuilder};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

const TEMPLATE: &[(&str, &str)] = &[
    ("regex", "an expression whose groups are the templates' names"),
    ("actual", "template of what stands in the text"),
    ("expected", "template of what must stand there"),
    ("needs", "a group without which nothing is checked"),
    ("skip_missing", "true to let a value without that group pass; default false"),
];
const CHARACTERS: &[(&str, &str)] = &[
    ("min_digits", "fewest digits, default 0"),
    ("min_upper", "fewest capital letters, default 0"),
    ("min_lower", "fewest small letters, default 0"),
    ("min_special", "fewest other characters, default 0"),
    ("special", "the characters that are such others; default ASCII punctuation"),
];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "characters",
        what: "As many digits, capitals, small letters and other characters as wanted.",
        source: "counting",
        version: 1,
        params: CHARACTERS,
        build: characters,
    },
    Row {
        name: "template",
        what: "What one template makes of the match is what another one makes of it.",
        source: "the rule's author; Kingfisher's checksums",
        version: 1,
        params: TEMPLATE,
        build,
    },
];

fn characters(table: &Table) -> Result<Arc<dyn Validate>, String> {
    let params = Params::of("characters", CHARACTERS, table)?;
    let count = |name| Ok::<_, String>(params.count(name, 0, 1_000_000)?.unwrap_or(0));
    ready(Characters {
        digits: count("min_digits")?,
        upper: count("min_upper")?,
        lower: count("min_lower")?,
        others: count("min_special")?,
        special: params.word("special")?.map(str::to_owned),
    })
}

struct Characters {
    digits: usize,
    upper: usize,
    lower: usize,
    others: usize,
    special: Option<String>,
}

impl Scheme for Characters {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let count = |kind: &dyn Fn(char) -> bool| value.chars().filter(|c| kind(*c)).count();
        let special = |c: char| self.special.as_ref().map_or(c.is_ascii_punctuation(), |special| special.contains(c));
        let wanted: [(&str, usize, usize); 4] = [
            ("digits", count(&|c| c.is_ascii_digit()), self.digits),
            ("capital letters", count(&|c| c.is_ascii_uppercase()), self.upper),
            ("small letters", count(&|c| c.is_ascii_lowercase()), self.lower),
            ("other characters", count(&special), self.others),
        ];
        wanted.iter().filter(|(_, _, least)| *least > 0).all(|(name, found, least)| {
            steps.note(|| format!("{found} {name}, wanted at least {least}"));
            found >= least
        })
    }
}

/// Makes the check of a checksum; importers ask it whether a rule's templates can be read.
///
/// # Errors
/// What in them cannot.
pub(in crate::rule) fn build(table: &Table) -> Result<Arc<dyn Validate>, String> {
    let params = Params::of("template", TEMPLATE, table)?;
    let word = |name| params.word(name)?.ok_or_else(|| params.wrong(name, "is missing"));
    let source = word("regex")?.to_owned();
    let hir = crate::rule::pattern::parse(&source).map_err(|error| params.wrong("regex", &error.message))?;
    let names: Vec<String> = crate::rule::pattern::groups(&hir).into_iter().filter_map(|(_, name)| name).collect();
    let read = |name| read(word(name)?, &names).map_err(|why| params.wrong(name, &why));
    ready(Template {
        actual: read("actual")?,
        expected: read("expected")?,
        needs: params.word("needs")?.map(str::to_owned),
        skip_missing: params.switch("skip_missing", false)?,
        source,
        regex: OnceLock::new(),
    })
}

struct Template {
    source: String,
    regex: OnceLock<Option<Regex>>,
    actual: Vec<Piece>,
    expected: Vec<Piece>,
    needs: Option<String>,
    skip_missing: bool,
}

/// A piece of a template.
#[derive(Debug)]
enum Piece {
    Text(String),
    Group(String, Vec<Filter>),
}

/// What a filter makes of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Filter {
    Prefix(usize),
    Suffix(usize),
    Upcase,
    Downcase,
    Strip,
    /// A number in ten digits' notation.
    Crc32,
    Crc32Hex,
    Sha256,
    /// Base32 of the digest, its first characters.
    Sha256Base32(usize),
    /// A number in another notation, filled up with zeros on the left.
    Base(u32, usize),
    Base64,
}

/// Longest template, in bytes.
const TEMPLATE_BYTES_MAX: usize = 1_000;
/// Digits of base 62 as GitHub and others write it; base 36 are their first, in small letters.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn read(text: &str, names: &[String]) -> Result<Vec<Piece>, String> {
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err("is too long".to_owned());
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        pieces.push(Piece::Text(before.to_owned()));
        let (inner, after) = after.split_once("}}").ok_or("has a `{{` without `}}`")?;
        let mut steps = inner.split('|').map(str::trim);
        let name = steps.next().unwrap_or_default();
        let whole = ["MATCH", "TOKEN", "FULL_MATCH"].contains(&name);
        let group = names.iter().find(|group| group.eq_ignore_ascii_case(name)).cloned();
        let group = group.or(whole.then(String::new)).ok_or_else(|| format!("names `{name}`, which is no group"))?;
        pieces.push(Piece::Group(group, steps.map(filter).collect::<Result<_, _>>()?));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    if rest.contains("{%") || text.contains("{%") {
        return Err("has a statement, and only values can be read".to_owned());
    }
    Ok(pieces)
}

fn filter(text: &str) -> Result<Filter, String> {
    let (name, argument) = text.split_once(':').map_or((text, ""), |(name, argument)| (name.trim(), argument.trim()));
    let number = || argument.parse::<usize>().ok().filter(|number| *number <= 1_000);
    let wide = || number().ok_or_else(|| format!("has the filter `{name}` without a number"));
    Ok(match name {
        "prefix" | "first_chars" => Filter::Prefix(wide()?),
        "suffix" | "last_chars" => Filter::Suffix(wide()?),
        "upcase" => Filter::Upcase,
        "downcase" => Filter::Downcase,
        "strip" => Filter::Strip,
        "crc32" | "crc32_dec" => Filter::Crc32,
        "crc32_hex" => Filter::Crc32Hex,
        "sha256" => Filter::Sha256,
        "sha256_b32" => Filter::Sha256Base32(number().unwrap_or(56)),
        "base62" => Filter::Base(62, number().unwrap_or(0)),
        "base36" => Filter::Base(36, number().unwrap_or(0)),
        "b64enc" | "base64" => Filter::Base64,
        _ => return Err(format!("has the filter `{name}`, which is not known")),
    })
}

impl Filter {
    /// `None` where a number was expected and none stands.
    fn apply(self, text: String) -> Option<String> {
        let head = |text: &str, count: usize| text.chars().take(count).collect::<String>();
        Some(match self {
            Self::Prefix(count) => head(&text, count),
            Self::Suffix(count) => text.chars().skip(text.chars().count().saturating_sub(count)).collect(),
            Self::Upcase => text.to_uppercase(),
            Self::Downcase => text.to_lowercase(),
            Self::Strip => text.trim().to_owned(),
            Self::Crc32 => crc32fast::hash(text.as_bytes()).to_string(),
            Self::Crc32Hex => format!("{:08x}", crc32fast::hash(text.as_bytes())),
            Self::Sha256 => Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::Sha256Base32(count) => head(&base32(&Sha256::digest(text.as_bytes())), count),
            Self::Base(base, width) => in_base(text.trim().parse().ok()?, base, width),
            Self::Base64 => {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD.encode(text)
            }
        })
    }
}

fn in_base(mut number: u64, base: u32, width: usize) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        let digit = usize::try_from(number % u64::from(base)).unwrap_or(0);
        digits.push(char::from(DIGITS[digit]));
        number /= u64::from(base);
    }
    while digits.len() < width.max(1) {
        digits.push('0');
    }
    let text: String = digits.iter().rev().collect();
    if base == 36 { text.to_lowercase() } else { text }
}

fn base32(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let letter = |group: usize| (0..5).fold(0, |value, at| value * 2 + usize::from(bit(group * 5 + at)));
    (0..(bytes.len() * 8).div_ceil(5)).map(|group| char::from(BASE32[letter(group)])).collect()
}

impl Template {
    fn made(pieces: &[Piece], groups: &Captures<'_>) -> Option<String> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(name, filters) => {
                    let found = if name.is_empty() { groups.get(0) } else { groups.name(name) };
                    let mut text = String::from_utf8(found?.as_bytes().to_vec()).ok()?;
                    for filter in filters {
                        text = filter.apply(text)?;
                    }
                    out.push_str(&text);
                }
            }
        }
        Some(out)
    }
}

impl Scheme for Template {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let build = || RegexBuilder::new(&self.source).unicode(false).build().ok();
        let groups = self.regex.get_or_init(build).as_ref().and_then(|regex| regex.captures(value.as_bytes()));
        let Some(groups) = groups else {
            steps.note(|| "the expression does not fit".to_owned());
            return self.skip_missing;
        };
        if self.needs.as_ref().is_some_and(|needs| groups.name(needs).is_none_or(|group| group.is_empty())) {
            steps.note(|| "the group that is needed is not there".to_owned());
            return self.skip_missing;
        }
        let (actual, expected) = (Self::made(&self.actual, &groups), Self::made(&self.expected, &groups));
        let (Some(actual), Some(expected)) = (actual, expected) else { return self.skip_missing };
        steps.note(|| format!("expected {expected}, found {actual}"));
        actual == expected
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepts, refuses};
    use super::*;

    #[test]
    fn characters_are_counted() {
        accepts("characters{min_digits=2, min_upper=1, min_lower=1}", &["aB12", "1a2B-"]);
        refuses("characters{min_digits=2, min_upper=1, min_lower=1}", &["aB1", "ab12", ""]);
        accepts("characters{min_special=1}", &["a-b"]);
        refuses("characters{min_special=1, special=\"!\"}", &["a-b"]);
    }

    #[test]
    fn templates_are_filled() {
        let rows = [
            ("{{ body | crc32 }}", "123456789", "3421780262"),
            ("x{{ BODY | crc32_hex }}", "123456789", "xcbf43926"),
            ("{{ body | crc32 | base62: 6 }}", "123456789", "3jZRME"),
            ("{{ body | suffix: 3 | upcase }}", "abcdef", "DEF"),
            ("{{ body | prefix: 2 }}-{{ MATCH }}", "abc", "ab-abc"),
            ("{{ body | sha256_b32: 8 }}", "abc", "XJ4BNP4P"),
            ("{{ body | b64enc }}", "ab", "YWI="),
        ];
        let regex = Regex::new("^(?P<body>.*)$").unwrap();
        for (template, text, want) in rows {
            let pieces = read(template, &["body".to_owned()]).unwrap_or_else(|why| panic!("{template}: {why}"));
            let groups = regex.captures(text.as_bytes()).unwrap();
            assert_eq!(Template::made(&pieces, &groups).as_deref(), Some(want), "{template} of {text}");
        }
        for template in ["{{ other }}", "{{ body", "{{ body | md5 }}", "{% if body %}", "{{ body | prefix }}"] {
            assert!(read(template, &["body".to_owned()]).is_err(), "{template}");
        }
    }

    #[test]
    fn a_checksum_holds_or_not() {
        let with = |skip: &str| {
            format!(
                "template{{regex=\"k(?P<b>[a-z0-9]+)(?:-(?P<c>[0-9a-f]{{8}}))?\", actual=\"{{{{ c }}}}\", \
                 expected=\"{{{{ b | crc32_hex }}}}\", needs=\"c\"{skip}}}"
            )
        };
        accepts(&with(""), &["k123456789-cbf43926"]);
        refuses(&with(""), &["k123456789-cbf43927", "k123456789"]);
        accepts(&with(", skip_missing=true"), &["k123456789"]);
    }
}
