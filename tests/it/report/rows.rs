//! What holds for every format or for one, beyond the golden files.

use super::fixture::{crowded, in_document, in_text, reports, summary};
use super::{options, standard, written};
use serde_json::Value;
use sluicebox::model::{Coverage, Excerpt, Finding, Hole, Limit, Locator, Mask, Reason, Token, Verdict};
use sluicebox::report::harmless::is_hostile;
use sluicebox::report::{FileReport, Format, Options, Summary};
use std::collections::BTreeSet;

fn lines() -> Vec<Value> {
    standard(Format::Jsonl).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn set(names: &str) -> BTreeSet<&str> {
    names.split(' ').collect()
}

#[test]
fn json_lines_have_exactly_the_keys_of_the_contract() {
    let finding = "schema path location part detector confidence tier start end mask token excerpt evidence";
    let own = "byte_start byte_end line column";
    let file = "schema path coverage bytes text_bytes type mismatch findings holes holes_total";
    let mut seen = (0, 0, 0, 0, 0);
    for line in lines() {
        let expected = match line["schema"].as_str().unwrap() {
            "sluicebox.finding/1" if line.get("line").is_some() => {
                seen.0 += 1;
                set(finding).union(&set(own)).copied().collect()
            }
            "sluicebox.finding/1" => {
                seen.1 += 1;
                set(finding)
            }
            "sluicebox.file/1" if line["coverage"] == "complete" => {
                seen.2 += 1;
                set(file)
            }
            "sluicebox.file/1" => {
                seen.3 += 1;
                let mut expected = set(file);
                expected.insert("reason");
                expected
            }
            "sluicebox.summary/1" => {
                seen.4 += 1;
                set("schema summary")
            }
            other => panic!("unknown schema {other}"),
        };
        assert_eq!(keys(&line), expected);
    }
    assert_eq!(seen, (8, 4, 10, 4, 1), "findings in text and in documents, files whole and not, summary");
}

#[test]
fn json_lines_give_paths_back_exactly() {
    let given: BTreeSet<String> = reports().into_iter().map(|file| file.path).collect();
    let files: BTreeSet<String> = lines()
        .iter()
        .filter(|line| line["schema"] == "sluicebox.file/1")
        .map(|line| line["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, given);
}

#[test]
fn no_format_lets_a_name_act() {
    for format in Format::ALL {
        let text = standard(format);
        let acting: Vec<char> = text.chars().filter(|c| is_hostile(*c) && !matches!(c, '\n' | '\r')).collect();
        assert!(acting.is_empty(), "{}: {acting:?}", format.name());
        let carriage_returns = text.matches('\r').count();
        let allowed = if format == Format::Csv { text.matches("\r\n").count() } else { 0 };
        assert_eq!(carriage_returns, allowed, "{}", format.name());
    }
}

/// Every word of a finding that may show is marked; whatever else a format prints must be the same for two findings
/// that differ in nothing but these words.
#[test]
fn of_a_value_only_mask_token_and_excerpt_show() {
    let report = |mask: &str, token: &str, excerpt: &str| {
        let cover = |finding: Finding| Finding {
            mask: Mask::covered(mask),
            token: Token::covered(token),
            excerpt: Excerpt::covered(excerpt),
            ..finding
        };
        let findings =
            vec![cover(in_text("card.payment", 85, 3, 9)), cover(in_document("card.payment", 75, &["a.docx"], 9))];
        vec![FileReport {
            path: "a.txt".to_owned(),
            verdict: Verdict { findings, sniffed: "text", ..Verdict::default() },
        }]
    };
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Sarif) {
        let (one, other) = (report("MASK-A", "TOKEN-A", "EXCERPT-A"), report("MASK-B", "TOKEN-B", "EXCERPT-B"));
        let first = written(format, &options(), &one, &summary(&one));
        let second = written(format, &options(), &other, &summary(&other));
        assert_eq!(first.replace("-A", "-B"), second, "{}", format.name());
        assert!(first.contains("MASK-A"), "{}", format.name());
    }
    let sarif: Value = serde_json::from_str(&standard(Format::Sarif)).unwrap();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let message = result["message"]["text"].as_str().unwrap();
        assert!(!message.contains('*') && !message.contains("1111"), "{message}");
        let properties = "confidence tier part start end mask token excerpt evidence";
        assert_eq!(keys(&result["properties"]), set(properties));
    }
}

#[test]
fn text_lists_all_of_a_crowded_file_when_verbose() {
    let files = crowded();
    let kept: usize = files.iter().map(|file| file.verdict.findings.len()).sum();
    for (verbose, listed, more) in [(true, kept, 0), (false, 20 + 10 + 10 + 2 + 10, 3)] {
        let text = written(Format::Text, &Options { verbose, ..options() }, &files, &summary(&files));
        assert_eq!(text.lines().filter(|line| line.contains("  line ")).count(), listed, "verbose {verbose}");
        assert_eq!(text.lines().filter(|line| line.starts_with("  ... and ")).count(), more, "verbose {verbose}");
    }
}

#[test]
fn text_tells_the_limits_when_one_was_met_or_when_verbose() {
    let hole = Hole { location: Locator::default(), reason: Reason::Limit(Limit::Ratio) };
    let member = Coverage::Partial(Reason::Member);
    let rows = [
        (Coverage::Complete, Vec::new(), false, false),
        (Coverage::Complete, Vec::new(), true, true),
        (Coverage::Partial(Reason::Corrupt), Vec::new(), false, false),
        (Coverage::Partial(Reason::Limit(Limit::Time)), Vec::new(), false, true),
        (Coverage::Skipped(Reason::Limit(Limit::Memory)), Vec::new(), false, true),
        (member, vec![hole], false, true),
        (member, vec![Hole { location: Locator::default(), reason: Reason::Corrupt }], false, false),
    ];
    for (coverage, holes, verbose, told) in rows {
        let row = format!("{coverage} {holes:?} {verbose}");
        let verdict = Verdict { coverage, holes, ..Verdict::default() };
        let files = [FileReport { path: "a".to_owned(), verdict }];
        let text = written(Format::Text, &Options { verbose, ..options() }, &files, &summary(&files));
        assert_eq!(text.contains("  limits: 60 s, 1 GiB of text\n"), told, "{row}");
    }
}

#[test]
fn links_not_followed_are_told_when_there_are_any() {
    for (links, words) in [(0, None), (1, Some("1 symbolic link not followed (--follow)")), (3_000, Some("3,000 symb"))]
    {
        let summary = Summary { links_not_followed: links, ..Summary::default() };
        for format in [Format::Text, Format::Html] {
            let told = written(format, &options(), &[], &summary);
            assert_eq!(told.contains("not followed"), words.is_some(), "{} {links}", format.name());
            assert!(words.is_none_or(|words| told.contains(words)), "{} {links}", format.name());
        }
        let line: Value = serde_json::from_str(&written(Format::Jsonl, &options(), &[], &summary)).unwrap();
        assert_eq!(line["summary"]["links_not_followed"], links);
        let log: Value = serde_json::from_str(&written(Format::Sarif, &options(), &[], &summary)).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["invocations"][0]["properties"]["links_not_followed"], links);
        assert_eq!(run["properties"]["summary"]["links_not_followed"], links);
    }
}

