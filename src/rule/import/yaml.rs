//! YAML as a tree with places, within bounds.
//!
//! The parser hands out events and keeps nothing; the tree is ours. An alias is a second way to the same node, never a copy, so
//! that a few bytes cannot become many; depth and number of nodes are bounded.

use crate::rule::error::RuleError;
use crate::source::SourceFile;
use saphyr_parser::{Event, Parser};
use std::collections::HashMap;
use std::ops::Range;

/// Deepest nesting.
const DEPTH_MAX: usize = 64;
/// Most nodes of a file.
const NODES_MAX: usize = 500_000;
/// Most events: the parser's own work on a hostile file.
const EVENTS_MAX: usize = 4 * NODES_MAX;

/// The nodes of a file.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    at: Range<usize>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A text, and whether it stood in quotes or as a block.
    Scalar(String, bool),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
}

/// A node as readers see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yaml<'t> {
    tree: &'t Tree,
    index: usize,
}

/// Reads the first document of a file.
///
/// # Errors
/// What is no YAML, or beyond the bounds.
pub(super) fn parse(source: &SourceFile) -> Result<Tree, Vec<RuleError>> {
    let mut builder = Builder::default();
    let mut places = Places { text: &source.text, chars: 0, byte: 0 };
    for event in Parser::new_from_str(&source.text).take(EVENTS_MAX) {
        let (event, span) = event.map_err(|error| {
            let byte = places.byte_of(error.marker().index());
            vec![RuleError::new("this is not YAML").at(source, byte..byte + 1, error.info())]
        })?;
        let start = places.byte_of(span.start.index());
        let end = start + span.len();
        match builder.take(event, start..end) {
            Ok(true) => break,
            Ok(false) => {}
            Err(why) => return Err(vec![RuleError::new("YAML that cannot be read").at(source, start..start + 1, why)]),
        }
    }
    if builder.root.is_none() {
        return Err(vec![RuleError::new("this is not YAML").in_file(&source.name)]);
    }
    let root = builder.root.unwrap_or(0);
    builder.nodes.swap(0, root);
    // Whatever pointed at either of the two points at the other now.
    let moved = |index: usize| {
        if index == 0 {
            root
        } else if index == root {
            0
        } else {
            index
        }
    };
    for node in &mut builder.nodes {
        match &mut node.kind {
            Kind::Scalar(..) => {}
            Kind::List(items) => items.iter_mut().for_each(|item| *item = moved(*item)),
            Kind::Map(pairs) => pairs.iter_mut().for_each(|(key, value)| (*key, *value) = (moved(*key), moved(*value))),
        }
    }
    Ok(Tree { nodes: builder.nodes })
}

/// Characters to bytes, for places that mostly go forwards.
struct Places<'a> {
    text: &'a str,
    chars: usize,
    byte: usize,
}

impl Places<'_> {
    fn byte_of(&mut self, index: usize) -> usize {
        if index < self.chars {
            (self.chars, self.byte) = (0, 0);
        }
        let mut rest = self.text[self.byte..].chars();
        while self.chars < index {
            let Some(c) = rest.next() else { break };
            self.chars += 1;
            self.byte += c.len_utf8();
        }
        self.byte
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    /// Lists and maps that are open, and for maps the key that waits for its value.
    open: Vec<(usize, Option<usize>)>,
    anchors: HashMap<usize, usize>,
    root: Option<usize>,
}

impl Builder {
    /// Takes an event; true when the document is done.
    fn take(&mut self, event: Event<'_>, at: Range<usize>) -> Result<bool, &'static str> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != saphyr_parser::ScalarStyle::Plain;
                let node = self.add(Kind::Scalar(text.into_owned(), quoted), at, anchor)?;
                self.place(node);
            }
            Event::SequenceStart(anchor, _) => self.begin(Kind::List(Vec::new()), at, anchor)?,
            Event::MappingStart(anchor, _) => self.begin(Kind::Map(Vec::new()), at, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((node, _)) = self.open.pop() {
                    self.place(node);
                }
            }
            Event::Alias(anchor) => {
                let node =
                    *self.anchors.get(&anchor).ok_or("an alias stands within what it names, or names nothing")?;
                if self.open.iter().any(|(open, _)| *open == node) {
                    return Err("an alias stands within what it names");
                }
                self.place(node);
            }
            Event::DocumentEnd | Event::StreamEnd => return Ok(true),
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
        }
        Ok(false)
    }

    fn add(&mut self, kind: Kind, at: Range<usize>, anchor: usize) -> Result<usize, &'static str> {
        if self.nodes.len() >= NODES_MAX {
            return Err("it holds too much");
        }
        let index = self.nodes.len();
        self.nodes.push(Node { at, kind });
        if anchor > 0 {
            self.anchors.insert(anchor, index);
        }
        Ok(index)
    }

    fn begin(&mut self, kind: Kind, at: Range<usize>, anchor: usize) -> Result<(), &'static str> {
        if self.open.len() >= DEPTH_MAX {
            return Err("it nests too deep");
        }
        let node = self.add(kind, at, anchor)?;
        self.open.push((node, None));
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: usize) {
        let Some((parent, key)) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match (&mut self.nodes[*parent].kind, key.take()) {
            (Kind::List(items), _) => items.push(node),
            (Kind::Map(pairs), Some(key)) => pairs.push((key, node)),
            (Kind::Map(_), None) => *key = Some(node),
            (Kind::Scalar(..), _) => {}
        }
    }
}

