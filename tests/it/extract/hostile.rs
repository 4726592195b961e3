//! Files made to hurt: they must cost little and crash nothing.

use super::{read_content, read_under};
use sluicebox::content::{Content, Limits, Links};
use std::io::{Seek, SeekFrom, Write};

#[test]
fn a_sparse_text_of_64_mib_is_read_in_constant_memory() {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(b"the beginning\n").expect("written");
    file.seek(SeekFrom::Start(64 << 20)).expect("sought");
    file.write_all(b"the end\n").expect("written");
    let content = Content::from_file(file).expect("a regular file");
    let limits = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    let file = read_content("sparse.txt", &content, limits);
    assert!(file.printed().contains("the beginning") && file.printed().contains("the end"));
}

#[test]
fn limits_keep_what_came_before() {
    let file = read_under("a.txt", vec![b'a'; 2 << 20], Limits { text_bytes: 1 << 20, ..Limits::default() });
    assert_eq!(file.summary(), "text: partial: limit:text_bytes");
    assert!(file.parts[0].text.len() >= 512 << 10);
}

#[test]
fn a_path_is_opened_without_following_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    std::fs::write(&path, "text").expect("written");
    let content = Content::open(&path, Links::Refuse).expect("opened");
    assert_eq!(read_content("a", &content, Limits::default()).summary(), "text: complete");
}
