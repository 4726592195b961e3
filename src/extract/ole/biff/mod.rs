//! Workbooks of Excel 5 to 2003 ([MS-XLS]; BIFF5, 7 and 8).
//!
//! The globals come first: strings, formats, sheets, names. Then each sheet is read where the globals say it begins, and
//! whatever sheets follow that nobody lists. Strings that no cell uses are read at the end: they are in the file.

mod crypt;
mod formula;
mod records;
mod sheet;
mod strings;

use super::blips::{Pictures, hand_over_bitmap};
use super::bytes::{code_page, u16_at, u32_at};
use super::compound::{Compound, Stream};
use crate::content::Budget;
use crate::extract::ooxml::number_format::Format;
use crate::extract::parts::{Parts, printable};
use crate::extract::{Failure, Source};
use crate::model::{Place, Reason};
use encoding_rs::{Encoding, WINDOWS_1252};
use records::Records;
use std::collections::HashSet;
use strings::SharedStrings;

const EOF: u16 = 0x0a;
/// Formats and styles kept; Excel itself allows 4,050 styles.
const STYLES_MAX: usize = 70_000;
const SHEETS_MAX: usize = 20_000;
/// Pivot caches read.
const CACHES_MAX: usize = 1000;

/// What the sheets of a workbook refer to.
struct Book<'a> {
    budget: &'a Budget,
    /// The code page of texts, in files older than Excel 97.
    old: Option<&'static Encoding>,
    formats: Vec<(u16, Format)>,
    /// The format of each style, as a place in `formats`.
    styles: Vec<usize>,
    dates_from_1904: bool,
    strings: SharedStrings<'a>,
    sheets: Vec<SheetHead>,
    encrypted: bool,
}

/// A sheet as the globals announce it.
struct SheetHead {
    at: u64,
    name: String,
    state: u8,
    kind: u8,
}

impl SheetHead {
    fn part(&self) -> String {
        let kind = match self.kind {
            1 => "macro sheet",
            2 => "chart",
            6 => "module",
            _ => "sheet",
        };
        let state = match self.state & 3 {
            0 => "",
            1 => " (hidden)",
            _ => " (very hidden)",
        };
        format!("{kind} '{}'{state}", printable(&self.name))
    }
}

/// True for the beginning of a workbook stream.
pub(super) fn begins_workbook(head: &[u8]) -> bool {
    matches!(u16_at(head, 0), Some(0x0009 | 0x0209 | 0x0409 | 0x0809)) && u16_at(head, 2).is_some_and(|len| len < 64)
}

/// Pushes the text of the workbook in a compound file.
pub(super) fn push(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut any = false;
    for name in ["Workbook", "Book"] {
        if let Some(stream) = compound.find(storage, name)? {
            any |= push_workbook(stream, compound.budget(), parts)?;
        }
    }
    for name in ["_SX_DB_CUR", "_SX_DB"] {
        let Some(caches) = compound.child(storage, name) else { continue };
        for (number, &cache) in compound.entry(caches).children.iter().take(CACHES_MAX).enumerate() {
            parts.begin(format!("pivot cache {}", number + 1))?;
            let mut records = Records::new(compound.stream(cache)?.reader(), compound.budget());
            push_cache(&mut records, parts)?;
        }
    }
    if any { Ok(()) } else { Err(Failure::corrupt("the workbook has no beginning")) }
}

/// Pushes one workbook stream; false when it does not begin as one.
fn push_workbook(stream: Stream<'_>, budget: &Budget, parts: &mut Parts<'_>) -> Result<bool, Failure> {
    let mut records = Records::new(stream.reader(), budget);
    let Some(0x0009 | 0x0209 | 0x0409 | 0x0809) = records.next()? else { return Ok(false) };
    let mut book = Book {
        budget,
        old: (u16_at(records.data(), 0) != Some(0x0600)).then_some(WINDOWS_1252),
        formats: Vec::new(),
        styles: Vec::new(),
        dates_from_1904: false,
        strings: SharedStrings::new(budget)?,
        sheets: Vec::new(),
        encrypted: false,
    };
    let is_globals = u16_at(records.data(), 2) == Some(5) || book.old.is_none();
    if is_globals {
        book.read_globals(&mut records, parts)?;
        if book.encrypted {
            return Err(Failure::refused(Reason::EncryptedPassword, "the workbook is encrypted"));
        }
    } else {
        // A file of one sheet begins with that sheet.
        records.seek(0);
    }
    book.push_sheets(&mut records, parts)?;
    book.strings.push_unused(parts)?;
    if records.is_cut {
        return Err(Failure::corrupt("the workbook ends before its time"));
    }
    Ok(true)
}

