//! What is not wrong with a policy but probably not meant: the warnings of `policy check`.
//!
//! Only what can be proven is told ([`crate::policy::prove`]); that two policies are not shown to be apart does not mean that
//! any item matches both.

use super::sheet::{Sheet, fault};
use super::table::range;
use crate::model::{Mode, Provider};
use crate::policy::ask::Ask;
use crate::policy::error::{Span, Wrongly};
use crate::policy::prove::Proof;
use crate::policy::set::{Policy, Wish};
use crate::source::{Fault, SourceFile};
use serde::{Serialize, Serializer};
use std::fmt;

/// Every code, with what it says.
pub const CODES: [(&str, &str); 7] = [
    ("contradiction", "two policies can match the same item and want what cannot both be had"),
    ("covered-action", "another action of the same policy does this one's work"),
    ("never-matches", "nothing can ever match the policy"),
    ("no-action", "the policy is to be planned or enforced and asks for nothing"),
    ("other-provider", "an action that the only provider in its scope does not have"),
    ("shadowed", "whatever the policy matches, one before it matches too and asks for the same or more"),
    ("unknown-connector", "a connector that is not set up, at least not yet"),
];

/// Pairs of policies that are reasoned about: enough for every pair of 200.
const PAIRS_MAX: usize = 20_000;

/// Something that is probably not meant.
#[derive(Clone, Debug)]
pub struct Note {
    code: &'static str,
    fault: Fault,
}

impl Note {
    pub(super) fn at(code: &'static str, source: &SourceFile, wrong: Wrongly) -> Self {
        Self { code, fault: fault(source, wrong) }
    }

    /// Points at a second place that belongs to it.
    fn also(self, source: &SourceFile, span: Span, label: impl Into<String>) -> Self {
        Self { fault: self.fault.also(source, range(span), label), ..self }
    }

    /// Its code: one of [`CODES`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is odd, in a sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        self.fault.message()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.render(&format!("warning[{}]", self.code), f)
    }
}

impl Serialize for Note {
    /// A row with `severity`, `code`, `message`, `file`, `line`, `column`, `label`, `help`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fault.row("warning", Some(self.code)).serialize(serializer)
    }
}

