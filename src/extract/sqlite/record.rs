//! Records: a head of types, then the values (fileformat2 2.1).

/// One value.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Value {
    /// The printed form: blobs print when they are text.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Integer(number) => Some(number.to_string()),
            Value::Real(number) => Some(number.to_string()),
            Value::Text(text) => (!text.is_empty()).then(|| text.clone()),
            Value::Blob(bytes) => {
                let text = std::str::from_utf8(bytes).ok()?;
                let prints = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
                (!text.is_empty() && text.chars().all(prints)).then(|| text.to_owned())
            }
        }
    }
}

/// How texts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// A number in groups of seven bits, high first, nine bytes at most.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (at, &byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((value << 8 | u64::from(byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// The values of one record; those that a cut lost are missing. `None` when it is no record.
pub(super) fn values(payload: &[u8], encoding: Encoding) -> Option<Vec<Value>> {
    let (head_bytes, mut at) = varint(payload)?;
    let head_bytes = usize::try_from(head_bytes).ok().filter(|len| *len <= payload.len() && *len >= at)?;
    let mut body = &payload[head_bytes..];
    let mut values = Vec::new();
    while at < head_bytes {
        let (kind, len) = varint(&payload[at..head_bytes])?;
        at += len;
        let bytes = usize::try_from(size_of(kind)?).ok()?;
        let Some((field, rest)) = body.split_at_checked(bytes) else { break };
        body = rest;
        values.push(value(kind, field, encoding));
    }
    Some(values)
}

/// Bytes of a value of this type; `None` for the two reserved types.
fn size_of(kind: u64) -> Option<u64> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => Some(kind),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        _ => Some((kind - 12) / 2),
    }
}

fn value(kind: u64, field: &[u8], encoding: Encoding) -> Value {
    match kind {
        0 => Value::Null,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        1..=6 => {
            let negative = field.first().is_some_and(|b| b & 0x80 != 0);
            let begin = if negative { u64::MAX } else { 0 };
            Value::Integer(field.iter().fold(begin, |n, &b| n << 8 | u64::from(b)).cast_signed())
        }
        7 => Value::Real(field.try_into().map_or(0.0, f64::from_be_bytes)),
        kind if kind.is_multiple_of(2) => Value::Blob(field.to_vec()),
        _ => Value::Text(text(field, encoding)),
    }
}

fn text(field: &[u8], encoding: Encoding) -> String {
    let wide = |of: fn([u8; 2]) -> u16| {
        let units = field.chunks_exact(2).map(|unit| of([unit[0], unit[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
    };
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(field).into_owned(),
        Encoding::Utf16Le => wide(u16::from_le_bytes),
        Encoding::Utf16Be => wide(u16::from_be_bytes),
    }
}