impl Book<'_> {
    fn read_globals(&mut self, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        parts.begin("workbook")?;
        let (mut customs, mut styles) = (Vec::new(), Vec::new());
        while let Some(kind) = records.next()? {
            match kind {
                EOF => break,
                0x2f => {
                    records.cipher = crypt::Cipher::of(records.data(), self.old.is_some());
                    if records.cipher.is_none() {
                        self.encrypted = true;
                        return Ok(());
                    }
                }
                0x22 => self.dates_from_1904 = u16_at(records.data(), 0) == Some(1),
                0x42 if self.old.is_some() => {
                    self.old = Some(code_page(u16_at(records.data(), 0).map_or(1252, u32::from)));
                }
                0x85 if self.sheets.len() < SHEETS_MAX => self.announce(records)?,
                0x041e | 0x1e if customs.len() < STYLES_MAX => customs.extend(self.format(records)?),
                0xe0 if styles.len() < STYLES_MAX => styles.push(u16_at(records.data(), 2).unwrap_or(0)),
                0xfc => self.strings.read(records, parts)?,
                _ => self.push_global(kind, records, parts)?,
            }
        }
        self.choose_formats(customs, &styles);
        Ok(())
    }

    fn announce(&mut self, records: &mut Records<'_>) -> Result<(), Failure> {
        let (at, flags) = (u32_at(records.data(), 0).unwrap_or(0), u16_at(records.data(), 4).unwrap_or(0));
        records.goto(6);
        let name = records.short_text(self.old)?;
        let [state, kind] = flags.to_le_bytes();
        self.sheets.push(SheetHead { at: u64::from(at), name, state, kind });
        Ok(())
    }

    fn format(&self, records: &mut Records<'_>) -> Result<Option<(u16, Format)>, Failure> {
        let Some(id) = u16_at(records.data(), 0) else { return Ok(None) };
        records.goto(2);
        let code = if self.old.is_some() { records.short_text(self.old)? } else { records.long_text(None)? };
        Ok(Some((id, Format::parse(&code))))
    }

    fn choose_formats(&mut self, customs: Vec<(u16, Format)>, styles: &[u16]) {
        self.formats = customs;
        let mut places = std::collections::HashMap::new();
        for (place, (id, _)) in self.formats.iter().enumerate() {
            places.insert(*id, place);
        }
        for id in styles {
            let place = *places.entry(*id).or_insert_with(|| {
                self.formats.push((*id, Format::built_in(u32::from(*id))));
                self.formats.len() - 1
            });
            self.styles.push(place);
        }
    }

    /// Text in the globals that belongs to no sheet: names, links, whoever wrote the file.
    fn push_global(&self, kind: u16, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let text = match kind {
            // WRITEACCESS: the last user, padded with spaces.
            0x5c if self.old.is_none() => records.long_text(None)?.trim().to_owned(),
            0x5c => records.short_text(self.old)?.trim().to_owned(),
            0x18 => return self.push_name(records, parts),
            // SUPBOOK: the path of another workbook, its sheets behind it.
            0x01ae if records.data().len() > 4 => {
                records.goto(2);
                linked(&records.long_text(None)?)
            }
            0x5a => return self.push_cached(records, parts),
            // MSODRAWINGGROUP: the pictures of all sheets. HFPICTURE: those of headers and footers.
            0xeb | 0x0866 => {
                records.goto(if kind == 0xeb { 0 } else { 14 });
                return Pictures::new(self.budget).hand_over(&mut records.joined(kind), parts);
            }
            // IMDATA, BKHIM: a metafile, a bitmap, or something a program knows.
            0x7f | 0xe9 => return push_picture(kind, records, parts),
            // EXTERNNAME, CODENAME.
            0x23 if self.old.is_none() => {
                records.goto(6);
                records.short_text(None)?
            }
            0x01ba => records.long_text(self.old)?,
            _ => return Ok(()),
        };
        parts.line(&Place::Whole, &text)
    }

    /// A defined name and the texts in what it stands for.
    fn push_name(&self, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let data = records.data();
        let (flags, count) = (u16_at(data, 0).unwrap_or(0), data.get(3).copied().unwrap_or(0));
        let formula_bytes = u16_at(data, 4).map_or(0, usize::from);
        records.goto(14);
        let name = records.text(usize::from(count), self.old)?;
        let mut text = String::new();
        // Excel's own names are a number.
        if flags & 0x20 == 0 {
            text.push_str(&name);
        }
        let formula = records.rest();
        formula::push_texts(&formula[..formula_bytes.min(formula.len())], self.old, &mut text);
        parts.line(&Place::Whole, text.trim())
    }

    /// CRN: values of cells of another workbook, kept since the last update ([MS-XLS] 2.4.67).
    fn push_cached(&self, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        records.goto(4);
        while let Some(kind) = records.u8()? {
            match kind {
                2 => {
                    let text =
                        if self.old.is_some() { records.short_text(self.old)? } else { records.long_text(None)? };
                    parts.line(&Place::Whole, &text)?;
                }
                1 => {
                    let value = super::bytes::f64_at(records.rest(), 0).unwrap_or(0.0);
                    records.skip(8)?;
                    parts.line(&Place::Whole, &format!("{value}"))?;
                }
                _ => _ = records.skip(8)?,
            }
        }
        Ok(())
    }

    fn style(&self, style: u16) -> &Format {
        let place = self.styles.get(usize::from(style));
        place.and_then(|place| self.formats.get(*place)).map_or(&Format::General, |(_, format)| format)
    }

    /// Reads the sheets that are announced, and those that follow one another without being so.
    fn push_sheets(&mut self, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut read = HashSet::new();
        let mut ends = vec![records.position()];
        let sheets = std::mem::take(&mut self.sheets);
        for head in &sheets {
            if head.at >= records.len() || !read.insert(head.at) {
                parts.begin("workbook")?;
                parts.line(&Place::Whole, &head.name)?;
                if head.at >= records.len() {
                    records.is_cut = true;
                }
                continue;
            }
            records.seek(head.at);
            parts.begin(head.part())?;
            parts.line(&Place::Whole, &head.name)?;
            if head.kind != 6 {
                sheet::push(self, records, &head.part(), parts)?;
            }
            ends.push(records.position());
        }
        let mut unlisted = 0;
        while let Some(at) = ends.pop() {
            records.seek(at);
            if at >= records.len() || unlisted > SHEETS_MAX || !read.insert(at) {
                continue;
            }
            if !matches!(records.next()?, Some(0x0009 | 0x0209 | 0x0409 | 0x0809)) {
                continue;
            }
            records.seek(at);
            unlisted += 1;
            let name =
                if sheets.is_empty() { format!("sheet {unlisted}") } else { format!("unlisted sheet {unlisted}") };
            parts.begin(name.clone())?;
            sheet::push(self, records, &name, parts)?;
            ends.push(records.position());
        }
        Ok(())
    }
}

