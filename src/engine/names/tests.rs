//! Canary values from the rules' own examples, written into names in many ways; and names that must be left alone.

use super::*;
use crate::rule::{self, Options};

fn matcher() -> Matcher {
    Matcher::new(Arc::new(rule::load(&Options::default()).expect("the built-in rules load").rules))
}

#[test]
fn stat() {
    let matcher = matcher();
    let names = [
        "report.pdf",
        "Invoice 2024-00123.pdf",
        "IMG_20210304_123456.jpg",
        "scan0001.pdf",
        "2024-01-15 minutes.docx",
        "20240115_board.pptx",
        "Q3 2023 results v1.2.3.xlsx",
        "DSC_0042.JPG",
        "PXL_20230915_134501123.jpg",
        "backup-20231231235959.tar.gz",
        "Screenshot 2024-03-01 at 10.22.33.png",
        "WhatsApp Image 2023-11-02 at 12.45.10.jpeg",
        "contract_final_v2 (1).docx",
        "PO-4500123456.pdf",
        "RE1234567.pdf",
        "B1234567.pdf",
        "123456789.pdf",
        "1234567890.pdf",
        "12345678901.pdf",
        "invoice-12345678.pdf",
        "ORD-2023-000123456.pdf",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890.json",
        "d41d8cd98f00b204e9800998ecf8427e.bin",
        "libfoo-1.2.3-4.x86_64.rpm",
        "10.0.0.1.log",
        "access.log.2024-01-01",
        "Budget FY24-25.xlsx",
        "John Smith CV.docx",
        "GOPR1234.MP4",
        "IMG-20230101-WA0001.jpg",
        "20230101_120000.jpg",
        "2023.01.01 - trip",
        "001 - intro.mp3",
        "Chapter 12.34.txt",
        "signed_1234567.pdf",
    ];
    for name in names {
        let mut by = Vec::new();
        for (at, detector) in matcher.rules().detectors.iter().enumerate() {
            let _ = at;
            by.push(&*detector.id);
        }
        println!("NAME {name} -> {:?}", cover(&matcher, name));
        println!("  {:?}", matcher.who(name));
    }
}
