//! Runs a page's content and places its glyphs.
//!
//! Of some seventy operators only those matter that show text, move it, or lead to more content. Everything is read whether or
//! not it would be seen: invisible, white, clipped and tiny text, and layers that are switched off. Every operator is charged
//! to the budget, and a form that proved to hold no text is not run again, so that forms within forms cost no more than there
//! are forms.

use super::font::{Font, Fonts, Text};
use super::layout::{Glyph, Layout, Lines};
use super::lexer::{Lexer, Token};
use super::objects::text_string;
use super::stream::{self, Decoded, RawKey, Undecoded};
use crate::content::{Budget, Stop};
use crate::model::Limit;
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};
use hayro_syntax::page::{Page, Resources};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Forms within forms; deeper ones are not drawn by any viewer. This bounds the recursion of [`Reader::run`].
const FORM_DEPTH_MAX: usize = 24;
/// Forms drawn on one page.
const FORMS_DRAWN_MAX: u32 = 50_000;
/// States saved at a time, and operands kept for one operator.
const STATES_MAX: usize = 1_000;
const OPERANDS_MAX: usize = 100_000;

/// A transformation: `[a b c d e f]` as in the files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix([f64; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// `self` first, then `after`.
    fn then(self, after: Self) -> Self {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, after.0);
        Self([a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u])
    }

    fn moved(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    fn direction(self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, _, _] = self.0;
        (a * x + c * y, b * x + d * y)
    }

    fn point(self, x: f64, y: f64) -> (f64, f64) {
        let moved = self.direction(x, y);
        (moved.0 + self.0[4], moved.1 + self.0[5])
    }
}

/// What a page, or another piece of content, turned out to hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// Glyphs with text.
    pub(super) glyphs: u64,
    /// Glyphs that nobody can tell the characters of.
    pub(super) unknown: u64,
    /// Pictures drawn.
    pub(super) pictures: u64,
    /// Of these, drawn in the content itself, or shades.
    pub(super) pictures_within: u64,
    /// Areas filled.
    pub(super) areas: u64,
    /// Some content could not be decoded.
    pub(super) damaged: bool,
    /// Some content was passed over for a limit.
    pub(super) limit: Option<Limit>,
}

#[derive(Clone)]
struct State<'a> {
    ctm: Matrix,
    font: Option<Rc<Font<'a>>>,
    size: f64,
    char_space: f64,
    word_space: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
}

impl State<'_> {
    fn at(ctm: Matrix) -> Self {
        Self { ctm, font: None, size: 1.0, char_space: 0.0, word_space: 0.0, stretch: 1.0, leading: 0.0, rise: 0.0 }
    }
}

/// Pictures of one content that are kept; a scan has one, or some strips.
const PICTURES_KEPT: usize = 64;

/// What is known of a form from drawing it before.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// It is being drawn: inside itself it is not drawn again.
    Open,
    /// Neither it nor the forms inside show any text.
    Blank,
    Full,
}

/// Text that a marked sequence says should be read in place of its glyphs.
struct Instead {
    depth: usize,
    text: String,
    /// What its glyphs say.
    shown: String,
    glyphs_before: u64,
    unknown_before: u64,
}

/// Reads the content of one document.
pub(super) struct Reader<'a, 'b> {
    pub(super) budget: &'b Budget,
    fonts: Fonts<'a>,
    forms: HashMap<*const u8, Form>,
    /// Streams of content that were run, or tried.
    pub(super) visited: HashSet<ObjectIdentifier>,
    /// The same by their place in the file, over all its revisions.
    pub(super) read: HashSet<RawKey>,
    /// Texts to be read in place of glyphs that could be read themselves.
    pub(super) alternates: Vec<String>,
    /// Pictures that the last content drew: the first of them.
    pub(super) pictures: Vec<Stream<'a>>,
    found: Found,
    drawn: u32,
    layout: Layout,
}

/// One stream of content on its way through [`Reader::run`].
struct Frame<'a> {
    resources: Resources<'a>,
    state: State<'a>,
    saved: Vec<State<'a>>,
    text_matrix: Matrix,
    line_matrix: Matrix,
    fonts: Vec<(Vec<u8>, Option<Rc<Font<'a>>>)>,
    marks: usize,
    instead: Option<Instead>,
    depth: usize,
}

impl<'a, 'b> Reader<'a, 'b> {
    pub(super) fn new(budget: &'b Budget, read: HashSet<RawKey>) -> Self {
        Self {
            budget,
            fonts: Fonts::new(),
            forms: HashMap::new(),
            visited: HashSet::new(),
            read,
            alternates: Vec::new(),
            pictures: Vec::new(),
            found: Found::default(),
            drawn: 0,
            layout: Layout::default(),
        }
    }