#[test]
fn csv_has_as_many_cells_in_every_record_and_no_formula() {
    let text = standard(Format::Csv);
    assert!(text.ends_with("\r\n"));
    let records: Vec<Vec<String>> = text.split_terminator("\r\n").map(cells).collect();
    assert!(records.len() > 20);
    for record in &records {
        assert_eq!(record.len(), records[0].len(), "{record:?}");
        assert!(record.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])), "{record:?}");
    }
    assert!(records.iter().any(|record| record[1] == "'=cmd|'/c calc'!A0"));
    assert!(records.iter().any(|record| record[1] == "say \"hi\", <b>&amp;'.txt"));
}

/// Cells of one record by RFC 4180, whose records here never span lines.
fn cells(record: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

#[test]
fn sarif_has_the_structure_that_readers_rely_on() {
    let log: Value = serde_json::from_str(&standard(Format::Sarif)).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!((rules.len(), results.len()), (2, 12));
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0];
        let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
        let region = place["physicalLocation"].get("region");
        assert!(region.is_none() || place.get("logicalLocations").is_none());
        assert!(region.is_none_or(|region| region["startLine"].as_u64().unwrap() >= 1));
    }
    let prints: BTreeSet<&str> =
        results.iter().map(|result| result["partialFingerprints"]["sluicebox/v1"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), results.len());
    let invocation = &run["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&Value::Bool(true), &Value::from(3)));
    let told = invocation["toolExecutionNotifications"].as_array().unwrap();
    let told: Vec<&str> = told.iter().map(|one| one["descriptor"]["id"].as_str().unwrap()).collect();
    assert_eq!(told, ["member", "no_text", "encrypted_password", "limit:text_bytes"]);
}

