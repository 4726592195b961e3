//! Outcomes as JUnit XML, which every CI reads: suites of cases that hold or do not.

use crate::report::harmless::{html, printable};
use std::fmt::Write;

/// Cases that belong together.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// What they are about.
    pub name: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One thing that holds or does not.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// What is held against what.
    pub name: String,
    /// What it belongs to: a detector, a folder.
    pub class: String,
    /// Why it does not hold: in a line, and in full.
    pub failure: Option<(String, String)>,
}

/// A text as XML takes it.
fn text(text: &str) -> String {
    text.lines().map(|line| html(&printable(line))).collect::<Vec<_>>().join("\n")
}

/// The document.
#[must_use]
pub fn xml(suites: &[Suite]) -> String {
    let failed = |suite: &Suite| suite.cases.iter().filter(|case| case.failure.is_some()).count();
    let tests: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let failures: usize = suites.iter().map(failed).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"sluicebox\" tests=\"{tests}\" failures=\"{failures}\">");
    for suite in suites {
        let (name, cases, failures) = (text(&suite.name), suite.cases.len(), failed(suite));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{cases}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        );
        for case in &suite.cases {
            let _ = write!(out, "    <testcase classname=\"{}\" name=\"{}\"", text(&case.class), text(&case.name));
            match &case.failure {
                None => out.push_str("/>\n"),
                Some((message, body)) => {
                    let (message, body) = (text(message), text(body));
                    let _ = writeln!(out, ">\n      <failure message=\"{message}\">{body}</failure>\n    </testcase>");
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hostile_in_a_name_is_harmless_in_the_document() {
        let case = |name: &str, failure: Option<&str>| Case {
            name: name.to_owned(),
            class: "a&b".to_owned(),
            failure: failure.map(|why| ("1 wrong".to_owned(), why.to_owned())),
        };
        let suite = Suite {
            name: "one".to_owned(),
            cases: vec![case("plain", None), case("<x>\"\u{1b}[2J", Some("line 1\n]]> & more"))],
        };
        let out = xml(&[suite, Suite::default()]);
        for part in [
            "<testsuites name=\"sluicebox\" tests=\"2\" failures=\"1\">",
            "<testsuite name=\"one\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">",
            "classname=\"a&amp;b\" name=\"plain\"/>",
            "line 1\n]]&gt; &amp; more</failure>",
        ] {
            assert!(out.contains(part), "{part} is not in\n{out}");
        }
        assert!(!out.contains('\u{1b}') && !out.contains("<x>"), "{out}");
    }
}
