//! Goes once over all objects of a document and takes every string that somebody wrote.
//!
//! One pass over the objects instead of a walk along each structure (forms, notes, bookmarks, names, actions): it needs no
//! guard against loops, and sees what nothing leads to any more. The keys beside a string tell which part it belongs to;
//! strings under keys that nobody knows are taken too.

use super::objects::{has_letters, is_named, is_readable, line_of_markup, string, text_of, text_string};
use super::stream::is_picture;
use crate::content::budget::Hold;
use crate::content::{Budget, Stop};
use crate::model::Place;
use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier, Stream};
use std::collections::{HashMap, HashSet};

/// Ancestors asked for the name of a field.
const FIELD_DEPTH_MAX: usize = 8;

/// The parts that strings are sorted into, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Annotations,
    Form,
    Bookmarks,
    Properties,
    Scripts,
    Alternate,
    Other,
}

impl Part {
    pub(super) const ALL: [Self; 7] =
        [Self::Annotations, Self::Form, Self::Bookmarks, Self::Properties, Self::Scripts, Self::Alternate, Self::Other];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Annotations => "annotations",
            Self::Form => "form",
            Self::Bookmarks => "bookmarks",
            Self::Properties => "properties",
            Self::Scripts => "scripts",
            Self::Alternate => "alternate text",
            Self::Other => "other strings",
        }
    }
}

/// A string and where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) part: Part,
    pub(super) place: Place,
    /// What stands before it: the name of a field, of a property.
    pub(super) label: String,
    pub(super) text: String,
}

/// The picture of a note or a field, which shows text too.
pub(super) struct Appearance<'a> {
    pub(super) place: Place,
    pub(super) stream: Stream<'a>,
    /// What the note or field says of itself.
    pub(super) told: Vec<String>,
}

/// All that one pass found.
pub(super) struct Sweep<'a, 'b> {
    pub(super) entries: Vec<Entry>,
    pub(super) attachments: Vec<(String, Stream<'a>)>,
    pub(super) appearances: Vec<Appearance<'a>>,
    /// Packets of metadata.
    pub(super) metadata: Vec<Stream<'a>>,
    /// The pieces of an XFA form, in order.
    pub(super) xfa: Vec<Stream<'a>>,
    /// Scripts and long values that are streams.
    pub(super) long: Vec<(Part, Place, String, Stream<'a>)>,
    /// Streams that may be content.
    pub(super) unclaimed: Vec<Stream<'a>>,
    /// Files without a name.
    unnamed: Vec<Stream<'a>>,
    /// Streams that are something else than content.
    claimed: HashSet<ObjectIdentifier>,
    pages: HashMap<ObjectIdentifier, u32>,
    hold: Hold<'b>,
}

/// A value on its way: the dictionary's page, and the key it stands under.
struct Nested<'a> {
    object: Object<'a>,
    page: Option<u32>,
    under: Vec<u8>,
}

impl<'a, 'b> Sweep<'a, 'b> {
    /// Passes over all objects.
    pub(super) fn of(pdf: &'a Pdf, budget: &'b Budget) -> Result<Self, Stop> {
        let mut sweep = Self {
            entries: Vec::new(),
            attachments: Vec::new(),
            appearances: Vec::new(),
            metadata: Vec::new(),
            xfa: Vec::new(),
            long: Vec::new(),
            unclaimed: Vec::new(),
            unnamed: Vec::new(),
            claimed: HashSet::new(),
            pages: HashMap::new(),
            hold: budget.hold(0)?,
        };
        sweep.number_pages(pdf, budget)?;
        let mut stack = Vec::new();
        for object in pdf.objects() {
            budget.tick()?;
            stack.push(Nested { object, page: None, under: Vec::new() });
            while let Some(nested) = stack.pop() {
                sweep.object(nested, &mut stack)?;
            }
        }
        sweep.settle();
        Ok(sweep)
    }