/// Looks at all policies, each by itself and in pairs.
pub(super) fn look(sheets: &[Sheet<'_>], notes: &mut Vec<Note>) {
    let proofs: Vec<Option<Proof>> = sheets.iter().map(|sheet| Proof::of(sheet.policy.filter.expr())).collect();
    for (sheet, proof) in sheets.iter().zip(&proofs) {
        alone(sheet, proof.as_ref(), notes);
    }
    let is_asked = |sheet: &Sheet<'_>| sheet.policy.mode != Mode::Off;
    let mut pairs = 0;
    for (at, later) in sheets.iter().enumerate().filter(|(_, sheet)| is_asked(sheet)) {
        for (before, earlier) in sheets[..at].iter().enumerate().filter(|(_, sheet)| is_asked(sheet)) {
            pairs += 1;
            if pairs > PAIRS_MAX {
                return;
            }
            let both = proofs[before].as_ref().zip(proofs[at].as_ref());
            contradiction(earlier, later, both, notes);
            shadow(earlier, later, both, notes);
        }
    }
}

fn alone(sheet: &Sheet<'_>, proof: Option<&Proof>, notes: &mut Vec<Note>) {
    let (policy, table) = (&sheet.policy, sheet.table);
    if let Some(clash) = proof.and_then(Proof::never) {
        let message = format!("nothing can ever match policy `{}`", policy.name);
        let (shown, span) = clash.one;
        let wrong = match &clash.other {
            Some((other, _)) => Wrongly::new(span, message).expected(format!("excludes `{other}`")),
            None => Wrongly::new(span, message).expected(format!("`{shown}` holds for nothing")),
        };
        let note = Note::at("never-matches", sheet.source, wrong);
        notes.push(match clash.other {
            Some((_, other)) => note.also(sheet.source, other, "this one"),
            None => note,
        });
    }
    if policy.wishes.is_empty() && matches!(policy.mode, Mode::Enforce | Mode::Plan) && table.has("mode") {
        let message = format!("policy `{}` asks for nothing", policy.name);
        let wrong = Wrongly::new(table.at("mode"), message).expected(format!("nothing to {}", policy.mode.name()));
        let help = "add `[[policy.action]]`, or write `mode = \"watch\"` to have its matches recorded and alerted";
        notes.push(Note::at("no-action", sheet.source, wrong.help(help)));
    }
    covered(sheet, notes);
    other_provider(sheet, notes);
}

/// The place of the word under `do` of an action.
fn done(sheet: &Sheet<'_>, at: usize) -> Span {
    sheet.table.tables("action").get(at).map_or(sheet.table.span, |action| action.at("do"))
}

fn covers(one: &Wish, other: &Wish) -> bool {
    one.ask.contains(&other.ask) && one.after <= other.after && (one.still == other.still || one.after.is_zero())
}

fn covered(sheet: &Sheet<'_>, notes: &mut Vec<Note>) {
    let wishes = &sheet.policy.wishes;
    for (at, wish) in wishes.iter().enumerate() {
        // Of two that do each other's work the later one is told.
        let over = wishes
            .iter()
            .enumerate()
            .position(|(place, other)| place != at && covers(other, wish) && (!covers(wish, other) || place < at));
        let Some(over) = over else { continue };
        let (name, by) = (wish.ask.name(), wishes[over].ask.name());
        let message = format!("`{name}` leaves nothing to do beside `{by}`");
        let wrong = Wrongly::new(done(sheet, at), message).expected("never done by itself");
        let note = Note::at(
            "covered-action",
            sheet.source,
            wrong.help("leave it out, or let the stronger one wait by `after`"),
        );
        notes.push(note.also(sheet.source, done(sheet, over), "does its work"));
    }
}

/// The provider that alone has an action; `None` when both do.
fn only_at(ask: &Ask) -> Option<Provider> {
    match ask {
        Ask::Comment { .. } | Ask::Task { .. } | Ask::Hold { .. } | Ask::RequirePassword => Some(Provider::Box),
        Ask::RevokeApps => Some(Provider::Dropbox),
        _ => None,
    }
}

fn other_provider(sheet: &Sheet<'_>, notes: &mut Vec<Note>) {
    let Some(providers) = sheet.policy.filter.narrow().providers else { return };
    for (at, wish) in sheet.policy.wishes.iter().enumerate() {
        let Some(only) = only_at(&wish.ask).filter(|only| !providers.contains(only)) else { continue };
        let message = format!("`{}` is there for {} alone", wish.ask.name(), only.name());
        let wrong = Wrongly::new(done(sheet, at), message).expected("never done: the policy means the other provider");
        notes.push(Note::at("other-provider", sheet.source, wrong));
    }
}

fn contradiction(earlier: &Sheet<'_>, later: &Sheet<'_>, both: Option<(&Proof, &Proof)>, notes: &mut Vec<Note>) {
    let pair = later.policy.wishes.iter().enumerate().find_map(|(at, wish)| {
        let before = earlier.policy.wishes.iter().position(|other| other.ask.contradicts(&wish.ask))?;
        Some((at, before))
    });
    let Some((at, before)) = pair else { return };
    if both.is_some_and(|(one, other)| one.excludes(other)) {
        return;
    }
    let (name, other) = (later.policy.wishes[at].ask.name(), earlier.policy.wishes[before].ask.name());
    let (policy, first) = (&later.policy.name, &earlier.policy.name);
    let message = format!("`{name}` of policy `{policy}` contradicts `{other}` of policy `{first}`");
    let wrong = Wrongly::new(done(later, at), message).expected("not done where both match").help(format!(
        "`{first}` is heard, since it stands first; let their filters exclude each other, or give both the same parameters"
    ));
    let note = Note::at("contradiction", later.source, wrong);
    notes.push(note.also(earlier.source, done(earlier, before), "heard instead"));
}

fn shadow(earlier: &Sheet<'_>, later: &Sheet<'_>, both: Option<(&Proof, &Proof)>, notes: &mut Vec<Note>) {
    let (first, policy): (&Policy, &Policy) = (&earlier.policy, &later.policy);
    let asks_no_more = policy.wishes.iter().all(|wish| first.wishes.iter().any(|other| covers(other, wish)));
    let far = |mode: Mode| Mode::ALL.iter().position(|one| *one == mode);
    let goes_as_far = far(first.mode) >= far(policy.mode);
    if policy.wishes.is_empty() || !asks_no_more || !goes_as_far {
        return;
    }
    // What never matches lies within everything, and that was told.
    if !both.is_some_and(|(outer, inner)| inner.lies_within(outer) && inner.never().is_none()) {
        return;
    }
    let message = format!("policy `{}` adds nothing to policy `{}`", policy.name, first.name);
    let span = later.table.at("name");
    let wrong = Wrongly::new(span, message)
        .expected("whatever it matches, the other matches too and asks for the same or more")
        .help("leave it out, or let it ask for something of its own");
    let note = Note::at("shadowed", later.source, wrong);
    notes.push(note.also(earlier.source, earlier.table.at("name"), "the other"));
}
