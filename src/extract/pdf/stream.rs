//! The bytes behind a stream's filters, under the budget.
//!
//! The library decodes a stream whole, whatever it grows to. So the filters that may inflate are applied here: what comes out
//! is charged, held to the ratio, and counted as memory for as long as somebody keeps it. Pictures are never decoded.

use crate::content::budget::Inflated;
use crate::content::{Budget, Stop, budget::Hold};
use flate2::bufread::DeflateDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Object, Stream};
use std::borrow::Cow;
use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

/// Bytes taken from a decoder at a time.
const STEP_BYTES: usize = 32 << 10;

/// Filters one behind the other; more are nobody's honest work.
const FILTERS_MAX: usize = 8;

/// Decoded bytes, charged as memory until dropped.
pub(super) struct Decoded<'b> {
    pub(super) bytes: Vec<u8>,
    /// Where in the file it lies, if it is not encrypted: its address and length.
    pub(super) key: Option<RawKey>,
    _hold: Hold<'b>,
}

/// Tells the streams of a file apart, across its revisions.
pub(super) type RawKey = (usize, usize);

/// Why there are no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undecoded {
    /// It is a picture.
    Picture,
    /// A filter nobody knows, or a key that does not fit.
    Unknown,
    /// The budget says so.
    Stopped(Stop),
}

impl From<Stop> for Undecoded {
    fn from(stop: Stop) -> Self {
        Undecoded::Stopped(stop)
    }
}

/// True when a filter of the stream makes a picture of it.
pub(super) fn is_picture(stream: &Stream<'_>) -> bool {
    stream.filters().iter().any(is_picture_filter)
}

pub(super) fn is_picture_filter(filter: &Filter) -> bool {
    matches!(filter, Filter::DctDecode | Filter::JpxDecode | Filter::Jbig2Decode | Filter::CcittFaxDecode)
}

/// The stream's bytes with all filters undone. A stream that is damaged half-way gives what came before.
pub(super) fn decoded<'b>(stream: &Stream<'_>, budget: &'b Budget) -> Result<Decoded<'b>, Undecoded> {
    let filters = stream.filters();
    if filters.iter().any(is_picture_filter) {
        return Err(Undecoded::Picture);
    }
    if filters.len() > FILTERS_MAX || filters.len() < filters_named(stream.dict()) {
        return Err(Undecoded::Unknown);
    }
    budget.check()?;
    let raw = stream.raw_data();
    let key = place_of(&raw);
    let mut hold = budget.hold(0)?;
    let mut bytes: Option<Vec<u8>> = None;
    for (n, filter) in filters.iter().enumerate() {
        let params = params_of(stream.dict(), n);
        let input = bytes.as_deref().unwrap_or(&raw);
        let mut out = Sink { bytes: Vec::new(), hold: budget.hold(0)?, budget };
        match filter {
            Filter::FlateDecode => out.inflate(input)?,
            Filter::LzwDecode => {
                let early = params.get::<i32>("EarlyChange").is_none_or(|early| early != 0);
                out.lzw(input, early)?;
            }
            Filter::RunLengthDecode => out.run_lengths(input)?,
            Filter::AsciiHexDecode => out.hex(input)?,
            Filter::Ascii85Decode => out.base85(input)?,
            Filter::Crypt => continue,
            _ => return Err(Undecoded::Unknown),
        }
        let Sink { bytes: mut new, hold: new_hold, .. } = out;
        if matches!(filter, Filter::FlateDecode | Filter::LzwDecode) {
            unpredict(&mut new, &params);
        }
        bytes = Some(new);
        hold = new_hold;
    }
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => {
            hold.grow(raw.len())?;
            raw.into_owned()
        }
    };
    Ok(Decoded { bytes, key, _hold: hold })
}

/// Where a stream lies in the file, if its bytes are the file's own.
pub(super) fn key_of(stream: &Stream<'_>) -> Option<RawKey> {
    place_of(&stream.raw_data())
}

#[expect(clippy::ptr_arg, reason = "whether it is borrowed is the question")]
fn place_of(raw: &Cow<'_, [u8]>) -> Option<RawKey> {
    match raw {
        Cow::Borrowed(bytes) => Some((bytes.as_ptr().addr(), bytes.len())),
        Cow::Owned(_) => None,
    }
}

