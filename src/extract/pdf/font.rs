//! Fonts: from the codes of a shown string to characters and widths.
//!
//! The library reads the font's encoding, its `ToUnicode` map and widths. What it leaves without characters is tried here in
//! this order: the character collection of a CID font, the table of its program; for others the code itself as Windows would
//! print it, or a number in the glyph's name.

use super::sfnt;
use super::stream::{self, spans_few_codes};
use crate::content::{Budget, Stop};
use hayro_cmap::{BfString, CMap, CMapName, CharacterCollection, CidFamily};
use hayro_font::{CMapResolverFn, Font as Reading, FontCache, FontData, FontGlyph, FontResolverFn, GlyphId};
use hayro_syntax::object::{Array, Dict, Object, Stream, String as Bytes};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A font file without one table: it stands in for fonts that are not embedded, of which only widths and names are wanted,
/// and those the library knows by itself.
const NO_PROGRAM: &[u8] = &[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Codes remembered of one font; others are looked up each time.
const CODES_KEPT: usize = 1 << 16;

/// Fonts kept of one document; with more, all are read anew when they are met again.
const FONTS_KEPT: usize = 500;

/// What a code shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// `None` when no one can tell.
    pub(super) text: Option<Text>,
    /// How far the next glyph is, in thousandths of the font's size: along the line and, for vertical writing, down it.
    pub(super) advance: (f64, f64),
}

/// Most codes show one character.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Text {
    Char(char),
    Str(Rc<str>),
}

/// The fonts of one document.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    maps: CMapResolverFn,
    known: HashMap<*const u8, Option<Rc<Font<'a>>>>,
    standard: OnceCell<Option<Rc<Font<'a>>>>,
}

impl<'a> Fonts<'a> {
    pub(super) fn new() -> Self {
        let program: FontData = Arc::new(NO_PROGRAM);
        Self {
            cache: FontCache::new(),
            programs: Arc::new(move |_| Some((program.clone(), 0))),
            maps: Arc::new(hayro_cmap::load_embedded),
            known: HashMap::new(),
            standard: OnceCell::new(),
        }
    }

