//! Whether labels can be true of their files: inside them, on their lines, and not at odds with each other.

use super::{Label, Labels, Range64, Says, Where};
use crate::source::Fault;
use std::collections::BTreeMap;
use std::path::Path;

/// Largest file whose lines are looked up, in bytes.
const LINES_BYTES_MAX: u64 = 256 << 20;

/// Reports labels that stand outside their file, and those of one file that contradict each other.
pub(super) fn check(labels: &Labels, errors: &mut Vec<Fault>) {
    for (path, of_file) in &labels.files {
        let mut file = File { path, lines: None };
        for label in of_file {
            errors.extend(file.outside(labels, label));
        }
        contradictions(labels, of_file, errors);
    }
}

/// What is known of a labelled file.
struct File<'a> {
    path: &'a Path,
    /// Characters of each line; read when a label asks.
    lines: Option<Vec<u64>>,
}

impl File<'_> {
    fn outside(&mut self, labels: &Labels, label: &Label) -> Option<Fault> {
        let at = match &label.says {
            Says::Span { at, .. } | Says::Negative { at: Some(at) } => at,
            Says::Negative { at: None } | Says::Count(_) | Says::Unique(_) | Says::Clean => return None,
        };
        match at {
            Where::Bytes(Range64 { end, .. }) => {
                let bytes = std::fs::metadata(self.path).map_or(0, |meta| meta.len());
                let message = format!("the label ends at byte {end}, and {} has {bytes}", self.path.display());
                (*end > bytes).then(|| fault(labels, label, message).help("count bytes from 0, not characters"))
            }
            Where::Line(line, columns) => {
                let chars = self.chars_of(*line);
                let message = match chars {
                    None => format!("the label is on line {line}, and {} has fewer", self.path.display()),
                    Some(chars) if columns.end > chars + 1 => {
                        format!("the label ends at column {}, and the line has {chars} characters", columns.end - 1)
                    }
                    Some(_) => return None,
                };
                Some(fault(labels, label, message).help("lines and columns count from 1"))
            }
            // Only a scan can tell how long a part is.
            Where::Part { .. } => None,
        }
    }

    fn chars_of(&mut self, line: u64) -> Option<u64> {
        let path = self.path;
        let lines = self.lines.get_or_insert_with(|| lengths(path));
        lines.get(usize::try_from(line - 1).ok()?).copied()
    }
}

/// Characters of each line of a file; none when it cannot be read.
fn lengths(path: &Path) -> Vec<u64> {
    let small = std::fs::metadata(path).is_ok_and(|meta| meta.len() <= LINES_BYTES_MAX);
    let bytes = if small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    text.split_inclusive('\n').map(|line| line.trim_end_matches(['\n', '\r']).chars().count() as u64).collect()
}

/// A fault of a label as a whole.
fn fault(labels: &Labels, label: &Label, message: String) -> Fault {
    let (source, span) = &label.spelled;
    Fault::new(message).at(&labels.sources[*source], span.clone(), "")
}

fn contradictions(labels: &Labels, of_file: &[Label], errors: &mut Vec<Fault>) {
    let clean = of_file.iter().find(|label| label.says == Says::Clean);
    let other =
        of_file.iter().find(|label| matches!(label.says, Says::Span { optional: false, .. } | Says::Count(1..)));
    if let (Some(clean), Some(other)) = (clean, other) {
        let message =
            format!("the file is called clean, and line {} of {} finds a value in it", other.origin.1, other.origin.0);
        errors.push(fault(labels, clean, message).help("one of the two is wrong"));
    }
    let mut counted: BTreeMap<&str, &Label> = BTreeMap::new();
    for label in of_file.iter().filter(|label| matches!(label.says, Says::Count(_) | Says::Unique(_))) {
        counted.insert(&label.detector, label);
    }
    let mut seen: BTreeMap<(&str, &Where), &Label> = BTreeMap::new();
    for label in of_file {
        let (Says::Span { at, optional: false } | Says::Negative { at: Some(at) }) = &label.says else { continue };
        if let Some(first) = seen.insert((&label.detector, at), label) {
            let message = format!("this place is labelled twice for `{}`", label.detector);
            errors.push(
                fault(labels, label, message)
                    .help(format!("the other is line {} of {}", first.origin.1, first.origin.0)),
            );
        }
        if let Some(count) = counted.get(&*label.detector) {
            let message = format!("`{}` is counted in this file and labelled by place, too", label.detector);
            errors.push(
                fault(labels, label, message)
                    .help(format!("the count is line {} of {}", count.origin.1, count.origin.0)),
            );
        }
    }
}
