//! WebP: RIFF chunks (RFC 9649); `EXIF` and `XMP ` are what they say, `ICCP` a colour profile.

use super::super::Failure;
use super::area::Area;
use super::notes::Notes;
use super::{exif, iptc};

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let end = area.le32(4)?.map_or(0, |len| u64::from(len) + 8).min(area.len());
    let mut at = 12;
    while let Some(head) = area.array::<8>(at)?.filter(|_| at < end) {
        let len = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let data = area.part(at + 8, len);
        match &head[..4] {
            b"EXIF" => {
                let skipped = if data.read(0, 5)? == b"Exif\0" { 6 } else { 0 };
                let done = exif::walk(&data.from(skipped), notes);
                notes.forgive("EXIF", done)?;
            }
            b"XMP " => notes.xmp(data.reader())?,
            b"ICCP" => iptc::profile(&data, notes)?,
            _ => {}
        }
        at += 8 + len + (len & 1);
    }
    Ok(Some(end))
}