    /// Reads one page's content.
    pub(super) fn page(&mut self, page: &Page<'a>, out: &mut dyn Lines) -> Result<Found, Stop> {
        self.begin();
        let content = self.page_content(page)?;
        self.run_whole(&content, page.resources().clone(), Matrix::IDENTITY, out)
    }

    /// True when all streams of a page were read before, in another revision.
    pub(super) fn was_read(&self, page: &Page<'a>) -> bool {
        let streams = match page.raw().get::<Object<'a>>("Contents") {
            Some(Object::Stream(stream)) => vec![stream],
            Some(Object::Array(all)) => all.iter::<Stream<'a>>().collect(),
            _ => return true,
        };
        streams.iter().all(|one| stream::key_of(one).is_some_and(|key| self.read.contains(&key)))
    }

    /// Reads a stream of content that stands for itself: an appearance, or one that no page leads to.
    pub(super) fn stream(
        &mut self,
        stream: &Stream<'a>,
        parent: Option<&Resources<'a>>,
        out: &mut dyn Lines,
    ) -> Result<Found, Stop> {
        self.begin();
        self.visited.insert(stream.obj_id());
        let resources = resources_of(stream.dict()).or_else(|| parent.cloned());
        let Some(content) = self.decoded(stream)? else { return Ok(self.found) };
        let resources = resources.unwrap_or_else(|| Resources::new(Dict::empty()));
        self.run_whole(&content.bytes, resources, Matrix::IDENTITY, out)
    }

    fn begin(&mut self) {
        self.found = Found::default();
        self.drawn = 0;
        self.pictures.clear();
        self.layout = Layout::default();
        self.forms.retain(|_, form| *form != Form::Open);
    }

    fn run_whole(
        &mut self,
        content: &[u8],
        resources: Resources<'a>,
        ctm: Matrix,
        out: &mut dyn Lines,
    ) -> Result<Found, Stop> {
        self.run(content, resources, State::at(ctm), 0, out)?;
        self.layout.flush(out)?;
        self.found.glyphs = self.layout.glyphs;
        Ok(self.found)
    }

    /// The page's streams, joined: a word may not be cut by their edges, an operator and its operands may.
    fn page_content(&mut self, page: &Page<'a>) -> Result<Vec<u8>, Stop> {
        let mut content = Vec::new();
        let one = page.raw().get::<Stream<'a>>("Contents");
        if let Some(stream) = one {
            self.visited.insert(stream.obj_id());
            return Ok(self.decoded(&stream)?.map_or(content, |decoded| decoded.bytes));
        }
        let all = page.raw().get::<Array<'a>>("Contents");
        for stream in all.iter().flat_map(Array::iter::<Stream<'a>>) {
            self.visited.insert(stream.obj_id());
            if let Some(decoded) = self.decoded(&stream)? {
                let _hold = self.budget.hold(content.len())?;
                content.extend_from_slice(&decoded.bytes);
                content.push(b'\n');
            }
        }
        Ok(content)
    }

    /// The bytes of a stream; what cannot be had is noted. Only what ends the whole file is an error.
    fn decoded(&mut self, stream: &Stream<'_>) -> Result<Option<Decoded<'b>>, Stop> {
        match stream::decoded(stream, self.budget) {
            Ok(decoded) => {
                self.read.extend(decoded.key);
                return Ok(Some(decoded));
            }
            Err(Undecoded::Picture | Undecoded::Unknown) => self.found.damaged = true,
            Err(Undecoded::Stopped(Stop::Limit(limit))) if self.budget.stopped().is_none() => {
                self.found.limit = Some(limit);
            }
            Err(Undecoded::Stopped(stop)) => return Err(stop),
        }
        Ok(None)
    }

    fn run(
        &mut self,
        content: &[u8],
        resources: Resources<'a>,
        state: State<'a>,
        depth: usize,
        out: &mut dyn Lines,
    ) -> Result<(), Stop> {
        let mut frame = Frame {
            resources,
            state,
            saved: Vec::new(),
            text_matrix: Matrix::IDENTITY,
            line_matrix: Matrix::IDENTITY,
            fonts: Vec::new(),
            marks: 0,
            instead: None,
            depth,
        };
        let mut lexer = Lexer::new(content);
        let mut operands: Vec<Token<'_>> = Vec::new();
        while let Some(token) = lexer.next() {
            let Token::Operator(operator) = token else {
                if operands.len() >= OPERANDS_MAX {
                    self.budget.check()?;
                    operands.clear();
                }
                operands.push(token);
                continue;
            };
            self.budget.tick()?;
            if operator == b"BI" {
                self.found.pictures += 1;
                self.found.pictures_within += 1;
                lexer.skip_inline_picture();
            } else {
                self.operator(operator, &operands, &mut frame, out)?;
            }
            operands.clear();
        }
        Ok(())
    }

    fn operator(
        &mut self,
        operator: &[u8],
        operands: &[Token<'_>],
        frame: &mut Frame<'a>,
        out: &mut dyn Lines,
    ) -> Result<(), Stop> {
        let number = |n| number_at(operands, n);
        match operator {
            b"Tj" => self.show_last(operands, frame, out)?,
            b"TJ" => self.show_pieces(operands, frame, out)?,
            b"Tf" => self.set_font(operands, frame)?,
            b"Tm" => {
                let matrix = matrix_of(operands);
                (frame.text_matrix, frame.line_matrix) = (matrix, matrix);
            }
            b"Td" => frame.next_line(number(0), number(1)),
            b"TD" => {
                frame.state.leading = -number(1);
                frame.next_line(number(0), number(1));
            }
            b"T*" => frame.next_line(0.0, -frame.state.leading),
            b"'" => {
                frame.next_line(0.0, -frame.state.leading);
                self.show_last(operands, frame, out)?;
            }
            b"\"" => {
                (frame.state.word_space, frame.state.char_space) = (number(0), number(1));
                frame.next_line(0.0, -frame.state.leading);
                self.show_last(operands, frame, out)?;
            }
            b"BT" => (frame.text_matrix, frame.line_matrix) = (Matrix::IDENTITY, Matrix::IDENTITY),
            b"Tc" => frame.state.char_space = number(0),
            b"Tw" => frame.state.word_space = number(0),
            b"Tz" => frame.state.stretch = number(0) / 100.0,
            b"TL" => frame.state.leading = number(0),
            b"Ts" => frame.state.rise = number(0),
            b"cm" => frame.state.ctm = matrix_of(operands).then(frame.state.ctm),
            b"q" if frame.saved.len() < STATES_MAX => frame.saved.push(frame.state.clone()),
            b"Q" => {
                if let Some(state) = frame.saved.pop() {
                    frame.state = state;
                }
            }
            b"Do" => self.draw(operands, frame, out)?,
            b"scn" | b"SCN" => self.pattern(operands, frame, out)?,
            b"gs" => self.graphics_state(operands, frame)?,
            b"BDC" => frame.begin_mark(mark_text(operands, &frame.resources), &self.found, self.layout.glyphs),
            b"BMC" => frame.begin_mark(None, &self.found, self.layout.glyphs),
            b"EMC" => self.end_mark(frame, out)?,
            b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" => self.found.areas += 1,
            b"sh" => {
                self.found.pictures += 1;
                self.found.pictures_within += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn show_last(&mut self, operands: &[Token<'_>], frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        match operands.last() {
            Some(Token::String(bytes)) => self.show(bytes, frame, out),
            _ => Ok(()),
        }
    }

    fn show_pieces(&mut self, operands: &[Token<'_>], frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        for operand in operands {
            match operand {
                Token::String(bytes) => self.show(bytes, frame, out)?,
                Token::Number(back) => {
                    let step = -back / 1000.0 * frame.state.size;
                    let is_horizontal = frame.state.font.as_ref().is_none_or(|font| font.is_horizontal());
                    let step = if is_horizontal { (step * frame.state.stretch, 0.0) } else { (0.0, step) };
                    frame.text_matrix = Matrix::moved(step.0, step.1).then(frame.text_matrix);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Places the glyphs of one string (ISO 32000-2, 9.4.4).
    fn show(&mut self, bytes: &[u8], frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        if frame.state.font.is_none() {
            frame.state.font = self.fonts.standard();
        }
        let State { ctm, size, char_space, word_space, stretch, rise, .. } = frame.state;
        let Some(font) = frame.state.font.clone() else { return Ok(()) };
        let is_horizontal = font.is_horizontal();
        let to_page = frame.text_matrix.then(ctm);
        let (wide, high) = (to_page.direction(size * stretch, 0.0), to_page.direction(0.0, size));
        let (em, along) = if is_horizontal {
            ((length(wide), length(high)), unit(wide))
        } else {
            ((length(high), length(wide)), unit((-high.0, -high.1)))
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let (code, len) = font.next_code(rest);
            rest = rest.get(len..).unwrap_or_default();
            let shown = font.shown(code, len);
            let (across, down) = (shown.advance.0 / 1000.0, shown.advance.1 / 1000.0);
            match &shown.text {
                Some(text) => {
                    // Widths that are not known would put a gap behind each letter.
                    let extent = if across == 0.0 && is_horizontal && takes_room(text) { 0.5 } else { across };
                    let glyph = Glyph {
                        text,
                        at: frame.text_matrix.then(ctm).point(0.0, rise),
                        advance: if is_horizontal { scaled(wide, extent) } else { scaled(high, down) },
                        along,
                        em,
                    };
                    self.layout.glyph(&glyph, out)?;
                    frame.note(text);
                }
                None => self.found.unknown += 1,
            }
            let extra = char_space + if len == 1 && code == 32 { word_space } else { 0.0 };
            let step =
                if is_horizontal { ((across * size + extra) * stretch, 0.0) } else { (0.0, down * size + extra) };
            frame.text_matrix = Matrix::moved(step.0, step.1).then(frame.text_matrix);
        }
        self.budget.tick()
    }

    fn set_font(&mut self, operands: &[Token<'_>], frame: &mut Frame<'a>) -> Result<(), Stop> {
        let [.., Token::Name(name), Token::Number(size)] = operands else { return Ok(()) };
        frame.state.size = *size;
        if let Some((_, font)) = frame.fonts.iter().find(|(known, _)| known[..] == name[..]) {
            frame.state.font = font.clone();
            return Ok(());
        }
        let font = match frame.resources.fonts.get::<Dict<'a>>(name) {
            Some(dict) => self.fonts.font(&dict, self.budget)?,
            None => self.fonts.standard(),
        };
        frame.fonts.push((name.to_vec(), font.clone()));
        frame.state.font = font;
        Ok(())
    }

    fn graphics_state(&mut self, operands: &[Token<'_>], frame: &mut Frame<'a>) -> Result<(), Stop> {
        let [.., Token::Name(name)] = operands else { return Ok(()) };
        let font = frame.resources.ext_g_states.get::<Dict<'a>>(name).and_then(|state| state.get::<Array<'a>>("Font"));
        let Some(font) = font else { return Ok(()) };
        let mut items = font.iter::<Object<'a>>();
        if let (Some(Object::Dict(dict)), Some(Object::Number(size))) = (items.next(), items.next()) {
            frame.state.font = self.fonts.font(&dict, self.budget)?;
            frame.state.size = size.as_f64();
        }
        Ok(())
    }

    fn draw(&mut self, operands: &[Token<'_>], frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        let [.., Token::Name(name)] = operands else { return Ok(()) };
        let Some(stream) = frame.resources.x_objects.get::<Stream<'a>>(name) else { return Ok(()) };
        if stream.dict().get::<Name<'_>>("Subtype").is_some_and(|name| name.as_ref() == b"Image") {
            self.found.pictures += 1;
            if self.pictures.len() < PICTURES_KEPT {
                self.pictures.push(stream);
            } else {
                self.found.pictures_within += 1;
            }
            return Ok(());
        }
        self.form(&stream, frame, out)
    }

    /// A tiled pattern may hold text; it is read once for each page.
    fn pattern(&mut self, operands: &[Token<'_>], frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        let [.., Token::Name(name)] = operands else { return Ok(()) };
        let Some(Object::Stream(stream)) = frame.resources.patterns.get::<Object<'a>>(name) else { return Ok(()) };
        if self.visited.contains(&stream.obj_id()) {
            return Ok(());
        }
        self.form(&stream, frame, out)
    }

    fn form(&mut self, stream: &Stream<'a>, frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        let key = stream.dict().data().as_ptr();
        let known = self.forms.get(&key).copied();
        self.visited.insert(stream.obj_id());
        if matches!(known, Some(Form::Open | Form::Blank)) || frame.depth >= FORM_DEPTH_MAX {
            return Ok(());
        }
        self.drawn += 1;
        if self.drawn > FORMS_DRAWN_MAX {
            self.found.limit = Some(Limit::Nesting);
            return Ok(());
        }
        let Some(content) = self.decoded(stream)? else { return Ok(()) };
        let resources = resources_of(stream.dict()).unwrap_or_else(|| frame.resources.clone());
        let own = stream.dict().get::<[f64; 6]>("Matrix").map_or(Matrix::IDENTITY, Matrix);
        let mut state = frame.state.clone();
        state.ctm = own.then(state.ctm);
        let before = (self.layout.glyphs, self.found.unknown, self.found.pictures, self.found.areas);
        self.forms.insert(key, Form::Open);
        self.run(&content.bytes, resources, state, frame.depth + 1, out)?;
        let after = (self.layout.glyphs, self.found.unknown, self.found.pictures, self.found.areas);
        self.forms.insert(key, if before == after { Form::Blank } else { Form::Full });
        Ok(())
    }

    fn end_mark(&mut self, frame: &mut Frame<'a>, out: &mut dyn Lines) -> Result<(), Stop> {
        let ended = frame.instead.take_if(|instead| instead.depth == frame.marks);
        frame.marks = frame.marks.saturating_sub(1);
        let Some(instead) = ended else { return Ok(()) };
        let unread = self.layout.glyphs == instead.glyphs_before && self.found.unknown > instead.unknown_before;
        if unread {
            self.found.unknown = instead.unknown_before;
            let at = frame.text_matrix.then(frame.state.ctm);
            let wide = at.direction(frame.state.size * frame.state.stretch, 0.0);
            let high = at.direction(0.0, frame.state.size);
            let text = Text::Str(instead.text.into());
            let place = at.point(0.0, 0.0);
            let em = (length(wide), length(high));
            let glyph = Glyph { text: &text, at: place, advance: (0.0, 0.0), along: unit(wide), em };
            return self.layout.glyph(&glyph, out);
        }
        if letters(&instead.text).count() > 1 && !letters(&instead.text).eq(letters(&instead.shown)) {
            self.alternates.push(instead.text);
        }
        Ok(())
    }
}

impl Frame<'_> {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line_matrix = Matrix::moved(x, y).then(self.line_matrix);
        self.text_matrix = self.line_matrix;
    }

    fn begin_mark(&mut self, text: Option<String>, found: &Found, glyphs: u64) {
        self.marks += 1;
        let Some(text) = text.filter(|_| self.instead.is_none()) else { return };
        self.instead = Some(Instead {
            depth: self.marks,
            text,
            shown: String::new(),
            glyphs_before: glyphs,
            unknown_before: found.unknown,
        });
    }

    /// Remembers what is shown inside a marked sequence, as far as it can equal the sequence's own text.
    fn note(&mut self, text: &Text) {
        let Some(instead) = self.instead.as_mut().filter(|instead| instead.shown.len() <= 2 * instead.text.len())
        else {
            return;
        };
        match text {
            Text::Char(one) => instead.shown.push(*one),
            Text::Str(text) => instead.shown.push_str(text),
        }
    }
}

fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric())
}

fn takes_room(text: &Text) -> bool {
    match text {
        Text::Char(one) => one.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(*one),
        Text::Str(_) => true,
    }
}

fn length(vector: (f64, f64)) -> f64 {
    vector.0.hypot(vector.1)
}

fn unit(vector: (f64, f64)) -> (f64, f64) {
    let length = length(vector);
    if length > 0.0 { (vector.0 / length, vector.1 / length) } else { (1.0, 0.0) }
}

fn scaled(vector: (f64, f64), by: f64) -> (f64, f64) {
    (vector.0 * by, vector.1 * by)
}

fn number_at(operands: &[Token<'_>], n: usize) -> f64 {
    match operands.get(n) {
        Some(Token::Number(number)) => *number,
        _ => 0.0,
    }
}

fn matrix_of(operands: &[Token<'_>]) -> Matrix {
    Matrix(std::array::from_fn(|n| number_at(operands, n)))
}

fn resources_of<'a>(dict: &Dict<'a>) -> Option<Resources<'a>> {
    dict.get::<Dict<'a>>("Resources").map(Resources::new)
}

/// The `ActualText` of a marked sequence, from its own dictionary or the page's.
fn mark_text(operands: &[Token<'_>], resources: &Resources<'_>) -> Option<String> {
    let text = match operands {
        [.., Token::Name(name)] => {
            let properties = resources.properties.get::<Dict<'_>>(name)?;
            text_string(&properties.get::<hayro_syntax::object::String<'_>>("ActualText")?)
        }
        _ => {
            let key =
                operands.iter().position(|token| matches!(token, Token::Name(name) if name[..] == *b"ActualText"))?;
            let Some(Token::String(bytes)) = operands.get(key + 1) else { return None };
            text_string(bytes)
        }
    };
    (!text.trim().is_empty()).then_some(text)
}
