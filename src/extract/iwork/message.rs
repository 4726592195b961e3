//! Protobuf without a schema: fields one after the other, and the texts among them.
//!
//! A field of bytes may be a text, a message or neither, and the wire does not say which. What reads as a message to its
//! last byte and begins as texts do not is gone into; else it is a text if it prints. The walk keeps its own stack.

use super::super::Failure;

/// Messages within messages that are gone into.
const DEPTH_MAX: usize = 64;

/// One field: its number in the message, and its value.
#[derive(Clone, Copy)]
pub(super) enum Field<'a> {
    Number(u64, u64),
    Bytes(u64, &'a [u8]),
    /// Eight or four bytes of fixed width; not used by any text.
    Fixed,
}

/// The fields of one message. Ends at the first byte that cannot be one; [`Message::is_whole`] tells.
#[derive(Clone)]
pub(super) struct Message<'a> {
    rest: &'a [u8],
    broken: bool,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, broken: false }
    }

    /// True when every byte belongs to a field.
    fn is_whole(&self) -> bool {
        let mut fields = Self::new(self.rest);
        while fields.next().is_some() {}
        !fields.broken && fields.rest.is_empty()
    }

    /// Shows every text in the message and in those inside it; `skipped` is a field of the outermost that is passed over.
    pub(super) fn each_text(
        self,
        skipped: Option<u64>,
        see: &mut dyn FnMut(&'a str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut levels = vec![self];
        while let Some(level) = levels.last_mut() {
            let field = level.next();
            let depth = levels.len();
            match field {
                None => {
                    levels.pop();
                }
                Some(Field::Bytes(number, _)) if depth == 1 && Some(number) == skipped => {}
                Some(Field::Bytes(_, bytes)) => match meaning(bytes) {
                    Meaning::Text(text) => see(text)?,
                    Meaning::Message if depth < DEPTH_MAX => levels.push(Message::new(bytes)),
                    _ => {}
                },
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn field(&mut self) -> Option<Field<'a>> {
        let key = varint(&mut self.rest)?;
        let number = key >> 3;
        if number == 0 {
            return None;
        }
        match key & 7 {
            0 => Some(Field::Number(number, varint(&mut self.rest)?)),
            1 => self.take(8).map(|_| Field::Fixed),
            2 => {
                let len = usize::try_from(varint(&mut self.rest)?).ok()?;
                Some(Field::Bytes(number, self.take(len)?))
            }
            5 => self.take(4).map(|_| Field::Fixed),
            _ => None,
        }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Message<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.rest.is_empty() || self.broken {
            return None;
        }
        let field = self.field();
        self.broken = field.is_none();
        field
    }
}

/// A number in groups of seven bits, low first.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

enum Meaning<'a> {
    Text(&'a str),
    Message,
    Neither,
}

fn meaning(bytes: &[u8]) -> Meaning<'_> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty() && text.chars().all(prints));
    let begins_as_text = bytes.first().is_some_and(|b| *b >= b' ');
    match text {
        Some(text) if begins_as_text => Meaning::Text(text),
        _ if !bytes.is_empty() && Message::new(bytes).is_whole() => Meaning::Message,
        Some(text) => Meaning::Text(text),
        None => Meaning::Neither,
    }
}

fn prints(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{4}' | '\u{5}')
}

/// The texts in one field of a message.
pub(super) fn texts_of(bytes: &[u8], wanted: u64) -> impl Iterator<Item = &str> {
    Message::new(bytes).filter_map(move |field| match field {
        Field::Bytes(number, text) if number == wanted => std::str::from_utf8(text).ok(),
        _ => None,
    })
}

/// True for the names that programs give to things: UUIDs, and single characters.
pub(super) fn is_identifier(text: &str) -> bool {
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(
            |(at, b)| {
                if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() }
            },
        );
    is_uuid || text.chars().nth(1).is_none()
}
