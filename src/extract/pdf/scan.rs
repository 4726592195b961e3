//! Pages that are pictures: handed over as picture files, for whoever reads the text in them.
//!
//! A PDF holds a picture as samples or as the body of a picture format, without what makes a file of it. Bodies that are files
//! of their own (JPEG, JPEG 2000) leave as they are; fax and plain samples get the head of a TIFF (TIFF 6.0) and stream behind
//! it. Nothing is scaled, turned or put together from strips.

use super::interpret::Found;
use super::stream::{self, Undecoded, undo_row};
use super::tell::AREAS_OF_TEXT;
use crate::content::{Budget, Stop};
use crate::extract::Output;
use crate::model::{Place, Reason};
use flate2::bufread::DeflateDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};
use std::collections::HashSet;
use std::io::{self, Read};

/// Up to so many glyphs a page with a picture is taken for a scan with a stamp on it.
const GLYPHS_OF_STAMP: u64 = 100;
/// Samples of one picture, in bytes; more cannot be read anyway.
const SAMPLES_BYTES_MAX: u64 = 256 << 20;

/// A page that may be a scan.
pub(super) struct Scan<'a> {
    pub(super) place: Place,
    pub(super) gap: Option<Reason>,
    pub(super) found: Found,
    pub(super) pictures: Vec<Stream<'a>>,
}

/// True when a page's pictures are worth reading: it has no text of its own, or hardly any.
pub(super) fn is_one(found: &Found, gap: Option<Reason>) -> bool {
    let drawn = found.pictures > found.pictures_within;
    drawn
        && match gap {
            Some(reason) => reason == Reason::ImageOnly,
            None => found.glyphs <= GLYPHS_OF_STAMP,
        }
}

/// Hands pictures over, each once.
#[derive(Default)]
pub(super) struct Scanner {
    done: HashSet<ObjectIdentifier>,
}

impl Scanner {
    /// Hands over what a page shows; true when that is all there is to be read on it.
    pub(super) fn hand_over(&mut self, scan: &Scan<'_>, budget: &Budget, out: &mut dyn Output) -> Result<bool, Stop> {
        let Found { unknown, areas, pictures_within, .. } = scan.found;
        let mut all = unknown == 0 && areas <= AREAS_OF_TEXT && pictures_within == 0;
        let several = scan.pictures.len() > 1;
        for (n, picture) in scan.pictures.iter().enumerate() {
            budget.check()?;
            if self.done.contains(&picture.obj_id()) {
                continue;
            }
            let name = if several { format!("{} picture {}", scan.place, n + 1) } else { scan.place.to_string() };
            let handed = as_file(picture, budget, out, &name)?;
            if handed {
                self.done.insert(picture.obj_id());
            }
            all &= handed;
        }
        Ok(all)
    }
}

/// Hands one picture over as a file; false when it is in a form that nobody here makes one of.
fn as_file(picture: &Stream<'_>, budget: &Budget, out: &mut dyn Output, name: &str) -> Result<bool, Stop> {
    let filters = picture.filters();
    if filters.len() < stream::filters_named(picture.dict()) {
        return Ok(false);
    }
    let raw = picture.raw_data();
    match filters.as_slice() {
        [Filter::DctDecode | Filter::JpxDecode] => out.member(name, &mut &*raw)?,
        [Filter::CcittFaxDecode] => match fax_head(picture, raw.len()) {
            Some(head) => out.member(name, &mut head.as_slice().chain(&*raw))?,
            None => return Ok(false),
        },
        filters if filters.iter().any(stream::is_picture_filter) => return Ok(false),
        [Filter::FlateDecode] if stream::params_of(picture.dict(), 0).get::<i32>("Predictor") != Some(2) => {
            let Some(shape) = Shape::of(picture.dict()) else { return Ok(false) };
            let body = match &*raw {
                [first, second, rest @ ..] if stream::is_zlib_head(*first, *second) => rest,
                other => other,
            };
            // Its size is known, so neither ratio nor sum of what comes out is charged: paper is white, which packs well.
            let rows = Rows::new(DeflateDecoder::new(body), &stream::params_of(picture.dict(), 0), budget);
            shape.hand_over(rows, out, name)?;
        }
        _ => {
            let Some(shape) = Shape::of(picture.dict()) else { return Ok(false) };
            match stream::decoded(picture, budget) {
                Ok(decoded) => shape.hand_over(&decoded.bytes[..], out, name)?,
                Err(Undecoded::Stopped(stop)) if budget.stopped().is_some() => return Err(stop),
                Err(_) => return Ok(false),
            }
        }
    }
    Ok(true)
}

