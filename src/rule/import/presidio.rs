//! Presidio's YAML: recognizers with patterns, context words and lists of what is always found.
//!
//! A pattern's score is its confidence. Words of context nearby raise it as Presidio's own enhancer does: by 0.35, to 0.4 at the
//! least; it looks at five words before a match. Format: the pages on recognizer registries of the Presidio documentation.

use super::dialect::{self, Dialect};
use super::make::{self, At, Ids, Leaf};
use super::yaml::{self, Yaml};
use super::{Fate, Journal, Line};
use crate::rule::error::RuleError;
use crate::rule::pattern;
use crate::rule::syntax::{Detector, Edges, MatchStyle, RuleFile, Side, Tier};
use crate::source::SourceFile;
use regex_syntax::hir::Hir;

/// What context adds to a score, and the least that it makes of one: `context_similarity_factor`, `min_score_with_context_similarity`.
const CONTEXT_ADDS: f64 = 0.35;
const CONTEXT_LEAST: f64 = 0.4;
/// Five words before the match, in characters.
const CONTEXT_CHARS: u32 = 50;
/// `IGNORECASE`, `MULTILINE`, `DOTALL` of Python, by their numbers.
const FLAGS: [(i64, char); 3] = [(2, 'i'), (8, 'm'), (16, 's')];
const FLAGS_DEFAULT: i64 = 26;

pub(super) fn import(source: &SourceFile) -> Result<(RuleFile, Vec<Line>), Vec<RuleError>> {
    let tree = yaml::parse(source)?;
    let root = tree.root();
    let flags = root
        .number("global_regex_flags")
        .map_or(FLAGS_DEFAULT, |flags| format!("{flags:.0}").parse().unwrap_or(FLAGS_DEFAULT));
    let flags = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, flag)| *flag).collect();
    let mut importer = Importer { journal: Journal::new(source), file: make::file(), ids: Ids::default(), flags };
    for recognizer in root.get("recognizers").map(Yaml::items).unwrap_or_default() {
        importer.recognizer(recognizer);
    }
    Ok((importer.file, importer.journal.lines))
}

struct Importer<'a> {
    journal: Journal<'a>,
    file: RuleFile,
    ids: Ids,
    flags: String,
}

