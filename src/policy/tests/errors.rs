//! What a mistake is answered with: message, column, what was expected, what to try.

use crate::policy::{DEPTH_MAX, Filter, TEXT_BYTES_MAX, VALUES_MAX};

/// Filter, column, and words that the message, the label beside the underlining, and the help must hold.
const ROWS: &[(&str, usize, &str, &str, &str)] = &[
    ("", 1, "empty", "expected a filter", ""),
    ("   ", 4, "empty", "expected a filter", ""),
    ("acess >= external", 1, "unknown filter `acess`", "not a filter", "did you mean `access`?"),
    ("name word x and filename = y", 17, "unknown filter `filename`", "", "did you mean `name`?"),
    ("zzzzzz = 1", 1, "unknown filter", "", "the filters are access, link"),
    ("detector = bank.iban", 1, "unknown filter `detector`", "", "finding(detector = ...)"),
    ("access >= extrenal", 11, "`extrenal` is no value of `access`", "private, internal", "did you mean `external`?"),
    (
        "name contians x",
        6,
        "unknown operator `contians`",
        "expected an operator after `name`",
        "did you mean `contains`?",
    ),
    ("name eq x", 6, "unknown operator `eq`", "", "here that is `=`"),
    ("label isset", 7, "unknown operator `isset`", "", "here that is `is set`"),
    ("modified gte_ndays 3", 10, "unknown operator", "", "newer than"),
    ("size = = 3", 8, "unexpected `=`", "expected a value", ""),
    ("size == 3", 6, "unknown operator `==`", "", "here that is `=`"),
    ("name word x && trashed", 13, "unexpected `&&`", "expected `and`, `or` or the end", "here that is `and`"),
    ("! trashed", 1, "unexpected `!`", "expected a filter", "here that is `not`"),
    ("size > 10 parsecs", 11, "unexpected `parsecs`", "", ""),
    ("size > big", 8, "`big` is no value of `size`", "expected a size", ""),
    ("size between 5 MB and 1 MB", 14, "larger than the second", "", ""),
    ("size between 5 MB", 18, "unexpected the end", "expected `and` and the second value", ""),
    ("size > (1, 2)", 12, "takes one value", "", "use `between`"),
    ("size word 5", 1, "`size` does not take `word`", "it takes `=`", "size > 10 MB"),
    ("trashed > 3", 1, "`trashed` does not take `>`", "", ""),
    ("trashed = maybe", 11, "`maybe` is no value", "expected `yes` or `no`", ""),
    ("name and trashed", 1, "`name` needs an operator and a value", "expected `=`", "name word salary"),
    ("owner in", 9, "unexpected the end", "expected a value", "in (one, two)"),
    ("owner in (a, b", 10, "never closed", "expected a `)`", ""),
    ("owner in (a b)", 13, "unexpected `b`", "expected `,` or `)`", "quotation marks"),
    ("owner in ()", 11, "unexpected `)`", "expected a value", ""),
    ("(trashed", 1, "never closed", "", ""),
    ("trashed)", 8, "never opened", "expected `and`", ""),
    ("trashed trashed", 9, "unknown operator `trashed`", "", ""),
    ("trashed and", 12, "unexpected the end", "expected a filter", ""),
    ("name = \"open", 8, "never closed", "", "write it twice"),
    ("\"name\" = x", 1, "quoted text where a filter's name", "", ""),
    ("name = \"\"", 8, "empty value", "", "is not set"),
    ("name word \"...\"", 11, "no word in this value", "", ""),
    ("name regex \"(\"", 12, "regular expression cannot be used", "", ""),
    ("name regex \"a{1000}{1000}\"", 12, "compiled it takes more than", "", ""),
    ("name glob \"[a\"", 11, "never closed by `]`", "", ""),
    ("created before 31.01.2026", 16, "is no value of `created`", "2026-01-31", ""),
    ("created older than 30", 20, "no span of time", "30 days", ""),
    ("label is \"x\"", 7, "unknown operator `is`", "", "here that is `=`"),
    ("label is not y", 14, "unexpected `y`", "expected `set`", "`!=`"),
    ("type = spredsheet", 8, "is no value of `type`", "", "did you mean `spreadsheet`?"),
    ("type = zzz", 8, "is no value of `type`", "", "the words are document"),
    ("coverage = encripted_password", 12, "is no value of `coverage`", "", "did you mean `encrypted_password`?"),
    ("hash = 1234", 8, "is no value of `hash`", "40 or 64", ""),
    ("owner(a = b)", 1, "`owner` takes no tests in brackets", "", "owner in (one, two)"),
    ("finding(detecter = x)", 9, "a finding has no `detecter`", "", "did you mean `detector`?"),
    ("finding(count > 3)", 9, "a finding has no `count`", "", "did you mean `total`?"),
    ("finding(confidence >= hihg)", 23, "`hihg` is no confidence", "", "did you mean `high`?"),
    ("finding(confidence >= 101)", 23, "`101` is no confidence", "1 to 100", ""),
    ("finding(tag = a or tag = b)", 17, "unexpected `or`", "", "finding(...) or finding(...)"),
    ("finding(tag = a", 8, "never closed", "", ""),
    ("finding = yes", 1, "`finding` does not take `=`", "", ""),
    ("name = a\nand nmae = b", 5, "unknown filter `nmae`", "", "did you mean `name`?"),
    ("größe > 3", 1, "unknown filter `größe`", "", ""),
    ("label = ü and größe > 3", 15, "unknown filter `größe`", "", ""),
];

