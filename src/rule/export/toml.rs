//! A rule file as TOML: what was typed, whoever's words it was typed in, such that reading it again gives the same detectors.

use crate::rule::syntax::{
    Canonical, Check, CheckPlace, Detector, Edges, Evidence, Group, List, MaskStyle, MatchStyle, Primary, RuleFile,
    Side, Tier, ValidatorUse, Within,
};
use std::fmt::Write as _;
use toml::{Spanned, Value};

/// Longest line of an array before each item gets a line of its own, in bytes.
const LINE_BYTES: usize = 100;

/// The text of a rule file.
pub(in crate::rule) fn write(file: &RuleFile) -> String {
    let mut out = "schema = 1\n".to_owned();
    for list in &file.list {
        write_list(&mut out, list);
    }
    for detector in &file.detector {
        write_detector(&mut out, detector);
    }
    out
}

fn line(out: &mut String, key: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{key} = {value}");
}

/// A text in quotes: as it stands where that can be, so that expressions stay readable.
fn text(text: &str) -> String {
    let plain = !text.contains(|c: char| c.is_control()) && !text.contains("'''") && !text.ends_with('\'');
    match plain {
        true if !text.contains(['"', '\\']) => format!("\"{text}\""),
        true if !text.contains('\'') => format!("'{text}'"),
        true => format!("'''{text}'''"),
        false => {
            let mut out = "\"".to_owned();
            for c in text.chars() {
                match c {
                    '"' | '\\' => out.extend(['\\', c]),
                    '\n' => out.push_str("\\n"),
                    '\t' => out.push_str("\\t"),
                    '\r' => out.push_str("\\r"),
                    c if c.is_control() => {
                        let _ = write!(out, "\\u{:04X}", u32::from(c));
                    }
                    c => out.push(c),
                }
            }
            out.push('"');
            out
        }
    }
}

fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> String {
    array(all.into_iter().map(|one| text(one)).collect())
}

fn spanned(all: &[Spanned<String>]) -> String {
    texts(all.iter().map(Spanned::get_ref))
}

fn array(items: Vec<String>) -> String {
    let short = items.join(", ");
    if short.len() <= LINE_BYTES { format!("[{short}]") } else { format!("[\n    {},\n]", items.join(",\n    ")) }
}

fn value(given: &Value) -> String {
    match given {
        Value::String(given) => text(given),
        Value::Float(number) => format!("{number:?}"),
        Value::Array(items) => array(items.iter().map(value).collect()),
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, inner)| format!("{key} = {}", value(inner))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(time) => time.to_string(),
    }
}

fn validators(all: &[Spanned<ValidatorUse>]) -> String {
    let one = |one: &Spanned<ValidatorUse>| match one.get_ref() {
        ValidatorUse::Name(name) => text(name),
        ValidatorUse::With(table) => value(&Value::Table(table.clone())),
    };
    array(all.iter().map(one).collect())
}

fn write_list(out: &mut String, list: &List) {
    let _ = writeln!(out, "\n[[list]]\nid = {}", text(list.id.get_ref()));
    if list.style == MatchStyle::String {
        line(out, "match", "\"string\"");
    }
    if list.case_sensitive {
        line(out, "case_sensitive", true);
    }
    if let Some(file) = &list.file {
        line(out, "file", text(file.get_ref()));
    }
    if !list.terms.is_empty() {
        line(out, "terms", spanned(&list.terms));
    }
}

fn write_detector(out: &mut String, detector: &Detector) {
    let _ = writeln!(out, "\n[[detector]]\nid = {}\nname = {}", text(detector.id.get_ref()), text(&detector.name));
    if !detector.why.is_empty() {
        line(out, "why", text(&detector.why));
    }
    for (key, all) in [("regions", &detector.regions), ("tags", &detector.tags)] {
        if !all.is_empty() {
            line(out, key, texts(all));
        }
    }
    if detector.off {
        line(out, "off", true);
    }
    if let Some(min) = &detector.min_unique {
        line(out, "min_unique", min.get_ref());
    }
    match detector.mask {
        MaskStyle::Auto => {}
        MaskStyle::All => line(out, "mask", "\"all\""),
        MaskStyle::Prefix => line(out, "mask", "\"prefix\""),
    }
    if detector.canonical == Canonical::Exact {
        line(out, "canonical", "\"exact\"");
    }
    match detector.edges {
        Edges::Word => {}
        Edges::Digit => line(out, "edges", "\"digit\""),
        Edges::None => line(out, "edges", "\"none\""),
    }
    if let Some(bytes) = &detector.max_match_bytes {
        line(out, "max_match_bytes", bytes.get_ref());
    }
    if detector.across_soft {
        line(out, "across_soft", true);
    }
    if detector.exclude_same_digits {
        line(out, "exclude_same_digits", true);
    }
    if !detector.exclude_tokens.is_empty() {
        line(out, "exclude_tokens", spanned(&detector.exclude_tokens));
    }
    if !detector.validators.is_empty() {
        line(out, "validators", validators(&detector.validators));
    }
    if !detector.allow.is_empty() {
        let pairs: Vec<String> = detector.allow.iter().map(|(code, why)| format!("{code} = {}", text(why))).collect();
        line(out, "allow", format!("{{ {} }}", pairs.join(", ")));
    }
    detector.primary.iter().for_each(|primary| write_primary(out, primary));
    detector.check.iter().for_each(|check| {
        out.push_str("\n[[detector.check]]\n");
        check_pairs(check).into_iter().for_each(|(key, value)| line(out, key, value));
    });
    detector.tier.iter().for_each(|tier| write_tier(out, tier));
    for example in &detector.example {
        let _ = writeln!(out, "\n[[detector.example]]\ntext = {}", text(example.text.get_ref()));
        if let Some(value) = &example.value {
            line(out, "value", text(value.get_ref()));
        }
        if example.several {
            line(out, "several", true);
        }
        line(out, "tier", text(example.tier.get_ref()));
    }
    for counter in &detector.counter {
        let _ = writeln!(out, "\n[[detector.counter]]\ntext = {}", text(counter.text.get_ref()));
        if let Some(value) = &counter.value {
            line(out, "value", text(value.get_ref()));
        }
        line(out, "tier", text(counter.tier.get_ref()));
        line(out, "reason", text(counter.reason.get_ref().name()));
    }
}

