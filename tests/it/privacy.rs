//! No value in anything the program writes: planted values are searched in every byte of every format, message and file.
//!
//! `rules explain` is the one exception: it answers the author who brought the value.

use crate::extract::build;
use crate::harness::{Ran, Scene, same};
use regex::Regex;

/// Characters of a secret that may not show in a row.
const RUN_CHARS: usize = 6;

/// A value as planted, and the part of it that no mask may show.
struct Planted {
    detector: &'static str,
    line: &'static str,
    secret: &'static str,
}

const fn row(detector: &'static str, line: &'static str, secret: &'static str) -> Planted {
    Planted { detector, line, secret }
}

/// All but the last four characters of a long identifier is secret, all but the last two of a middling one, and all of a
/// password; of a token only what its maker prints in every one (`ghp_`) may show.
const PLANTED: &[Planted] = &[
    row("card.payment", "credit card 4556 7375 8689 9855", "4556 7375 8689"),
    row("card.payment", "Visa 4916199351819094", "491619935181"),
    row("id.us-ssn", "social security number: 536-22-8726", "536-22-87"),
    row("bank.iban", "IBAN: DE44 5001 0517 5407 3249 31", "DE44 5001 0517 5407 32"),
    row("cred.aws", "aws_access_key_id = AKIATF7TAQHJPNY6JVFX", "TF7TAQHJPNY6JVFX"),
    row(
        "cred.aws",
        "aws_secret_access_key = Mw0weWKsiukX3+S8mW7jnrB4gc5RQhqU2EX6Aiqu",
        "Mw0weWKsiukX3+S8mW7jnrB4gc5RQhqU2EX6Aiqu",
    ),
    row("cred.github", "GITHUB_TOKEN=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", "1dSKXdejwRMWxnOZbNOVe7l1F2BxaU0AKf3D"),
    row("cred.password", "username: anna\npassword = xK9#mQ2$vL7p", "xK9#mQ2$vL7p"),
    // Of no detector: a neighbour is as private as the value itself.
    row("", "ask Wilhelmina Zwicky-Ostertag about card 4556 7375 8689 9855", "Wilhelmina Zwicky-Ostertag"),
];

fn text() -> String {
    PLANTED.iter().map(|planted| format!("{}\n", planted.line)).collect()
}

/// Every planted line in text, csv, docx, and an archive in an archive; beside them files that cannot be read.
fn scene() -> Scene {
    let scene = Scene::new();
    let text = text();
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let paragraphs: String = escaped.lines().map(|line| format!("<w:p><w:r><w:t>{line}</w:t></w:r></w:p>")).collect();
    let docx = build::docx(&paragraphs, &[]);
    let cells: String =
        text.lines().enumerate().map(|(n, line)| format!("{n},\"{}\"\r\n", line.replace('"', "\"\""))).collect();
    let inner = build::zip(&[("text.txt", text.as_bytes()), ("letter.docx", &docx)]);
    let gzip = build::gzip(text.as_bytes());
    scene.write("text.txt", &text);
    scene.write("table.csv", &cells);
    scene.write("letter.docx", &docx);
    scene.write("outer.zip", build::zip(&[("inner.zip", &inner), ("again.txt", text.as_bytes())]));
    scene.write("cut.gz", &gzip[..gzip.len() - 6]);
    scene.write("cut.docx", &docx[..docx.len() - 60]);
    scene.write("noise.bin", [b"\0\x01\x02\xff".repeat(64), text.clone().into_bytes()].concat());
    scene.write("broken.json", format!("{{\"a\\u0062\": \"{}\"", text.replace('"', "\\\"").replace('\n', "\\n")));
    scene.write("bad.xml", format!("<?xml version=\"1.0\"?><a><b>{escaped}</a>"));
    scene
}

/// [`scene`] with files that a rule file may be confused with.
fn other_files() -> Scene {
    let scene = scene();
    let lines = || PLANTED.iter().map(|planted| planted.line);
    scene.write("ini.txt", lines().map(|line| format!("name = {line}\n")).collect::<String>());
    scene.write("toml.txt", lines().map(|line| format!("[[people]]\nname = '{line}'\n")).collect::<String>());
    scene
}

