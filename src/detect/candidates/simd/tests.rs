//! Each path against the definition, on tables and bytes drawn at random, in slices that begin anywhere and end where the
//! next byte is not theirs.
//!
//! Under Miri there are few cases and they are small: it looks for what no result can show (`.ci/miri`).

use super::*;
use crate::detect::candidates::shape::anchors::PLACES;
use proptest::prelude::*;

const CASES: u32 = if cfg!(miri) { 4 } else { 400 };
/// Most steps of a search.
const STEPS_MAX: usize = if cfg!(miri) { 1 } else { 33 };
/// Stands where nothing may be written.
const GUARD: u8 = 0xA5;

/// Numbers drawn from a seed (splitmix64): tables of thousands of bytes need no strategy of their own.
struct Draw(u64);

impl Draw {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn byte(&mut self) -> u8 {
        self.word().to_le_bytes()[7]
    }

    /// Each bit is set `of_eight` times in eight.
    fn bits(&mut self, of_eight: u8) -> u8 {
        (0..8).fold(0, |bits, bit| bits | u8::from(self.byte() & 7 < of_eight) << bit)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.word() % end as u64).expect("small")
    }
}

/// Bytes in a slice that begins anywhere in memory, with guards around.
struct Guarded {
    bytes: Vec<u8>,
    before: usize,
    length: usize,
}

impl Guarded {
    fn new(before: usize, length: usize) -> Self {
        Self { bytes: vec![GUARD; before + length + 64], before, length }
    }

    fn slice(&mut self) -> &mut [u8] {
        &mut self.bytes[self.before..self.before + self.length]
    }

    fn guards_stand(&self) -> bool {
        let (before, rest) = self.bytes.split_at(self.before);
        before.iter().chain(&rest[self.length..]).all(|&byte| byte == GUARD)
    }
}

/// Tables as the finder makes them: places in any order, some of them asking nothing.
fn tables(draw: &mut Draw, shape: &Shape) -> Tables {
    let groups = 1 + usize::from(shape.wide);
    let mut offsets: Vec<usize> = (0..PLACES).collect();
    for at in (1..PLACES).rev() {
        offsets.swap(at, draw.below(at + 1));
    }
    offsets.truncate(shape.rows);
    let row = |offset| {
        let mut admits = [[0; 64]; 2];
        for admits in &mut admits[..groups] {
            // Beyond the classes in use a table holds what no search may be led by.
            for (class, admits) in admits.iter_mut().enumerate() {
                *admits = if class < shape.classes { draw.bits(shape.of_eight) } else { 0xFF };
            }
        }
        Row { admits, offset }
    };
    let rows: Vec<Row> = offsets.into_iter().map(row).collect();
    let mut chains = Box::new([[0; 2]; 64]);
    for (class, chains) in chains.iter_mut().enumerate() {
        for (group, chain) in chains.iter_mut().enumerate().take(groups) {
            for place in 0..PLACES {
                let row = rows.iter().find(|row| row.offset == place);
                *chain |= u128::from(row.map_or(0xFF, |row| row.admits[group][class])) << (8 * place);
            }
        }
    }
    Tables { classes: [0; 128], rows, chains, wide: shape.wide }
}

/// What to draw for a search.
#[derive(Clone, Debug)]
struct Shape {
    seed: u64,
    rows: usize,
    classes: usize,
    of_eight: u8,
    wide: bool,
    steps: usize,
    /// Where in memory the slices begin.
    before: usize,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let classes = prop_oneof![Just(16_usize), 1..=16_usize, 17..=64_usize];
    // From next to nothing to nearly everything: the early way out, and every bucket at once.
    (any::<u64>(), 1..=PLACES, classes, 1..=7_u8, any::<bool>(), 1..=STEPS_MAX, 0..64_usize).prop_map(
        |(seed, rows, classes, of_eight, wide, steps, before)| Shape {
            seed,
            rows,
            classes,
            of_eight,
            wide,
            steps,
            before,
        },
    )
}

/// The paths that can look at so many classes.
fn paths(classes: usize) -> impl Iterator<Item = Path> {
    Path::all().iter().copied().filter(move |&path| classes <= 16 || path != Path::Avx2)
}

