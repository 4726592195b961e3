//! Foreign rules by what is told of them and what they become: tables of fixtures that are our own.

use super::*;
use crate::rule::export;
use crate::rule::load::{Options, load};
use crate::rule::parse::parse;
use crate::source::SourceFile;

fn imported(text: &str) -> Import {
    let format = Format::of(text).unwrap_or_else(|| panic!("none of the formats: {text}"));
    let source = SourceFile::new("f", text.to_owned(), Some("f".into()), nothing_shows);
    import(format, source).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn told(text: &str) -> Vec<String> {
    let line = |line: &Line| match line.what.is_empty() {
        true => format!("{} {}", line.fate, line.rule),
        false => format!("{} {}: {}", line.fate, line.rule, line.what),
    };
    imported(text).imported.lines.iter().map(line).collect()
}

fn toml(text: &str) -> String {
    export::write_toml(&imported(text).parsed.rules)
}

#[test]
fn formats_are_told_by_content() {
    let rows = [
        ("title = 'x'\n[[rules]]\nid = 'a'\n", Some(Format::Gitleaks)),
        ("[extend]\nuseDefault = true\n", Some(Format::Gitleaks)),
        ("[[Rules]]\n", Some(Format::Gitleaks)),
        ("schema = 1\n[[detector]]\n", None),
        ("# rules\nrules:\n  - name: x\n", Some(Format::Kingfisher)),
        ("supported_languages: [en]\nrecognizers:\n", Some(Format::Presidio)),
        ("<?xml version='1.0'?>\n<RulePackage xmlns='x'/>", Some(Format::Purview)),
        ("<html/>", None),
        ("plain text", None),
    ];
    for (text, want) in rows {
        assert_eq!(Format::of(text), want, "{text}");
    }
}

#[test]
fn what_becomes_of_gitleaks_rules_is_told() {
    let rule = |more: &str| format!("[[rules]]\nid = 'a'\nregex = 'tok_([a-f]+)'\n{more}");
    let rows = [
        (rule("keywords = ['tok_']\nentropy = 3.5\nsecretGroup = 1"), vec!["taken a"]),
        (rule("keywords = ['other']"), vec!["rewritten a: `keywords` must stand somewhere in the same part"]),
        (rule("secretGroup = 3"), vec!["skipped a: `secretGroup` is 3, and its expression has 1 groups"]),
        (
            rule("path = '\\.env$'"),
            vec!["approximated a: its `path` is not looked at: matches count in every file (\\.env$)"],
        ),
        (rule("skipReport = true"), vec!["rewritten a: `skipReport`: off, it only supports others"]),
        (rule("[[rules.required]]\nid = 'b'"), vec!["skipped a: requires `b`, which the file does not hold"]),
        (
            rule("[[rules.allowlists]]\nregexes = ['(?<!x)y{2,3}(?!z)']\npaths = ['x']"),
            vec![
                "skipped a: an expression of its allow list cannot serve: (?<!x)y{2,3}(?!z)",
                "skipped a: `paths` of an allow list: what is found there counts; exclude paths where files are chosen",
            ],
        ),
        (
            rule("[extend]\nuseDefault = true\ndisabledRules = ['a', 'z']"),
            vec![
                "skipped : `useDefault`: the tool's own rules are not part of this program; name a file that holds them by `path`",
                "taken : `disabledRules`: `a` is left out",
                "taken : `disabledRules` names `z`, which is no rule here",
            ],
        ),
        (
            rule("validate = 'http.get(1)'"),
            vec!["skipped a: `validate`: it would send what was found to others, which is never done", "taken a"],
        ),
        (
            "[[rules]]\nid = 'p'\npath = 'x'".to_owned(),
            vec![
                "skipped p: it names paths alone, and nothing in a file; a policy's `path` filter finds files by their names",
            ],
        ),
        (
            "[[rules]]\nid = 'e'\nregex = 'a*'".to_owned(),
            vec![
                "skipped e: its expression cannot serve: expression can match empty text (this can match nothing at all)",
            ],
        ),
        (
            "[[rules]]\nid = 'e'\nregex = '(a'".to_owned(),
            vec!["skipped e: its expression cannot be read: a group has no end"],
        ),
    ];
    for (text, want) in rows {
        assert_eq!(told(&text), want, "{text}");
    }
}

#[test]
fn what_becomes_of_kingfisher_rules_is_told() {
    let rule = |more: &str| {
        format!(
            "rules:\n  - name: A\n    id: kingfisher.a.1\n    pattern: |\n      (?x) (?# why ) tok_ ([a-f]+) # end\n{more}"
        )
    };
    let told = |more: &str| -> Vec<String> {
        let lines = told(&rule(more));
        lines
            .into_iter()
            .filter(|line| !line.contains("comments"))
            .map(|line| line.replace(" kingfisher.a.1", ""))
            .collect()
    };
    assert_eq!(told(""), Vec::<String>::new());
    assert_eq!(told("    visible: false\n"), ["rewritten: `visible: false`: off, it only supports others"]);
    assert_eq!(told("    path: x\n"), ["approximated: its `path` is not looked at: matches count in every file"]);
    assert_eq!(
        told("    pattern_requirements:\n      min_digits: 2\n      odd: 1\n"),
        ["skipped: `pattern_requirements.odd`: not known"]
    );
    assert_eq!(
        told(
            "    pattern_requirements:\n      checksum:\n        actual: {template: '{{ MATCH | md5 }}'}\n        expected: 'x'\n"
        ),
        [
            "skipped: its checksum: validator `template`: parameter `actual` has the filter `md5`, which is not known; it takes \
             `regex` (an expression whose groups are the templates' names), `actual` (template of what stands in the text), `expected` (template of what must stand there), \
             `needs` (a group without which nothing is checked), `skip_missing` (true to let a value without that group pass; default false)"
        ]
    );
}

const PACKAGE: &str = r##"<?xml version="1.0" encoding="utf-16"?>
<RulePackage xmlns="http://schemas.microsoft.com/office/2011/mce">
 <RulePack id="11111111-2222-3333-4444-555555555555"><Version major="1" minor="0" build="0" revision="0"/></RulePack>
 <Rules>
  <Entity id="AAAAAAAA-0000-0000-0000-000000000001" patternsProximity="200" recommendedConfidence="75" filters="Same">
   <Pattern confidenceLevel="85">
    <IdMatch idRef="Regex_badge"/>
    <Match idRef="Keyword_badge" minCount="2" uniqueResults="true"/>
    <Any minMatches="1"><Match idRef="Func_us_date"/><Match idRef="Keyword_site"/></Any>
    <Any minMatches="0" maxMatches="0"><Match idRef="Keyword_not"/></Any>
   </Pattern>
   <Pattern confidenceLevel="65"><IdMatch idRef="Regex_badge"/></Pattern>
  </Entity>
  <Version minEngineVersion="15.0.1">
   <Entity id="AAAAAAAA-0000-0000-0000-000000000002" patternsProximity="unlimited" recommendedConfidence="85">
    <Pattern confidenceLevel="85"><IdMatch idRef="Func_no_such_thing"/></Pattern>
    <Pattern confidenceLevel="75"><IdMatch idRef="Keyword_site"/></Pattern>
   </Entity>
  </Version>
  <Affinity id="AAAAAAAA-0000-0000-0000-000000000003" evidencesProximity="300" thresholdConfidenceLevel="75"/>
  <Regex id="Regex_badge" validators="Sum">(?:^|[\s,;])(B\d{6})(?:$|[\s,;])</Regex>
  <Keyword id="Keyword_badge"><Group matchStyle="word"><Term caseSensitive="false">badge &amp; pass</Term><Term>door</Term></Group></Keyword>
  <Keyword id="Keyword_site"><Group matchStyle="string"><Term>工場</Term></Group></Keyword>
  <Keyword id="Keyword_not"><Group><Term>sample</Term></Group></Keyword>
  <Validators id="Sum"><Validator type="Checksum"><Param name="Weights">1, 2, 3, 4, 5</Param><Param name="Mod">11</Param><Param name="CheckDigit">6</Param></Validator></Validators>
  <Filters id="Same"><Filter type="AllDigitsSameFilter"/></Filters>
  <Fingerprint id="F" threshold="50" shingleCount="1">AAAA</Fingerprint>
  <LocalizedStrings>
   <Resource idRef="AAAAAAAA-0000-0000-0000-000000000001"><Name default="true" langcode="en-us">Badge number</Name><Description default="true" langcode="en-us">Of doors.</Description></Resource>
   <Resource idRef="AAAAAAAA-0000-0000-0000-000000000002"><Name default="true" langcode="en-us">Site</Name></Resource>
   <Resource idRef="AAAAAAAA-0000-0000-0000-000000000003"><Name default="true" langcode="en-us">Form</Name></Resource>
  </LocalizedStrings>
 </Rules>
</RulePackage>"##;

#[test]
fn what_becomes_of_a_package_is_told() {
    let want = [
        "skipped : Fingerprint: has no counterpart",
        "taken Badge number",
        "skipped Site: a pattern that identifies `Func_no_such_thing`, which is a function that no detector of ours does the work of",
        "skipped Form: an affinity tells what kind of document a text is; there is no match to report",
    ];
    assert_eq!(told(PACKAGE), want);
}

#[test]
fn a_package_comes_back_as_it_went() {
    let first = imported(PACKAGE).parsed.rules;
    let package = export::write_purview(&[&first], |_| true);
    assert_eq!(export::write_toml(&imported(&package.xml).parsed.rules), export::write_toml(&first), "{}", package.xml);
    let fates: Vec<String> = package.lines.iter().map(|(fate, id, what)| format!("{fate} {id} {what}")).collect();
    assert_eq!(fates, ["taken purview.badge-number ", "taken purview.site "]);
}

#[test]
fn hostile_packages_are_refused() {
    let rows = [
        "<!DOCTYPE x [<!ENTITY a \"b\">]><RulePackage>&a;</RulePackage>".to_owned(),
        "<RulePackage>&a;</RulePackage>".to_owned(),
        format!("<RulePackage>{}", "<a>".repeat(100_000)),
        "<RulePackage><Rules>".to_owned(),
        "<RulePackage/>".to_owned(),
    ];
    for text in rows {
        let source = SourceFile::new("f", text.clone(), Some("f".into()), nothing_shows);
        assert!(import(Format::Purview, source).is_err(), "{}", &text[..text.len().min(60)]);
    }
}

/// What is written as a rule file of ours is the same rules.
#[test]
fn written_as_ours_it_is_the_same() {
    let fixtures = [
        "[[rules]]\nid = 'a'\nregex = '''tok_([a-f]+)(x)?'''\nentropy = 3.5\nkeywords = ['q']\n[[rules.required]]\nid = 'b'\nwithinLines = 2\n\
         [[rules.allowlists]]\ncondition = 'AND'\nregexTarget = 'line'\nregexes = ['''a\\'b\"c''', 'z+$']\nstopwords = ['Test']\n\
         [[rules]]\nid = 'b'\nregex = '''(?<=^|\\s)id-\\d{3}(?!\\d)'''\n[allowlist]\nregexes = ['^x']\n",
        "rules:\n- id: np.k.1\n  name: K\n  pattern: '(?<body>[a-z]{3})-(?<sum>[0-9a-f]{8})'\n  min_entropy: 2\n  pattern_requirements:\n    \
         min_digits: 1\n    ignore_if_contains: [test]\n    checksum: {actual: {template: '{{ sum }}'}, expected: '{{ body | crc32_hex }}'}\n  \
         examples:\n  - 'a b'\n  negative_examples: ['x']\n",
        "recognizers:\n- name: Zip\n  supported_entity: ZIP\n  supported_languages:\n  - language: de\n    context: [PLZ]\n  - language: en\n    \
         context: [zip]\n  patterns:\n  - {name: weak, regex: '\\b\\d{5}(?:-\\d{4})?\\b', score: 0.01}\n  - {name: odd, regex: '(\\d)\\1{4}', score: 0.6}\n  \
         deny_list: [Mr., Ms.]\n",
        PACKAGE,
    ];
    for fixture in fixtures {
        let text = toml(fixture);
        let source = SourceFile::new("f.toml", text.clone(), Some("f.toml".into()), nothing_shows);
        let again = parse(source).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
        assert_eq!(export::write_toml(&again.rules), text);
    }
}

#[test]
fn files_of_all_kinds_load() {
    let folder = tempfile::tempdir().expect("a folder");
    let base = "[[rules]]\nid = 'one'\nregex = 'one_[a-f]{8}'\n[[rules]]\nid = 'two'\nregex = 'two_[a-f]{8}'\n";
    let files = [
        ("base/b.toml", base.to_owned().into_bytes()),
        (
            "g.toml",
            b"[extend]\npath = 'base/b.toml'\ndisabledRules = ['two']\n[[rules]]\nid = 'one'\nentropy = 1.0\n".to_vec(),
        ),
        ("k.yml", b"rules:\n- {id: k.1, name: K, pattern: 'kf_([0-9]{8})'}\n".to_vec()),
        (
            "p.xml",
            PACKAGE.encode_utf16().fold(vec![0xFF, 0xFE], |mut bytes, unit| {
                bytes.extend(unit.to_le_bytes());
                bytes
            }),
        ),
    ];
    std::fs::create_dir(folder.path().join("base")).expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let options = Options { builtin: false, paths: vec![folder.path().to_owned()], ..Options::default() };
    let loaded = load(&options).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let ids: Vec<&str> = loaded.rules.detectors.iter().map(|detector| &*detector.id).collect();
    assert_eq!(ids, ["gitleaks.one", "kingfisher.k.1", "purview.badge-number", "purview.site"]);
    assert_eq!(loaded.imports.len(), 3);
}
