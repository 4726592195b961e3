//! Seeded faults: throttling, server errors, delays, cut bodies, lost positions, answers that never come, writes that are
//! done late, reads that are out of date.
//!
//! What happens to a request is a pure function of the seed, of the request itself and of how often this very request came
//! before, so that a run can be repeated however the client's threads interleave. No fault lasts: the same request meets
//! [`IN_A_ROW_MAX`] of them and is then let through, and positions are forgotten less and less often, so that a client that
//! tries a bounded number of times reaches its end. Two things also rest on what was asked before: whether a position can be
//! forgotten, and whether there is an answer out of date to give.

use super::wire::{Answer, Asked, Cloud, Door};
use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

/// Faults that the same request meets one after another.
pub const IN_A_ROW_MAX: u8 = 2;
/// Requests on a path that must pass before its first forgotten position; doubled after each.
const RESET_AFTER: u64 = 4;
/// Requests (by their fingerprint) that are remembered; when there are more, all are forgotten.
const REMEMBERED_MAX: usize = 1 << 20;
/// The longest `Retry-After` that is put in.
const WAIT_SECS_MAX: u64 = 3;
/// How late a write is done, and how old a stale read is, at most, unless [`Faults`] says otherwise.
const SOON: Duration = Duration::from_secs(5);

/// How often which fault happens, as a share of the requests it can happen to (0.0 to 1.0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// 429.
    pub throttled: f64,
    /// 500, 502, 503.
    pub failing: f64,
    /// A content's body ends too early.
    pub cut: f64,
    /// A content is not ready: 202 with `Retry-After` (Box).
    pub not_ready: f64,
    /// A cursor or stream position is forgotten.
    pub reset: f64,
    /// An answer comes late.
    pub late: f64,
    /// How late at most; a movable clock waits for nothing.
    pub late_by: Duration,
    /// No answer: the request is not worked on, and after a while the connection is closed.
    pub stalled: f64,
    /// How long such a connection stands; a movable clock waits for nothing.
    pub stall_for: Duration,
    /// Done, but the answer is lost: the request is worked on, then the connection is closed. Neither contents nor tokens.
    pub lost: f64,
    /// A write is done late: the connection is closed at once, and the write is done up to `delayed_by` later, before any
    /// request that comes after its time. Not tokens.
    pub delayed: f64,
    /// How late at most, by the shared clock; five seconds at first.
    pub delayed_by: Duration,
    /// A read is answered as it was before a write: with the tenant's last answer to the same read, when that is no older
    /// than `stale_for` and the tenant did a write since. JSON alone, and nothing that carries a cursor.
    pub stale: f64,
    /// How old such an answer is at most, by the shared clock; five seconds at first.
    pub stale_for: Duration,
}

/// None at all.
impl Default for Faults {
    fn default() -> Self {
        Self {
            throttled: 0.0,
            failing: 0.0,
            cut: 0.0,
            not_ready: 0.0,
            reset: 0.0,
            late: 0.0,
            late_by: Duration::ZERO,
            stalled: 0.0,
            stall_for: Duration::ZERO,
            lost: 0.0,
            delayed: 0.0,
            delayed_by: SOON,
            stale: 0.0,
            stale_for: SOON,
        }
    }
}

impl Faults {
    /// What a service does on an ordinary bad day, and what the tests run with: 429 5 %, 5xx 2 %, cut 5 %, 202 5 %,
    /// forgotten positions 5 %.
    #[must_use]
    pub fn light() -> Self {
        Self { throttled: 0.05, failing: 0.02, cut: 0.05, not_ready: 0.05, reset: 0.05, ..Self::default() }
    }

    /// Far worse than any service: 429, 5xx, cut bodies, 202 and forgotten positions at 20 % each, and every fifth answer up to
    /// half a second late.
    #[must_use]
    pub fn heavy() -> Self {
        let late_by = Duration::from_millis(500);
        Self {
            throttled: 0.2,
            failing: 0.2,
            cut: 0.2,
            not_ready: 0.2,
            reset: 0.2,
            late: 0.2,
            late_by,
            ..Self::default()
        }
    }

    /// What a service does on its worst day: 429 30 %, 5xx 10 %, and 5 % of the requests are never answered (their
    /// connections stand for two seconds). A client that keeps on needs no more than a call and a half for each success
    /// beside the refused ones.
    #[must_use]
    pub fn storm() -> Self {
        let stall_for = Duration::from_secs(2);
        Self { throttled: 0.3, failing: 0.1, stalled: 0.05, stall_for, ..Self::default() }
    }