    /// The font of this dictionary; read once.
    pub(super) fn font(&mut self, dict: &Dict<'a>, budget: &Budget) -> Result<Option<Rc<Font<'a>>>, Stop> {
        let key = dict.data().as_ptr();
        if let Some(font) = self.known.get(&key) {
            return Ok(font.clone());
        }
        budget.check()?;
        if self.known.len() >= FONTS_KEPT {
            (self.cache, self.known) = (FontCache::new(), HashMap::new());
        }
        let is_harmless = are_harmless(dict, budget)?;
        let font = is_harmless.then(|| self.read(dict)).flatten().or_else(|| self.standard());
        self.known.insert(key, font.clone());
        Ok(font)
    }

    fn read(&self, dict: &Dict<'a>) -> Option<Rc<Font<'a>>> {
        let below = dict.get::<Array<'_>>("DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
        let sane = |key: &str| {
            let widths = below.as_ref().and_then(|font| font.get::<Array<'_>>(key));
            widths.is_none_or(|widths| spans_few_codes(&widths))
        };
        if !sane("W") || !sane("W2") {
            return None;
        }
        let reading = self.cache.font(dict, &self.programs, &self.maps)?;
        Some(Rc::new(Font::new(reading, Some(dict.clone()), below.is_some())))
    }

    /// What stands in for a font that is missing or broken.
    pub(super) fn standard(&self) -> Option<Rc<Font<'a>>> {
        let read = || {
            let font = self.cache.standard_font(hayro_font::StandardFont::Helvetica, &self.programs)?;
            Some(Rc::new(Font::new(font, None, false)))
        };
        self.standard.get_or_init(read).clone()
    }
}

/// True when nothing that a font leads to grows beyond the budget.
fn are_harmless(dict: &Dict<'_>, budget: &Budget) -> Result<bool, Stop> {
    let below = dict.get::<Array<'_>>("DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
    for font in [Some(dict.clone()), below].into_iter().flatten() {
        let descriptor = font.get::<Dict<'_>>("FontDescriptor");
        let programs = ["FontFile", "FontFile2", "FontFile3"].map(|key| descriptor.as_ref()?.get::<Stream<'_>>(key));
        let maps = ["ToUnicode", "Encoding", "CIDToGIDMap"].map(|key| font.get::<Stream<'_>>(key));
        for stream in programs.iter().chain(&maps).flatten() {
            if !stream::is_harmless(stream, budget)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// One font.
pub(super) struct Font<'a> {
    reading: Reading<'a>,
    dict: Option<Dict<'a>>,
    is_composite: bool,
    codes: RefCell<HashMap<u32, Shown>>,
    singles: Box<[OnceCell<Shown>; 256]>,
    collection: OnceCell<Option<Collection>>,
    characters: OnceCell<Option<HashMap<u32, char>>>,
    names: OnceCell<HashMap<u8, u8>>,
}

/// The way from a code to Unicode by a font's character collection.
struct Collection {
    encoding: Option<CMap>,
    to_unicode: CMap,
}

impl<'a> Font<'a> {
    fn new(reading: Reading<'a>, dict: Option<Dict<'a>>, is_composite: bool) -> Self {
        Self {
            reading,
            dict,
            is_composite,
            codes: RefCell::default(),
            singles: Box::new([const { OnceCell::new() }; 256]),
            collection: OnceCell::new(),
            characters: OnceCell::new(),
            names: OnceCell::new(),
        }
    }

    pub(super) fn is_horizontal(&self) -> bool {
        self.reading.is_horizontal()
    }

    /// The code at the head of a string that is not empty, and its length in bytes.
    pub(super) fn next_code(&self, bytes: &[u8]) -> (u32, usize) {
        match bytes {
            [] => (0, 1),
            [byte, ..] if !self.is_composite => (u32::from(*byte), 1),
            _ => {
                let (code, len) = self.reading.read_code(bytes, 0);
                (code, len.clamp(1, bytes.len()))
            }
        }
    }

    /// What a code shows; `len` is its length in bytes.
    pub(super) fn shown(&self, code: u32, len: usize) -> Shown {
        if !self.is_composite {
            let single = u8::try_from(code).unwrap_or(0);
            return self.singles[usize::from(single)].get_or_init(|| self.look_up(code, len)).clone();
        }
        if let Some(shown) = self.codes.borrow().get(&code) {
            return shown.clone();
        }
        let shown = self.look_up(code, len);
        let mut codes = self.codes.borrow_mut();
        if codes.len() < CODES_KEPT {
            codes.insert(code, shown.clone());
        }
        shown
    }

    fn look_up(&self, code: u32, len: usize) -> Shown {
        let advance = self.reading.code_advance(code);
        let told = match self.reading.glyph(GlyphId::NOTDEF, code) {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let text = told.and_then(|told| self.plain(told, code)).or_else(|| self.guessed(code, len));
        Shown { text, advance: (advance.x, advance.y) }
    }

    /// What the font says, without what says nothing: control characters, and the private area in which symbol fonts repeat
    /// their codes.
    fn plain(&self, told: BfString, code: u32) -> Option<Text> {
        match told {
            BfString::Char(one) => match one {
                '\u{f020}'..='\u{f0ff}' => char_of_windows(u8::try_from(u32::from(one) & 0xff).unwrap_or(0)),
                '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => Some(' '),
                '\u{fffd}' | '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => None,
                '\u{e000}'..='\u{f8ff}' if !self.is_composite => char_of_windows(u8::try_from(code).unwrap_or(0)),
                _ => Some(one),
            }
            .map(Text::Char),
            BfString::String(text) => {
                let text: String = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}').collect();
                (!text.is_empty()).then(|| Text::Str(text.into()))
            }
        }
    }

    fn guessed(&self, code: u32, len: usize) -> Option<Text> {
        if !self.is_composite {
            let code = u8::try_from(code).ok()?;
            let numbered = || self.names.get_or_init(|| self.numbers_in_names()).get(&code).copied();
            let by_code = (code >= 0x20).then(|| char_of_windows(code)).flatten();
            return by_code.or_else(|| char_of_windows(numbered()?)).map(Text::Char);
        }
        let Some(collection) = self.collection.get_or_init(|| self.read_collection()) else {
            return self.by_program(code).map(Text::Char);
        };
        let len = u8::try_from(len).ok()?;
        let cid = match &collection.encoding {
            Some(map) => map.lookup_cid_code(code, len)?,
            None => code,
        };
        match collection.to_unicode.lookup_bf_string(cid)? {
            BfString::Char('\0') => None,
            told => self.plain(told, code),
        }
    }

    /// The character of a glyph by the font's own table. A font that is not embedded is taken to be coded in Unicode.
    fn by_program(&self, code: u32) -> Option<char> {
        let glyph = self.reading.map_code(code);
        let characters = self.characters.get_or_init(|| match self.reading.glyph(glyph, code) {
            FontGlyph::Outline(outline) => outline.font_data().map(|font| {
                let bytes: &[u8] = (*font.data).as_ref();
                if bytes.len() > NO_PROGRAM.len() { sfnt::characters(bytes) } else { HashMap::new() }
            }),
            FontGlyph::Type3(_) => None,
        });
        match characters {
            Some(characters) if !characters.is_empty() => characters.get(&glyph.to_u32()).copied(),
            _ => char::from_u32(code).filter(|c| c.is_alphanumeric() || matches!(c, ' '..='~' | '\u{a0}'..='\u{2bff}')),
        }
    }

    /// Numbers in the names of glyphs such as `C65` or `a65`, by code.
    fn numbers_in_names(&self) -> HashMap<u8, u8> {
        let mut numbers = HashMap::new();
        let encoding = self.dict.as_ref().and_then(|dict| dict.get::<Dict<'_>>("Encoding"));
        let Some(differences) = encoding.and_then(|dict| dict.get::<Array<'_>>("Differences")) else { return numbers };
        let mut code = 0_i64;
        for object in differences.iter::<Object<'_>>().take(1024) {
            match object {
                Object::Number(number) => code = number.as_i64(),
                Object::Name(name) => {
                    let digits = name.as_str().trim_start_matches(|c: char| !c.is_ascii_digit());
                    if let (Ok(code), Ok(number @ 32..)) = (u8::try_from(code), digits.parse()) {
                        numbers.insert(code, number);
                    }
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
        numbers
    }

    fn read_collection(&self) -> Option<Collection> {
        let dict = self.dict.as_ref()?;
        let encoding = match dict.get::<Object<'_>>("Encoding")? {
            Object::Name(name) => match CMapName::from_bytes(name.as_ref()) {
                CMapName::IdentityH | CMapName::IdentityV => None,
                name => CMap::parse(hayro_cmap::load_embedded(name)?, hayro_cmap::load_embedded),
            },
            Object::Stream(stream) => CMap::parse(&stream.decoded_data().ok()?, hayro_cmap::load_embedded),
            _ => None,
        };
        let of_encoding = encoding.as_ref().and_then(|map| map.metadata().character_collection.clone());
        let CharacterCollection { family, .. } = of_encoding
            .filter(|collection| collection.family != CidFamily::AdobeIdentity)
            .or_else(|| collection_named(dict))?;
        let map = hayro_cmap::load_embedded(family.ucs2_cmap()?)?;
        Some(Collection { encoding, to_unicode: CMap::parse(map, hayro_cmap::load_embedded)? })
    }
}

fn collection_named(dict: &Dict<'_>) -> Option<CharacterCollection> {
    let below = dict.get::<Array<'_>>("DescendantFonts")?.iter::<Dict<'_>>().next()?;
    let info = below.get::<Dict<'_>>("CIDSystemInfo")?;
    let (registry, ordering) = (info.get::<Bytes<'_>>("Registry")?, info.get::<Bytes<'_>>("Ordering")?);
    Some(CharacterCollection { family: CidFamily::from_registry_ordering(&registry, &ordering), supplement: 0 })
}

/// The character of a byte in Windows-1252, if it prints.
fn char_of_windows(byte: u8) -> Option<char> {
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
    text.chars().next().filter(|c| !c.is_control())
}
