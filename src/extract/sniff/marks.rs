//! Marks: bytes at fixed positions that tell a type.
//!
//! A mark of printable letters alone might begin a sentence (`ID3 is a tag`), so it counts only where the bytes around it
//! are no text. Marks too short to be trusted are told by more of the format's shape.

use super::super::decode::Charset;

/// A mark: where it stands, its bytes, the type.
type Magic = (usize, &'static [u8], &'static str);

pub(super) const MAGIC: &[Magic] = &[
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x07\x08", "zip"),
    (0, b"PK\x06\x06", "zip"),
    (0, b"PK00PK\x03\x04", "zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x1f\x9d", "compress"),
    (0, b"\x1f\xa0", "compress"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0, b"!<arch>\n", "ar"),
    (0, b"070701", "cpio"),
    (0, b"070702", "cpio"),
    (0, b"070707", "cpio"),
    (0, b"\xc7\x71", "cpio"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"\x60\xea", "arj"),
    (32_769, b"CD001", "iso"),
    (32_769, b"BEA01", "iso"),
    (32_769, b"NSR0", "iso"),
    (0, b"!BDN", "pst"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (0, b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f", "onenote"),
    (0, b"\x78\x9f\x3e\x22", "tnef"),
    (0, b"SQLite format 3\0", "sqlite"),
    (0, b"\0\x01\0\0Standard Jet DB", "access"),
    (0, b"\0\x01\0\0Standard ACE DB", "access"),
    // Word 2 and 95 before compound files, Excel 2 to 4 and bare 5: [MS-DOC] 2.5.2, [MS-XLS] 2.4.21.
    (0, b"\xdb\xa5\x2d\0", "doc"),
    (0, b"\x09\0\x04\0", "xls"),
    (0, b"\x09\x02\x06\0", "xls"),
    (0, b"\x09\x04\x06\0", "xls"),
    (0, b"HWP Document File V3", "hwp"),
    (0, b"PAR1", "parquet"),
    (0, b"PARE", "parquet"),
    (0, b"Obj\x01", "avro"),
    (0, b"ORC", "orc"),
    (0, b"AT&TFORM", "djvu"),
    (0, b"AC10", "dwg"),
    (0, b"ITSF", "chm"),
    (0, b"\xffWPC", "wordperfect"),
    (0, b"bplist0", "plist"),
    (0, b"\xc5\xd0\xd3\xc6", "postscript"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0\x08\0", "tiff"),
    (0, b"MM\0+\0\x08", "tiff"),
    (0, b"\0\0\0\x0cjP  ", "jpeg2000"),
    (0, b"\xff\x4f\xff\x51", "jpeg2000"),
    (0, b"\0\0\0\x0cJXL ", "jpegxl"),
    (0, b"\xff\x0a", "jpegxl"),
    (0, b"8BPS\0", "psd"),
    (0, b"\xd7\xcd\xc6\x9a", "wmf"),
    (0, b"\x01\0\x09\0\0\x03", "wmf"),
    (0, b"OTTO\0", "font"),
    (0, b"\0\x01\0\0\0", "font"),
    (0, b"true\0", "font"),
    (0, b"ttcf\0", "font"),
    (0, b"wOFF", "font"),
    (0, b"wOF2", "font"),
    (0, b"ID3", "audio"),
    (0, b"fLaC", "audio"),
    (0, b"OggS\0", "audio"),
    (0, b"MThd\0\0\0\x06", "audio"),
    (0, b"#!AMR", "audio"),
    (0, b"\x1a\x45\xdf\xa3", "video"),
    (0, b"FLV\x01", "video"),
    (0, b"\0\0\x01\xba", "video"),
    (0, b"\0\0\x01\xb3", "video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (0, b"\x7fELF", "executable"),
    (0, b"\xca\xfe\xba\xbe\0", "executable"),
    (0, b"\xfe\xed\xfa\xce", "executable"),
    (0, b"\xfe\xed\xfa\xcf", "executable"),
    (0, b"\xce\xfa\xed\xfe", "executable"),
    (0, b"\xcf\xfa\xed\xfe", "executable"),
    (0, b"\0asm\x01\0\0\0", "executable"),
];

/// The type that marks and shapes tell; `None` for text and for what nobody knows.
pub(in super::super) fn by_magic(head: &[u8]) -> Option<&'static str> {
    let is_text = looks_like_text(&head[..head.len().min(1024)]);
    let stands = |&&(at, bytes, name): &&Magic| {
        head.get(at..).is_some_and(|rest| rest.starts_with(bytes))
            && (!is_text || name == "ar" || bytes.iter().any(|b| !b.is_ascii_graphic()))
    };
    MAGIC.iter().find(stands).map(|&(_, _, name)| name).or_else(|| by_shape(head, is_text))
}

/// True when no byte is one that text does not have.
fn looks_like_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| !matches!(b, 0..=8 | 14..=26 | 28..=31))
}

/// The bare form of LZMA has no mark: properties, a dictionary of a size that programs choose, and a length that is unknown
/// or can be. The first byte of the coded stream is always zero.
fn is_lzma(head: &[u8]) -> bool {
    let Some(&[properties, a, b, c, d, ref rest @ ..]) = head.get(..14) else { return false };
    let dictionary = u32::from_le_bytes([a, b, c, d]);
    let length = rest[..8].iter().rev().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    let is_usual = dictionary.is_power_of_two() || (dictionary % 3 == 0 && (dictionary / 3).is_power_of_two());
    properties < 225 && is_usual && dictionary >= 1 << 12 && (length == u64::MAX || length < 1 << 38) && rest[8] == 0
}

/// Types whose mark is too short to be trusted alone.
fn by_shape(head: &[u8], is_text: bool) -> Option<&'static str> {
    let near_start = &head[..head.len().min(1024)];
    if is_pdf(head, near_start) {
        return Some("pdf");
    }
    if is_text {
        return None;
    }
    let at = |position: usize, bytes: &[u8]| head.get(position..).is_some_and(|rest| rest.starts_with(bytes));
    if at(0, b"RIFF") || at(0, b"RIFX") || at(0, b"FORM") {
        return match head.get(8..12) {
            Some(b"WEBP") => Some("webp"),
            Some(b"WAVE" | b"AIFF" | b"AIFC") => Some("audio"),
            Some(b"AVI ") => Some("video"),
            _ => None,
        };
    }
    if at(0, b"BZh") && (at(4, b"1AY&SY") || at(4, b"\x17\x72\x45\x38\x50\x90")) {
        return Some("bzip2");
    }
    if is_lzma(head) {
        return Some("lzma");
    }
    if at(2, b"-lh") && at(6, b"-") || at(2, b"-lz") && at(6, b"-") {
        return Some("lha");
    }
    if at(128, b"DICM") {
        return Some("dicom");
    }
    if at(0, b"\x01\0\0\0") && at(40, b" EMF") {
        return Some("wmf");
    }
    if is_tar(head) {
        return Some("tar");
    }
    if at(4, b"ftyp") {
        return Some(media_brand(head.get(8..12).unwrap_or_default()));
    }
    if matches!(head.get(4..8), Some(b"moov" | b"mdat" | b"wide")) && head[0] == 0 {
        return Some("video");
    }
    if head.starts_with(b"MZ") && (memchr::memchr(0, near_start).is_some()) {
        return Some("executable");
    }
    if head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) {
        return Some("bmp");
    }
    if (head.starts_with(b"\0\0\x01\0") || head.starts_with(b"\0\0\x02\0")) && head.get(5) == Some(&0) {
        return Some("ico");
    }
    if head.get(2..4) == Some(b"\r\n") && head.get(8..16) == Some(&[0; 8]) {
        return Some("executable"); // Compiled Python.
    }
    if is_dbf(head) {
        return Some("dbf");
    }
    let [first, second, ..] = head else { return None };
    (*first == 0xff && second & 0xe6 == 0xe2 && Charset::tell(head).is_none()).then_some("audio")
}