    /// What whoever writes must survive: 429 10 %, 5xx 5 %, done but not answered 10 %, done up to five seconds late 10 % of
    /// the writes, out of date up to five seconds 15 % of the reads that can be, and 2 % never answered (their connections
    /// stand for two seconds).
    #[must_use]
    pub fn writes() -> Self {
        Self {
            throttled: 0.1,
            failing: 0.05,
            stalled: 0.02,
            stall_for: Duration::from_secs(2),
            lost: 0.1,
            delayed: 0.1,
            stale: 0.15,
            ..Self::default()
        }
    }

    fn none(&self) -> bool {
        let Self { late_by, stall_for, delayed_by, stale_for, .. } = *self;
        *self == Self { late_by, stall_for, delayed_by, stale_for, ..Self::default() }
    }
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// 429 in the form of this number.
    Throttled { form: u64, wait: Duration },
    /// A server error in the form of this number.
    Failing { form: u64 },
    /// 202.
    NotReady { wait: Duration },
    /// The position it carries is forgotten first.
    Reset,
    /// The body is cut; where is decided by this number when its length is known.
    Cut { drawn: u64 },
    /// It is never answered.
    Stalled { stands: Duration },
    /// It is done and never answered.
    Lost,
    /// It is never answered, and done so much later.
    Delayed { by: Duration },
    /// It is answered as before the last write.
    Stale,
}

impl Fault {
    /// Its name in the record: that of its share in [`Faults`].
    pub(super) fn word(self) -> &'static str {
        match self {
            Fault::Throttled { .. } => "throttled",
            Fault::Failing { .. } => "failing",
            Fault::NotReady { .. } => "not_ready",
            Fault::Reset => "reset",
            Fault::Cut { .. } => "cut",
            Fault::Stalled { .. } => "stalled",
            Fault::Lost => "lost",
            Fault::Delayed { .. } => "delayed",
            Fault::Stale => "stale",
        }
    }

    /// True when the connection is closed in place of an answer.
    pub(super) fn hides_the_answer(self) -> bool {
        matches!(self, Fault::Stalled { .. } | Fault::Lost | Fault::Delayed { .. })
    }
}

/// What was drawn for a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) fault: Option<Fault>,
    /// How late the answer comes.
    pub(super) late: Duration,
}

/// What the draw needs to know of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) asked: &'a Asked,
    pub(super) principal: &'a str,
    pub(super) is_content: bool,
    /// It changes the tenant.
    pub(super) is_write: bool,
    /// The desk holds an answer to it that is out of date.
    pub(super) has_stale: bool,
}

impl<'a> About<'a> {
    /// What the tenant says of a request.
    pub(super) fn new(asked: &'a Asked, principal: &'a str, cloud: &dyn Cloud) -> Self {
        let is_write = cloud.is_write(asked) && !is_of_tokens(asked);
        Self { asked, principal, is_content: cloud.is_content(asked), is_write, has_stale: false }
    }
}

/// True for a call that gets, gives back or asks a person for a token, of either provider.
pub(super) fn is_of_tokens(asked: &Asked) -> bool {
    ["/oauth2/", "/api/oauth2/", "/2/auth/"].iter().any(|start| asked.path.starts_with(start))
}

/// Draws faults.
#[derive(Debug)]
pub(super) struct Dice {
    seed: u64,
    seen: HashMap<u64, Seen>,
    resets: HashMap<u64, Resets>,
}

/// How often a request came, and how many faults it met in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    times: u32,
    in_a_row: u8,
}

/// Requests on a path since the last forgotten position, and how many must pass before the next.
#[derive(Clone, Copy, Debug)]
struct Resets {
    since: u64,
    gap: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, seen: HashMap::new(), resets: HashMap::new() }
    }

    /// Draws for this request.
    pub(super) fn draw(&mut self, about: About<'_>, faults: &Faults) -> Drawn {
        if faults.none() {
            return Drawn::default();
        }
        if self.seen.len() >= REMEMBERED_MAX {
            self.seen.clear();
        }
        let fingerprint = fingerprint(&about);
        let seen = self.seen.entry(fingerprint).or_default();
        seen.times = seen.times.wrapping_add(1);
        let mut numbers = Numbers(self.seed ^ fingerprint.wrapping_add(u64::from(seen.times) << 32));
        let fault = pick(&about, faults, &mut numbers).filter(|_| seen.in_a_row < IN_A_ROW_MAX);
        let fault = fault.filter(|fault| *fault != Fault::Reset || self.may_reset(&about));
        if let Some(seen) = self.seen.get_mut(&fingerprint) {
            seen.in_a_row = if fault.is_some() { seen.in_a_row + 1 } else { 0 };
        }
        let late = if numbers.hit(faults.late) { numbers.span(faults.late_by) } else { Duration::ZERO };
        self.count_for_resets(&about, fault);
        Drawn { fault, late }
    }

    fn may_reset(&self, about: &About<'_>) -> bool {
        self.resets.get(&path_of(about)).is_some_and(|resets| resets.since >= resets.gap)
    }

    fn count_for_resets(&mut self, about: &About<'_>, fault: Option<Fault>) {
        if self.resets.len() >= REMEMBERED_MAX {
            self.resets.clear();
        }
        let resets = self.resets.entry(path_of(about)).or_insert(Resets { since: 0, gap: RESET_AFTER });
        resets.since += 1;
        if fault == Some(Fault::Reset) {
            *resets = Resets { since: 0, gap: resets.gap.saturating_mul(2) };
        }
    }
}

