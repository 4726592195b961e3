//! Little-endian numbers and texts out of bytes whose length nobody promises: every access may answer `None`.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

pub(in crate::extract) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

pub(in crate::extract) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(in crate::extract) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

pub(in crate::extract) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    array(bytes, at).map(i32::from_le_bytes)
}

pub(in crate::extract) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

pub(in crate::extract) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    array(bytes, at).map(f64::from_le_bytes)
}

/// A length or offset of the file as a size of this machine.
pub(in crate::extract) fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// `len` bytes from `at`, or as many as there are.
pub(in crate::extract) fn up_to(bytes: &[u8], at: usize, len: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    &rest[..len.min(rest.len())]
}

/// UTF-16, low byte first; an odd last byte is left out.
pub(in crate::extract) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// UTF-16 up to the first NUL.
pub(in crate::extract) fn utf16_until_nul(bytes: &[u8]) -> String {
    let mut text = utf16(bytes);
    if let Some(end) = text.find('\0') {
        text.truncate(end);
    }
    text
}

/// Bytes of a code page, appended to `text`.
pub(in crate::extract) fn decode_into(bytes: &[u8], encoding: &'static Encoding, text: &mut String) {
    text.push_str(&encoding.decode_without_bom_handling(bytes).0);
}

/// Bytes of a code page up to the first NUL.
pub(in crate::extract) fn narrow(bytes: &[u8], encoding: &'static Encoding) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    encoding.decode_without_bom_handling(&bytes[..end]).0.into_owned()
}

/// The encoding of a Windows code page number; the western one for those that the Encoding Standard lacks, whose letters
/// without accents are the same.
pub(in crate::extract) fn code_page(number: u32) -> &'static Encoding {
    let label: &[u8] = match number {
        866 => b"ibm866",
        874 => b"windows-874",
        932 | 943 | 10_001 => b"shift_jis",
        936 | 10_008 => b"gbk",
        949 | 1361 | 10_003 | 51_949 => b"euc-kr",
        950 | 10_002 => b"big5",
        1250 | 10_029 => b"windows-1250",
        1251 => b"windows-1251",
        1253 | 10_006 => b"windows-1253",
        1254 | 10_081 => b"windows-1254",
        1255 | 10_005 => b"windows-1255",
        1256 | 10_004 => b"windows-1256",
        1257 => b"windows-1257",
        1258 => b"windows-1258",
        10_000 => b"macintosh",
        10_007 | 10_017 => b"x-mac-cyrillic",
        20_866 => b"koi8-r",
        21_866 => b"koi8-u",
        20_932 | 51_932 => b"euc-jp",
        28_592 => b"iso-8859-2",
        28_593 => b"iso-8859-3",
        28_594 => b"iso-8859-4",
        28_595 => b"iso-8859-5",
        28_596 => b"iso-8859-6",
        28_597 => b"iso-8859-7",
        28_598 => b"iso-8859-8",
        28_603 => b"iso-8859-13",
        28_605 => b"iso-8859-15",
        50_220..=50_222 => b"iso-2022-jp",
        52_936 | 54_936 | 51_936 => b"gb18030",
        65_001 => return UTF_8,
        _ => return WINDOWS_1252,
    };
    Encoding::for_label(label).unwrap_or(WINDOWS_1252)
}

/// The code page that texts of a language are written in ([MS-LCID]).
pub(in crate::extract) fn code_page_of_language(language: u16) -> u32 {
    match language & 0x3ff {
        0x04 if matches!(language, 0x0804 | 0x1004) => 936,
        0x04 => 950,
        0x11 => 932,
        0x12 => 949,
        0x01 | 0x20 | 0x29 => 1256,
        0x02 | 0x19 | 0x22 | 0x23 | 0x2f => 1251,
        0x05 | 0x0e | 0x15 | 0x18 | 0x1b | 0x1c | 0x24 => 1250,
        0x1a if matches!(language, 0x0c1a | 0x1c1a) => 1251,
        0x1a => 1250,
        0x08 => 1253,
        0x0d => 1255,
        0x1e => 874,
        0x1f => 1254,
        0x25..=0x27 => 1257,
        0x2a => 1258,
        _ => 1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_the_end_are_none() {
        let bytes = [1, 2, 3, 4];
        assert_eq!(u16_at(&bytes, 2), Some(0x0403));
        assert_eq!(u16_at(&bytes, 3), None);
        assert_eq!(u32_at(&bytes, usize::MAX), None);
        assert_eq!(up_to(&bytes, 3, usize::MAX), [4]);
        assert!(up_to(&bytes, 9, 1).is_empty());
    }

    #[test]
    fn code_pages_decode() {
        let rows: &[(u32, &[u8], &str)] = &[
            (932, b"\x83\x5c\x83\x7d", "ソマ"),
            (936, b"\xd6\xd0", "中"),
            (949, b"\xb1\xe8", "김"),
            (950, b"\xa4\xa4", "中"),
            (1251, b"\xc8", "И"),
            (0, b"\x80", "€"),
            (10_000, b"\x8e", "é"),
        ];
        for (number, bytes, expected) in rows {
            assert_eq!(narrow(bytes, code_page(*number)), *expected, "{number}");
        }
    }
}