fn write_primary(out: &mut String, primary: &Primary) {
    out.push_str("\n[[detector.primary]]\n");
    let pairs = [
        ("id", &primary.id),
        ("regex", &primary.regex),
        ("keywords", &primary.keywords),
        ("function", &primary.function),
        ("bounded", &primary.bounded),
    ];
    for (key, given) in pairs {
        if let Some(given) = given {
            line(out, key, text(given.get_ref()));
        }
    }
    match primary.group.as_ref().map(Spanned::get_ref) {
        None => {}
        Some(Group::Number(number)) => line(out, "group", number),
        Some(Group::Name(name)) => line(out, "group", text(name)),
    }
}

fn check_pairs(check: &Check) -> Vec<(&'static str, String)> {
    if !check.together.is_empty() {
        let inner = |check: &Spanned<Check>| {
            let pairs = check_pairs(check.get_ref());
            let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
            format!("{{ {} }}", pairs.join(", "))
        };
        return vec![("together", array(check.together.iter().map(inner).collect()))];
    }
    let place = match check.place {
        CheckPlace::Full => "full",
        CheckPlace::Starts => "starts",
        CheckPlace::Ends => "ends",
        CheckPlace::Before => "before",
        CheckPlace::After => "after",
        CheckPlace::Inside => "inside",
        CheckPlace::Match => "match",
        CheckPlace::Line => "line",
    };
    let mut pairs = vec![("where", text(place))];
    pairs.extend(check.exclude.as_ref().map(|these| ("exclude", spanned(these))));
    pairs.extend(check.include.as_ref().map(|these| ("include", spanned(these))));
    pairs.extend(check.exclude_regex.as_ref().map(|regex| ("exclude_regex", text(regex.get_ref()))));
    pairs.extend(check.include_regex.as_ref().map(|regex| ("include_regex", text(regex.get_ref()))));
    pairs
}

fn write_tier(out: &mut String, tier: &Tier) {
    let _ = writeln!(
        out,
        "\n[[detector.tier]]\nname = {}\nconfidence = {}",
        text(tier.name.get_ref()),
        tier.confidence.get_ref()
    );
    if !tier.primary.is_empty() {
        line(out, "primary", spanned(&tier.primary));
    }
    if !tier.validators.is_empty() {
        line(out, "validators", validators(&tier.validators));
    }
    if let Some(form) = &tier.form {
        line(out, "form", text(form.get_ref()));
    }
    if let Some(node) = &tier.evidence {
        line(out, "evidence", evidence(node.get_ref()));
    }
    for check in &tier.check {
        out.push_str("\n[[detector.tier.check]]\n");
        check_pairs(check).into_iter().for_each(|(key, value)| line(out, key, value));
    }
}

fn evidence(node: &Evidence) -> String {
    let children = |all: &[Spanned<Evidence>]| array(all.iter().map(|one| evidence(one.get_ref())).collect());
    let mut pairs: Vec<String> = Vec::new();
    pairs.extend(node.all.as_ref().map(|all| format!("all = {}", children(all))));
    pairs.extend(node.any.as_ref().map(|any| format!("any = {}", children(any))));
    pairs.extend(node.not.as_ref().map(|not| format!("not = {}", evidence(not.get_ref()))));
    let names =
        [("list", &node.list), ("regex", &node.regex), ("function", &node.function), ("detector", &node.detector)];
    for (key, given) in names {
        pairs.extend(given.as_ref().map(|given| format!("{key} = {}", text(given.get_ref()))));
    }
    pairs.extend(node.within.as_ref().map(|within| match within.get_ref() {
        Within::Characters(characters) => format!("within = {characters}"),
        Within::Word(word) => format!("within = {}", text(word)),
    }));
    pairs.extend(node.side.map(|side| {
        let side = match side {
            Side::Both => "both",
            Side::Before => "before",
            Side::After => "after",
        };
        format!("side = {}", text(side))
    }));
    pairs.extend(node.min.as_ref().map(|min| format!("min = {}", min.get_ref())));
    pairs.extend(node.max.as_ref().map(|max| format!("max = {}", max.get_ref())));
    pairs.extend(node.distinct.then(|| "distinct = true".to_owned()));
    format!("{{ {} }}", pairs.join(", "))
}