fn number(dict: &Dict<'_>, key: &str, short: &str) -> Option<u32> {
    dict.get::<u32>(key).or_else(|| dict.get::<u32>(short))
}

/// True when a picture's `Decode` turns light and dark.
fn is_turned(dict: &Dict<'_>) -> bool {
    let decode = dict.get::<Array<'_>>("Decode").or_else(|| dict.get::<Array<'_>>("D"));
    let ends = decode.map(|decode| decode.iter::<f32>().take(2).collect::<Vec<_>>());
    matches!(ends.as_deref(), Some([low, high]) if low > high)
}

/// The head of a TIFF before a body in fax coding. ISO 32000-2, 7.4.6; TIFF 6.0, sections 10 and 11.
fn fax_head(picture: &Stream<'_>, body: usize) -> Option<Vec<u8>> {
    let dict = picture.dict();
    let params = stream::params_of(dict, 0);
    let width = params.get::<u32>("Columns").unwrap_or(1728);
    let height = params.get::<u32>("Rows").filter(|rows| *rows > 0).or_else(|| number(dict, "Height", "H"))?;
    let is_aligned = params.get::<bool>("EncodedByteAlign").unwrap_or(false);
    let (coding, options) = match params.get::<i32>("K").unwrap_or(0) {
        ..0 => (4, Entry::long(293, 0)),
        0 if is_aligned && !params.get::<bool>("EndOfLine").unwrap_or(false) => (2, Entry::long(292, 0)),
        0 => (3, Entry::long(292, if is_aligned { 4 } else { 0 })),
        _ => (3, Entry::long(292, if is_aligned { 5 } else { 1 })),
    };
    let is_black_one = params.get::<bool>("BlackIs1").unwrap_or(false);
    let photometric = u16::from(is_black_one != is_turned(dict));
    let bytes = u32::try_from(body).ok()?;
    Some(tiff_head(width, height, &[1], coding, photometric, bytes, options, &[]))
}

/// How samples become light and dark.
enum Colours {
    /// One channel; true when much of it is dark.
    One(bool),
    Rgb,
    /// So many channels of ink; they become one of light.
    Inks(usize),
    /// Colours by number, each channel of all of them after the other.
    Palette(Vec<u16>),
}

/// Samples of a picture without a format.
struct Shape {
    width: u32,
    height: u32,
    bits: u16,
    colours: Colours,
}

