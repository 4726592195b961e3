//! Samples of pictures and of documents that are no office documents: what must come out of each, part by part.

use super::read;
use std::path::Path;

/// A sample, its type and coverage, and what its parts must hold.
type Sample = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);

const PHOTO: &[&str] = &[
    "artist Mira Okonkwo-Lind",
    "description badge photo, SSN 536-22-8741",
    "copyright Larkspur Freight",
    "comment Überweisung an Jürgen",
    "keywords payroll;secret",
    "comment desk phone 555-0142",
    "GPS position 69.649000, 18.95",
    "City Tromsø",
];

const SAMPLES: &[Sample] = &[
    (
        "pictures/badge.jpg",
        "jpeg: partial: image_only",
        &[
            ("metadata", PHOTO),
            ("metadata", &["short packet", "long packet, SSN 481-63-2095", "caption Übergabe an 481-63-2095"]),
            ("metadata", &["byline Joa Smith", "comment a comment of the scanner", "colour profile sRGB"]),
        ],
    ),
    ("pictures/behind.jpg", "jpeg: partial: image_only", &[("trailing bytes > text", &["SSN 536-22-8741"])]),
    (
        "pictures/scan.png",
        "png: partial: image_only",
        &[("metadata", &["Author Mira Okonkwo-Lind", "Comment packed: SSN 536-22-8741", "Title Löhne 2026"])],
    ),
    ("pictures/magick.png", "png: partial: image_only", &[("metadata", PHOTO), ("metadata", &["PNG packet"])]),
    (
        "pictures/scan.gif",
        "gif: partial: image_only",
        &[("metadata", &["comment scanned at the front desk, SSN 536-22-8741", "GIF packet"])],
    ),
    (
        "pictures/fax.tif",
        "tiff: partial: image_only",
        &[("metadata", &["description fax to 536-22-8741", "artist Joa Smith", "TIFF packet"])],
    ),
    ("pictures/site.webp", "webp: partial: image_only", &[("metadata", PHOTO), ("metadata", &["WebP packet"])]),
    (
        "pictures/site.heic",
        "heif: partial: image_only",
        &[("metadata", PHOTO), ("metadata", &["HEIF note: SSN 481-63-2095"])],
    ),
    ("pictures/map.jp2", "jpeg2000: partial: image_only", &[("metadata", &["JPEG 2000 packet"])]),
    (
        "pictures/draft.psd",
        "psd: partial: image_only",
        &[(
            "metadata",
            &["caption of the draft", "SSN 481-63-2095", "layer Hidden layer", "text layer salary list 2026"],
        )],
    ),
    (
        "pictures/chart.emf",
        "wmf: partial: image_only",
        &[("metadata", &["description Chart Wages of Larkspur", "text Mira Okonkwo 536-22-8741"])],
    ),
    ("pictures/chart.wmf", "wmf: partial: image_only", &[("metadata", &["text Freight of Joa Smith"])]),
    (
        "pictures/patient.dcm",
        "dicom: partial: image_only",
        &[("metadata", &["institution Larkspur Clinic", "patient name Okonkwo Mira", "patient id SSN 536-22-8741"])],
    ),
    ("pictures/logo.svg", "svg: complete", &[("text", &["title Larkspur", "SSN 536-22-8741"])]),
    (
        "bundles/offer.pages",
        "pages: complete",
        &[
            ("Document", &["Offer for Mira Okonkwo\nSSN 536-22-8741\nsalary 71,200"]),
            ("Document properties", &["please check 481-63-2095"]),
            ("Metadata/Properties.plist > text", &["title Offer of Larkspur"]),
        ],
    ),
    ("bundles/letter-2009.pages", "pages: complete", &[("index.xml > text", &["old letter, SSN 536-22-8741"])]),
    ("bundles/plan.key", "key: complete", &[("Slide-7", &["Plan for 2026", "speaker note: 481-63-2095"])]),
    (
        "bundles/staff.numbers",
        "numbers: complete",
        &[(
            "table 'Table 1'",
            // The writer of the sample put the long number through a float, so it is left out here.
            &["Name\tCard\tWage\tSSN\nMira Okonkwo\t", "\t1250.5\t536-22-8741\nJoa Smith\t-7\t0.001\t481-63-2095"],
        )],
    ),
    (
        "bundles/people.sqlite",
        "sqlite: complete",
        &[
            ("schema", &["CREATE TABLE people"]),
            (
                "table 'people'",
                &["badge 8003\tname person 3\tssn 536-22-8741", "card 378282246310005", "end of a long note"],
            ),
            ("people row 8005 scan > people row 8005 scan > text", &["inside the blob: SSN 481-63-2095"]),
            ("table 'settings'", &["key owner\tvalue Mira Okonkwo"]),
            ("deleted rows", &["forgotten row 30, mail joa.smith@larkspur.example"]),
            ("deleted text", &["person 2short note"]),
        ],
    ),
    (
        "bundles/wide.db",
        "sqlite: complete",
        &[("table 'people'", &["ssn 536-22-8741"]), ("deleted rows", &["mail joa.smith@larkspur.example"])],
    ),
    (
        "bundles/staff.dbf",
        "dbf: complete",
        &[
            ("rows", &["NAME Mira Okonkwo\tSSN 536-22-8741\tWAGE 1250.50"]),
            ("deleted rows", &["NAME Joa Smith\tSSN 481-63-2095"]),
        ],
    ),
    (
        "bundles/meeting.one",
        "onenote: complete",
        &[
            (
                "text",
                &["Meeting of Larkspur", "SSN 536-22-8741 Größe", "会議の記録です", "an older revision, 481-63-2095"],
            ),
            ("embedded file 1 > text", &["inside the attached file"]),
        ],
    ),
    (
        "bundles/settings.plist",
        "plist: complete",
        &[
            ("text", &["Name Mira Ökonkwo", "SSN 536-22-8741", "Count 5", "one\ntwo\n1.5", "Place Tromsø"]),
            ("data", &["inside a blob: 481-63-2095"]),
        ],
    ),
    (
        "bundles/payroll.ipynb",
        "ipynb: complete",
        &[
            ("cell 1", &["# Payroll\nSSN 536-22-8741"]),
            ("cell 1 note.txt > text", &["attached: SSN 481-63-2095"]),
            ("cell 2", &["print(wages)\nMira Okonkwo\nJoa Smith", "<b>five</b>"]),
        ],
    ),
    (
        "bundles/handover.boxnote",
        "boxnote: complete",
        &[("note", &["SSN 536-22-8741 of Mira", "https://larkspur.example/pay", "Joa Smith\n481-63-2095"])],
    ),
    ("bundles/handover-2016.boxnote", "boxnote: complete", &[("note", &["old note\nSSN 536-22-8741"])]),
    ("bundles/plan.gdoc", "google-shortcut: partial: not_inspectable", &[("text", &["mira@larkspur.example"])]),
    ("bundles/intranet.url", "text: complete", &[("text", &["https://larkspur.example/pay?ssn=536-22-8741"])]),
    ("bundles/intranet.webloc", "plist: complete", &[("text", &["URL https://larkspur.example/pay"])]),
];

