//! The policy author's lab from outside: corpora and labels, two versions of rules, attacks, prices, watching, and what a scan
//! leaves out.

mod authoring;
mod corpus;
mod diff;
mod suppress;
mod trying;

use crate::harness::Scene;

/// The tests' own rules alone.
const OWN: [&str; 3] = ["--no-builtin", "--rules", "../badge.toml"];

/// A scene with a corpus of three files.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("corpus/a.txt", "badge BDG-123456 at the door\nand CRT-000001 too\n");
    scene.write("corpus/sub/b.txt", "nothing but BDG-654321\n");
    scene.write("corpus/c.html", "<p>crate <b>CRT-7</b>77777</p>");
    scene
}