fn fingerprints(findings: Vec<Finding>) -> Vec<String> {
    let file = FileReport { path: "a.txt".to_owned(), verdict: Verdict { findings, ..Verdict::default() } };
    let log = written(Format::Sarif, &options(), &[file], &Summary::default());
    let log: Value = serde_json::from_str(&log).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["partialFingerprints"]["sluicebox/v1"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn fingerprints_hold_when_lines_shift_and_differ_when_values_do() {
    let with_token = |finding: Finding, token: &str| Finding { token: Token::covered(token), ..finding };
    let base = with_token(in_text("card.payment", 85, 12, 300), "k1:aa");
    let moved = with_token(in_text("card.payment", 75, 90, 4000), "k1:aa");
    let cell = with_token(in_document("card.payment", 85, &["b.xlsx", "C14"], 1), "k1:aa");
    let row = with_token(in_document("card.payment", 85, &["b.xlsx", "C99"], 1), "k1:aa");
    let rows = [
        ("other line, same value", base.clone(), moved.clone(), true),
        ("other row, same value", cell.clone(), row, true),
        (
            "other column",
            cell.clone(),
            with_token(in_document("card.payment", 85, &["b.xlsx", "D14"], 1), "k1:aa"),
            false,
        ),
        ("other member", cell, with_token(in_document("card.payment", 85, &["b2.xlsx", "C14"], 1), "k1:aa"), false),
        ("other value", base.clone(), with_token(base.clone(), "k1:bb"), false),
        ("other detector", base.clone(), with_token(in_text("us.ssn", 85, 12, 300), "k1:aa"), false),
    ];
    for (name, one, other, same) in rows {
        assert_eq!(fingerprints(vec![one]) == fingerprints(vec![other]), same, "{name}");
    }
    let twice = fingerprints(vec![base, moved]);
    assert!(twice[0].ends_with(":1") && twice[1].ends_with(":2"), "{twice:?}");
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let page = standard(Format::Html);
    for outward in ["http:", "https:", "src=", "@import", "url(", "<link", "fetch(", "eval(", "innerHTML", "style=\""] {
        assert!(!page.contains(outward), "{outward}");
    }
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("</script>").count(), 3, "two scripts and the data");
    let data = page.split("type=\"application/json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["files"].as_array().unwrap().len(), 13, "all but the clean one");
}

#[test]
fn the_page_says_what_it_leaves_out() {
    let file = FileReport {
        path: "a.txt".to_owned(),
        verdict: Verdict { findings: vec![in_text("card.payment", 85, 1, 1); 1200], ..Verdict::default() },
    };
    let files = [file];
    let page = written(Format::Html, &options(), &files, &summary(&files));
    assert!(page.contains("The first 1,000 of 1,200."));
}

#[test]
fn coverage_and_findings_make_the_exit_code() {
    let rows = [
        (Coverage::Complete, 0, false, false, 0, "exit 0: everything"),
        (Coverage::Complete, 1, false, false, 1, "exit 1: findings are listed above"),
        (Coverage::Skipped(Reason::NoText), 0, false, false, 0, "exit 0: everything"),
        (
            Coverage::Skipped(Reason::Corrupt),
            0,
            false,
            false,
            3,
            "exit 3: 1 file was not wholly read; nothing was found",
        ),
        (
            Coverage::Partial(Reason::Limit(Limit::Time)),
            1,
            false,
            false,
            3,
            "exit 3: 1 file was not wholly read; findings are listed above; --allow-partial to accept",
        ),
        (
            Coverage::Partial(Reason::Corrupt),
            1,
            true,
            false,
            1,
            "exit 1: findings are listed above; 1 file was not wholly",
        ),
        (
            Coverage::Partial(Reason::Corrupt),
            0,
            true,
            false,
            0,
            "exit 0: nothing was found; 1 file was not wholly read, acc",
        ),
        (Coverage::Partial(Reason::Interrupted), 1, true, true, 3, "exit 3: the scan was interrupted"),
    ];
    for (coverage, findings, allow_partial, interrupted, code, words) in rows {
        let findings = vec![in_text("card.payment", 85, 1, 1); findings];
        let verdict = Verdict { coverage, findings, ..Verdict::default() };
        let mut summary = Summary { interrupted, ..Summary::default() };
        summary.add(&FileReport { path: "a".to_owned(), verdict });
        summary.exit_code = summary.settled_exit_code(allow_partial);
        let told = sluicebox::report::summary::exit_words(&summary);
        assert_eq!(summary.exit_code, code, "{coverage}");
        assert!(told.starts_with(words), "{told}");
    }
}

#[test]
fn a_full_disk_is_told_by_every_format() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let files = reports();
    for format in Format::ALL {
        let mut report = format.open(Box::new(Full), &options());
        let all = report
            .begin()
            .and_then(|()| files.iter().try_for_each(|file| report.file(file)))
            .and_then(|()| report.end(&summary(&files)));
        let told = all.unwrap_err().to_string();
        assert!(told.starts_with("cannot write the report"), "{}: {told}", format.name());
    }
}

/// Writes a page with 100,000 findings to the file named by `SLUICEBOX_PAGE`, for `tests/browser/html-report.sh`.
#[test]
#[ignore = "run by tests/browser/html-report.sh"]
fn a_page_to_measure() {
    let Some(path) = std::env::var_os("SLUICEBOX_PAGE") else { return };
    let files: Vec<FileReport> = (0..5_000).map(file_to_measure).collect();
    let summary = summary(&files);
    let mut report = Format::Html.open(Box::new(std::fs::File::create(path).unwrap()), &options());
    report.begin().unwrap();
    files.iter().for_each(|file| report.file(file).unwrap());
    report.end(&summary).unwrap();
    assert_eq!(summary.findings_total, 100_000);
}

fn file_to_measure(n: u64) -> FileReport {
    let detectors = ["card.payment", "us.ssn", "secret.aws-key", "de.idnr", "iban", "email.address", "gb.nino"];
    let percents = [92, 85, 85, 75, 78, 65];
    let at = |list: &[&'static str], n: u64| list[usize::try_from(n).unwrap() % list.len()];
    let finding = |k: u64| {
        let percent = percents[usize::try_from(n + k).unwrap() % percents.len()];
        let id = at(&detectors, n / 3 + k / 4);
        let row = format!("C{}", k + 2);
        let found = if n % 4 == 1 {
            in_document(id, percent, &["payroll 2025.xlsx", "sheet 'Pay' (hidden)", &row], 40 * k)
        } else {
            in_text(id, percent, 3 * k + 1, 61 * k)
        };
        Finding { token: Token::covered(format!("k1:{:032x}", (n * 20 + k) % 61_000)), ..found }
    };
    let coverage = match n % 19 {
        3 => Coverage::Partial(Reason::ImageOnly),
        7 => Coverage::Partial(Reason::Limit(Limit::TextBytes)),
        _ => Coverage::Complete,
    };
    let folder = at(&["finance/2025/invoices", "people/contracts", "deploy", "support/exports/customers"], n);
    let verdict = Verdict {
        coverage,
        findings: (0..20).map(finding).collect(),
        sniffed: "text",
        bytes: 88_000,
        ..Verdict::default()
    };
    FileReport { path: format!("share/{folder}/document-{n:05}.txt"), verdict }
}