/// Packed bytes that cannot grow to much, whatever they hold: deflate makes at most 1,032 of one.
const HARMLESS_BYTES: usize = 64 << 10;

/// True when the library may decode a stream whole: it stays within the budget.
pub(super) fn is_harmless(stream: &Stream<'_>, budget: &Budget) -> Result<bool, Stop> {
    if stream.filters().len() < 2 && stream.raw_data().len() <= HARMLESS_BYTES {
        return Ok(true);
    }
    match decoded(stream, budget) {
        Ok(_) => Ok(true),
        Err(Undecoded::Stopped(stop)) if budget.stopped().is_some() => Err(stop),
        Err(_) => Ok(false),
    }
}

/// A reader over the stream's bytes where they need not be held: no filter, or plain deflate.
pub(super) fn streamed<'s>(raw: &'s [u8], stream: &Stream<'_>, budget: &'s Budget) -> Option<Box<dyn Read + 's>> {
    let filters = stream.filters();
    if filters.len() < filters_named(stream.dict()) {
        return None;
    }
    match filters.as_slice() {
        [] => Some(Box::new(raw)),
        [filter] if is_picture_filter(filter) => Some(Box::new(raw)),
        [Filter::FlateDecode] if params_of(stream.dict(), 0).get::<i32>("Predictor").is_none_or(|p| p < 2) => {
            Some(Box::new(inflater(raw, budget)))
        }
        _ => None,
    }
}

/// How many filters the dictionary names, known or not.
pub(super) fn filters_named(dict: &Dict<'_>) -> usize {
    match dict.get::<Object<'_>>("Filter").or_else(|| dict.get::<Object<'_>>("F")) {
        Some(Object::Name(_)) => 1,
        Some(Object::Array(names)) => names.raw_iter().take(FILTERS_MAX + 1).count(),
        _ => 0,
    }
}

pub(super) fn params_of<'a>(dict: &Dict<'a>, n: usize) -> Dict<'a> {
    let key = if dict.contains_key("DecodeParms") { "DecodeParms" } else { "DP" };
    match dict.get::<Object<'a>>(key) {
        Some(Object::Dict(params)) if n == 0 => params,
        Some(Object::Array(all)) => {
            all.iter::<Object<'a>>().nth(n).and_then(Object::into_dict).unwrap_or_else(Dict::empty)
        }
        _ => Dict::empty(),
    }
}

/// A deflate decoder without its checksum, which real files often cut. Past it the ratio is that of the whole stream.
fn inflater<'s>(raw: &'s [u8], budget: &'s Budget) -> Inflated<'s, DeflateDecoder<&'s [u8]>> {
    let body = match raw {
        [first, second, rest @ ..] if is_zlib_head(*first, *second) => rest,
        other => other,
    };
    Inflated::new(DeflateDecoder::new(body), Rc::new(Cell::new(raw.len() as u64)), budget)
}

pub(super) fn is_zlib_head(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31) && second & 0x20 == 0
}

/// Counts what a deflate stream grows to, keeping nothing.
pub(super) fn inflated_len(raw: &[u8], budget: &Budget) -> Result<u64, Stop> {
    let mut reader = inflater(raw, budget);
    let mut block = [0; STEP_BYTES];
    let mut total = 0;
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok(total),
            Ok(n) => total += n as u64,
            Err(error) => return Stop::carried_by(&error).map_or(Ok(total), Err),
        }
    }
}

/// Where a filter's output goes.
struct Sink<'b> {
    bytes: Vec<u8>,
    hold: Hold<'b>,
    budget: &'b Budget,
}