impl Tree {
    pub(super) fn root(&self) -> Yaml<'_> {
        Yaml { tree: self, index: 0 }
    }
}

impl<'t> Yaml<'t> {
    fn node(self) -> &'t Node {
        &self.tree.nodes[self.index]
    }

    fn with(self, index: usize) -> Self {
        Self { tree: self.tree, index }
    }

    /// Where it stands.
    pub(super) fn at(self) -> Range<usize> {
        self.node().at.clone()
    }

    /// A text, a number, a flag as it is written; `None` for what holds others, and for nothing.
    pub(super) fn text(self) -> Option<&'t str> {
        match &self.node().kind {
            Kind::Scalar(text, quoted) => {
                (*quoted || !matches!(text.as_str(), "" | "~" | "null")).then_some(text.as_str())
            }
            _ => None,
        }
    }

    /// What stands under a key.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        self.pairs().into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Keys that are texts, with their values.
    pub(super) fn pairs(self) -> Vec<(&'t str, Self)> {
        let Kind::Map(pairs) = &self.node().kind else { return Vec::new() };
        pairs.iter().filter_map(|(key, value)| Some((self.with(*key).text()?, self.with(*value)))).collect()
    }

    /// The items of a list; anything else but nothing is a list of itself.
    pub(super) fn items(self) -> Vec<Self> {
        match &self.node().kind {
            Kind::List(items) => items.iter().map(|item| self.with(*item)).collect(),
            Kind::Scalar(..) if self.text().is_none() => Vec::new(),
            _ => vec![self],
        }
    }

    /// True for keys and values.
    pub(super) fn is_map(self) -> bool {
        matches!(self.node().kind, Kind::Map(_))
    }

    /// The texts of a list under a key.
    pub(super) fn texts(self, name: &str) -> Vec<String> {
        let list = self.get(name).map(Self::items).unwrap_or_default();
        list.into_iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    /// The text under a key.
    pub(super) fn word(self, name: &str) -> Option<&'t str> {
        self.get(name)?.text()
    }

    /// The number under a key.
    pub(super) fn number(self, name: &str) -> Option<f64> {
        self.word(name)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The flag under a key.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        match self.word(name)? {
            "true" | "True" | "yes" | "on" => Some(true),
            "false" | "False" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceFile {
        SourceFile::new("f.yml", text.to_owned(), None, crate::rule::import::nothing_shows)
    }

    #[test]
    fn trees_have_places() {
        let source = source("é: &a\n  - x\n  - 'null'\nb: *a\nc: |\n  two\n  lines\nd: ~\ne: yes\n");
        let tree = parse(&source).unwrap_or_else(|errors| panic!("{errors:?}"));
        let root = tree.root();
        assert_eq!(root.texts("é"), ["x", "null"]);
        assert_eq!(root.texts("b"), ["x", "null"]);
        assert_eq!(root.word("c"), Some("two\nlines\n"));
        assert_eq!((root.word("d"), root.flag("e")), (None, Some(true)));
        let x = root.get("é").map(|list| list.items()[0].at());
        assert_eq!(x.map(|at| source.text[at].to_owned()).as_deref(), Some("x"));
    }

    #[test]
    fn bombs_are_refused_or_stay_small() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..40 {
            let before = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", ")));
        }
        let tree = parse(&source(&bomb)).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert!(tree.nodes.len() < 200);
        for hostile in
            ["[".repeat(100_000), "a: &a [*a]".to_owned(), "a: *b".to_owned(), "{".repeat(500), "- ".repeat(5_000)]
        {
            assert!(parse(&source(&hostile)).is_err(), "{}", &hostile[..10]);
        }
    }
}