    /// Remembers which page each note is on.
    fn number_pages(&mut self, pdf: &'a Pdf, budget: &Budget) -> Result<(), Stop> {
        for (n, page) in pdf.pages().iter().enumerate() {
            budget.tick()?;
            let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
            self.pages.extend(page.raw().obj_id().map(|id| (id, number)));
            let notes = page.raw().get::<Array<'_>>("Annots");
            for note in notes.iter().flat_map(Array::raw_iter) {
                self.pages.extend(note.as_obj_ref().map(|id| (ObjectIdentifier::from(id), number)));
            }
        }
        Ok(())
    }

    fn object(&mut self, nested: Nested<'a>, stack: &mut Vec<Nested<'a>>) -> Result<(), Stop> {
        let Nested { object, page, under } = nested;
        match object {
            Object::Dict(dict) => self.dict(&dict, page, &under, stack),
            Object::Stream(stream) => self.stream(stream, page, stack),
            Object::Array(array) => {
                for item in array.raw_iter() {
                    match item {
                        MaybeRef::NotRef(object @ (Object::Dict(_) | Object::Array(_))) => {
                            stack.push(Nested { object, page, under: under.clone() });
                        }
                        MaybeRef::NotRef(Object::String(bytes)) if !IGNORED.contains(&under.as_slice()) => {
                            self.other(&text_string(&bytes), page)?;
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Object::String(bytes) => self.other(&text_string(&bytes), page),
            _ => Ok(()),
        }
    }

    fn stream(&mut self, stream: Stream<'a>, page: Option<u32>, stack: &mut Vec<Nested<'a>>) -> Result<(), Stop> {
        let dict = stream.dict().clone();
        let is = |key: &str, name: &[u8]| is_named(&dict, key, name);
        if is("Type", b"XRef") || is("Type", b"ObjStm") {
            return Ok(());
        }
        self.dict(&dict, page, b"", stack)?;
        if is("Subtype", b"Image") || is_picture(&stream) {
            return Ok(());
        }
        if is("Type", b"Metadata") || is("Subtype", b"XML") {
            self.metadata.push(stream);
        } else if is("Type", b"EmbeddedFile") {
            self.unnamed.push(stream);
        } else if !NOT_CONTENT.iter().any(|key| dict.contains_key(key)) {
            self.unclaimed.push(stream);
        }
        Ok(())
    }

    fn dict(
        &mut self,
        dict: &Dict<'a>,
        page: Option<u32>,
        under: &[u8],
        stack: &mut Vec<Nested<'a>>,
    ) -> Result<(), Stop> {
        let page = dict.obj_id().and_then(|id| self.pages.get(&id).copied()).or(page);
        let place = page.map_or(Place::Whole, Place::Page);
        let kind = Kind::of(dict, under);
        if kind == Kind::Passed {
            self.claim_programs(dict);
            return Ok(());
        }
        if dict.contains_key("EF") {
            self.attachment(dict);
        }
        let label = if kind == Kind::Field { field_name(dict) } else { String::new() };
        let mut told = Vec::new();
        for key in dict.keys() {
            let key = key.as_ref();
            if CLAIMING.contains(&key) {
                self.claimed.extend(dict.get_ref(key).map(ObjectIdentifier::from));
            }
            match dict.get_raw::<Object<'a>>(key) {
                Some(MaybeRef::NotRef(object @ (Object::Dict(_) | Object::Array(_)))) if !is_value(kind, key) => {
                    stack.push(Nested { object, page, under: key.to_vec() });
                }
                Some(MaybeRef::NotRef(Object::Null(_) | Object::Boolean(_) | Object::Number(_))) | None => {}
                Some(MaybeRef::Ref(_)) if !is_value(kind, key) => {}
                Some(_) => self.value(dict, key, kind, &place, &label, &mut told)?,
            }
        }
        self.appearance(dict, &place, told);
        Ok(())
    }

    /// Streams of a font: its program, its maps, the drawings of its glyphs.
    fn claim_programs(&mut self, dict: &Dict<'a>) {
        for key in CLAIMING {
            self.claimed.extend(dict.get_ref(key).map(ObjectIdentifier::from));
        }
        if let Some(drawings) = dict.get::<Dict<'a>>("CharProcs") {
            let references = drawings.keys().filter_map(|key| drawings.get_ref(key.as_ref()));
            self.claimed.extend(references.map(ObjectIdentifier::from));
        }
    }

    /// One value that is, or may refer to, a string.
    fn value(
        &mut self,
        dict: &Dict<'a>,
        key: &[u8],
        kind: Kind,
        place: &Place,
        label: &str,
        told: &mut Vec<String>,
    ) -> Result<(), Stop> {
        let Some(object) = dict.get::<Object<'a>>(key).filter(|_| !(kind == Kind::Signature && SEALED.contains(&key)))
        else {
            return Ok(());
        };
        let Some((part, label)) = part_of(kind, key, label) else {
            return match object {
                Object::String(bytes) if !IGNORED.contains(&key) => self.push_other(&text_string(&bytes), place),
                _ => Ok(()),
            };
        };
        match object {
            Object::Stream(stream) if key == b"XFA" => self.xfa.push(stream),
            Object::Array(array) if key == b"XFA" => {
                self.xfa.extend(array.iter::<Object<'a>>().filter_map(Object::into_stream));
            }
            Object::Stream(stream) => {
                self.claimed.insert(stream.obj_id());
                self.long.push((part, place.clone(), label, stream));
            }
            Object::Array(array) => {
                // Options are pairs of what is stored and what is shown, or one string for both.
                for item in array.iter::<Object<'a>>() {
                    let texts = match &item {
                        Object::Array(pair) => pair.iter::<Object<'a>>().take(2).filter_map(|o| text_of(&o)).collect(),
                        one => text_of(one).into_iter().collect::<Vec<_>>(),
                    };
                    for text in texts {
                        self.push(part, place, &label, text)?;
                    }
                }
            }
            Object::Name(name) if name.as_ref() == b"Off" => {}
            // Captions are drawn in symbols more often than in words.
            Object::String(bytes) if matches!(key, b"CA" | b"AC") && !has_letters(&text_string(&bytes)) => {}
            other => {
                let text = text_of(&other).unwrap_or_default();
                let text = if matches!(key, b"RC" | b"RV") { line_of_markup(&text) } else { text };
                if matches!(key, b"RC" | b"RV" | b"DV") && told.contains(&text) {
                    return Ok(());
                }
                told.push(text.clone());
                self.push(part, place, &label, text)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, part: Part, place: &Place, label: &str, text: String) -> Result<(), Stop> {
        if !is_readable(&text) {
            return Ok(());
        }
        self.hold.grow(text.len() + label.len() + size_of::<Entry>())?;
        self.entries.push(Entry { part, place: place.clone(), label: label.to_owned(), text });
        Ok(())
    }

    fn other(&mut self, text: &str, page: Option<u32>) -> Result<(), Stop> {
        self.push_other(text, &page.map_or(Place::Whole, Place::Page))
    }

    fn push_other(&mut self, text: &str, place: &Place) -> Result<(), Stop> {
        if !has_letters(text) || text.starts_with("D:") {
            return Ok(());
        }
        self.push(Part::Other, place, "", text.to_owned())
    }

    fn attachment(&mut self, dict: &Dict<'a>) {
        let Some(files) = dict.get::<Dict<'a>>("EF") else { return };
        let name = ["UF", "F", "Unix", "DOS", "Mac"].iter().find_map(|key| string(dict, key));
        for key in ["UF", "F", "Unix", "DOS", "Mac"] {
            let Some(stream) = files.get::<Stream<'a>>(key) else { continue };
            if self.claimed.insert(stream.obj_id()) {
                self.attachments.push((name.clone().unwrap_or_else(|| "attachment".to_owned()), stream));
            }
        }
    }

    fn appearance(&mut self, dict: &Dict<'a>, place: &Place, told: Vec<String>) {
        let Some(looks) = dict.get::<Dict<'a>>("AP") else { return };
        for key in ["N", "R", "D"] {
            let states: Vec<_> = match looks.get::<Object<'a>>(key) {
                Some(Object::Stream(stream)) => vec![stream],
                Some(Object::Dict(states)) => {
                    let states = states.keys().filter_map(|state| states.get::<Stream<'a>>(state.as_ref()));
                    states.take(16).collect()
                }
                _ => Vec::new(),
            };
            for stream in states {
                if self.claimed.insert(stream.obj_id()) {
                    self.appearances.push(Appearance { place: place.clone(), stream, told: told.clone() });
                }
            }
        }
    }

    /// Sorts what was found, and drops from what is left over all that found its place.
    fn settle(&mut self) {
        let claimed = std::mem::take(&mut self.claimed);
        let is_left = |stream: &Stream<'_>| !claimed.contains(&stream.obj_id());
        for stream in std::mem::take(&mut self.unnamed) {
            if is_left(&stream) {
                self.attachments.push(("attachment".to_owned(), stream));
            }
        }
        self.unclaimed.retain(is_left);
        let xfa: HashSet<_> = self.xfa.iter().map(Stream::obj_id).collect();
        self.unclaimed.retain(|stream| !xfa.contains(&stream.obj_id()));
        let told: HashSet<String> =
            self.entries.iter().filter(|entry| entry.part != Part::Other).map(|entry| entry.text.clone()).collect();
        self.entries.retain(|entry| entry.part != Part::Other || !told.contains(&entry.text));
        let page = |entry: &Entry| if let Place::Page(n) = entry.place { n } else { u32::MAX };
        self.entries.sort_by_key(|entry| (entry.part, page(entry)));
    }
}

/// What a dictionary is, as far as its strings depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Note,
    Field,
    Bookmark,
    Element,
    Layer,
    Properties,
    Signature,
    Label,
    File,
    Other,
    /// Fonts, encryption: no one's words.
    Passed,
}

impl Kind {
    fn of(dict: &Dict<'_>, under: &[u8]) -> Self {
        let has = |key: &str| dict.contains_key(key);
        let is = |key: &str, name: &[u8]| is_named(dict, key, name);
        if is("Type", b"Font") || is("Type", b"FontDescriptor") || matches!(under, b"CIDSystemInfo" | b"Encrypt") {
            return Self::Passed;
        }
        if (has("O") && has("U") && has("P") && has("R")) || is("Type", b"Encoding") || is("Type", b"CMap") {
            return Self::Passed;
        }
        if has("ByteRange") || is("Type", b"Sig") {
            Self::Signature
        } else if has("FT")
            || has("TU")
            || (has("T") && !has("S") && (has("Kids") || has("V") || is("Subtype", b"Widget")))
        {
            Self::Field
        } else if has("Rect") && has("Subtype") {
            Self::Note
        } else if has("Title") && (has("Dest") || has("A") || has("Parent") || has("SE")) {
            Self::Bookmark
        } else if is("Type", b"OCG") {
            Self::Layer
        } else if has("EF") || is("Type", b"Filespec") || is("Type", b"F") {
            Self::File
        } else if has("S") && (has("K") || has("Pg") || is("Type", b"StructElem")) {
            Self::Element
        } else if under == b"Nums" && (has("P") || has("S")) {
            Self::Label
        } else if !has("Type") && !has("Subtype") && PROPERTIES.iter().any(|key| has(key)) {
            Self::Properties
        } else {
            Self::Other
        }
    }
}

/// Keys that only a dictionary of properties has when it has no type.
const PROPERTIES: &[&str] = &["Producer", "Creator", "Author", "Keywords", "Subject", "Title", "CreationDate"];

/// Keys under which streams stand that are no content.
const CLAIMING: &[&[u8]] = &[
    b"ToUnicode",
    b"FontFile",
    b"FontFile2",
    b"FontFile3",
    b"CIDToGIDMap",
    b"CIDSet",
    b"Encoding",
    b"DestOutputProfile",
    b"Thumb",
    b"Length",
];

/// Keys of streams that are no content: fonts, functions, colours, shadings.
const NOT_CONTENT: &[&str] =
    &["Length1", "FunctionType", "ShadingType", "Alternate", "CMapName", "DecodeParams", "UseCMap", "BitsPerSample"];

/// Keys whose strings nobody wrote to be read.
const IGNORED: &[&[u8]] = &[
    b"ID",
    b"O",
    b"U",
    b"OE",
    b"UE",
    b"Perms",
    b"Registry",
    b"Ordering",
    b"CharSet",
    b"Lang",
    b"DA",
    b"NM",
    b"M",
    b"DS",
    b"Panose",
    b"CheckSum",
    b"D",
    b"Dest",
    b"Names",
    b"Limits",
    b"ByteRange",
    b"Cert",
    b"Indexed",
    b"ColorSpace",
    b"CS",
    b"Differences",
    b"LastModified",
    b"CreationDate",
    b"ModDate",
    b"First",
    b"Style",
    b"IDTree",
    b"Lab",
    b"Prop_Build",
    b"Kids",
    b"Separation",
    b"Decode",
];

/// The bytes of a signature.
const SEALED: &[&[u8]] = &[b"Contents", b"Cert"];

/// True for values that are looked for even where they are referred to, or are lists.
fn is_value(kind: Kind, key: &[u8]) -> bool {
    match kind {
        Kind::Field => matches!(key, b"V" | b"DV" | b"Opt" | b"RV" | b"TU" | b"JS" | b"Contents" | b"RC"),
        Kind::Note => matches!(key, b"Contents" | b"RC" | b"JS"),
        Kind::Bookmark => key == b"Title",
        Kind::Element => matches!(key, b"ActualText" | b"Alt" | b"E"),
        _ => matches!(key, b"XFA" | b"JS"),
    }
}

/// The part that a string belongs to, and what stands before it.
fn part_of(kind: Kind, key: &[u8], label: &str) -> Option<(Part, String)> {
    let plain = |part| Some((part, String::new()));
    match (kind, key) {
        (_, b"JS") => plain(Part::Scripts),
        (_, b"XFA") => plain(Part::Form),
        (_, b"URI") => plain(Part::Annotations),
        (_, b"Alt" | b"ActualText" | b"E") => plain(Part::Alternate),
        (Kind::Field, b"V" | b"DV" | b"RV" | b"Opt") => Some((Part::Form, label.to_owned())),
        (Kind::Field, b"TU") => plain(Part::Form),
        (Kind::Field, b"T") => None,
        (_, b"CA" | b"AC") => plain(Part::Form),
        (Kind::Field | Kind::Note, b"Contents" | b"RC" | b"T" | b"Subj" | b"OverlayText") => plain(Part::Annotations),
        (Kind::Bookmark, b"Title") => plain(Part::Bookmarks),
        (Kind::Element, b"T") => plain(Part::Alternate),
        (Kind::Layer, b"Name") => plain(Part::Properties),
        (Kind::Label, b"P") => plain(Part::Properties),
        (Kind::File, b"Desc" | b"F" | b"UF") => plain(Part::Annotations),
        (Kind::Signature, b"Name" | b"Reason" | b"Location" | b"ContactInfo") => {
            Some((Part::Properties, String::from_utf8_lossy(key).into_owned()))
        }
        (Kind::Properties, _) if !IGNORED.contains(&key) => {
            Some((Part::Properties, String::from_utf8_lossy(key).into_owned()))
        }
        _ => None,
    }
}

/// A field's name with those above it, and what a person is told of it.
fn field_name(dict: &Dict<'_>) -> String {
    let mut names = Vec::new();
    let mut tip = None;
    let mut at = Some(dict.clone());
    for _ in 0..FIELD_DEPTH_MAX {
        let Some(field) = at else { break };
        names.extend(string(&field, "T"));
        tip = tip.or_else(|| string(&field, "TU"));
        at = field.get::<Dict<'_>>("Parent");
    }
    names.reverse();
    match tip {
        Some(tip) => format!("{} ({tip})", names.join(".")),
        None => names.join("."),
    }
}