/// A picture of Excel 5 and of a sheet's background ([MS-XLS] 2.4.19, 2.4.134).
fn push_picture(kind: u16, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let format = u16_at(records.data(), 0);
    records.goto(8);
    let mut body = records.joined(kind);
    match format {
        Some(9) => hand_over_bitmap("picture.bmp", &mut body, parts),
        Some(2) => parts.member("picture.wmf", &mut body),
        _ => parts.member("picture", &mut body),
    }
}

/// The path in an encoded link: control characters stand for volumes and steps ([MS-XLS] 2.5.277).
fn linked(path: &str) -> String {
    let plain = path.trim_start_matches(['\u{1}', '\u{2}', '\0']);
    plain.chars().map(|c| if c.is_control() { '/' } else { c }).collect()
}

/// The strings and numbers of a pivot cache: rows of a source that may not be in the workbook at all.
fn push_cache(records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    while let Some(kind) = records.next()? {
        let text = match kind {
            EOF => break,
            // SXSTRING.
            0xcd => records.long_text(None)?,
            // SXNUM.
            0xc9 => super::bytes::f64_at(records.data(), 0).map(|value| format!("{value}")).unwrap_or_default(),
            // SXFDB: the name of a field.
            0xc7 => {
                records.goto(14);
                records.long_text(None)?
            }
            // SXDTR: a date, taken apart.
            0xce => {
                let data = records.data();
                match (u16_at(data, 0), u16_at(data, 2), data.get(4)) {
                    (Some(year), Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
                    _ => continue,
                }
            }
            _ => continue,
        };
        parts.line(&Place::Whole, &text)?;
    }
    Ok(())
}

/// A workbook stream without a container, as Excel before 5 wrote it.
pub(super) fn push_bare(source: &Source<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    if push_workbook(Stream::whole(source), source.budget, parts)? {
        Ok(())
    } else {
        Err(Failure::corrupt("the workbook has no beginning"))
    }
}
