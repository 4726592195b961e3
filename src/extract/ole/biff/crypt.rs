//! Workbooks under the password that Excel itself tries: a workbook with protected structure is encrypted with
//! `VelvetSweatshop`, opens without a question, and so must be read ([MS-XLS] 2.2.10, [MS-OFFCRYPTO] 2.3.6 and 2.3.7).
//!
//! Other passwords are not tried. The ciphers are weak and old; none of this protects anything here.

use super::super::bytes::{u16_at, up_to};
use super::super::rc4::{Rc4, md5};

const PASSWORD: &str = "VelvetSweatshop";
/// Each block of this many bytes of the stream has a key of its own.
const BLOCK_BYTES: u64 = 1024;

/// Decrypts records of a workbook stream.
#[derive(Debug)]
pub(super) enum Cipher {
    /// RC4 with a key for each block, made from this.
    Rc4 { truncated: [u8; 5], block: Option<u64>, stream: Box<Rc4>, at: u64 },
    /// The older one: 16 bytes, over and over.
    Xor { array: [u8; 16] },
}

impl Cipher {
    /// The cipher of a `FILEPASS` record, if the well-known password is the right one.
    pub(super) fn of(record: &[u8], is_old: bool) -> Option<Self> {
        if is_old {
            return Self::xor(u16_at(record, 0)?, u16_at(record, 2)?);
        }
        match u16_at(record, 0)? {
            0 => Self::xor(u16_at(record, 2)?, u16_at(record, 4)?),
            1 if u16_at(record, 2)? == 1 => Self::rc4(up_to(record, 6, 48)),
            _ => None,
        }
    }

    fn xor(key: u16, verifier: u16) -> Option<Self> {
        let password = PASSWORD.as_bytes();
        (xor_verifier(password) == verifier).then(|| Self::Xor { array: xor_array(password, key) })
    }

    fn rc4(header: &[u8]) -> Option<Self> {
        let (salt, verifier, hash) = (header.get(..16)?, header.get(16..32)?, header.get(32..48)?);
        let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let first = md5(&wide);
        let mut sixteen = Vec::with_capacity(21 * 16);
        for _ in 0..16 {
            sixteen.extend_from_slice(&first[..5]);
            sixteen.extend_from_slice(salt);
        }
        let mut truncated = [0; 5];
        truncated.copy_from_slice(&md5(&sixteen)[..5]);
        let mut stream = block_stream(truncated, 0);
        let mut checked = [0; 32];
        checked[..16].copy_from_slice(verifier);
        checked[16..].copy_from_slice(hash);
        stream.apply(&mut checked);
        (md5(&checked[..16]) == checked[16..]).then_some(Self::Rc4 {
            truncated,
            block: None,
            stream: Box::new(stream),
            at: 0,
        })
    }

    /// Decrypts the data of one record that begins at a position of the stream.
    pub(super) fn apply(&mut self, kind: u16, position: u64, data: &mut [u8]) {
        // BOF, FILEPASS, USREXCL, FILELOCK, INTERFACEHDR, RRDINFO and RRDHEAD stay readable, and so does the place of a sheet.
        let clear = match kind {
            0x0009 | 0x0209 | 0x0409 | 0x0809 | 0x2f | 0x194 | 0x195 | 0xe1 | 0x196 | 0x138 => return,
            0x85 => 4,
            _ => 0,
        };
        let len = data.len() as u64;
        for (byte, offset) in data.iter_mut().zip(0u64..).skip(clear) {
            match self {
                Self::Rc4 { truncated, block, stream, at } => {
                    let wanted = position + offset;
                    if *block != Some(wanted / BLOCK_BYTES) || *at > wanted {
                        *block = Some(wanted / BLOCK_BYTES);
                        **stream = block_stream(*truncated, wanted / BLOCK_BYTES);
                        *at = wanted / BLOCK_BYTES * BLOCK_BYTES;
                    }
                    while *at < wanted {
                        stream.next_byte();
                        *at += 1;
                    }
                    *byte ^= stream.next_byte();
                    *at += 1;
                }
                Self::Xor { array } => {
                    let index = usize::try_from((position + offset + len) % 16).unwrap_or(0);
                    *byte = byte.rotate_left(3) ^ array[index];
                }
            }
        }
    }
}

fn block_stream(truncated: [u8; 5], block: u64) -> Rc4 {
    let mut key = [0; 9];
    key[..5].copy_from_slice(&truncated);
    key[5..].copy_from_slice(&u32::try_from(block).unwrap_or(u32::MAX).to_le_bytes());
    Rc4::new(&md5(&key))
}

/// [MS-OFFCRYPTO] 2.3.7.1.
fn xor_verifier(password: &[u8]) -> u16 {
    let mut verifier = 0u16;
    let len = u8::try_from(password.len()).unwrap_or(u8::MAX);
    for &byte in password.iter().rev().chain([&len]) {
        let turned = (verifier >> 14) & 1;
        verifier = (turned | (verifier << 1) & 0x7fff) ^ u16::from(byte);
    }
    verifier ^ 0xce4b
}

/// [MS-OFFCRYPTO] 2.3.7.2: the password filled up, every byte mixed with the key.
fn xor_array(password: &[u8], key: u16) -> [u8; 16] {
    const PAD: [u8; 15] = [0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00];
    let [low, high] = key.to_le_bytes();
    let filled = password.iter().chain(&PAD);
    let mut array = [0; 16];
    for (at, (slot, byte)) in array.iter_mut().zip(filled).enumerate() {
        let mixed = byte ^ if at % 2 == 0 { low } else { high };
        *slot = mixed.rotate_left(2);
    }
    array
}
