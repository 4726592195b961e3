//! Expressions of each dialect, and what they are written as.

use super::*;

fn plain(pattern: &str, dialect: Dialect) -> String {
    let written = write(pattern, dialect, "").unwrap_or_else(|why| panic!("{pattern}: {why}"));
    assert_eq!((&written.bounded, &written.not_before, &written.not_after), (&None, &vec![], &vec![]), "{pattern}");
    pattern::syntax(&written.regex).unwrap_or_else(|error| panic!("{pattern} as {}: {error}", written.regex));
    written.regex
}

#[test]
fn plain_expressions() {
    use Dialect::*;
    let rows = [
        (Go, r"ab{2,3}c", r"ab{2,3}c"),
        (Go, r"\$\{x}", r"\$\{x\}"),
        (Go, r"{a{,3}", r"\{a\{,3\}"),
        (Python, r"a{,3}b", r"a{0,3}b"),
        (Go, r"[[a&&b~~]", r"[\[a\&\&b\~\~]"),
        (Go, r"[\w-\.]", r"[\w\-\.]"),
        (Go, r"[]a]", r"[\]a]"),
        (Go, r"[[:alpha:]x]", r"[[:alpha:]x]"),
        (Go, r"\Qa.b\E+", r"(?:a\.b)+"),
        (Go, r"\<a\'b", r"<a'b"),
        (Go, r"[é-ü]x", r"(?u:[é-ü])x"),
        (Go, r"\pL+", r"(?u:\pL)+"),
        (Hyperscan, "(?x) a [ b] (?# c ) c  # not ) this\n d{2}", r"a[\x20b]cd{2}"),
        (Hyperscan, "(?xi:a b)c d", r"(?i:ab)c\x20d"),
        (Hyperscan, r"(?<n>a)", r"(?P<n>a)"),
        (Python, r"a\Z", r"a\z"),
    ];
    for (dialect, pattern, want) in rows {
        assert_eq!(plain(pattern, dialect), want, "{pattern}");
    }
}

#[test]
fn edges_become_checks() {
    // Pattern; plain expression, before, after, whether the bounded engine decides.
    type Row<'r> = (&'r str, &'r str, &'r [&'r str], &'r [&'r str], bool);
    let rows: &[Row<'_>] = &[
        (r"(?<!\d)\d{9}(?!\d)", r"\d{9}", &[r"\d"], &[r"\d"], false),
        (r"(?<!\w)\d{2,9}(?!\w)", r"\b{start-half}\d{2,9}\b{end-half}", &[], &[], false),
        (r"(?<=^|\s)x(?=$|[\s,])", r"x", &[r"[^\s]"], &[r"[^\s,]"], false),
        (r"(?<![A-Z])[A-Z]{2,3}(?![A-Z])", r"[A-Z]{2,3}", &[r"[A-Z]"], &[], true),
        (r"a(?=b)c", r"ac", &[], &[], true),
        (r"(a)\1", r"(a)(?s-u:.{0,64})", &[], &[], true),
        (r"(?>a|ab)c", r"(?:a|ab)c", &[], &[], true),
        (r"a++b", r"a+b", &[], &[], true),
    ];
    for (pattern, regex, before, after, bounded) in rows {
        let written = write(pattern, Dialect::Python, "").unwrap_or_else(|why| panic!("{pattern}: {why}"));
        assert_eq!(written.regex, *regex, "{pattern}");
        assert_eq!(
            (written.not_before.as_slice(), written.not_after.as_slice()),
            (&before.map_to()[..], &after.map_to()[..]),
            "{pattern}"
        );
        assert_eq!(written.bounded.is_some(), *bounded, "{pattern}");
        if let Some(whole) = written.bounded {
            crate::rule::bounded::BoundedRegex::new(&whole).unwrap_or_else(|why| panic!("{whole}: {why}"));
        }
    }
}

trait MapTo {
    fn map_to(&self) -> Vec<String>;
}

impl MapTo for &[&str] {
    fn map_to(&self) -> Vec<String> {
        self.iter().map(ToString::to_string).collect()
    }
}