/// Fails if a secret shows in these bytes. Tokens and times are chance, so they are blanked first.
#[track_caller]
fn no_secret_in(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let chance =
        Regex::new(r#"k1:[0-9a-f]{32}|"(?:elapsed_seconds|started|ruleset)":\s*[^,]*"#).expect("an expression");
    let text = chance.replace_all(&text, "").into_owned();
    // Once more without separators: a value may be written otherwise than it was found.
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    for planted in PLANTED {
        for (secret, text) in [(planted.secret.to_owned(), &text), (planted.secret.replace([' ', '-'], ""), &bare)] {
            let chars: Vec<char> = secret.chars().collect();
            for run in chars.windows(RUN_CHARS) {
                let run: String = run.iter().collect();
                // The failure must not print what the program must not print; a row is named by its detector.
                assert!(!text.contains(&run), "{what}: {RUN_CHARS} characters of a value of `{}`", planted.detector);
            }
        }
    }
}

#[track_caller]
fn no_secret_from(what: &str, ran: &Ran) {
    no_secret_in(&format!("{what}, stdout"), &ran.stdout);
    no_secret_in(&format!("{what}, stderr"), &ran.stderr);
}

#[test]
fn no_report_shows_a_value() {
    let scene = scene();
    let expected = scene.call(["scan", ".", "--format", "jsonl"]).run();
    expected.expect_code(3);
    for planted in PLANTED.iter().filter(|planted| !planted.detector.is_empty()) {
        // Else the search below would prove nothing.
        for path in ["./text.txt", "./letter.docx", "./table.csv", "./outer.zip", "./cut.gz"] {
            let found =
                expected.findings().iter().any(|line| line["path"] == path && line["detector"] == planted.detector);
            assert!(found, "{} in {path}{}", planted.detector, expected.frame("found", "not found"));
        }
    }
    for format in ["text", "jsonl", "csv", "sarif", "html"] {
        let ran = scene.call(["scan", ".", "--verbose", "--format", format]).run();
        ran.expect_code(3);
        no_secret_from(format, &ran);
        let ran = scene.call(["scan", ".", "--format", format, "--output", "../report"]).run();
        ran.expect_code(3);
        no_secret_from(format, &ran);
        no_secret_in(format, &std::fs::read(scene.path("../report")).expect("a report"));
    }
    let ran = scene.call(["scan", "-", "--verbose"]).stdin(text()).run();
    no_secret_from("standard input", &ran);
    no_secret_in("the key file", &std::fs::read(scene.key()).expect("a key"));
}

#[test]
fn no_message_shows_a_value() {
    let scene = scene();
    let rows: &[&[&str]] = &[
        &["scan", "text.txt", "--key-file", "text.txt"],
        &["scan", "text.txt", "--limit", "text_bytes=10"],
        &["scan", "outer.zip", "--limit", "members=1", "--verbose"],
        &["rules", "explain", "card.paymnt", "--file", "text.txt"],
    ];
    for args in rows {
        let ran = scene.call(*args).run();
        assert!(ran.code() >= 2, "{}", ran.frame("a failure", &ran.status.to_string()));
        no_secret_from(&args.join(" "), &ran);
    }
    // `extract` prints the text, but only where text belongs.
    for path in ["cut.gz", "cut.docx", "noise.bin", "bad.xml"] {
        let ran = scene.call(["extract", path]).run();
        assert!(ran.code() == 3 || path == "bad.xml", "{}", ran.frame("3", &ran.status.to_string()));
        no_secret_in(path, &ran.stderr);
    }
}

#[test]
fn rules_test_and_check_show_no_example() {
    let scene = Scene::new();
    let rules = |examples: &str| {
        format!(
            "schema = 1\n[[detector]]\nid = 'a.b'\nname = 'n'\n[[detector.primary]]\nregex = 'BDG-[0-9]{{6}}'\n\
             [[detector.tier]]\nname = 'low'\nconfidence = 65\n[[detector.{examples}\n"
        )
    };
    let card = "credit card 4556 7375 8689 9855";
    let rows = [
        (1, format!("example]]\ntext = 'take BDG-123456, {card}'\nvalue = '{card}'\ntier = 'low'")),
        (1, format!("example]]\ntext = 'take nothing, {card}'\ntier = 'low'")),
        (1, format!("counter]]\ntext = '{card} BDG-123456'\ntier = 'low'\nreason = 'edge'")),
        (1, format!("counter]]\ntext = '{card}'\nvalue = '{card}'\ntier = 'low'\nreason = 'edge'")),
        (2, format!("example]]\ntext = '{card}'\ntier = 'lwo'")),
        (2, format!("example]]\ntext = '{card}'\nteir = 'low'")),
        (2, format!("counter]]\ntext = '{card}'\ntier = 'low'\nreason = 'egde'")),
        // Wrong on the value's own line.
        (2, format!("example]]\ntext = '{card}'\nvalue = '{card} '\ntier = 'low'")),
        (2, format!("example]]\ntxet = '{card}'\ntier = 'low'")),
        (2, format!("example]]\ntext = '{card}'\ntier = 'low'\nvalue = ['{card}']")),
        (2, "example]]\ntext = 'card'\ntier = 'low'\nvalue = 4556737586899855".to_owned()),
        (2, format!("example]]\ntext = '{card}\ntier = 'low'")),
        (2, format!("example]]\ntext = 'the card's {card}'\ntier = 'low'")),
        (2, format!("example]]\ntext = {card}\ntier = 'low'")),
        (2, format!("example]]\ntext = \"\"\"\n{card}\n\\q {card}\"\"\"\ntier = 'low'")),
        (2, format!("example]]\ntext = 'x'\ntier = 'low'\n{card}")),
        (2, format!("tier]]\nname = 'b'\nconfidence = 65\nexample = [{{ text = '{card}', tier = 'lwo' }}]")),
        (2, format!("tier]]\nname = 'b'\nconfidence = 75\n[detector.example]\ntext = '{card}'\ntier = 'low'")),
    ];
    for (code, examples) in rows {
        scene.write("rule.toml", rules(&examples));
        for format in ["text", "json"] {
            let ran = scene.call(["rules", "test", "--no-builtin", "--rules", "rule.toml", "--format", format]).run();
            same(&examples.replace(card, "(card)"), &code, &ran.code());
            no_secret_from("rules test", &ran);
            let ran = scene.call(["rules", "check", "--no-builtin", "--rules", "rule.toml", "--format", format]).run();
            no_secret_from("rules check", &ran);
        }
    }
    // A file that is no rule file shows nothing of itself.
    for name in ["text.txt", "table.csv", "broken.json", "bad.xml", "ini.txt", "toml.txt"] {
        let ran = other_files().call(["rules", "check", "--no-builtin", "--rules", name]).run();
        same(name, &2, &ran.code());
        no_secret_from(name, &ran);
    }
    // The built-in examples hold values of every kind.
    for command in ["test", "check"] {
        no_secret_from(command, &scene.call(["rules", command]).run());
    }
}
