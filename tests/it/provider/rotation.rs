//! A refresh token is the only key to a tenant: whatever moment a process ends at, and whoever else uses the same vault, the
//! next one finds a key that fits. Box's serves once; Dropbox's serves for ever, and must then be left alone.

use super::Told;
use super::stage::Stage;
use crate::harness::Scene;
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Keyring, Pace};
use sluicebox::model::Provider;
use sluicebox::provider::boxcom::auth::Tokens;
use sluicebox::provider::http::Credentials;
use sluicebox::provider::settings::Cloud;
use sluicebox::provider::{Settings, Source};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Longer than an access token of either provider lives.
const LIFE: Duration = Duration::from_secs(5 * 3_600);
/// How often two clients want a token at the same time.
const ROUNDS: usize = 4;

/// Where a process ends between two tokens.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The provider has given the pair; nothing of it is on the disk.
    BeforeWrite,
    /// Half of it lies beside the vault.
    HalfWritten,
    /// All of it lies beside the vault.
    BeforeRename,
    /// The vault has it; the access token was not used.
    BeforeUse,
    /// The access token was used.
    AfterUse,
}

const CUTS: [Cut; 5] = [Cut::BeforeWrite, Cut::HalfWritten, Cut::BeforeRename, Cut::BeforeUse, Cut::AfterUse];

/// A file that lies beside the vault while it is written.
fn draft(stage: &Stage) -> PathBuf {
    stage.vault().with_file_name("vault.new")
}

/// How often the tenant gave tokens.
fn given(stage: &Stage) -> usize {
    let token = |path: &str| path == "/oauth2/token";
    stage.running.record().latest().iter().filter(|asked| token(&asked.path) && asked.status == 200).count()
}

/// One use of a token.
fn works(source: &dyn Source) {
    source.feed_now().unwrap();
}

pub(super) fn crash_anywhere(provider: Provider, seed: u64) -> Told {
    // A process does not know how long another was told to wait (one service reads a tenant at a time): no 429 here.
    let faults = Faults { throttled: 0.0, ..Faults::light() };
    let stage = Stage::with(provider, seed, Fill::small(), faults);
    let settings = stage.consented();
    let mut crashes = 0;
    // Twice, so that each cut follows each other sort of process.
    for cut in CUTS.into_iter().chain(CUTS.into_iter().rev()) {
        end_at(&stage, &settings, cut);
        crashes += 1;
        let next = stage.open(&settings);
        works(&*next);
        stage.clock.advance(LIFE);
        works(&*next);
        assert!(!draft(&stage).exists(), "{cut:?} leaves its draft for ever");
    }
    at_once(&stage, &settings);
    stage.assert_behaved();
    format!("{crashes} crashes, {} tokens", given(&stage))
}

/// A process that ends there.
fn end_at(stage: &Stage, settings: &Settings, cut: Cut) {
    let Cloud::Box(cloud) = &settings.cloud else {
        // Nothing is written that could be cut: a process reads and ends.
        let before = fs::read(stage.vault()).unwrap();
        works(&*stage.open(settings));
        assert_eq!(fs::read(stage.vault()).unwrap(), before, "a token that stays is written again");
        return;
    };
    let tokens = Tokens::open(settings, cloud, stage.http(settings)).unwrap();
    let old = fs::read(stage.vault()).unwrap();
    let turned = |tokens: &Tokens| {
        tokens.bearer().unwrap();
        let new = fs::read(stage.vault()).unwrap();
        assert_ne!(new, old, "written before it is handed on");
        new
    };
    match cut {
        Cut::BeforeWrite => {
            let before = given(stage);
            // No draft can be made where a folder lies.
            fs::create_dir(draft(stage)).unwrap();
            tokens.bearer().unwrap_err();
            fs::remove_dir(draft(stage)).unwrap();
            assert_eq!((given(stage), fs::read(stage.vault()).unwrap()), (before + 1, old), "given, not kept");
        }
        Cut::HalfWritten | Cut::BeforeRename => {
            let new = turned(&tokens);
            let there = if matches!(cut, Cut::HalfWritten) { new.len() / 2 } else { new.len() };
            fs::write(draft(stage), &new[..there]).unwrap();
            // Into the file that is there, whose rights stay.
            fs::write(stage.vault(), &old).unwrap();
        }
        Cut::BeforeUse => drop(turned(&tokens)),
        Cut::AfterUse => works(&*stage.open(settings)),
    }
}

/// Two clients of one vault want a token at the same time, again and again: each gets one by one exchange.
fn at_once(stage: &Stage, settings: &Settings) {
    let clients = [stage.open(settings), stage.open(settings)];
    for round in 0..ROUNDS {
        stage.clock.advance(LIFE);
        let before = given(stage);
        std::thread::scope(|scope| {
            for client in &clients {
                scope.spawn(move || works(&**client));
            }
        });
        assert_eq!(given(stage), before + clients.len(), "round {round}");
    }
}

/// Two processes of the real program over one vault, again and again: each gets a token by one exchange.
#[test]
fn two_processes_share_a_refresh_token_that_serves_once() {
    let stage = Stage::with(Provider::Box, 1, Fill::small(), Faults::default());
    // The tenant's clock stands still while the processes go by the machine's.
    stage.running.set_pace(Pace { per_second: 1e6, burst: 1e6 });
    let _ = stage.consented();
    let scene = Scene::new();
    let settings = scene.path("s.toml");
    Keyring::new(&stage.tenants, &stage.running).write_settings(&settings).unwrap();
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replacen("\"client_credentials\"", "\"user\"", 1)).unwrap();
    let own = scene.path("state/connectors/box");
    fs::create_dir_all(&own).unwrap();
    fs::copy(stage.vault(), own.join("vault")).unwrap();
    for round in 0..3 {
        let before = given(&stage);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let ran = scene.call(["connect", "--settings", "s.toml", "people", "box"]).run();
                    ran.expect_code(0);
                });
            }
        });
        assert_eq!(given(&stage), before + 2, "round {round}");
    }
    let refused = stage.running.record().refused();
    assert!(refused.is_empty(), "{refused:?}");
}
