//! Evidence trees: each node becomes one of four kinds, and every leaf knows its bounds.

use super::Compiler;
use crate::rule::WITHIN_DEFAULT;
use crate::rule::catalogue::{KnownDetector, unknown};
use crate::rule::error::RuleError;
use crate::rule::function;
use crate::rule::ruleset::{DetectorId, Leaf, Node, ProbeId, What};
use crate::rule::syntax::{Evidence, Within};
use std::sync::Arc;
use toml::Spanned;

/// How many characters of an expression an explanation shows.
const LABEL_CHARS_MAX: usize = 40;

impl Compiler<'_> {
    /// Compiles a node and all below it; `None` when something in it is wrong and was reported.
    pub(super) fn evidence(&mut self, of: KnownDetector<'_>, node: &Spanned<Evidence>) -> Option<Node> {
        let typed = node.get_ref();
        let kinds = kinds(typed);
        if kinds.len() != 1 {
            self.kinds_error(of, node, &kinds);
            return None;
        }
        if typed.all.is_some() || typed.any.is_some() || typed.not.is_some() {
            let fits = self.inner_keys(of, node);
            let inner = self.inner(of, node);
            inner.filter(|_| fits)
        } else {
            let bounds = self.bounds(of, node);
            let (what, label) = self.leaf(of, typed)?;
            let (min, max) = bounds?;
            let side = typed.side.unwrap_or_default();
            Some(Node::Leaf(Leaf { what, within: within(typed), side, min, max, distinct: typed.distinct, label }))
        }
    }

    fn kinds_error(&mut self, of: KnownDetector<'_>, node: &Spanned<Evidence>, kinds: &[&str]) {
        let label = match kinds {
            [] => "this says nothing".to_owned(),
            several => format!("this says {}", several.join(" and ")),
        };
        let error = RuleError::new("an evidence node needs exactly one kind").at(of.source, node.span(), label);
        self.errors
            .push(error.help("give one of all, any, not, list, regex, function, detector; join several by `all`"));
    }

    /// Refuses on an inner node what only a leaf can mean.
    fn inner_keys(&mut self, of: KnownDetector<'_>, node: &Spanned<Evidence>) -> bool {
        let typed = node.get_ref();
        let counts = typed.any.is_some();
        let wrong = [
            ("within", typed.within.as_ref().map(Spanned::span)),
            ("side", typed.side.map(|_| node.span())),
            ("distinct", typed.distinct.then(|| node.span())),
            ("min", typed.min.as_ref().filter(|_| !counts).map(Spanned::span)),
            ("max", typed.max.as_ref().filter(|_| !counts).map(Spanned::span)),
        ];
        let mut fits = true;
        for (key, span) in wrong {
            let Some(span) = span else { continue };
            let message = format!("`{key}` has no meaning on {}", kinds(typed).join(""));
            let help = format!("write `{key}` on each leaf below it");
            self.errors.push(RuleError::new(message).at(of.source, span, "not a leaf").help(help));
            fits = false;
        }
        fits
    }

    fn inner(&mut self, of: KnownDetector<'_>, node: &Spanned<Evidence>) -> Option<Node> {
        let typed = node.get_ref();
        if let Some(child) = &typed.not {
            return self.evidence(of, child).map(|child| Node::Not(Box::new(child)));
        }
        let children = typed.all.as_ref().or(typed.any.as_ref())?;
        if children.is_empty() {
            let error = RuleError::new("an evidence node has no children");
            self.errors.push(error.at(of.source, node.span(), "nothing to hold"));
        }
        // All children are compiled before the first fault gives up, so that each of them is reported.
        let nodes: Vec<Option<Node>> = children.iter().map(|child| self.evidence(of, child)).collect();
        let nodes: Option<Vec<Node>> = nodes.into_iter().collect();
        if typed.all.is_some() {
            return nodes.map(Node::All);
        }
        let (min, max) = self.bounds(of, node)?;
        if usize::try_from(min).is_ok_and(|min| min > children.len()) {
            let label = format!("number of children: {}", children.len());
            let span = typed.min.as_ref().map_or(node.span(), Spanned::span);
            self.errors.push(RuleError::new("`min` can never be reached").at(of.source, span, label));
            return None;
        }
        nodes.map(|nodes| Node::Any { nodes, min, max })
    }

    /// `min` (default 1) and `max`, which must leave something that can fail and something that can hold.
    fn bounds(&mut self, of: KnownDetector<'_>, node: &Spanned<Evidence>) -> Option<(u32, Option<u32>)> {
        let typed = node.get_ref();
        let min = typed.min.as_ref().map_or(1, |min| *min.get_ref());
        let max = typed.max.as_ref().map(|max| *max.get_ref());
        let span = typed.max.as_ref().or(typed.min.as_ref()).map_or(node.span(), Spanned::span);
        let fault = match max {
            Some(max) if max < min => ("`min` is greater than `max`", format!("`min` is {min}")),
            None if min == 0 => ("`min = 0` without `max` always holds", "asks for nothing".to_owned()),
            _ => return Some((min, max)),
        };
        let error = RuleError::new(fault.0).at(of.source, span, fault.1);
        self.errors.push(error.help("for \"none of these\" write `not`, or `min = 0, max = 0`"));
        None
    }

    fn leaf(&mut self, of: KnownDetector<'_>, typed: &Evidence) -> Option<(What, Arc<str>)> {
        if let Some(id) = &typed.list {
            return self.list(of.source, id).map(|list| (What::List(list), id.get_ref().as_str().into()));
        }
        if let Some(regex) = &typed.regex {
            let label = label_of(regex.get_ref());
            return match self.probe(label.clone(), regex.get_ref()) {
                Ok(probe) => Some((What::Probe(probe), label)),
                Err(error) => {
                    self.pattern_error(of.source, regex, error);
                    None
                }
            };
        }
        if let Some(name) = &typed.function {
            return self.function(of, name).map(|probe| (What::Probe(probe), name.get_ref().as_str().into()));
        }
        let id = typed.detector.as_ref()?;
        self.other(of, id).map(|other| (What::Detector(other), id.get_ref().as_str().into()))
    }

    fn function(&mut self, of: KnownDetector<'_>, name: &Spanned<String>) -> Option<ProbeId> {
        let Some(row) = function::lookup(name.get_ref()) else {
            self.errors.push(unknown("function", of.source, name, function::TABLE.iter().map(|row| row.name)));
            return None;
        };
        self.probe(row.name.into(), row.regex).map_err(|error| self.pattern_error(of.source, name, error)).ok()
    }

    fn other(&mut self, of: KnownDetector<'_>, id: &Spanned<String>) -> Option<DetectorId> {
        if id.get_ref() == of.syntax.id.get_ref() {
            let error =
                RuleError::new("a detector cannot be its own evidence").at(of.source, id.span(), "this is itself");
            self.errors
                .push(error.help("for several values use `min_unique`; for another match use `regex` as evidence"));
            return None;
        }
        if !self.all.detectors.contains_key(id.get_ref().as_str()) {
            self.errors.push(self.all.unknown_detector(of, id));
            return None;
        }
        self.ids.get(id.get_ref().as_str()).copied().or(Some(DetectorId(0)))
    }
}

/// The distance in characters; `None` for anywhere in the part, the only word that the schema lets through.
fn within(typed: &Evidence) -> Option<u32> {
    match typed.within.as_ref().map(Spanned::get_ref) {
        None => Some(WITHIN_DEFAULT),
        Some(Within::Characters(characters)) => Some(*characters),
        Some(Within::Word(_)) => None,
    }
}

/// The kinds a node gives.
fn kinds(node: &Evidence) -> Vec<&'static str> {
    let kinds = [
        ("all", node.all.is_some()),
        ("any", node.any.is_some()),
        ("not", node.not.is_some()),
        ("list", node.list.is_some()),
        ("regex", node.regex.is_some()),
        ("function", node.function.is_some()),
        ("detector", node.detector.is_some()),
    ];
    kinds.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect()
}

/// An expression as an explanation calls it: its beginning.
fn label_of(regex: &str) -> Arc<str> {
    match regex.char_indices().nth(LABEL_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &regex[..end]).into(),
        None => regex.into(),
    }
}