/// The mark may stand anywhere in the first kilobyte; behind other bytes it needs an object near it, or a text that only
/// speaks of PDF would be taken for one.
fn is_pdf(head: &[u8], near_start: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(near_start, b"%PDF-") else { return false };
    let before = head[..at].trim_ascii();
    before.is_empty() || before == b"\xef\xbb\xbf" || memchr::memmem::find(head, b" obj").is_some()
}

/// A header whose checksum holds, with or without the `ustar` mark (POSIX.1-1988, and the format before it).
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    if header[257..].starts_with(b"ustar") {
        return true;
    }
    let sum: u32 =
        header.iter().enumerate().map(|(at, &b)| u32::from(if (148..156).contains(&at) { b' ' } else { b })).sum();
    let digits = header[148..156].iter().skip_while(|b| **b == b' ').take_while(|b| (b'0'..=b'7').contains(*b));
    let told = digits.fold(0u32, |n, &b| n.wrapping_shl(3) | u32::from(b - b'0'));
    header[0] != 0 && told == sum
}

/// A dBASE table: a known version, a possible date, a header length that fits its field descriptors, and the mark that ends
/// them.
fn is_dbf(head: &[u8]) -> bool {
    const VERSIONS: &[u8] = &[2, 3, 4, 5, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0x8e, 0xcb, 0xf5, 0xfb];
    let [version, _, month, day, _, _, _, _, low, high, ..] = *head else { return false };
    let header_bytes = usize::from(u16::from_le_bytes([low, high]));
    let ends = |at: usize| head.get(at) == Some(&0x0d);
    VERSIONS.contains(&version)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && header_bytes >= 65
        && (ends(header_bytes - 1) || ends(header_bytes - 2) || header_bytes > 263 && ends(header_bytes - 264))
        && head.get(32).is_some_and(u8::is_ascii_alphabetic)
}

/// ISO base media: the major brand tells pictures and sound from films.
fn media_brand(brand: &[u8]) -> &'static str {
    match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" | b"avif" | b"avis" => "heif",
        b"M4A " | b"M4B " | b"M4P " => "audio",
        b"jp2 " | b"jpx " | b"jpm " => "jpeg2000",
        _ => "video",
    }
}
