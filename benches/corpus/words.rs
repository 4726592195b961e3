//! The words of the corpus: everyday English by falling frequency, and the nouns and verbs of programs.
//!
//! Words are drawn by Zipf's law (the word of rank r about 1/r as often as the first), since a matcher's cost hangs on how
//! often the common letters come. The lists were written for this file.

use super::rng::Rng;
use std::sync::OnceLock;

const EVERYDAY: &str = "the of and to in a is that for it was on are as with be by at this from have or had not but which \
    they were their one all we can has there been if more when will would who so no out up said what its about than into \
    them only other time new some could these two may first then do any like my now over such our man even most made after \
    also did many off before must well back through years much where your way down should because long each just state \
    those people too mr little good world make very year still see work life both between never under same last another \
    while might great old house since against right himself came take public home few use without again place around \
    however small found part once school every thought number general course water during less fact though hand enough \
    does night head almost far used war set system group nothing eyes always until office city side company order business \
    young light question door second whole level point report power problem interest money later area room result month \
    case service government local national office member open force line means certain present history letter town form \
    party family morning matter word church week given others among possible turned large social often across evidence \
    field early study program nature century country north south east west river market price land labour paper figure \
    table process value increase change control record period rate method policy plan project quality section standard \
    subject surface theory total training various average board building capital centre claim class college committee \
    common condition contract cost council court current decision degree demand department design development director \
    distance district division doctor economic education effect effort energy equipment estate evening event example \
    exchange experience expression factor farm feature federal feeling final finger fire floor food foot foreign forest \
    freedom friend front function future garden glass goods ground growth heart heavy hospital hotel hour image income \
    individual industry influence information instance island issue judge justice kitchen knowledge language leader length \
    library literature machine major manager manner material measure medical meeting memory message metal middle military \
    minute model modern moment mother mountain movement music natural necessary newspaper notice novel object occasion \
    offer operation opinion opportunity organization original outside pattern payment performance person picture poet \
    political position practice president pressure principle private production product professor property purpose \
    quarter railway reaction reason recent region relation religion research resource response responsibility road science \
    season secretary security sense series short significance similar situation society soldier solution source space \
    speech spirit spring square stage statement station stock story street strength structure student success summer \
    supply support teacher technical temperature term thing third trade tradition traffic treatment trial trouble truth \
    union unit university unless usually vacation variety vehicle village visit voice wagon warehouse weather weight window \
    winter witness woman wonder yesterday harbour ledger cellar lantern orchard parish quarry saddle thistle weaver \
    almanac barometer causeway dredger embankment furrow granary hedgerow ironmonger joinery kiln lighthouse millrace \
    notary outhouse paddock quayside rafters sawmill turnpike underwriter viaduct waistcoat yeoman abatement bequest \
    conveyance demurrage easement forbearance guarantor hypothesis indemnity jurisdiction lien mortgage novation";

const PROGRAM_NOUNS: &str = "buffer index node cache token stream cursor state queue lock page frame event handler request \
    response session config option value key entry table row column schema parser lexer writer reader socket channel thread \
    worker task job batch range offset length count limit timeout retry status error result path file folder name version \
    header body field record message packet segment block chunk window region matrix vector point shape colour layer mesh \
    texture shader camera user account group role policy rule filter scope context registry factory builder adapter proxy \
    bridge visitor observer listener callback promise future timer clock metric counter gauge histogram span trace log level";

const PROGRAM_VERBS: &str = "get set read write open close push pop insert remove update merge split parse format encode \
    decode load store find search sort filter map reduce fold apply build create destroy init reset flush sync lock unlock \
    wait notify send receive connect bind listen accept start stop pause resume check verify validate compute render draw";

const PEOPLE: &str = "Alice Benedikt Carla Dieter Elena Farid Greta Hassan Ingrid Jonas Katarina Liam Marta Nadia Olaf \
    Paula Quentin Rosa Stefan Tamara Ulrich Vera Walter Xenia Yusuf Zoe Amara Bruno Chiara Dmitri";

const FAMILIES: &str = "Abbott Bergmann Castellano Dubois Eriksen Fontaine Grigoriev Hartmann Ivanova Jansen Kowalski \
    Lindqvist Moreau Nakamura Okafor Petrov Quinn Rossi Schneider Tanaka Underhill Vasquez Whitfield Yilmaz Zhang";

const TOWNS: &str = "Aberdeen Bologna Coventry Dresden Exeter Fribourg Ghent Haarlem Innsbruck Jena Kaunas Leiden Malmo \
    Nantes Odense Porto Quimper Rouen Salamanca Tampere Uppsala Valencia Winterthur York Zaragoza";

/// Entries of the table that words are drawn from.
const DRAWS: usize = 16_384;

/// The words, cut once.
#[derive(Debug)]
pub(crate) struct Words {
    draws: Vec<&'static str>,
    nouns: Vec<&'static str>,
    verbs: Vec<&'static str>,
    people: Vec<&'static str>,
    families: Vec<&'static str>,
    towns: Vec<&'static str>,
}

/// The one table of words.
pub(crate) fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| Words {
        draws: by_frequency(&EVERYDAY.split_whitespace().collect::<Vec<_>>()),
        nouns: PROGRAM_NOUNS.split_whitespace().collect(),
        verbs: PROGRAM_VERBS.split_whitespace().collect(),
        people: PEOPLE.split_whitespace().collect(),
        families: FAMILIES.split_whitespace().collect(),
        towns: TOWNS.split_whitespace().collect(),
    })
}

/// Each word as often as its rank earns: 1/(rank + 3), which flattens the first few as English does.
fn by_frequency(ranked: &[&'static str]) -> Vec<&'static str> {
    let weight = |rank: usize| 1_000_000 / (rank + 3);
    let sum: usize = (0..ranked.len()).map(weight).sum();
    let mut draws = Vec::with_capacity(DRAWS + ranked.len());
    for (rank, word) in ranked.iter().enumerate() {
        let times = (weight(rank) * DRAWS).div_ceil(sum);
        draws.extend(std::iter::repeat_n(*word, times));
    }
    draws
}

impl Words {
    /// A word of everyday English.
    pub(crate) fn word(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.draws)
    }

    /// A noun of programs.
    pub(crate) fn noun(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.nouns)
    }

    /// A verb of programs.
    pub(crate) fn verb(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.verbs)
    }

    /// A first name.
    pub(crate) fn person(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.people)
    }

    /// A family name.
    pub(crate) fn family(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.families)
    }

    /// A town.
    pub(crate) fn town(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.towns)
    }
}