#[test]
fn a_mistake_is_told_with_its_place_and_a_way_out() {
    for (text, column, message, expected, help) in ROWS {
        let error = match Filter::parse(text) {
            Err(error) => error,
            Ok(filter) => panic!("{text} was read as {filter}"),
        };
        assert_eq!(error.column(), *column, "{text}\n{error}");
        assert!(error.message().contains(message), "{text}: wanted {message:?} in\n{error}");
        assert!(error.expected().contains(expected), "{text}: wanted {expected:?} in\n{error}");
        assert!(error.suggestion().unwrap_or_default().contains(help), "{text}: wanted {help:?} in\n{error}");
    }
}

#[test]
fn an_error_shows_the_line_and_underlines_the_place() {
    let error = Filter::parse("trashed and\n  acess >= external").unwrap_err();
    let shown = "error: unknown filter `acess`\n --> filter:2:3\n  |\n2 |   acess >= external\n  |   ^^^^^ not a filter\n  = help: did you mean `access`?";
    assert_eq!(error.to_string(), shown);
    let long = format!("name = {} and acess = public and {}", "x".repeat(300), "trashed and ".repeat(30));
    let shown = Filter::parse(&format!("{long} locked")).unwrap_err().to_string();
    assert!(shown.lines().all(|line| line.chars().count() < 120), "{shown}");
    assert!(shown.contains("acess = public"), "{shown}");
    assert!(!Filter::parse("\u{1b}[31m = x").unwrap_err().to_string().contains('\u{1b}'));
}

#[test]
fn a_filter_is_bounded() {
    let deep = |depth: usize| format!("{}trashed{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&deep(DEPTH_MAX)).is_ok());
    assert!(Filter::parse(&deep(DEPTH_MAX + 1)).is_err());
    assert!(Filter::parse(&deep(20_000)).is_err());
    assert!(Filter::parse(&format!("{}trashed", "not ".repeat(15_000))).is_err());
    let list = |length: usize| format!("id in ({})", vec!["1"; length].join(", "));
    assert!(Filter::parse(&list(VALUES_MAX)).is_ok());
    assert!(Filter::parse(&list(VALUES_MAX + 1)).is_err());
    assert!(Filter::parse(&"x".repeat(TEXT_BYTES_MAX + 1)).unwrap_err().message().contains("at most"));
    let patterns = |count: usize| vec!["name glob \"*a*\""; count].join(" or ");
    assert!(Filter::parse(&patterns(64)).is_ok());
    assert!(Filter::parse(&patterns(65)).unwrap_err().message().contains("at most 64 patterns"));
    assert!(Filter::parse(&format!("name regex \"{}\"", "a".repeat(1_001))).is_err());
}
