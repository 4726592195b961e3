//! Who reads when, and for how long: engines and settings in turn, round after round.

use super::matchers::Counter;
use super::options::Options;
use sluicebox::clock::Clock;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

/// An engine under its name.
pub(crate) struct Engine {
    pub(crate) name: String,
    pub(crate) engine: Box<dyn Counter>,
}

/// What every engine reads in a round.
pub(crate) struct Setting<'a> {
    pub(crate) row: &'a str,
    pub(crate) rules: usize,
    pub(crate) chunk: Option<usize>,
    pub(crate) text: &'a str,
    pub(crate) engines: Rc<[Engine]>,
    /// The one run of separate searches, where it is to be shown.
    pub(crate) each: Option<Lap>,
}

/// What one engine did in one turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lap {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    pub(crate) bytes: usize,
    pub(crate) count: usize,
}

impl Lap {
    /// Megabytes for each second of CPU time.
    pub(crate) fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.cpu.as_secs_f64()
    }
}

/// Measures what this thread does.
pub(crate) struct Watch(Clock);

impl Watch {
    pub(crate) fn new() -> Self {
        Self(Clock::machine())
    }

    /// Runs it once; the lap has its times only.
    pub(crate) fn lap<T>(&mut self, work: impl FnOnce() -> T) -> (T, Lap) {
        let (wall, cpu) = (self.0.elapsed(), thread_cpu());
        let result = work();
        let wall = self.0.elapsed() - wall;
        let cpu = thread_cpu().zip(cpu).map_or(wall, |(after, before)| after - before);
        (result, Lap { cpu, wall, ..Lap::default() })
    }
}

/// An engine reads a text, again and again until it has read for long enough.
pub(crate) fn turn(
    engine: &dyn Counter,
    text: &str,
    chunk: Option<usize>,
    options: &Options,
    watch: &mut Watch,
) -> Lap {
    let least = Duration::from_millis(options.least_ms);
    let clock = Clock::machine();
    let ((passes, count), lap) = watch.lap(|| {
        let (mut passes, mut count) = (0, 0);
        while passes == 0 || clock.elapsed() < least {
            count = engine.count_in(std::hint::black_box(text), chunk);
            passes += 1;
        }
        (passes, count)
    });
    Lap { bytes: text.len() * passes, count, ..lap }
}

/// CPU time of this thread so far, where the system tells it (Linux). It lags by a tick of the kernel's clock at most, 1 to
/// 10 ms, which is why a turn lasts hundreds.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// One lap for each setting, engine and round.
pub(crate) type Laps = Vec<Vec<Vec<Lap>>>;

/// Takes all turns. An engine that counts differently from one round to the next is a mistake. Round 0 is not measured:
/// engines that build their tables while they read have built them then.
pub(crate) fn take(settings: &[Setting<'_>], options: &Options, watch: &mut Watch) -> Result<Laps, Box<dyn Error>> {
    let mut laps: Laps = settings.iter().map(|setting| vec![Vec::new(); setting.engines.len()]).collect();
    for setting in settings {
        for Engine { engine, .. } in setting.engines.iter() {
            engine.count_in(setting.text, setting.chunk);
        }
    }
    for round in 1..=options.rounds {
        for (setting, laps) in settings.iter().zip(&mut laps) {
            for (Engine { name, engine }, laps) in setting.engines.iter().zip(laps) {
                let lap = turn(engine.as_ref(), setting.text, setting.chunk, options, watch);
                eprintln!(
                    "round {round}  {:13}{:5} rules {:>6}  {name:28}{:8.0} MB/s  cpu {:3.0} %  {} {}",
                    setting.row,
                    setting.rules,
                    chunk_name(setting.chunk),
                    lap.rate(),
                    100.0 * lap.cpu.as_secs_f64() / lap.wall.as_secs_f64(),
                    lap.count,
                    engine.reports()
                );
                if let Some(first) = laps.first().filter(|first: &&Lap| first.count != lap.count) {
                    return Err(format!("{name} on {}: {} then, {} now", setting.row, first.count, lap.count).into());
                }
                laps.push(lap);
            }
        }
    }
    Ok(laps)
}

/// `4K`, `1M`, `whole`.
pub(crate) fn chunk_name(chunk: Option<usize>) -> String {
    match chunk {
        None => "whole".to_owned(),
        Some(bytes) if bytes % (1 << 20) == 0 => format!("{}M", bytes >> 20),
        Some(bytes) if bytes % (1 << 10) == 0 => format!("{}K", bytes >> 10),
        Some(bytes) => bytes.to_string(),
    }
}
