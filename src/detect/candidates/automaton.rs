//! One anchored automaton over many rules, made state by state as text demands.
//!
//! It answers for one beginning: which rules match there, and where they end. All its states together would be megabytes
//! and a quarter of a second; text visits few of them, so each thread makes those it meets ([`Cache`]).
//!
//! An end is told by the byte behind it, so that word boundaries (`\b`) are decided on the way. Other assertions are taken
//! to hold, and the rules that have them are [`Automaton::unsure`].

use super::told::Rule;
use regex_automata::nfa::thompson::{self, NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_syntax::hir;
use std::collections::HashMap;
use std::sync::Arc;

/// The rules, compiled together.
#[derive(Debug)]
pub(crate) struct Automaton {
    rules: Vec<Arc<Rule>>,
    longest: usize,
    nfa: NFA,
    classes: Classes,
    /// Rules whose look-around the automaton does not check: they may match less often than it says.
    unsure: Vec<bool>,
    /// For each state of the NFA, its rule.
    owners: Vec<u16>,
}

/// Bytes that a walk looks at: what is still possible then is left to the rules' own engines. Long repeats, each counted,
/// would make states without end.
const DEPTH: usize = 32;

/// Largest automaton before its states are made, in bytes.
const NFA_BYTES_MAX: usize = 16 << 20;
/// States that one thread keeps, in bytes of their table; past that they are made anew.
const TABLE_BYTES_MAX: usize = 8 << 20;

/// In a table: rules end before the byte that led there.
const ENDS: u32 = 1 << 31;
/// No way on.
const DEAD: u32 = 1 << 30;
/// Not made yet.
const UNKNOWN: u32 = 1 << 29;
/// What is left of an entry: where the state's row begins.
const ROW: u32 = UNKNOWN - 1;

/// A byte's class: bytes of one class lead to the same states.
#[derive(Debug)]
struct Classes {
    of_byte: [u8; 256],
    /// One byte of each class; the last class is the end of the text and has none.
    samples: Vec<u8>,
    /// A row holds this power of two of entries.
    shift: u32,
}

/// The states made so far; one thread's.
#[derive(Debug)]
pub(crate) struct Cache {
    table: Vec<u32>,
    /// For each state, the list of rules that end before the byte that led to it.
    ends: Vec<u32>,
    /// For each state, the list of rules that may still end, once that was asked.
    alive: Vec<Option<u32>>,
    states: Vec<Key>,
    known: HashMap<Key, u32>,
    lists: Vec<Box<[u16]>>,
    known_lists: HashMap<Box<[u16]>, u32>,
    /// The states of a beginning, behind no word byte and behind one.
    begins: [u32; 2],
    stack: Vec<StateID>,
    seen: Vec<bool>,
}

/// What makes a state: where in the rules it stands, what ended on the way, and what stood before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// States of the NFA that consume a byte or ask what stands beside, sorted.
    set: Box<[StateID]>,
    ends: u32,
    behind_word: bool,
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// Every end was told.
    Whole,
    /// Every end as far as a walk goes was told; the rules of the list may end farther on.
    Cut(u32),
    /// The walk needs more states than a thread keeps: any rule may match.
    TooLarge,
}