/// Draws always in the same order, so that one share does not move the others' luck.
fn pick(about: &About<'_>, faults: &Faults, numbers: &mut Numbers) -> Option<Fault> {
    let door = about.asked.door;
    let of_box = matches!(door, Door::BoxApi | Door::BoxUpload);
    let wait = Duration::from_secs(1 + numbers.next() % WAIT_SECS_MAX);
    let form = numbers.next();
    let rows = [
        // Signed addresses have no pace of their own.
        (door != Door::BoxDownload, faults.throttled, Fault::Throttled { form, wait }),
        (true, faults.failing, Fault::Failing { form }),
        (of_box && about.is_content, faults.not_ready, Fault::NotReady { wait }),
        (!about.is_content, faults.reset, Fault::Reset),
        (about.is_content, faults.cut, Fault::Cut { drawn: form }),
        (true, faults.stalled, Fault::Stalled { stands: faults.stall_for }),
        (!about.is_content && !is_of_tokens(about.asked), faults.lost, Fault::Lost),
        (about.is_write, faults.delayed, Fault::Delayed { by: Numbers(form).span(faults.delayed_by) }),
        // Whether there is one depends on what was asked and written before.
        (about.has_stale, faults.stale, Fault::Stale),
    ];
    let mut picked = None;
    for (can_happen, share, fault) in rows {
        let hit = numbers.hit(share);
        if hit && can_happen && picked.is_none() {
            picked = Some(fault);
        }
    }
    picked
}

/// Who asks what: the same for the same request asked again. Signed addresses change from time to time; their path does
/// not. Nor does a form whose parts are told apart by another word each time: the word is left out.
pub(super) fn fingerprint(about: &About<'_>) -> u64 {
    let asked = about.asked;
    let query = if asked.door == Door::BoxDownload { "" } else { &asked.query };
    let argument = asked.header("dropbox-api-arg").unwrap_or_default();
    let body = without_boundary(asked);
    let parts: [&[u8]; 5] =
        [about.principal.as_bytes(), asked.path.as_bytes(), query.as_bytes(), argument.as_bytes(), &body];
    hash(&[&[door_number(asked.door)], asked.method.as_bytes()]) ^ hash(&parts).rotate_left(1)
}

/// The body; of `multipart/form-data` without the word between its parts.
fn without_boundary(asked: &Asked) -> Cow<'_, [u8]> {
    let kind = asked.header("content-type").filter(|kind| kind.starts_with("multipart/form-data"));
    let word = kind.and_then(|kind| kind.split_once("boundary=")).map_or("", |(_, word)| word);
    let word = word.split(';').next().unwrap_or_default().trim_matches('"').as_bytes();
    let Some(&first) = word.first() else { return Cow::Borrowed(&asked.body) };
    let (mut kept, mut rest) = (Vec::with_capacity(asked.body.len()), asked.body.as_slice());
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        let (before, from) = rest.split_at(at);
        kept.extend_from_slice(before);
        rest = match from.strip_prefix(word) {
            Some(after) => after,
            None => {
                kept.push(first);
                &from[1..]
            }
        };
    }
    kept.extend_from_slice(rest);
    Cow::Owned(kept)
}

fn path_of(about: &About<'_>) -> u64 {
    hash(&[&[door_number(about.asked.door)], about.principal.as_bytes(), about.asked.path.as_bytes()])
}

fn door_number(door: Door) -> u8 {
    let place = Door::ALL.iter().position(|&other| other == door);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
}

