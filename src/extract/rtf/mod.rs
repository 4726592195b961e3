//! RTF: groups and control words to text, in one pass and in constant memory.
//!
//! The document's own text is pushed as it is read. Text that belongs beside it (headers, notes, comments, properties) gathers
//! in bounded buffers and follows. Embedded objects and pictures are only marked on the way; when the text is done, each is
//! decoded from its place in the file and handed over. A document that stands for a page of HTML, as Outlook writes mails,
//! gives that page back as a member.

mod embedded;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

use super::ole::bytes::code_page;
use super::parts::Parts;
use super::{BLOCK_BYTES, Edge, Failure, Output, Source};
use crate::content::Budget;
use crate::model::Place;
use embedded::Embedded;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use tokens::{Token, Tokens};
use words::{Goes, Side};

/// Text handed on at a time.
const PIECE_BYTES: usize = 8 << 10;
/// Text beside the document's own that is gathered before it is pushed.
const SIDE_BYTES_MAX: usize = 256 << 10;
const WAITING_BYTES_MAX: usize = 64 << 10;
/// Fonts that are remembered.
const FONTS_MAX: usize = 100_000;
/// Embedded objects and pictures that are handed over.
const EMBEDDED_MAX: usize = 20_000;
/// The page of HTML that a document stands for.
const HTML_BYTES_MAX: usize = 64 << 20;

/// Pushes the text of the document, then hands over what is embedded.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut parts = Parts::new(out);
    let reader = BufReader::with_capacity(BLOCK_BYTES, source.reader());
    let mut document = Document::new(Tokens::new(reader), source.budget);
    parts.begin("text")?;
    document.read(&mut parts)?;
    document.finish(&mut parts)?;
    let is_cut = document.groups.len() > 1;
    for embedded in std::mem::take(&mut document.embedded) {
        embedded::hand_over(source, &embedded, &mut parts)?;
    }
    parts.end()?;
    if is_cut { Err(Failure::corrupt("a group of the document does not end")) } else { Ok(()) }
}

/// What a group inherits and may change.
#[derive(Clone, Copy, Debug)]
struct Group {
    goes: Goes,
    encoding: &'static Encoding,
    /// Characters that stand for each `\u` in programs that do not know it.
    fallback: u32,
    deleted: bool,
    in_table: bool,
    /// Text of a document that stands for HTML, which the page does not show.
    outside_html: bool,
    /// `\*` was seen: a word that is not known makes the group no text of the document.
    starred: bool,
}

struct Document<'b, R> {
    tokens: Tokens<R>,
    budget: &'b Budget,
    groups: Vec<Group>,
    fonts: HashMap<i64, &'static Encoding>,
    /// The font that the font table is about.
    font: i64,
    default: &'static Encoding,
    /// Characters still to be passed over after `\u`.
    passing: u32,
    /// The first half of a character beyond the basic plane.
    high: Option<u16>,
    /// Bytes of the encoding at hand that are not decoded yet: a character may take several.
    bytes: Vec<u8>,
    text: String,
    waiting: String,
    sides: [String; Side::ALL.len()],
    /// A side that has gathered enough to be pushed.
    full: Option<Side>,
    /// The name of the shape's property whose value comes next.
    property: String,
    edge: Option<char>,
    paragraph: u32,
    table: (u32, u32, u32),
    begun: bool,
    was_table: bool,
    html: Option<String>,
    embedded: Vec<Embedded>,
}

impl<'b, R: BufRead> Document<'b, R> {
    fn new(tokens: Tokens<R>, budget: &'b Budget) -> Self {
        let group = Group {
            goes: Goes::Text,
            encoding: WINDOWS_1252,
            fallback: 1,
            deleted: false,
            in_table: false,
            outside_html: false,
            starred: false,
        };
        Self {
            tokens,
            budget,
            groups: vec![group],
            fonts: HashMap::new(),
            font: 0,
            default: WINDOWS_1252,
            passing: 0,
            high: None,
            bytes: Vec::new(),
            text: String::new(),
            waiting: String::new(),
            sides: Default::default(),
            full: None,
            property: String::new(),
            edge: None,
            paragraph: 0,
            table: (0, 0, 0),
            begun: false,
            was_table: false,
            html: None,
            embedded: Vec::new(),
        }
    }

