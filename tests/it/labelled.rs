//! The labelled corpus (`corpus/labelled`): the built-in detectors reach what its `labels.toml` asks for, and find nothing for
//! sure where nothing is; and what they cover of another product's types is listed.

use crate::harness::Scene;
use std::io::Read;

/// Lays out the archive and returns the folder of documents.
fn unpacked(scene: &Scene) -> std::path::PathBuf {
    let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/labelled/corpus.zip");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(archive).expect("the archive")).expect("a ZIP file");
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        scene.write(name, bytes);
    }
    scene.path("documents")
}

#[test]
fn detectors_reach_what_the_labels_ask_for() {
    let scene = Scene::new();
    let documents = unpacked(&scene);
    let ran = scene.call(["rules", "test", "--skip-unknown", "--corpus"]).args([&documents]).run();
    ran.expect_code(0);
}

#[test]
fn nothing_is_sure_where_nothing_is() {
    let scene = Scene::new();
    let documents = unpacked(&scene);
    let mut empty = 0;
    for entry in std::fs::read_dir(&documents).expect("documents") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        if name.contains("-nothing-") {
            let text = std::fs::read(documents.join(&*name)).expect("a document");
            scene.write(format!("empty/{name}"), text);
            empty += 1;
        }
    }
    assert!(empty >= 150, "{empty} documents");
    let ran =
        scene
            .jsonl(["--min-confidence".into(), "85".into(), scene.path("empty").into_os_string()]
                as [std::ffi::OsString; 3]);
    assert_eq!(ran.files().len(), empty, "files that were looked at");
    assert!(ran.findings().is_empty(), "{} findings", ran.findings().len());
}

#[test]
fn types_of_purview_are_listed_with_what_covers_them() {
    let scene = Scene::new();
    let ran = scene.call(["rules", "list", "--coverage", "purview"]).run();
    ran.expect_code(0).expect_quiet().expect_out("Germany identity card number: id.de-personalausweis\n");
    ran.expect_out("not covered: ");
    let ran = scene.call(["rules", "list", "--coverage", "purview", "--format", "json"]).run();
    ran.expect_code(0);
    assert!(ran.lines().len() > 300);
}