impl Sink<'_> {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.hold.grow(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn inflate(&mut self, input: &[u8]) -> Result<(), Stop> {
        let mut reader = inflater(input, self.budget);
        let mut block = [0; STEP_BYTES];
        loop {
            match reader.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(n) => self.push(&block[..n])?,
                Err(error) => return Stop::carried_by(&error).map_or(Ok(()), Err),
            }
        }
    }

    /// ISO 32000-2, 7.4.4: codes of 9 to 12 bits, 256 clears, 257 ends.
    fn lzw(&mut self, input: &[u8], early: bool) -> Result<(), Stop> {
        // The string of a code is that of its parent and one byte more.
        let mut parents = vec![0_u16; 4096];
        let mut lasts = vec![0_u8; 4096];
        let mut lens = vec![0_u16; 4096];
        for byte in 0..=255_u8 {
            lasts[usize::from(byte)] = byte;
            lens[usize::from(byte)] = 1;
        }
        let (mut next, mut width, mut previous) = (258_usize, 9, None::<usize>);
        let (mut bits, mut bit_count) = (0_u32, 0);
        let mut text = Vec::new();
        let early = usize::from(early);
        for byte in input {
            bits = bits << 8 | u32::from(*byte);
            bit_count += 8;
            if bit_count < width {
                continue;
            }
            bit_count -= width;
            let code = usize::try_from(bits >> bit_count & ((1 << width) - 1)).unwrap_or(0);
            bits &= (1 << bit_count) - 1;
            match code {
                256 => (next, width, previous) = (258, 9, None),
                257 => break,
                _ => {
                    let known = code < next.max(258) && code != 256;
                    let Some(from) = (if known { Some(code) } else { previous }) else { break };
                    text.clear();
                    let mut at = from;
                    for _ in 0..lens[from] {
                        text.push(lasts[at]);
                        at = usize::from(parents[at]);
                    }
                    text.reverse();
                    let first = text.first().copied().unwrap_or(0);
                    if !known {
                        text.push(first);
                    }
                    self.push(&text)?;
                    if let Some(previous) = previous.filter(|_| next < 4096) {
                        parents[next] = u16::try_from(previous).unwrap_or(0);
                        lasts[next] = first;
                        lens[next] = lens[previous].saturating_add(1);
                        next += 1;
                    }
                    previous = Some(code.min(next.saturating_sub(1)));
                    width = match next + early {
                        ..512 => 9,
                        512..1024 => 10,
                        1024..2048 => 11,
                        _ => 12,
                    };
                }
            }
        }
        self.budget.check()
    }

    fn run_lengths(&mut self, input: &[u8]) -> Result<(), Stop> {
        let mut rest = input;
        while let [length, tail @ ..] = rest {
            let n = usize::from(*length);
            match n {
                128 => break,
                0..128 => {
                    let (run, after) = tail.split_at((n + 1).min(tail.len()));
                    self.push(run)?;
                    rest = after;
                }
                _ => {
                    let [byte, after @ ..] = tail else { break };
                    self.push(&[*byte; 128][..257 - n])?;
                    rest = after;
                }
            }
        }
        Ok(())
    }

    fn hex(&mut self, input: &[u8]) -> Result<(), Stop> {
        self.hold.grow(input.len() / 2 + 1)?;
        let digits = input.iter().take_while(|byte| **byte != b'>').filter_map(|byte| hex_digit(*byte));
        push_hex(digits, &mut self.bytes);
        Ok(())
    }

    fn base85(&mut self, input: &[u8]) -> Result<(), Stop> {
        let mut group = Vec::with_capacity(5);
        for byte in input {
            match byte {
                b'~' => break,
                b'z' if group.is_empty() => self.push(&[0; 4])?,
                b'!'..=b'u' => {
                    group.push(byte - b'!');
                    if group.len() == 5 {
                        self.push(&base85_group(&group))?;
                        group.clear();
                    }
                }
                _ => {}
            }
        }
        if group.len() > 1 {
            let n = group.len() - 1;
            group.resize(5, 84);
            self.push(&base85_group(&group)[..n])?;
        }
        Ok(())
    }
}