/// What each path finds is what the rows say, place by place.
fn check_search(shape: &Shape) -> Result<(), TestCaseError> {
    let mut draw = Draw(shape.seed);
    let tables = tables(&mut draw, shape);
    let positions = shape.steps * STEP;
    let mut classes = Guarded::new(shape.before, positions + REACH);
    for class in classes.slice() {
        *class = u8::try_from(draw.below(shape.classes)).expect("below 64");
    }
    let classes = classes.slice();
    let admitted = |position: usize, group: usize| {
        let admits = |row: &Row| row.admits[group][usize::from(classes[position + row.offset])];
        tables.rows.iter().fold(0xFF, |buckets, row| buckets & admits(row))
    };
    let wanted: Vec<[u8; 2]> = (0..positions)
        .map(|position| [admitted(position, 0), if shape.wide { admitted(position, 1) } else { 0 }])
        .collect();
    for path in paths(shape.classes) {
        // What was found before must not shine through.
        let mut found = vec![draw.word(); positions / 64];
        let (mut low, mut high) = (Guarded::new(shape.before, positions), Guarded::new(63 - shape.before, positions));
        let mut hits = Hits { found: &mut found, buckets: [low.slice(), high.slice()] };
        search(path, &tables, classes, &mut hits);
        for (position, wanted) in wanted.iter().enumerate() {
            let seen = found[position / 64] >> (position % 64) & 1 == 1;
            prop_assert_eq!(seen, *wanted != [0, 0], "{} at {} of {:?}", path.name(), position, shape);
            if seen {
                prop_assert_eq!(low.slice()[position], wanted[0], "{} at {} of {:?}", path.name(), position, shape);
                let second = if shape.wide { high.slice()[position] } else { 0 };
                prop_assert_eq!(second, wanted[1], "{} at {} of {:?}", path.name(), position, shape);
            }
        }
        prop_assert!(low.guards_stand() && high.guards_stand(), "{} writes past its slices", path.name());
    }
    Ok(())
}

fn check_classify(classes: &[u8; 128], bytes: &[u8], before: usize) -> Result<(), TestCaseError> {
    let wanted: Vec<u8> = bytes.iter().map(|&byte| classes[usize::from(byte.min(127))]).collect();
    for &path in Path::all() {
        let mut out = Guarded::new(before, bytes.len());
        classify(path, classes, bytes, out.slice());
        prop_assert_eq!(&*out.slice(), &wanted[..], "{} from {}", path.name(), before);
        prop_assert!(out.guards_stand(), "{} writes past its slice", path.name());
    }
    Ok(())
}

#[test]
fn the_paths_of_this_machine_are_told() {
    let names: Vec<&str> = Path::all().iter().map(|path| path.name()).collect();
    println!("paths: {}", names.join(" "));
    assert_eq!(names[0], "portable");
    assert_eq!(Path::all().last(), Some(&Path::best()));
    assert!(Path::all().is_sorted());
}

#[test]
fn every_byte_has_its_class_wherever_it_stands() {
    let classes: [u8; 128] = std::array::from_fn(|byte| u8::try_from(byte / 2).expect("below 64"));
    let bytes: Vec<u8> = (0..=255).cycle().take(512).collect();
    for from in (0..=256).step_by(if cfg!(miri) { 64 } else { 1 }) {
        for length in [0, 64, 256] {
            check_classify(&classes, &bytes[from..from + length], from % 64).expect("as by the table");
        }
    }
}

/// Each place of a step, alone: the word and bit that tell of it, for each bucket.
#[test]
fn a_single_position_is_told_by_its_own_bit() {
    let mut admits = [[0; 64]; 2];
    (admits[0][1], admits[1][1]) = (0b0000_0100, 0b1000_0000);
    let mut all = [[0; 64]; 2];
    for all in &mut all {
        all[..2].fill(0xFF);
    }
    let row = |offset| Row { admits: if offset == PLACES - 1 { admits } else { all }, offset };
    let mut rows: Vec<Row> = (0..PLACES).map(row).collect();
    let mut chains = Box::new([[0; 2]; 64]);
    for (class, chains) in chains.iter_mut().enumerate() {
        for (group, chain) in chains.iter_mut().enumerate() {
            *chain = rows.iter().fold(0, |chain, row| chain | u128::from(row.admits[group][class]) << (8 * row.offset));
        }
    }
    // The place that tells comes last, then first: the early way out is not taken, and is.
    for _ in 0..2 {
        let tables = Tables { classes: [0; 128], rows: rows.clone(), chains: chains.clone(), wide: true };
        for at in (0..STEP).step_by(if cfg!(miri) { 37 } else { 1 }) {
            let mut classes = vec![0; STEP + REACH];
            classes[at + PLACES - 1] = 1;
            for &path in Path::all() {
                let (mut found, mut low, mut high) = ([!0; STEP / 64], [0; STEP], [0; STEP]);
                search(path, &tables, &classes, &mut Hits { found: &mut found, buckets: [&mut low, &mut high] });
                let wanted: [u64; STEP / 64] = std::array::from_fn(|word| u64::from(word == at / 64) << (at % 64));
                assert_eq!((found, low[at], high[at]), (wanted, 0b0000_0100, 0b1000_0000), "{} at {at}", path.name());
            }
        }
        rows.reverse();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn classes_are_those_of_the_table(seed in any::<u64>(), steps in 0..=4 * STEPS_MAX, before in 0..64_usize, from in 0..64_usize) {
        let mut draw = Draw(seed);
        let classes: [u8; 128] = std::array::from_fn(|_| draw.byte());
        let bytes: Vec<u8> = (0..from + 64 * steps).map(|_| draw.byte()).collect();
        check_classify(&classes, &bytes[from..], before)?;
    }

    #[test]
    fn a_search_finds_what_the_rows_say(shape in shapes()) {
        check_search(&shape)?;
    }
}