impl Importer<'_> {
    fn recognizer(&mut self, given: Yaml<'_>) {
        let place = given.get("name").map_or_else(|| given.at(), Yaml::at);
        let name = given.word("name").or(given.text()).unwrap_or("recognizer").to_owned();
        let entity = given.word("supported_entity").unwrap_or(&name).to_owned();
        let id = self.ids.make("presidio", &name);
        self.journal.rule(&name, &id, place.clone());
        if given.text().is_some() || given.word("type") == Some("predefined") {
            self.journal
                .skip("predefined: its patterns and checks are Python code; our own detectors have most of them");
        } else if given.flag("enabled") == Some(false) {
            self.journal.skip("`enabled: false`");
        } else if let Some(mut detector) = self.detector(given, &place, &id) {
            detector.name = format!("{name} ({entity})");
            detector.tags = vec!["pii".to_owned(), make::plain_id(&entity)];
            detector.regions = given.word("country_code").map(|code| code.to_uppercase()).into_iter().collect();
            self.file.detector.push(detector);
        }
        self.journal.done();
    }

    fn detector(&mut self, given: Yaml<'_>, place: &At, id: &str) -> Option<Detector> {
        let mut detector = make::detector(place, id, String::new());
        let context = self.context(given, place, id);
        let mut trees: Vec<Hir> = Vec::new();
        let mut taken = 0;
        let patterns = given.get("patterns").map(Yaml::items).unwrap_or_default();
        let many = patterns.len();
        for (number, one) in patterns.into_iter().enumerate() {
            let Some(tree) = self.pattern(one, number, place, &mut detector, context.as_deref(), many) else {
                continue;
            };
            trees.push(tree);
            taken += 1;
        }
        self.denied(given, place, id, &mut detector, context.as_deref());
        if detector.primary.is_empty() {
            let why = if many > 0 { "none of its patterns can serve" } else { "it has no patterns and no `deny_list`" };
            self.journal.skip(why);
            return None;
        }
        if taken < many {
            self.journal.tell(Fate::Approximated, format!("{taken} of its {many} patterns"));
        }
        make::set_match_bytes(&mut self.journal, place, &mut detector, &trees.iter().collect::<Vec<_>>());
        for key in ["validation", "invalidation", "replacement_pairs", "score_thresholds", "class_name"] {
            if given.get(key).is_some() {
                self.journal.tell(Fate::Skipped, format!("`{key}`: belongs to Python code"));
            }
        }
        Some(detector)
    }

    fn pattern(
        &mut self,
        one: Yaml<'_>,
        number: usize,
        place: &At,
        detector: &mut Detector,
        context: Option<&str>,
        many: usize,
    ) -> Option<Hir> {
        let called = one.word("name").unwrap_or("pattern");
        let regex = one.word("regex").unwrap_or_default();
        let written = match dialect::write(regex, Dialect::Python, &self.flags) {
            Ok(written) => written,
            Err(why) => {
                self.journal.tell_at(Fate::Skipped, one.at(), format!("pattern `{called}`: {why}"));
                return None;
            }
        };
        let parsed = pattern::parse(&written.regex).map_err(|error| error.message);
        let bounded = written.bounded.as_deref().map(crate::rule::bounded::BoundedRegex::new).transpose();
        let tree = match parsed.and_then(|tree| bounded.map(|_| tree)) {
            Ok(tree) => tree,
            Err(why) => {
                self.journal.tell_at(Fate::Skipped, one.at(), format!("pattern `{called}`: {why}"));
                return None;
            }
        };
        for note in &written.notes {
            self.journal.tell_at(Fate::Rewritten, one.at(), format!("pattern `{called}`: {note}"));
        }
        for loss in &written.losses {
            self.journal.tell_at(Fate::Approximated, one.at(), format!("pattern `{called}`: {loss}"));
        }
        let shape = format!("p{}", number + 1);
        let mut primary = make::primary(place, written.regex.clone(), written.bounded.clone(), None);
        primary.id = Some(make::at(&one.at(), shape.clone()));
        detector.primary.push(primary);
        let score = one.number("score").unwrap_or(0.5);
        let name = if many == 1 { "match".to_owned() } else { format!("match-{}", number + 1) };
        for mut tier in tiers(&one.at(), &name, score, context) {
            tier.check = make::edge_checks(&one.at(), &written);
            tier.primary = vec![make::at(&one.at(), shape.clone())];
            detector.tier.push(tier);
        }
        Some(tree)
    }

    /// The list of context words, of all its languages.
    fn context(&mut self, given: Yaml<'_>, place: &At, id: &str) -> Option<String> {
        let mut words = given.texts("context");
        let languages = given.get("supported_languages").map(Yaml::items).unwrap_or_default();
        for language in languages.into_iter().filter(|language| language.is_map()) {
            words.extend(language.texts("context"));
        }
        words.retain(|word| !word.trim().is_empty());
        words.sort();
        words.dedup();
        if words.is_empty() {
            return None;
        }
        let list = format!("{id}.context");
        self.file.list.push(make::list(place, &list, words, MatchStyle::Word));
        Some(list)
    }

    /// What is always found: whole words, as they are written.
    fn denied(&mut self, given: Yaml<'_>, place: &At, id: &str, detector: &mut Detector, context: Option<&str>) {
        let words: Vec<String> = given.texts("deny_list").into_iter().filter(|word| !word.trim().is_empty()).collect();
        if words.is_empty() {
            return;
        }
        let list = format!("{id}.deny-list");
        let mut made = make::list(place, &list, words, MatchStyle::Word);
        made.case_sensitive = !self.flags.contains('i');
        self.file.list.push(made);
        let mut primary = make::primary(place, String::new(), None, None);
        primary.regex = None;
        primary.keywords = Some(make::at(place, list));
        primary.id = Some(make::at(place, "denied".to_owned()));
        detector.primary.push(primary);
        let score = given.number("deny_list_score").unwrap_or(1.0);
        for mut tier in tiers(place, "denied", score, context) {
            tier.primary = vec![make::at(place, "denied".to_owned())];
            detector.tier.push(tier);
        }
        detector.edges = Edges::None;
        self.journal.tell(Fate::Rewritten, "`deny_list`: a list whose words are found wherever they stand alone");
    }
}

/// The tier of a score, and before it the one with context, where that makes it surer.
fn tiers(place: &At, name: &str, score: f64, context: Option<&str>) -> Vec<Tier> {
    let raised = (score + CONTEXT_ADDS).clamp(CONTEXT_LEAST, 1.0);
    let mut all = Vec::new();
    if let Some(list) = context.filter(|_| percent(raised) > percent(score)) {
        let mut leaf = make::leaf(place, Leaf::List(list.to_owned()), Some(CONTEXT_CHARS));
        leaf.side = Some(Side::Before);
        all.push(make::tier(place, &format!("{name}-in-context"), percent(raised), Some(leaf)));
    }
    all.push(make::tier(place, name, percent(score), None));
    all
}

/// A score from 0 to 1 as a confidence from 1 to 100.
fn percent(score: f64) -> u8 {
    format!("{:.0}", (score * 100.0).clamp(1.0, 100.0)).parse().unwrap_or(1)
}
