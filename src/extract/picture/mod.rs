//! Pictures: what is written in them besides their pixels.
//!
//! EXIF, XMP, IPTC and each format's own comments become one part, `metadata`, a line for each entry. The pixels are not
//! read, so a picture's coverage is at best `partial: image_only`. What follows a picture's end is handed over, since
//! somebody may have put it there. Files are walked by their own structure and only what holds text is read, whatever
//! their size; no length in them is believed before the bytes are there.

mod area;
mod boxes;
mod dicom;
mod exif;
mod gif;
mod iptc;
mod jpeg;
mod metafile;
mod notes;
mod png;
mod psd;
mod riff;

use super::{Failure, Output, Source};
use crate::model::Reason;
use area::Area;
use notes::Notes;
use std::io::{Read, Seek, SeekFrom};

/// Walks one format; gives where the picture ends, if that is known.
type Walk = fn(&Area<'_>, &mut Notes<'_>) -> Result<Option<u64>, Failure>;

fn read(source: &Source<'_>, out: &mut dyn Output, walk: Walk) -> Result<(), Failure> {
    let area = Area::of(source);
    let mut notes = Notes::new(source, out);
    let walked = walk(&area, &mut notes);
    notes.close()?;
    let end = walked?;
    if let Some(end) = end {
        hand_over_rest(source, end, out)?;
    }
    out.hole("", Reason::ImageOnly);
    Ok(())
}

/// What follows the end of a picture, past padding.
fn hand_over_rest(source: &Source<'_>, end: u64, out: &mut dyn Output) -> Result<(), Failure> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(end))?;
    let mut block = [0; 4096];
    loop {
        let at = reader.position();
        let n = reader.read(&mut block)?;
        if n == 0 {
            return Ok(());
        }
        if let Some(first) = block[..n].iter().position(|b| !matches!(b, 0 | 0xff)) {
            reader.seek(SeekFrom::Start(at + first as u64))?;
            return Ok(out.member("trailing bytes", &mut reader)?);
        }
    }
}

macro_rules! formats {
    ($($name:ident $walk:path: $what:literal,)*) => {
        $(
            #[doc = concat!("Reads ", $what, ".")]
            pub(super) fn $name(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
                read(source, out, $walk)
            }
        )*
    };
}

formats! {
    png png::walk: "PNG (its third edition)",
    jpeg jpeg::walk: "JPEG (JFIF and EXIF)",
    gif gif::walk: "GIF 87a and 89a",
    tiff exif::walk_file: "TIFF, BigTIFF and the raw pictures built on them",
    webp riff::walk: "WebP",
    boxes boxes::walk: "HEIF, AVIF, JPEG 2000 and JPEG XL: files of boxes",
    psd psd::walk: "Photoshop documents",
    metafile metafile::walk: "Windows metafiles, plain and enhanced",
    dicom dicom::walk: "DICOM",
}