/// Bytes that count as words for `\b`.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Automaton {
    /// Compiles rules together; `None` when they are too large.
    pub(crate) fn new(rules: Vec<Arc<Rule>>) -> Option<Self> {
        if rules.len() > usize::from(u16::MAX) {
            return None;
        }
        let hirs: Vec<_> = rules.iter().map(|rule| &rule.hir).collect();
        let config = thompson::Config::new()
            .utf8(false)
            .nfa_size_limit(Some(NFA_BYTES_MAX))
            .which_captures(thompson::WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&hirs).ok()?;
        if nfa.states().iter().any(|state| matches!(state, State::Dense(_))) {
            return None;
        }
        let longest = rules.iter().map(|rule| rule.longest).max().unwrap_or(0);
        let checked = |look| matches!(look, hir::Look::WordAscii | hir::Look::WordAsciiNegate);
        let unsure = rules.iter().map(|rule| !rule.hir.properties().look_set().iter().all(checked)).collect();
        Some(Self { classes: Classes::new(&nfa), unsure, owners: owners(&nfa), longest, rules, nfa })
    }

    /// A rule by its index.
    pub(crate) fn rule(&self, index: u16) -> &Rule {
        &self.rules[usize::from(index)]
    }

    /// How many rules it holds.
    pub(crate) fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// Longest match of any of its rules, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Whether a rule's matches hang on something that the automaton does not check.
    pub(crate) fn unsure(&self, rule: u16) -> bool {
        self.unsure[usize::from(rule)]
    }

    /// Scratch for one thread.
    pub(crate) fn cache(&self) -> Cache {
        let mut cache = Cache {
            table: Vec::new(),
            ends: Vec::new(),
            alive: Vec::new(),
            states: Vec::new(),
            known: HashMap::new(),
            lists: Vec::new(),
            known_lists: HashMap::new(),
            begins: [DEAD; 2],
            stack: Vec::new(),
            seen: vec![false; self.nfa.states().len()],
        };
        self.reset(&mut cache);
        cache
    }

    fn reset(&self, cache: &mut Cache) {
        cache.table.clear();
        cache.ends.clear();
        cache.alive.clear();
        cache.states.clear();
        cache.known.clear();
        cache.lists.clear();
        cache.known_lists.clear();
        let nothing = cache.list(Vec::new());
        cache.begins = [false, true].map(|behind_word| {
            let set = self.close(cache, [self.nfa.start_anchored()].into_iter());
            self.add(cache, Key { set, ends: nothing, behind_word })
        });
    }

    /// Walks from `start` and calls `ended` with each place where rules end and the number of their list; ends past
    /// `limit` are not told. Numbers hold until the next walk.
    #[inline]
    pub(crate) fn walk(
        &self,
        cache: &mut Cache,
        hay: &[u8],
        start: usize,
        limit: usize,
        mut ended: impl FnMut(usize, u32),
    ) -> Walked {
        let behind_word = start.checked_sub(1).is_some_and(|before| is_word(hay[before]));
        let mut state = cache.begins[usize::from(behind_word)] & ROW;
        let whole = limit - start <= DEPTH;
        let limit = if whole { limit } else { start + DEPTH };
        let bytes = &hay[start..hay.len().min(limit + 1)];
        let mut at = 0;
        while at < bytes.len() {
            let table = &cache.table[..];
            let mut next = UNKNOWN;
            let mut class = 0;
            while let Some(&byte) = bytes.get(at) {
                class = self.classes.of_byte[usize::from(byte)];
                next = table[state as usize + usize::from(class)];
                at += 1;
                if next >= UNKNOWN {
                    break;
                }
                state = next;
            }
            if next < UNKNOWN {
                break;
            }
            if next & UNKNOWN != 0 {
                let Some(made) = self.make(cache, state, class) else { return Walked::TooLarge };
                next = made;
            }
            if next & ENDS != 0 {
                ended(start + at - 1, cache.ends[((next & ROW) >> self.classes.shift) as usize]);
            }
            if next & DEAD != 0 {
                return Walked::Whole;
            }
            state = next & ROW;
        }
        if !whole {
            return Walked::Cut(self.alive(cache, state));
        }
        if limit >= hay.len() {
            let class = self.classes.end();
            let mut next = cache.table[state as usize + usize::from(class)];
            if next & UNKNOWN != 0 {
                let Some(made) = self.make(cache, state, class) else { return Walked::TooLarge };
                next = made;
            }
            if next & ENDS != 0 {
                ended(hay.len(), cache.ends[((next & ROW) >> self.classes.shift) as usize]);
            }
        }
        Walked::Whole
    }

    /// Forgets all states when they have become too many; between walks.
    pub(crate) fn tidy(&self, cache: &mut Cache) {
        if cache.table.len() * size_of::<u32>() > TABLE_BYTES_MAX / 2 {
            self.reset(cache);
        }
    }

    /// Makes the state that a class leads to. `None` when there is no room left.
    #[cold]
    fn make(&self, cache: &mut Cache, from: u32, class: u8) -> Option<u32> {
        if cache.table.len() * size_of::<u32>() > TABLE_BYTES_MAX {
            return None;
        }
        let Key { set, behind_word, .. } = cache.states[(from >> self.classes.shift) as usize].clone();
        let byte = self.classes.samples.get(usize::from(class)).copied();
        let before_word = byte.is_some_and(is_word);
        let (mut ends, reached) = self.pass_looks(cache, &set, behind_word != before_word);
        // An end that this byte refuses is left out where the others tell the match without it.
        ends.retain(|&index| {
            let rule = self.rule(index);
            !(rule.refuses(byte) && rule.proved().edges_decide)
        });
        let ends = cache.list(ends);
        let next = byte.map_or_else(Box::default, |byte| {
            let steps = reached.iter().flat_map(|&source| {
                let transitions = match self.nfa.state(source) {
                    State::ByteRange { trans } => std::slice::from_ref(trans),
                    State::Sparse(sparse) => &sparse.transitions,
                    _ => &[],
                };
                transitions.iter().filter(|step| step.matches_byte(byte)).map(|step| step.next)
            });
            self.close(cache, steps)
        });
        // What stood before matters only to those who ask.
        let asks = next.iter().any(|&id| matches!(self.nfa.state(id), State::Look { .. }));
        let state = self.add(cache, Key { set: next, ends, behind_word: asks && before_word });
        cache.table[from as usize + usize::from(class)] = state;
        Some(state)
    }

    /// The rules that may still end behind a state.
    fn alive(&self, cache: &mut Cache, state: u32) -> u32 {
        let at = (state >> self.classes.shift) as usize;
        if let Some(list) = cache.alive[at] {
            return list;
        }
        let mut rules: Vec<u16> = cache.states[at].set.iter().map(|id| self.owners[id.as_usize()]).collect();
        rules.sort_unstable();
        rules.dedup();
        let list = cache.list(rules);
        cache.alive[at] = Some(list);
        list
    }

    /// From the states of a set on: which rules end here, and which states consume the next byte, when a word boundary
    /// stands here or not.
    fn pass_looks(&self, cache: &mut Cache, set: &[StateID], boundary: bool) -> (Vec<u16>, Vec<StateID>) {
        let (mut ends, mut reached) = (Vec::new(), Vec::new());
        let mut visited = Vec::new();
        cache.stack.extend_from_slice(set);
        while let Some(id) = cache.stack.pop() {
            if std::mem::replace(&mut cache.seen[id.as_usize()], true) {
                continue;
            }
            visited.push(id);
            match self.nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => reached.push(id),
                State::Fail => {}
                State::Look { look, next } => {
                    let holds = match look {
                        Look::WordAscii => boundary,
                        Look::WordAsciiNegate => !boundary,
                        _ => true,
                    };
                    if holds {
                        cache.stack.push(*next);
                    }
                }
                State::Capture { next, .. } => cache.stack.push(*next),
                State::Union { alternates } => cache.stack.extend_from_slice(alternates),
                State::BinaryUnion { alt1, alt2 } => cache.stack.extend([*alt1, *alt2]),
                State::Match { pattern_id } => ends.extend(u16::try_from(pattern_id.as_usize())),
            }
        }
        for id in visited {
            cache.seen[id.as_usize()] = false;
        }
        ends.sort_unstable();
        (ends, reached)
    }

    /// All states that these lead to without a byte and without asking what stands beside.
    fn close(&self, cache: &mut Cache, from: impl Iterator<Item = StateID>) -> Box<[StateID]> {
        let (mut set, mut visited) = (Vec::new(), Vec::new());
        cache.stack.extend(from);
        while let Some(id) = cache.stack.pop() {
            if std::mem::replace(&mut cache.seen[id.as_usize()], true) {
                continue;
            }
            visited.push(id);
            match self.nfa.state(id) {
                State::Fail => {}
                State::Capture { next, .. } => cache.stack.push(*next),
                State::Union { alternates } => cache.stack.extend_from_slice(alternates),
                State::BinaryUnion { alt1, alt2 } => cache.stack.extend([*alt1, *alt2]),
                _ => set.push(id),
            }
        }
        for id in visited {
            cache.seen[id.as_usize()] = false;
        }
        set.sort_unstable();
        set.into()
    }

    fn add(&self, cache: &mut Cache, key: Key) -> u32 {
        if let Some(&state) = cache.known.get(&key) {
            return state;
        }
        let row = u32::try_from(cache.table.len()).unwrap_or(ROW);
        let mut state = row;
        if !cache.lists[key.ends as usize].is_empty() {
            state |= ENDS;
        }
        if key.set.is_empty() {
            state |= DEAD;
        }
        cache.table.extend(std::iter::repeat_n(UNKNOWN, 1 << self.classes.shift));
        cache.ends.push(key.ends);
        cache.alive.push(None);
        cache.states.push(key.clone());
        cache.known.insert(key, state);
        state
    }
}