impl Shape {
    fn of(dict: &Dict<'_>) -> Option<Self> {
        let (width, height) = (number(dict, "Width", "W")?, number(dict, "Height", "H")?);
        let is_mask = dict.get::<bool>("ImageMask").or_else(|| dict.get::<bool>("IM")).unwrap_or(false);
        let bits = if is_mask { 1 } else { u16::try_from(number(dict, "BitsPerComponent", "BPC")?).ok()? };
        let space = dict.get::<Object<'_>>("ColorSpace").or_else(|| dict.get::<Object<'_>>("CS"));
        let turned = is_turned(dict);
        let colours = match space {
            _ if is_mask => Colours::One(turned),
            Some(space) => colours(&space, bits, turned, 0)?,
            None => return None,
        };
        let known = matches!(bits, 1 | 2 | 4 | 8) || bits == 16 && matches!(colours, Colours::One(_) | Colours::Rgb);
        let fits = match colours {
            Colours::Inks(_) => bits == 8,
            _ => known,
        };
        let shape = Self { width, height, bits, colours };
        (fits && width > 0 && height > 0 && shape.bytes() <= SAMPLES_BYTES_MAX).then_some(shape)
    }

    fn channels(&self) -> u64 {
        match self.colours {
            Colours::Rgb => 3,
            _ => 1,
        }
    }

    /// Bytes of all rows, as they leave.
    fn bytes(&self) -> u64 {
        let row = (u64::from(self.width) * self.channels() * u64::from(self.bits)).div_ceil(8);
        row.saturating_mul(self.height.into())
    }

    fn hand_over(&self, samples: impl Read, out: &mut dyn Output, name: &str) -> Result<(), Stop> {
        let bytes = u32::try_from(self.bytes()).unwrap_or(u32::MAX);
        let (bits, photometric, palette): (&[u16], u16, &[u16]) = match &self.colours {
            Colours::One(dark) => (&[self.bits], u16::from(!dark), &[]),
            Colours::Rgb => (&[self.bits; 3], 2, &[]),
            Colours::Inks(_) => (&[8], 1, &[]),
            Colours::Palette(palette) => (&[self.bits], 3, palette),
        };
        let none = Entry::long(254, 0);
        let head = tiff_head(self.width, self.height, bits, 1, photometric, bytes, none, palette);
        let white = io::repeat(0xff);
        match self.colours {
            Colours::Inks(inks) => {
                let samples = Inks { samples, inks, pixel: Vec::with_capacity(inks) };
                out.member(name, &mut head.as_slice().chain(samples.chain(white).take(bytes.into())))
            }
            // A body that was cut is filled up: a reader wants all its rows.
            _ => out.member(name, &mut head.as_slice().chain(samples.chain(white).take(bytes.into()))),
        }
    }
}

/// Colour spaces within colour spaces; more is nobody's honest work.
const SPACES_DEPTH_MAX: u32 = 4;