/// FNV-1a, with a mark between parts: the standard library's hash may change from one release to the next, and with it
/// every run that a seed stands for.
pub(super) fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for part in parts {
        for &byte in part.iter().chain(&[0xFF]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    hash
}

/// A stream of numbers out of a seed (SplitMix64, by Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// True for this share of draws.
    pub(super) fn hit(&mut self, share: f64) -> bool {
        // 32 bits are an exact f64 and fine enough for a share.
        let drawn = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(drawn) < share * 4_294_967_296.0
    }

    /// A number below `end`; zero when that is zero.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let drawn = usize::try_from(self.next() >> 1).unwrap_or(0);
        drawn.checked_rem(end).unwrap_or(0)
    }

    fn span(&mut self, longest: Duration) -> Duration {
        let ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.next().checked_rem(ms.saturating_add(1)).unwrap_or(0))
    }
}

/// A server error: a page of a proxy, the service's own JSON, or nothing at all.
pub(super) fn failing(form: u64) -> Answer {
    let status = [500, 502, 503][usize::try_from(form % 3).unwrap_or(0)];
    match form / 3 % 3 {
        0 => Answer {
            headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
            ..Answer::text(
                status,
                "<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>",
            )
        },
        1 => Answer::json(
            status,
            &serde_json::json!({ "type": "error", "status": status, "code": "internal_server_error" }),
        ),
        _ => Answer::empty(status),
    }
}

/// Content that is not ready yet.
pub(super) fn not_ready(wait: Duration) -> Answer {
    Answer::empty(202).with("retry-after", wait.as_secs().to_string())
}