impl Cache {
    /// The rules of a list, sorted.
    pub(crate) fn rules(&self, list: u32) -> &[u16] {
        &self.lists[list as usize]
    }

    fn list(&mut self, rules: Vec<u16>) -> u32 {
        let rules: Box<[u16]> = rules.into();
        if let Some(&number) = self.known_lists.get(&rules) {
            return number;
        }
        let number = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.lists.push(rules.clone());
        self.known_lists.insert(rules, number);
        number
    }
}

/// The rule of each state: rules share none.
fn owners(nfa: &NFA) -> Vec<u16> {
    let mut owners = vec![u16::MAX; nfa.states().len()];
    for rule in nfa.patterns() {
        let number = u16::try_from(rule.as_usize()).unwrap_or(u16::MAX);
        let mut open: Vec<StateID> = nfa.start_pattern(rule).into_iter().collect();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut owners[id.as_usize()], number) == number {
                continue;
            }
            match nfa.state(id) {
                State::ByteRange { trans } => open.push(trans.next),
                State::Sparse(sparse) => open.extend(sparse.transitions.iter().map(|step| step.next)),
                State::Dense(_) | State::Fail | State::Match { .. } => {}
                State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
                State::Union { alternates } => open.extend_from_slice(alternates),
                State::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
            }
        }
    }
    owners
}

impl Classes {
    /// The classes of an NFA, cut where words and numbers begin and end.
    fn new(nfa: &NFA) -> Self {
        let of_nfa = nfa.byte_classes();
        let mut of_byte = [0; 256];
        let mut known: Vec<(u8, bool, bool, bool)> = Vec::new();
        let mut samples = Vec::new();
        for byte in 0..=255_u8 {
            let seen = (of_nfa.get(byte), is_word(byte), byte.is_ascii_alphanumeric(), byte.is_ascii_digit());
            let class = known.iter().position(|other| *other == seen).unwrap_or_else(|| {
                known.push(seen);
                samples.push(byte);
                known.len() - 1
            });
            of_byte[usize::from(byte)] = u8::try_from(class).unwrap_or(u8::MAX);
        }
        let shift = (samples.len() + 1).next_power_of_two().trailing_zeros();
        Self { of_byte, samples, shift }
    }

    /// The class of the text's end.
    fn end(&self) -> u8 {
        u8::try_from(self.samples.len()).unwrap_or(u8::MAX)
    }
}
