//! What is looked at before a picture is read: where the program is, how large the picture, how many its pages.

use crate::content::Content;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The program by its whole path: as named, or as a shell would find it.
pub(super) fn program(named: &Path) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATHS.into());
    found(named, &paths)
}

/// Where programs are when nobody says where.
const USUAL_PATHS: &str = "/usr/local/bin:/usr/bin:/bin";

fn found(named: &Path, paths: &OsStr) -> Option<PathBuf> {
    let is_bare = named.components().count() == 1 && !named.is_absolute();
    let candidates: Vec<PathBuf> = match is_bare {
        true => std::env::split_paths(paths).filter(|folder| folder.is_absolute()).map(|dir| dir.join(named)).collect(),
        false => vec![named.to_owned()],
    };
    // Walls are raised by whole paths: a link is followed now.
    candidates.into_iter().filter(|path| is_executable(path)).find_map(|path| path.canonicalize().ok())
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Width and height in pixels, where they stand near the beginning. PNG (third edition, 11.2.1), GIF89a (18), BMP
/// (`BITMAPINFOHEADER`), JPEG (ITU T.81, B.2.2).
pub(super) fn size(kind: &str, content: &Content) -> Option<(u32, u32)> {
    let head = content.head().ok()?;
    let be = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let le16 = |at: usize| Some(u32::from(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    match kind {
        "png" => Some((be(16)?, be(20)?)),
        "gif" => Some((le16(6)?, le16(8)?)),
        "bmp" => {
            let signed = |at: usize| Some(i32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?).unsigned_abs());
            Some((signed(18)?, signed(22)?))
        }
        "jpeg" => jpeg_size(head),
        _ => None,
    }
}

fn jpeg_size(head: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(usize::from(u16::from_be_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    let mut at = 2;
    loop {
        let marker = number(at)?;
        match marker {
            // Start of a frame; three of that range are something else.
            0xffc0..=0xffcf if !matches!(marker, 0xffc4 | 0xffc8 | 0xffcc) => {
                let (height, width) = (number(at + 5)?, number(at + 7)?);
                return Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?));
            }
            0xff00..=0xffff => at += 2 + number(at + 2)?.max(2),
            _ => return None,
        }
    }
}

/// Pages of a TIFF, counted up to `most`; one for anything else. TIFF 6.0, section 2: each directory tells where the next is.
pub(super) fn pages(content: &Content, most: u32) -> u32 {
    let mut head = [0; 8];
    if content.read_up_to(0, &mut head).ok() != Some(8) {
        return 1;
    }
    let is_little = match &head[..4] {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return 1,
    };
    let number = |bytes: &[u8]| {
        let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if is_little { bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)) } else { value }
    };
    let (mut at, mut pages) = (number(&head[4..]), 0);
    while at != 0 && pages < most {
        let mut entries = [0; 2];
        if content.read_up_to(at, &mut entries).ok() != Some(2) {
            break;
        }
        pages += 1;
        let mut next = [0; 4];
        if content.read_up_to(at + 2 + 12 * number(&entries), &mut next).ok() != Some(4) {
            break;
        }
        at = number(&next);
    }
    pages.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("reader");
        std::fs::write(&path, "").expect("written");
        let paths = folder.path().as_os_str();
        assert_eq!(found(Path::new("reader"), paths), None, "nobody may execute it");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("allowed");
        let whole = path.canonicalize().ok();
        assert_eq!(found(Path::new("reader"), paths), whole);
        assert_eq!(found(&path, OsStr::new("")), whole);
        assert_eq!(found(Path::new("other"), paths), None);
        assert_eq!(found(Path::new("reader"), OsStr::new(".:")), None, "where one stands is no place to look");
    }

    #[test]
    fn sizes_and_pages_are_read_and_nothing_else_is_believed() {
        let content = |bytes: &[u8]| Content::from_memory(bytes.to_vec());
        let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0, 0, 1, 0, 0, 0, 0, 9]].concat();
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 0, 7, 1, 2];
        type Row<'r> = (&'r str, &'r [u8], Option<(u32, u32)>);
        let rows: &[Row<'_>] = &[
            ("png", &png, Some((256, 9))),
            ("gif", b"GIF89a\x20\0\x10\0", Some((32, 16))),
            ("jpeg", &jpeg, Some((258, 7))),
            ("jpeg", &jpeg[..12], None),
            ("jpeg", &[0xff, 0xd8, 0, 0, 0, 0], None),
            ("png", b"\x89PNG", None),
            ("tiff", b"II*\0", None),
        ];
        for (kind, bytes, size_of) in rows {
            assert_eq!(size(kind, &content(bytes)), *size_of, "{kind}");
        }
        let two = b"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0\0\0\0\0";
        assert_eq!(pages(&content(two), 9), 2);
        assert_eq!(pages(&content(two), 1), 1);
        let looped = b"MM\0*\0\0\0\x08\0\0\0\0\0\x08";
        assert_eq!(pages(&content(looped), 5), 5, "a loop ends at the bound");
        assert_eq!(pages(&content(b"II*\0\xff\xff\xff\xff"), 5), 1);
        assert_eq!(pages(&content(&png), 5), 1);
    }
}