/// Where to cut a body of this length: after at least one byte if there are two, and always before the end.
pub(super) fn cut_at(len: usize, drawn: u64) -> usize {
    if len < 2 { 0 } else { 1 + Numbers(drawn).below(len - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;

    fn asked(door: Door, path: &str, body: &str) -> Asked {
        Asked {
            door,
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            at: Moment::default(),
        }
    }

    fn draws(dice: &mut Dice, request: &Asked, is_content: bool, faults: &Faults, times: usize) -> Vec<Option<Fault>> {
        let about = About { asked: request, principal: "p", is_content, is_write: false, has_stale: false };
        (0..times).map(|_| dice.draw(about, faults).fault).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_whatever_came_between() {
        let (one, other) = (asked(Door::BoxApi, "/a", ""), asked(Door::BoxApi, "/b", ""));
        let mut dice = Dice::new(7);
        let alone = draws(&mut dice, &one, true, &Faults::heavy(), 50);
        let mut dice = Dice::new(7);
        let mut between = Vec::new();
        for _ in 0..50 {
            draws(&mut dice, &other, true, &Faults::heavy(), 3);
            between.extend(draws(&mut dice, &one, true, &Faults::heavy(), 1));
        }
        let only_other_resets = |list: &[Option<Fault>]| list.iter().filter(|f| **f != Some(Fault::Reset)).count();
        assert_eq!(only_other_resets(&alone), only_other_resets(&between));
        assert_eq!(alone, between);
        assert_ne!(alone, draws(&mut Dice::new(8), &one, true, &Faults::heavy(), 50));
    }

    #[test]
    fn a_request_that_comes_again_is_let_through() {
        let all = Faults { throttled: 1.0, ..Faults::default() };
        let met = draws(&mut Dice::new(1), &asked(Door::DropboxApi, "/a", ""), false, &all, 6);
        let met: Vec<bool> = met.iter().map(Option::is_some).collect();
        assert_eq!(met, [true, true, false, true, true, false]);
    }

    #[test]
    fn each_fault_happens_where_it_can() {
        let only = |set: fn(&mut Faults)| {
            let mut faults = Faults::default();
            set(&mut faults);
            faults
        };
        let rows: [(&str, Faults, [bool; 4]); 5] = [
            ("throttled", only(|faults| faults.throttled = 1.0), [true, true, false, true]),
            ("failing", only(|faults| faults.failing = 1.0), [true; 4]),
            ("not ready", only(|faults| faults.not_ready = 1.0), [false, true, false, false]),
            ("reset", only(|faults| faults.reset = 1.0), [false; 4]),
            ("cut", only(|faults| faults.cut = 1.0), [false, true, true, true]),
        ];
        let places =
            [(Door::BoxApi, false), (Door::BoxApi, true), (Door::BoxDownload, true), (Door::DropboxContent, true)];
        for (name, faults, expected) in rows {
            for ((door, is_content), expected) in places.into_iter().zip(expected) {
                let met = draws(&mut Dice::new(1), &asked(door, "/a", ""), is_content, &faults, 1);
                assert_eq!(met[0].is_some(), expected, "{name} {door:?} {is_content}");
            }
        }
    }

    #[test]
    fn faults_of_writes_and_reads_happen_to_those() {
        let content = asked(Door::DropboxContent, "/a", "");
        let (write, token) = (asked(Door::BoxApi, "/a", ""), asked(Door::DropboxApi, "/oauth2/token", ""));
        for (name, request, is_write, has_stale, expected) in [
            ("a write", &write, true, false, [true, true, false]),
            ("a read with an old answer", &write, false, true, [true, false, true]),
            ("a read without", &write, false, false, [true, false, false]),
            ("a content", &content, false, false, [false; 3]),
            ("a token", &token, false, false, [false; 3]),
        ] {
            let is_content = name == "a content";
            let about = About { asked: request, principal: "p", is_content, is_write, has_stale };
            let none = Faults { delayed_by: Duration::ZERO, ..Faults::default() };
            let all = [Faults { lost: 1.0, ..none }, Faults { delayed: 1.0, ..none }, Faults { stale: 1.0, ..none }];
            let expected_all = [Fault::Lost, Fault::Delayed { by: Duration::ZERO }, Fault::Stale];
            for ((faults, fault), expected) in all.into_iter().zip(expected_all).zip(expected) {
                let mut dice = Dice::new(1);
                let met = [(); 3].map(|()| dice.draw(about, &faults).fault);
                let met_twice = [Some(fault), Some(fault), None];
                assert_eq!(met, if expected { met_twice } else { [None; 3] }, "{name}: {}", fault.word());
            }
        }
    }

    #[test]
    fn a_form_is_the_same_with_another_word_between_its_parts() {
        let print = |word: &str, body: &str| {
            let mut request = asked(Door::BoxUpload, "/a", body);
            request.headers = vec![("content-type".into(), format!("multipart/form-data; boundary=\"{word}\""))];
            fingerprint(&About { asked: &request, principal: "p", is_content: false, is_write: true, has_stale: false })
        };
        let one = print("edge", "--edge\r\n\r\neager\r\n--edge--");
        assert_eq!(one, print("rim", "--rim\r\n\r\neager\r\n--rim--"));
        assert_ne!(one, print("rim", "--rim\r\n\r\nother\r\n--rim--"));
        assert_ne!(one, print("", "--edge\r\n\r\neager\r\n--edge--"));
    }

    #[test]
    fn faults_that_come_later_do_not_move_the_luck_of_the_others() {
        let (plain, more) = (Faults::storm(), Faults { delayed: 0.5, stale: 0.5, ..Faults::storm() });
        for number in 0..200 {
            let request = asked(Door::BoxApi, &format!("/{number}"), "");
            let about = About { asked: &request, principal: "p", is_content: false, is_write: true, has_stale: true };
            let (one, other) = (Dice::new(1).draw(about, &plain).fault, Dice::new(1).draw(about, &more).fault);
            let is_new = matches!(other, Some(Fault::Delayed { .. } | Fault::Stale));
            assert!(one == other || (one.is_none() && is_new), "{number}: {one:?} {other:?}");
        }
    }

    #[test]
    fn positions_are_forgotten_less_and_less_often() {
        let faults = Faults { reset: 1.0, ..Faults::default() };
        let mut dice = Dice::new(1);
        let met: Vec<usize> = (0..100)
            .filter(|page| {
                draws(&mut dice, &asked(Door::DropboxApi, "/a", &format!("{page}")), false, &faults, 1) != [None]
            })
            .collect();
        assert_eq!(met, [4, 13, 30, 63]);
    }

    #[test]
    fn shares_are_kept_about() {
        let mut dice = Dice::new(3);
        let mut count = [0; 2];
        for number in 0..20_000 {
            let request = asked(Door::DropboxApi, &format!("/{number}"), "");
            for fault in draws(&mut dice, &request, false, &Faults::light(), 1) {
                match fault {
                    Some(Fault::Throttled { .. }) => count[0] += 1,
                    Some(Fault::Failing { .. }) => count[1] += 1,
                    _ => {}
                }
            }
        }
        assert!((900..1_100).contains(&count[0]) && (320..480).contains(&count[1]), "{count:?}");
    }

    #[test]
    fn a_cut_is_before_the_end() {
        for drawn in 0..200 {
            for len in [0_usize, 1, 2, 3, 1000] {
                let at = cut_at(len, drawn);
                assert!(at <= len.saturating_sub(1) && (len < 2 || at > 0), "{len} {at}");
            }
        }
    }
}