fn base85_group(digits: &[u8]) -> [u8; 4] {
    digits.iter().fold(0_u32, |sum, digit| sum.wrapping_mul(85).wrapping_add(u32::from(*digit))).to_be_bytes()
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Bytes from digits; an odd one at the end counts as if a 0 followed.
pub(super) fn push_hex(digits: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let mut high = None;
    for digit in digits {
        match high.take() {
            None => high = Some(digit),
            Some(first) => out.push(first << 4 | digit),
        }
    }
    out.extend(high.map(|first| first << 4));
}

/// Undoes the predictor (ISO 32000-2, 7.4.4.4): PNG rows, or TIFF differences of whole bytes.
fn unpredict(bytes: &mut Vec<u8>, params: &Dict<'_>) {
    let number = |key: &str, usual: u32| params.get::<u32>(key).unwrap_or(usual);
    let predictor = number("Predictor", 1);
    if predictor < 2 {
        return;
    }
    let (colors, bits) = (number("Colors", 1).clamp(1, 32), number("BitsPerComponent", 8).clamp(1, 16));
    let columns = number("Columns", 1).clamp(1, 1 << 24);
    let width = |bits: u64| usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX).max(1);
    let pixel = width(u64::from(colors) * u64::from(bits));
    let row = width(u64::from(colors) * u64::from(bits) * u64::from(columns));
    if predictor == 2 {
        if bits == 8 {
            for line in bytes.chunks_mut(row) {
                for n in pixel..line.len() {
                    line[n] = line[n].wrapping_add(line[n - pixel]);
                }
            }
        }
        return;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut above = vec![0; row.min(bytes.len())];
    for line in bytes.chunks_mut(row + 1) {
        let Some((kind, line)) = line.split_first_mut() else { break };
        undo_row(*kind, line, &above, pixel);
        above.clear();
        above.extend_from_slice(line);
        out.extend_from_slice(line);
    }
    *bytes = out;
}

/// Undoes the prediction of one row of a PNG filter; `above` is the row before, `pixel` the bytes of one.
pub(super) fn undo_row(kind: u8, line: &mut [u8], above: &[u8], pixel: usize) {
    for n in 0..line.len() {
        let left = n.checked_sub(pixel).map_or(0, |n| line[n]);
        let up = above.get(n).copied().unwrap_or(0);
        let corner = n.checked_sub(pixel).and_then(|n| above.get(n)).copied().unwrap_or(0);
        let guess = match kind {
            1 => left,
            2 => up,
            3 => u8::try_from((u16::from(left) + u16::from(up)) / 2).unwrap_or(0),
            4 => paeth(left, up, corner),
            _ => 0,
        };
        line[n] = line[n].wrapping_add(guess);
    }
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let off = |value: u8| (estimate - i16::from(value)).abs();
    if off(left) <= off(up) && off(left) <= off(corner) {
        left
    } else if off(up) <= off(corner) {
        up
    } else {
        corner
    }
}

/// True when an array of widths (`W`, `W2`) spans no more codes than a font can have.
pub(super) fn spans_few_codes(widths: &Array<'_>) -> bool {
    let mut before = None;
    for object in widths.iter::<Object<'_>>() {
        let Object::Number(number) = object else {
            before = None;
            continue;
        };
        let value = number.as_f64();
        if before.is_some_and(|before: f64| value - before > 70_000.0) {
            return false;
        }
        before = Some(value);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::content::Limits;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    type Undo = fn(&mut Sink<'_>, &[u8]) -> Result<(), Stop>;

    #[test]
    fn filters_are_undone() {
        let budget = Budget::new(Limits::default(), Clock::machine(), Arc::new(AtomicBool::new(false)), 1000);
        let rows: &[(Undo, &[u8], &[u8])] = &[
            // The example of ISO 32000-2, 7.4.4.2.
            (|s, b| s.lzw(b, true), &[0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01], b"-----A---B"),
            (|s, b| s.lzw(b, true), &[0xff; 40], b""),
            (|s, b| s.run_lengths(b), b"\x02abc\xfed\x80rest", b"abcddd"),
            (|s, b| s.run_lengths(b), b"\x09ab", b"ab"),
            (|s, b| s.hex(b), b"48 656c6C 6f7>00", b"Hellop"),
            (|s, b| s.base85(b), b"87cURDZ~>", b"Hello"),
            (|s, b| s.base85(b), b"z!!~>", b"\0\0\0\0\0"),
            (|s, b| s.inflate(b), b"\x78\x9c\x4b\x04\x00\x00\x62\x00\x62", b"a"),
            (|s, b| s.inflate(b), b"no deflate", b""),
        ];
        for (undo, packed, expected) in rows {
            let mut sink = Sink { bytes: Vec::new(), hold: budget.hold(0).expect("room"), budget: &budget };
            undo(&mut sink, packed).expect("within the budget");
            assert_eq!(sink.bytes, *expected, "{packed:?}");
        }
    }
}