#[test]
fn each_sample_says_all_that_it_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples");
    let mut wrong = String::new();
    for (sample, summary, parts) in SAMPLES {
        let file = read(sample, std::fs::read(folder.join(sample)).expect("a sample"));
        if file.summary() != *summary || file.walked.mismatch {
            wrong += &format!("{sample}: {}, mismatch {}\n", file.summary(), file.walked.mismatch);
        }
        for (part, strings) in *parts {
            // A part's name may go on: `data 7` is of `data`.
            let texts: Vec<_> = file.parts.iter().filter(|is| is.name.starts_with(part)).collect();
            for string in *strings {
                if !texts.iter().any(|is| is.text.contains(string)) {
                    wrong += &format!("{sample} > {part}: no {string:?}\n");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn samples_cut_or_bent_anywhere_end_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("below a length")
    };
    for (sample, _, _) in SAMPLES {
        let whole = std::fs::read(folder.join(sample)).expect("a sample");
        let not_crashed = |bytes: &[u8], what: &str| {
            let file = read(sample, bytes);
            assert!(!file.summary().contains("crashed"), "{sample} {what}: {}", file.summary());
        };
        for len in (0..whole.len()).step_by((whole.len() / 60).max(1)) {
            not_crashed(&whole[..len], &format!("cut at {len}"));
        }
        for turn in 0..60 {
            let mut bent = whole.clone();
            for _ in 0..=turn / 4 {
                bent[random(whole.len())] = u8::try_from(random(256)).expect("a byte");
            }
            not_crashed(&bent, &format!("bent, turn {turn}"));
        }
    }
}
