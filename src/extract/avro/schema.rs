//! The schema of an Avro file, as a table of nodes that refer to one another by number.

use serde_json::Value;
use std::collections::HashMap;

/// Types in one schema.
const NODES_MAX: usize = 100_000;

/// One type. What it consists of is named by the numbers of other nodes.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Boolean,
    /// Whole numbers of both widths.
    Long,
    Float,
    Double,
    /// Texts and bytes, which are written alike.
    Text,
    Fixed(u64),
    Enum(Vec<String>),
    Record(Vec<(String, usize)>),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
}

/// All types; the first is that of a record.
#[derive(Debug)]
pub(super) struct Schema {
    nodes: Vec<Node>,
    root: usize,
}

impl Schema {
    /// Reads a schema; `None` when it is none. The depth is bounded by the reader of JSON.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let mut nodes = Nodes { nodes: Vec::new(), names: HashMap::new() };
        let root = nodes.add(&value)?;
        Some(Self { nodes: nodes.nodes, root })
    }

    pub(super) fn root(&self) -> &Node {
        self.node(self.root)
    }

    pub(super) fn node(&self, number: usize) -> &Node {
        self.nodes.get(number).unwrap_or(&Node::Null)
    }
}

struct Nodes {
    nodes: Vec<Node>,
    names: HashMap<String, usize>,
}

impl Nodes {
    fn push(&mut self, node: Node) -> Option<usize> {
        self.nodes.push(node);
        (self.nodes.len() <= NODES_MAX).then(|| self.nodes.len() - 1)
    }

    fn add(&mut self, value: &Value) -> Option<usize> {
        match value {
            Value::String(name) => self.named(name),
            Value::Array(choices) => {
                let choices = choices.iter().map(|choice| self.add(choice)).collect::<Option<Vec<_>>>()?;
                self.push(Node::Union(choices))
            }
            Value::Object(_) => match value.get("type")? {
                Value::String(kind) => self.complex(kind, value),
                inner => self.add(inner),
            },
            _ => None,
        }
    }

    fn named(&mut self, name: &str) -> Option<usize> {
        let node = match name {
            "null" => Node::Null,
            "boolean" => Node::Boolean,
            "int" | "long" => Node::Long,
            "float" => Node::Float,
            "double" => Node::Double,
            "bytes" | "string" => Node::Text,
            // A type that was named before, with or without its space of names.
            _ => return self.names.get(name.rsplit('.').next().unwrap_or(name)).copied(),
        };
        self.push(node)
    }

    fn complex(&mut self, kind: &str, value: &Value) -> Option<usize> {
        let number = match kind {
            "record" | "error" => self.push(Node::Null)?,
            "enum" => {
                let symbols = value.get("symbols")?.as_array()?.iter();
                let symbols = symbols.map(|symbol| symbol.as_str().unwrap_or_default().to_owned()).collect();
                self.push(Node::Enum(symbols))?
            }
            "fixed" => self.push(Node::Fixed(value.get("size")?.as_u64()?))?,
            "array" => {
                let item = self.add(value.get("items")?)?;
                return self.push(Node::Array(item));
            }
            "map" => {
                let item = self.add(value.get("values")?)?;
                return self.push(Node::Map(item));
            }
            name => return self.named(name),
        };
        let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
        self.names.insert(name.rsplit('.').next().unwrap_or(name).to_owned(), number);
        if matches!(kind, "record" | "error") {
            // A record's own fields may name it.
            let mut fields = Vec::new();
            for field in value.get("fields")?.as_array()? {
                let name = field.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                fields.push((name, self.add(field.get("type")?)?));
            }
            self.nodes[number] = Node::Record(fields);
        }
        Some(number)
    }
}