    fn group(&mut self) -> &mut Group {
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn read(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        while let Some(token) = self.tokens.next()? {
            match token {
                Token::Open => self.open()?,
                Token::Close => self.close(),
                Token::Word(number) => self.word(number, parts)?,
                Token::Symbol(symbol) => self.symbol(symbol, parts)?,
                Token::Byte(byte) => {
                    if self.passed(1) == 0 {
                        self.bytes.push(byte);
                    }
                }
                Token::Text => self.plain(parts)?,
            }
            if self.text.len() >= PIECE_BYTES {
                self.flush(parts)?;
            }
            if let Some(side) = self.full.take() {
                self.flush(parts)?;
                self.push_side(side, parts)?;
                parts.begin("text")?;
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Failure> {
        self.budget.tick()?;
        self.passing = 0;
        self.budget.check_nesting(self.groups.len())?;
        let mut group = *self.group();
        group.starred = false;
        self.decode();
        self.groups.push(group);
        Ok(())
    }

    fn close(&mut self) {
        self.passing = 0;
        self.decode();
        let ended = *self.group();
        if self.groups.len() > 1 {
            self.groups.pop();
        }
        if ended.goes != self.group().goes {
            self.end_of_destination(ended.goes);
        }
    }

    /// What was gathered beside the text is kept apart from what is gathered next.
    fn end_of_destination(&mut self, goes: Goes) {
        match goes {
            Goes::Beside(side) => {
                let gathered = &mut self.sides[side.index()];
                if !gathered.is_empty() && !gathered.ends_with('\n') {
                    gathered.push('\n');
                }
            }
            Goes::Waits => self.waiting.push('\n'),
            _ => {}
        }
    }

    fn word(&mut self, number: Option<i64>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        // The commonest first: text goes on behind them.
        if self.tokens.word() == b"u" {
            return self.unicode(number.unwrap_or(0));
        }
        if self.passing > 0 {
            self.passing -= 1;
            return Ok(());
        }
        if let Some(c) = words::character(self.tokens.word()) {
            self.decode();
            return self.add(c, parts);
        }
        self.decode();
        if self.embed() {
            return Ok(());
        }
        match self.tokens.word() {
            b"par" | b"sect" | b"page" | b"column" => self.line('\n', parts)?,
            b"line" | b"lbr" => self.add('\n', parts)?,
            b"cell" | b"nestcell" => {
                self.group().in_table = true;
                self.line('\t', parts)?;
                self.table.2 = self.table.2.saturating_add(1);
            }
            b"row" | b"nestrow" => {
                self.edge = Some('\n');
                self.table = (self.table.0, self.table.1.saturating_add(1), 1);
            }
            b"pard" => self.group().in_table = false,
            b"intbl" | b"itap" => self.group().in_table = number != Some(0),
            b"plain" => {
                let encoding = self.default;
                let group = self.group();
                (group.deleted, group.encoding) = (false, encoding);
            }
            b"deleted" => self.group().deleted = number != Some(0),
            b"htmlrtf" => self.group().outside_html = number != Some(0),
            b"fromhtml" => self.html = Some(String::new()),
            b"uc" => self.group().fallback = u32::try_from(number.unwrap_or(1)).unwrap_or(1).min(64),
            b"bin" => self.tokens.skip(u64::try_from(number.unwrap_or(0)).unwrap_or(0))?,
            b"f" => self.set_font(number.unwrap_or(0)),
            b"fcharset" | b"cpg" => self.learn_font(number.unwrap_or(0)),
            b"ansicpg" => self.set_default(u32::try_from(number.unwrap_or(0)).unwrap_or(0)),
            b"mac" => self.set_default(10_000),
            _ => self.destination(),
        }
        Ok(())
    }

    fn destination(&mut self) {
        let goes = match self.tokens.word() {
            b"sv" => Some(words::value_of(&self.property)),
            // Styles of runs are starred and yet no destinations.
            b"cs" | b"ds" | b"ts" => return,
            word => words::destination(word),
        };
        if goes == Some(Goes::Property) {
            self.property.clear();
        }
        let group = self.group();
        let starred = std::mem::take(&mut group.starred);
        match (group.goes, goes) {
            // Within what is skipped all is skipped, but for a picture's alternatives.
            (Goes::Skipped | Goes::Fonts, _) => {}
            (Goes::Beside(_), Some(Goes::Text | Goes::Waits)) => {}
            (_, Some(goes)) => group.goes = goes,
            (Goes::Text, None) if starred => group.goes = Goes::Beside(Side::Further),
            _ => {}
        }
    }

    /// Marks the place of an object or picture, and passes over it.
    fn embed(&mut self) -> bool {
        let is_picture = match self.tokens.word() {
            b"objdata" => false,
            b"pict" => true,
            _ => return false,
        };
        let goes = if is_picture { Goes::Picture } else { Goes::Object };
        if !matches!(self.group().goes, Goes::Skipped) && self.embedded.len() < EMBEDDED_MAX {
            self.embedded.push(Embedded { at: self.tokens.position(), is_picture });
        }
        self.group().goes = goes;
        true
    }

    fn set_font(&mut self, number: i64) {
        if self.group().goes == Goes::Fonts {
            self.font = number;
            return;
        }
        let encoding = self.fonts.get(&number).copied().unwrap_or(self.default);
        self.group().encoding = encoding;
    }

    fn learn_font(&mut self, number: i64) {
        if self.group().goes != Goes::Fonts || self.fonts.len() >= FONTS_MAX {
            return;
        }
        let page = match self.tokens.word() {
            b"cpg" => u32::try_from(number).ok(),
            _ => words::code_page_of_set(number),
        };
        if let Some(page) = page {
            self.fonts.insert(self.font, code_page(page));
        }
    }

    fn set_default(&mut self, page: u32) {
        self.default = code_page(page);
        let encoding = self.default;
        self.group().encoding = encoding;
    }

    fn symbol(&mut self, symbol: u8, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if symbol == b'*' {
            self.group().starred = true;
            return Ok(());
        }
        if self.passed(1) > 0 {
            return Ok(());
        }
        match symbol {
            // The second byte of a character may look like these.
            b'\\' | b'{' | b'}' => {
                self.bytes.push(symbol);
                return Ok(());
            }
            _ => self.decode(),
        }
        match symbol {
            b'~' => self.add('\u{a0}', parts),
            b'-' => self.add('\u{ad}', parts),
            b'_' => self.add('\u{2011}', parts),
            b'\n' | b'\r' => self.line('\n', parts),
            b'\t' => self.add('\t', parts),
            _ => Ok(()),
        }
    }

    /// How many of the next characters are passed over after `\u`.
    fn passed(&mut self, there: usize) -> usize {
        let n = usize::try_from(self.passing).unwrap_or(usize::MAX).min(there);
        self.passing -= u32::try_from(n).unwrap_or(0);
        n
    }

    fn plain(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.budget.tick()?;
        let there = self.tokens.text().len();
        let from = self.passed(there);
        if matches!(self.group().goes, Goes::Skipped | Goes::Fonts | Goes::Object | Goes::Picture) {
            return Ok(());
        }
        let bytes = &self.tokens.text()[from..];
        if bytes.is_empty() {
            return Ok(());
        }
        // The first byte may belong to a character begun by `\'hh`; plain ASCII after none needs no decoding.
        if self.bytes.is_empty() && bytes.is_ascii() {
            let text = String::from_utf8_lossy(bytes).into_owned();
            return self.add_text(&text, parts);
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= PIECE_BYTES {
            self.decode();
        }
        Ok(())
    }

    fn unicode(&mut self, number: i64) -> Result<(), Failure> {
        self.decode_bytes();
        self.passing = self.group().fallback;
        // Written as a signed number of 16 bits.
        let unit = if number < 0 { number + 0x1_0000 } else { number };
        let Ok(unit) = u32::try_from(unit) else { return Ok(()) };
        let c = match (self.high.take(), u16::try_from(unit)) {
            (_, Ok(high)) if (0xd800..0xdc00).contains(&high) => {
                self.high = Some(high);
                return Ok(());
            }
            (Some(high), Ok(low)) => char::decode_utf16([high, low]).next().and_then(Result::ok),
            // Symbol fonts use a private area that mirrors ASCII.
            (None, _) if (0xf020..0xf07f).contains(&unit) => char::from_u32(unit - 0xf000),
            _ => char::from_u32(unit),
        };
        let mut buffer = [0; 4];
        let text: &str = c.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut buffer);
        self.gather(text);
        Ok(())
    }

    /// Decodes the bytes that wait.
    fn decode(&mut self) {
        self.decode_bytes();
        if self.high.take().is_some() {
            self.gather("\u{fffd}");
        }
    }

    fn decode_bytes(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let encoding = self.group().encoding;
        self.gather(&encoding.decode_without_bom_handling(&bytes).0);
        self.bytes = bytes;
        self.bytes.clear();
    }

    fn add(&mut self, c: char, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut buffer = [0; 4];
        self.add_text(c.encode_utf8(&mut buffer), parts)
    }

    fn add_text(&mut self, text: &str, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if self.high.is_some() {
            self.decode();
        }
        self.gather(text);
        if self.text.len() >= PIECE_BYTES { self.flush(parts) } else { Ok(()) }
    }

    /// Puts text where its group says.
    fn gather(&mut self, text: &str) {
        let Group { goes, deleted, outside_html, .. } = *self.group();
        match goes {
            Goes::Text => {
                if let Some(html) = self.html.as_mut().filter(|_| !outside_html) {
                    escape(text, html);
                } else if !deleted {
                    self.text.push_str(text);
                } else if self.waiting.len() < WAITING_BYTES_MAX {
                    self.waiting.push_str(text);
                }
            }
            Goes::Waits if self.waiting.len() < WAITING_BYTES_MAX => self.waiting.push_str(text),
            Goes::Beside(side) => {
                let gathered = &mut self.sides[side.index()];
                gathered.push_str(text);
                if gathered.len() > SIDE_BYTES_MAX {
                    self.full = Some(side);
                }
            }
            Goes::Property if self.property.len() < 100 => self.property.push_str(text),
            Goes::Html => {
                if let Some(html) = self.html.as_mut().filter(|html| html.len() < HTML_BYTES_MAX) {
                    html.push_str(text);
                }
            }
            _ => {}
        }
    }

    fn place(&mut self) -> Place {
        if self.group().in_table {
            if !std::mem::replace(&mut self.was_table, true) {
                self.table = (self.table.0.saturating_add(1), 1, 1);
            }
            let (table, row, column) = self.table;
            return Place::TableCell { table, row, column };
        }
        self.was_table = false;
        Place::Paragraph(self.paragraph)
    }

    fn flush(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if self.text.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.paragraph = self.paragraph.saturating_add(1);
        }
        let place = self.place();
        let edge = self.edge.take().map_or(Edge::Join, Edge::Soft);
        parts.push(edge, &place, &self.text)?;
        self.text.clear();
        Ok(())
    }

    /// Ends a paragraph or cell, of the document's text or of what stands beside it.
    fn line(&mut self, edge: char, parts: &mut Parts<'_>) -> Result<(), Failure> {
        match self.group().goes {
            Goes::Text => {}
            Goes::Beside(side) => {
                self.sides[side.index()].push(edge);
                return Ok(());
            }
            Goes::Html => {
                self.gather("\n");
                return Ok(());
            }
            _ => return Ok(()),
        }
        if let Some(html) = self.html.as_mut().filter(|html| html.len() < HTML_BYTES_MAX)
            && !self.groups.last().is_some_and(|group| group.outside_html)
        {
            html.push('\n');
            return Ok(());
        }
        self.flush(parts)?;
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.trim().is_empty() {
            let place = self.place();
            parts.push(Edge::Soft('\n'), &place, waiting.trim())?;
        }
        self.begun = false;
        self.edge = if self.edge == Some('\n') { self.edge } else { Some(edge) };
        Ok(())
    }

    fn push_side(&mut self, side: Side, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.sides[side.index()]);
        parts.begin(side.part())?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            parts.line(&Place::Whole, line)?;
        }
        Ok(())
    }

    /// What is left when the document ends.
    fn finish(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.decode();
        self.flush(parts)?;
        let waiting = std::mem::take(&mut self.waiting);
        parts.push(Edge::Soft('\n'), &Place::Whole, waiting.trim())?;
        for side in Side::ALL {
            self.push_side(side, parts)?;
        }
        parts.end()?;
        match self.html.take() {
            Some(html) if !html.is_empty() => {
                // The mark outranks whatever encoding the page once was in.
                let _held = self.budget.hold(html.len())?;
                parts.member("body.html", &mut "\u{feff}".as_bytes().chain(html.as_bytes()))
            }
            _ => Ok(()),
        }
    }
}

/// Text of a page as its source.
fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            _ if html.len() >= HTML_BYTES_MAX => return,
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            c => html.push(c),
        }
    }
}