fn colours(space: &Object<'_>, bits: u16, turned: bool, depth: u32) -> Option<Colours> {
    let (name, rest) = match space {
        Object::Name(name) => (name.as_ref().to_vec(), None),
        Object::Array(array) => (array.iter::<Name<'_>>().next()?.as_ref().to_vec(), Some(array)),
        _ => return None,
    };
    let item = |n: usize| rest.and_then(|array| array.iter::<Object<'_>>().nth(n));
    Some(match name.as_slice() {
        b"DeviceGray" | b"CalGray" | b"G" => Colours::One(turned),
        b"DeviceRGB" | b"CalRGB" | b"RGB" => Colours::Rgb,
        b"DeviceCMYK" | b"CMYK" => Colours::Inks(4),
        b"ICCBased" => match item(1)?.into_stream()?.dict().get::<u32>("N")? {
            1 => Colours::One(turned),
            3 => Colours::Rgb,
            4 => Colours::Inks(4),
            _ => return None,
        },
        b"Separation" => Colours::One(!turned),
        b"DeviceN" => match item(1)? {
            Object::Array(names) => match names.raw_iter().take(33).count() {
                1 => Colours::One(!turned),
                n @ 2..=32 => Colours::Inks(n),
                _ => return None,
            },
            _ => return None,
        },
        b"Indexed" | b"I" if depth < SPACES_DEPTH_MAX && bits <= 8 => {
            let base = colours(&item(1)?, 8, false, depth + 1)?;
            let table = match item(3)? {
                Object::String(bytes) => bytes.as_ref().to_vec(),
                Object::Stream(stream) => palette_bytes(&stream)?,
                _ => return None,
            };
            Colours::Palette(palette(&base, &table, bits)?)
        }
        _ => return None,
    })
}

/// Bytes of a table of 256 colours at most.
const PALETTE_BYTES_MAX: u64 = 256 * 32;

fn palette_bytes(stream: &Stream<'_>) -> Option<Vec<u8>> {
    let raw = stream.raw_data();
    let mut bytes = Vec::new();
    match stream.filters().as_slice() {
        [] => (&*raw).take(PALETTE_BYTES_MAX).read_to_end(&mut bytes).ok()?,
        [Filter::FlateDecode] => {
            flate2::bufread::ZlibDecoder::new(&*raw).take(PALETTE_BYTES_MAX).read_to_end(&mut bytes).ok()?
        }
        _ => return None,
    };
    Some(bytes)
}

/// A table of colours as a TIFF has it.
fn palette(base: &Colours, table: &[u8], bits: u16) -> Option<Vec<u16>> {
    let colours = 1_usize << bits;
    let channels = match base {
        Colours::One(_) => 1,
        Colours::Rgb => 3,
        Colours::Inks(inks) => *inks,
        Colours::Palette(_) => return None,
    };
    let rgb = |n: usize| -> [u8; 3] {
        let entry = table.get(n * channels..(n + 1) * channels);
        match (base, entry) {
            (Colours::Rgb, Some(entry)) => [entry[0], entry[1], entry[2]],
            (Colours::Inks(_), Some(entry)) => [light(entry); 3],
            (Colours::One(dark), Some(entry)) => [if *dark { !entry[0] } else { entry[0] }; 3],
            _ => [0xff; 3],
        }
    };
    let all: Vec<[u8; 3]> = (0..colours).map(rgb).collect();
    Some((0..3).flat_map(|channel| all.iter().map(move |rgb| u16::from(rgb[channel]) * 257)).collect())
}

/// How light a mixture of inks is: four are cyan, magenta, yellow and black, of others the darkest counts.
fn light(inks: &[u8]) -> u8 {
    let dark = match inks {
        [cyan, magenta, yellow, black] => {
            let colour = (u32::from(*cyan) * 30 + u32::from(*magenta) * 59 + u32::from(*yellow) * 11) / 100;
            u8::try_from(colour + u32::from(*black)).unwrap_or(u8::MAX)
        }
        others => others.iter().copied().max().unwrap_or(0),
    };
    !dark
}

/// Light out of inks, a byte a pixel.
struct Inks<R> {
    samples: R,
    inks: usize,
    pixel: Vec<u8>,
}

impl<R: Read> Read for Inks<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut block = vec![0; buf.len().min(16 << 10).saturating_mul(self.inks)];
        let read = self.samples.read(&mut block)?;
        if read == 0 {
            return Ok(0);
        }
        let mut filled = 0;
        for byte in &block[..read] {
            self.pixel.push(*byte);
            if self.pixel.len() == self.inks {
                buf[filled] = light(&self.pixel);
                filled += 1;
                self.pixel.clear();
            }
        }
        // Less than a pixel came: there is more.
        if filled == 0 { self.read(buf) } else { Ok(filled) }
    }
}

/// Rows of samples, with the prediction of PNG undone where there is one. A stream that is damaged ends.
struct Rows<'b, R> {
    inner: R,
    budget: &'b Budget,
    /// Bytes of a pixel and of a row, where rows are predicted.
    predicted: Option<(usize, usize)>,
    row: Vec<u8>,
    above: Vec<u8>,
    at: usize,
}

/// Bytes of a row that are believed.
const ROW_BYTES_MAX: u64 = 4 << 20;

impl<'b, R: Read> Rows<'b, R> {
    fn new(inner: R, params: &Dict<'_>, budget: &'b Budget) -> Self {
        let number = |key: &str, usual: u32| u64::from(params.get::<u32>(key).unwrap_or(usual));
        let bits = number("Colors", 1).clamp(1, 32) * number("BitsPerComponent", 8).clamp(1, 16);
        let wide = |bytes: u64| usize::try_from(bytes.clamp(1, ROW_BYTES_MAX)).unwrap_or(1);
        let row = (bits * number("Columns", 1).clamp(1, 1 << 24)).div_ceil(8);
        let predicted = (number("Predictor", 1) >= 10).then(|| (wide(bits.div_ceil(8)), wide(row)));
        Self { inner, budget, predicted, row: Vec::new(), above: Vec::new(), at: 0 }
    }

