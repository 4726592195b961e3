//! The guide for authors: its files are written, its commands run in their order, and what it shows of their output comes.

use crate::harness::{Ran, Scene};

const GUIDE: &str = include_str!("../../../docs/authoring.md");
/// What ends a command that does not exit with 0.
const CODE: &str = "# exit code ";

/// A fenced block: what stands after the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in GUIDE.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(head)) => open = Some((head.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => text.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    blocks
}

/// The words of a command line; quotation marks hold several together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote, mut word) = (Vec::new(), None, None::<String>);
    for c in line.chars() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Runs one line of a block of commands.
fn run(scene: &Scene, line: &str) -> Option<Ran> {
    let (command, code) = match line.split_once(CODE) {
        Some((command, code)) => (command.trim(), code.trim().parse().expect("a code")),
        None => (line, 0),
    };
    let words = words(command);
    if words[0] == "sluicebox" {
        let ran = scene.call(&words[1..]).run();
        assert_eq!(ran.code(), code, "{line}{}", ran.frame(&format!("exit code {code}"), &ran.code().to_string()));
        return Some(ran);
    }
    let done = std::process::Command::new(&words[0]).args(&words[1..]).current_dir(scene.path("")).status();
    assert!(done.is_ok_and(|status| status.success()), "{line}");
    None
}

#[test]
fn the_guide_keeps_its_word_from_the_first_file_to_the_last_command() {
    let scene = Scene::new();
    let (mut said, mut commands, mut shown) = (String::new(), 0, 0);
    for (head, text) in blocks() {
        match head.split_once(' ') {
            Some((_, name)) => {
                scene.write(name, &text);
            }
            None if head == "sh" => {
                said.clear();
                for line in text.lines() {
                    commands += 1;
                    if let Some(ran) = run(&scene, line) {
                        said.push_str(&ran.out());
                        said.push_str(&ran.err());
                    }
                }
            }
            None if head == "text" => {
                for line in text.lines() {
                    shown += 1;
                    assert!(said.contains(line), "the guide shows\n  {line}\nand what came was\n{said}");
                }
            }
            None => panic!("a block that is neither a file, nor commands, nor what they say: {head}"),
        }
    }
    assert!(commands >= 14 && shown >= 15, "{commands} commands, {shown} lines shown");
    assert!(!said.contains("44718203"), "{said}");
}
