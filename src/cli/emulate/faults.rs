//! `--faults light,cut=0.2`: a set by its name, then single shares.

use crate::emulator::Faults;
use std::time::Duration;

/// A name, what it is, and where its share goes.
type Row = (&'static str, &'static str, fn(&mut Faults, f64));

/// All single shares.
const TABLE: &[Row] = &[
    ("throttled", "429", |faults, share| faults.throttled = share),
    ("failing", "500, 502, 503", |faults, share| faults.failing = share),
    ("cut", "a body that ends too early", |faults, share| faults.cut = share),
    ("not_ready", "202 for content, Box", |faults, share| faults.not_ready = share),
    ("reset", "a forgotten cursor or position", |faults, share| faults.reset = share),
    ("late", "an answer up to half a second late", |faults, share| {
        (faults.late, faults.late_by) = (share, Duration::from_millis(500));
    }),
    ("stalled", "no answer for two seconds, then none", |faults, share| {
        (faults.stalled, faults.stall_for) = (share, Duration::from_secs(2));
    }),
    ("lost", "done, but not answered", |faults, share| faults.lost = share),
    ("delayed", "a write not answered and done up to five seconds late", |faults, share| faults.delayed = share),
    ("stale", "a read answered as before the last write, for five seconds", |faults, share| faults.stale = share),
];

/// Reads a list of sets (`none`, `light`, `heavy`, `storm`, `writes`) and single shares (`cut=0.2`); what comes later wins.
pub(super) fn parse(text: &str) -> Result<Faults, String> {
    let mut faults = Faults::default();
    for word in text.split(',') {
        match word.split_once('=') {
            None => faults = set(word)?,
            Some((name, share)) => {
                let row = TABLE.iter().find(|row| row.0 == name).ok_or_else(|| unknown(name))?;
                let share: Option<f64> = share.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                row.2(&mut faults, share.ok_or_else(|| format!("the share of {name} is a number from 0 to 1"))?);
            }
        }
    }
    Ok(faults)
}

fn set(name: &str) -> Result<Faults, String> {
    match name {
        "none" => Ok(Faults::default()),
        "light" => Ok(Faults::light()),
        "heavy" => Ok(Faults::heavy()),
        "storm" => Ok(Faults::storm()),
        "writes" => Ok(Faults::writes()),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = TABLE.iter().map(|row| row.0).collect();
    format!("there is no {name:?}; there are none, light, heavy, storm, writes, and shares of {}", names.join(", "))
}

/// The names with what they do, for `--help`.
pub(super) fn help() -> String {
    let rows: Vec<String> = TABLE.iter().map(|row| format!("{} ({})", row.0, row.1)).collect();
    format!(
        "Put in faults: none, light, heavy, storm, writes, or shares of requests, as light,cut=0.2; kinds: {}",
        rows.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_shares_are_read_in_their_order() {
        let cut = Faults { cut: 0.2, ..Faults::light() };
        for (text, faults) in [
            ("none", Faults::default()),
            ("light", Faults::light()),
            ("heavy", Faults::heavy()),
            ("light,cut=0.2", cut),
            ("cut=0.2,light", Faults::light()),
            ("storm", Faults::storm()),
            ("storm,lost=0.1", Faults { lost: 0.1, ..Faults::storm() }),
            ("writes,stale=0.3", Faults { stale: 0.3, ..Faults::writes() }),
            ("delayed=0.5", Faults { delayed: 0.5, ..Faults::default() }),
            ("throttled=1", Faults { throttled: 1.0, ..Faults::default() }),
            ("late=0.5", Faults { late: 0.5, late_by: Duration::from_millis(500), ..Faults::default() }),
        ] {
            assert_eq!(parse(text), Ok(faults), "{text}");
        }
        for wrong in ["", "mild", "cut", "cut=", "cut=2", "cut=-1", "cut=NaN", "blow=0.1", "light cut=0.1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
