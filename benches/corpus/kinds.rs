//! The five kinds of text of the corpus: prose, source code, logs, CSV and JSON lines.
//!
//! Each writer adds one small piece at a time (a sentence, a function, a line) and offers a place for a planted value in
//! it, so that values stand where people leave them: in a comment, in a column, behind `key=`.

use super::rng::Rng;
use super::words::{Words, words};
use super::{Corpus, Kind};
use std::fmt::Write as _;

/// Text under construction.
pub(super) struct Pen {
    /// What is written so far.
    pub(super) corpus: Corpus,
    /// Where randomness comes from.
    pub(super) rng: Rng,
    words: &'static Words,
    /// Bytes between planted values; `None` plants nothing.
    every: Option<usize>,
    /// Length at which the next value is due.
    due: usize,
    /// Number within the document: rows and time stamps run on.
    line: usize,
}

impl Pen {
    pub(super) fn new(rng: Rng, every: Option<usize>) -> Self {
        let due = every.map_or(usize::MAX, |every| every / 2);
        Self { corpus: Corpus::default(), rng, words: words(), every, due, line: 0 }
    }

    /// Moves the first planted value to this length; for before anything is written.
    pub(super) fn first_due(&mut self, due: usize) {
        self.due = due;
    }

    /// Writes text of one kind, in one of its three styles, until the corpus is `target` bytes long or a little longer.
    pub(super) fn write(&mut self, kind: Kind, style: usize, target: usize) {
        self.line = self.rng.below(100_000);
        if kind == Kind::Csv && self.corpus.text.len() < target {
            self.text("id,reference,date,name,town,quantity,unit_price,amount,currency,status,note\n");
        }
        while self.corpus.text.len() < target {
            self.line += 1;
            match kind {
                Kind::Prose => self.paragraph(),
                Kind::Code => self.function(style),
                Kind::Logs => self.log_line(style),
                Kind::Csv => self.csv_row(style),
                Kind::Json => self.json_line(style),
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.corpus.text.push_str(text);
    }

    /// A planted value when one is due: `before`, label, `between`, value, `after`.
    fn plant(&mut self, before: &str, between: &str, after: &str) -> bool {
        let Some(every) = self.every.filter(|_| self.corpus.text.len() >= self.due) else { return false };
        self.due += every;
        self.corpus.plant(&mut self.rng, before, between, after);
        true
    }

    /// An integer of one to `digits` digits.
    fn number(&mut self, digits: usize) {
        let digits = self.rng.range(1, digits);
        self.rng.push_from(&mut self.corpus.text, b"123456789", 1);
        self.rng.push_digits(&mut self.corpus.text, digits - 1);
    }

    fn date(&mut self) {
        let (year, month, day) = (self.rng.range(2015, 2025), self.rng.range(1, 12), self.rng.range(1, 28));
        let _ = write!(self.corpus.text, "{year}-{month:02}-{day:02}");
    }

    fn slashed_date(&mut self) {
        let (year, month, day) = (self.rng.range(2015, 2025), self.rng.range(1, 12), self.rng.range(1, 28));
        let _ = write!(self.corpus.text, "{month:02}/{day:02}/{year}");
    }

    /// A time of day that moves on with the lines.
    fn clock(&mut self) {
        let seconds = self.line / 7;
        let millis = self.rng.below(1000);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let _ = write!(self.corpus.text, "{hour:02}:{minute:02}:{second:02}.{millis:03}");
    }

    fn ipv4(&mut self) {
        let octets = [self.rng.range(10, 223), self.rng.below(256), self.rng.below(256), self.rng.range(1, 254)];
        let _ = write!(self.corpus.text, "{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
    }

    fn phrase(&mut self, words: usize) {
        for at in 0..words {
            if at > 0 {
                self.text(" ");
            }
            let word = self.words.word(&mut self.rng);
            self.text(word);
        }
    }

    // ---- prose

    fn paragraph(&mut self) {
        if self.rng.percent(4) {
            self.text("## ");
            let words = self.rng.range(2, 6);
            self.phrase(words);
            self.text("\n\n");
        }
        for _ in 0..self.rng.range(3, 8) {
            self.sentence();
        }
        self.plant("The ", " is ", ".");
        self.text("\n\n");
    }

    fn sentence(&mut self) {
        let start = self.corpus.text.len();
        let words = self.rng.range(5, 24);
        for at in 0..words {
            if at > 0 {
                let gap = if self.rng.percent(6) { ", " } else { " " };
                self.text(gap);
            }
            match self.rng.below(200) {
                0 => self.number(5),
                1 => {
                    let name = self.words.family(&mut self.rng);
                    self.text(name);
                }
                2 => {
                    let town = self.words.town(&mut self.rng);
                    self.text(town);
                }
                3 => self.text("caf\u{e9}"),
                _ => {
                    let word = self.words.word(&mut self.rng);
                    self.text(word);
                }
            }
        }
        if let Some(first) = self.corpus.text.get_mut(start..=start) {
            first.make_ascii_uppercase();
        }
        let end = self.rng.pick(&[". ", ". ", ". ", "; ", "? ", " \u{2013} ", ".\n"]);
        self.text(end);
    }

    // ---- source code

    fn identifier(&mut self, style: usize) {
        let verb = self.words.verb(&mut self.rng);
        let noun = self.words.noun(&mut self.rng);
        if style == 1 {
            self.text(verb);
            let start = self.corpus.text.len();
            self.text(noun);
            if let Some(first) = self.corpus.text.get_mut(start..=start) {
                first.make_ascii_uppercase();
            }
        } else {
            let _ = write!(self.corpus.text, "{verb}_{noun}");
        }
    }

    fn noun(&mut self) {
        let noun = self.words.noun(&mut self.rng);
        self.text(noun);
    }

    fn function(&mut self, style: usize) {
        let comment = if style == 2 { "# " } else { "// " };
        if self.rng.percent(40) {
            self.text(comment);
            let words = self.rng.range(4, 14);
            self.phrase(words);
            self.text("\n");
        }
        if !self.plant(comment, ": ", "\n") && self.rng.percent(30) {
            self.constant(style);
        }
        self.text(["pub fn ", "function ", "def "][style]);
        self.identifier(style);
        self.text("(");
        self.noun();
        self.text([": &str, ", ", ", ", "][style]);
        self.noun();
        self.text([": usize) -> bool {\n", ") {\n", "):\n"][style]);
        for _ in 0..self.rng.range(2, 14) {
            let depth = self.rng.range(1, 3);
            self.text(&"            "[..depth * 4]);
            self.statement(style);
        }
        self.text(["    true\n}\n\n", "}\n\n", "\n"][style]);
    }

    fn constant(&mut self, style: usize) {
        self.text(["const MASK: u64 = 0x", "const mask = 0x", "MASK = 0x"][style]);
        self.rng.push_hex(&mut self.corpus.text, 16);
        self.text([";\nconst SEED: u64 = ", ";\nconst seed = ", "\nSEED = "][style]);
        self.reference(1);
        self.text([";\n", ";\n", "\n"][style]);
    }

    fn statement(&mut self, style: usize) {
        let end = if style == 2 { "\n" } else { ";\n" };
        match self.rng.below(6) {
            0 => {
                self.text(["let mut ", "const ", ""][style]);
                self.noun();
                self.text(" = ");
                self.identifier(style);
                self.text("(");
                self.noun();
                self.text(", ");
                self.number(4);
                self.text(")");
            }
            1 => {
                self.text("if ");
                self.noun();
                let comparison = self.rng.pick(&[" == ", " != ", " < ", " >= ", " > "]);
                self.text(comparison);
                self.number(3);
                self.text([" { return false; }\n", " { return null; }\n", ": return None\n"][style]);
                return;
            }
            2 => {
                self.noun();
                self.text(".");
                self.identifier(style);
                self.text("(\"");
                let words = self.rng.range(1, 5);
                self.phrase(words);
                self.text("\")");
            }
            3 => {
                self.noun();
                self.text("[");
                self.noun();
                self.text("] += ");
                self.noun();
                self.text(" * ");
                self.number(3);
            }
            4 => {
                self.text(["return Ok(", "return Promise.resolve(", "yield ("][style]);
                self.noun();
                self.text("::");
                self.identifier(style);
                self.text(")");
            }
            _ => {
                self.text(["assert!(", "console.assert(", "assert ("][style]);
                self.noun();
                self.text(".len() <= ");
                self.number(5);
                self.text(")");
            }
        }
        self.text(end);
    }

    // ---- logs

    fn log_line(&mut self, style: usize) {
        match style {
            0 => self.service_line(),
            1 => self.access_line(),
            _ => self.system_line(),
        }
        self.plant(" ", "=", "");
        self.text("\n");
    }

    fn service_line(&mut self) {
        self.text("2025-03-14T");
        self.clock();
        let level = self.rng.pick(&["Z INFO  [", "Z DEBUG [", "Z WARN  [", "Z INFO  [", "Z ERROR ["]);
        self.text(level);
        self.noun();
        let worker = self.rng.below(32);
        let _ = write!(self.corpus.text, "-{worker}] ");
        self.identifier(0);
        self.text(": ");
        let words = self.rng.range(3, 8);
        self.phrase(words);
        self.text(" request_id=");
        self.rng.push_uuid(&mut self.corpus.text);
        self.text(" duration_ms=");
        self.number(5);
        if self.rng.percent(30) {
            self.text(" client=");
            self.ipv4();
        }
    }

    fn access_line(&mut self) {
        self.ipv4();
        self.text(" - - [14/Mar/2025:");
        self.clock();
        let method = self.rng.pick(&["] \"GET /", "] \"POST /", "] \"GET /static/", "] \"PUT /api/v2/"]);
        self.text(method);
        self.noun();
        self.text("/");
        self.number(8);
        let status = self.rng.pick(&["\" 200 ", "\" 200 ", "\" 304 ", "\" 404 ", "\" 500 "]);
        self.text(status);
        self.number(7);
        self.text(" \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/12");
        self.number(1);
        self.text(".0\" trace=");
        self.rng.push_hex(&mut self.corpus.text, 32);
    }

    fn system_line(&mut self) {
        self.text("Mar 14 ");
        self.clock();
        self.text(" host");
        self.number(3);
        self.text(" ");
        self.noun();
        self.text("d[");
        self.number(5);
        self.text("]: ");
        let words = self.rng.range(3, 9);
        self.phrase(words);
        self.text(" at 0x");
        self.rng.push_hex(&mut self.corpus.text, 12);
        self.text(" from ");
        self.ipv4();
        self.text(" port ");
        self.number(5);
    }

    // ---- CSV and JSON lines

    /// Nine to eleven digits that mean nothing, as order books are full of them: what matchers must look at and refuse.
    fn reference(&mut self, style: usize) {
        self.rng.push_from(&mut self.corpus.text, b"123456789", 1);
        self.rng.push_digits(&mut self.corpus.text, 8 + style);
    }

    fn csv_row(&mut self, style: usize) {
        let (person, family) = (self.words.person(&mut self.rng), self.words.family(&mut self.rng));
        let town = self.words.town(&mut self.rng);
        let quantity = self.rng.range(1, 999);
        let cents = self.rng.range(99, 99_999);
        let total = quantity * cents;
        let _ = write!(self.corpus.text, "{},", 1_000_000 + self.line);
        self.reference(style);
        self.text(",");
        if style == 1 {
            self.slashed_date()
        } else {
            self.date()
        }
        let _ = write!(self.corpus.text, ",{person} {family},{town},{quantity},{}.{:02},", cents / 100, cents % 100);
        let _ = write!(self.corpus.text, "{}.{:02}", total / 100, total % 100);
        let status = self.rng.pick(&[",EUR,paid,", ",USD,open,", ",GBP,paid,", ",CHF,void,"]);
        self.text(status);
        if !self.plant("", " ", "") && self.rng.percent(30) {
            let words = self.rng.range(1, 4);
            self.phrase(words);
        }
        self.text("\n");
    }

    fn json_line(&mut self, style: usize) {
        self.text("{\"id\":\"");
        self.rng.push_uuid(&mut self.corpus.text);
        self.text("\",\"time\":\"");
        self.date();
        self.text("T");
        self.clock();
        self.text("Z\",\"kind\":\"");
        self.identifier(style.min(1));
        let (person, town) = (self.words.person(&mut self.rng), self.words.town(&mut self.rng));
        let _ = write!(self.corpus.text, "\",\"user\":{{\"name\":\"{person}\",\"town\":\"{town}\"}},\"score\":0.");
        self.rng.push_digits(&mut self.corpus.text, 4);
        if style > 0 {
            self.text(",\"account\":");
            self.reference(style);
        }
        self.text(",\"values\":[");
        self.number(4);
        self.text(",");
        self.number(6);
        self.text("],\"text\":\"");
        let words = self.rng.range(4, 16);
        self.phrase(words);
        self.text("\"");
        self.plant(",\"", "\":\"", "\"");
        self.text("}\n");
    }
}
