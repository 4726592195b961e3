//! Files by the million that exist only as numbers.
//!
//! Number `k` decides owner, folder, name, size and body, so that a tenant need not store anything: a thousand of them are
//! made anew for each page of a listing, hashes included, as bodies are short. Folder `f` holds the [`FILES_PER_FOLDER`]
//! files from `f * FILES_PER_FOLDER` on, and lies in the folder [`TOP`] of its owner's root; owners take turns.

use std::ops::Range;

/// Files in each folder, but for the last.
pub const FILES_PER_FOLDER: u64 = 400;
/// Name of the folder in an owner's root that holds the owner's made-up folders.
pub const TOP: &str = "Made up";
/// Keys of those who own made-up files, in turn: folder `f` is of `OWNERS[f % OWNERS.len()]`.
pub const OWNERS: [&str; 5] = ["ada", "erin", "frank", "grace", "heidi"];

/// Folders that `count` files need.
#[must_use]
pub fn folders(count: u64) -> u64 {
    count.div_ceil(FILES_PER_FOLDER)
}

/// Whose folder `f` is, by key.
#[must_use]
pub fn owner(folder: u64) -> &'static str {
    let turn = folder % u64::try_from(OWNERS.len()).unwrap_or(1);
    OWNERS[usize::try_from(turn).unwrap_or(0)]
}

/// The name of folder `f`, below [`TOP`].
#[must_use]
pub fn folder_name(folder: u64) -> String {
    format!("batch {folder:06}")
}

/// The files of folder `f` when there are `count` in all.
#[must_use]
pub fn files(folder: u64, count: u64) -> Range<u64> {
    let first = folder.saturating_mul(FILES_PER_FOLDER).min(count);
    first..first.saturating_add(FILES_PER_FOLDER).min(count)
}

/// The folder of file `k`.
#[must_use]
pub fn folder_of(file: u64) -> u64 {
    file / FILES_PER_FOLDER
}

/// The name of file `k`: unique among all, and in the order of the numbers.
#[must_use]
pub fn name(file: u64) -> String {
    format!("note {file:09}.txt")
}

/// Bytes of file `k`, the length of its [`body`].
#[must_use]
pub fn size(file: u64) -> u64 {
    u64::try_from(body(file).len()).unwrap_or(0)
}

/// The body of file `k`: a few lines of text, 60 to 200 bytes; every hundredth is the same as the one before it.
#[must_use]
pub fn body(file: u64) -> Vec<u8> {
    let told = if file % 100 == 99 { file - 1 } else { file };
    let mut text = format!("Note {told} of a made-up archive.\n");
    for line in 0..=told % 4 {
        text.push_str(&format!("Line {line}: {:016x}\n", told.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7)));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_file_is_in_one_folder_and_has_a_name_of_its_own() {
        for count in [0, 1, FILES_PER_FOLDER, FILES_PER_FOLDER + 1, 3_000] {
            let all: Vec<u64> = (0..folders(count)).flat_map(|folder| files(folder, count)).collect();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
            assert!(all.iter().all(|&file| files(folder_of(file), count).contains(&file)));
            assert_eq!(all.iter().map(|&file| name(file)).collect::<HashSet<_>>().len(), all.len());
        }
        assert_eq!((files(9, 400), owner(0), owner(6)), (400..400, "ada", "erin"));
    }

    #[test]
    fn bodies_are_short_and_the_same_each_time() {
        for file in [0, 1, 99, 100, 999_999] {
            assert_eq!((body(file), size(file)), (body(file), body(file).len() as u64));
            assert!((40..200).contains(&body(file).len()));
        }
        assert_eq!(body(99), body(98));
        assert_ne!(body(100), body(99));
    }
}