    /// The next row; false at the end.
    fn next_row(&mut self, pixel: usize, bytes: usize) -> io::Result<bool> {
        self.budget.check()?;
        std::mem::swap(&mut self.row, &mut self.above);
        let mut kind = [0];
        if self.inner.read(&mut kind).unwrap_or(0) == 0 {
            return Ok(false);
        }
        self.row.resize(bytes, 0);
        let mut filled = 0;
        while filled < bytes {
            match self.inner.read(&mut self.row[filled..]) {
                Ok(read) if read > 0 => filled += read,
                _ => break,
            }
        }
        self.row.truncate(filled);
        undo_row(kind[0], &mut self.row, &self.above, pixel);
        self.at = 0;
        Ok(filled > 0)
    }
}

impl<R: Read> Read for Rows<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some((pixel, bytes)) = self.predicted else {
            self.budget.check()?;
            return Ok(self.inner.read(buf).unwrap_or(0));
        };
        if self.at == self.row.len() && !self.next_row(pixel, bytes)? {
            self.row.clear();
            self.at = 0;
            return Ok(0);
        }
        let taken = buf.len().min(self.row.len() - self.at);
        buf[..taken].copy_from_slice(&self.row[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

/// One entry of a TIFF's directory.
#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    /// 3: numbers of 16 bits; 4: of 32.
    kind: u16,
    count: u32,
    value: [u8; 4],
}

impl Entry {
    fn long(tag: u16, value: u32) -> Self {
        Self { tag, kind: 4, count: 1, value: value.to_be_bytes() }
    }

    fn short(tag: u16, value: u16) -> Self {
        let [high, low] = value.to_be_bytes();
        Self { tag, kind: 3, count: 1, value: [high, low, 0, 0] }
    }

    /// Numbers that stand elsewhere.
    fn shorts(tag: u16, count: usize, at: u32) -> Self {
        Self { tag, kind: 3, count: u32::try_from(count).unwrap_or(0), value: at.to_be_bytes() }
    }
}

/// The head of a TIFF whose one strip follows it at once. TIFF 6.0, section 2; numbers are big endian, as samples of 16 bits are in
/// PDF.
#[allow(clippy::too_many_arguments, reason = "the fields of a directory")]
fn tiff_head(
    width: u32,
    height: u32,
    bits: &[u16],
    coding: u16,
    photometric: u16,
    bytes: u32,
    further: Entry,
    palette: &[u16],
) -> Vec<u8> {
    let channels = u16::try_from(bits.len()).unwrap_or(1);
    let count = if palette.is_empty() { 10_u32 } else { 11 };
    let lists = 8 + 2 + 12 * count + 4;
    let bits_bytes = if bits.len() > 1 { 2 * u32::from(channels) } else { 0 };
    let palette_at = lists + bits_bytes;
    let body = palette_at + 2 * u32::try_from(palette.len()).unwrap_or(0);
    let bits_entry = match bits {
        [one] => Entry::short(258, *one),
        all => Entry::shorts(258, all.len(), lists),
    };
    let mut entries = vec![
        Entry::long(256, width),
        Entry::long(257, height),
        bits_entry,
        Entry::short(259, coding),
        Entry::short(262, photometric),
        Entry::long(273, body),
        Entry::short(277, channels),
        Entry::long(278, height),
        Entry::long(279, bytes),
        further,
    ];
    if !palette.is_empty() {
        entries.push(Entry::shorts(320, palette.len(), palette_at));
    }
    // A directory is sorted.
    entries.sort_by_key(|entry| entry.tag);
    let mut head = b"MM\0*\0\0\0\x08".to_vec();
    head.extend(u16::try_from(entries.len()).unwrap_or(0).to_be_bytes());
    for Entry { tag, kind, count, value } in entries {
        head.extend(tag.to_be_bytes());
        head.extend(kind.to_be_bytes());
        head.extend(count.to_be_bytes());
        head.extend(value);
    }
    head.extend([0; 4]);
    if bits.len() > 1 {
        head.extend(bits.iter().flat_map(|bits| bits.to_be_bytes()));
    }
    head.extend(palette.iter().flat_map(|value| value.to_be_bytes()));
    head
}
