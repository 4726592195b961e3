//! A million files listed over Box and over Dropbox: memory of the client, calls beside the least possible, items a second.
//!
//! The tenant runs in a process of its own (this program again, `--serve`) and so does each client (`--client`), so that the
//! client's largest resident set is its own. It fails above 300 MB, above 1 % more calls than the items need, and when an
//! item is missing. `cargo bench --bench listing`, or `-- 100000` for fewer items.

use sluicebox::clock::Clock;
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{self, Door, Running, boxcom, dropbox};
use sluicebox::engine::listing::journal::{Journal, Sync};
use sluicebox::engine::listing::{self, Ended, Options, Progress, Watch};
use sluicebox::model::Provider;
use sluicebox::provider::dropbox::auth;
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, DropboxSettings, HookKeys, Limits};
use sluicebox::provider::vault::Kept;
use sluicebox::provider::{Page, Secret, Settings, Walk, registry};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use url::Url;

type Failed = Box<dyn Error>;
type Clouds = Vec<(Door, Arc<dyn emulator::Cloud>)>;

const ITEMS: u64 = 1_000_000;
const CLIENT_BYTES_MAX: u64 = 300_000_000;
/// Entries a page: the most that each provider gives.
const BOX_PAGE: u64 = 1_000;
const DROPBOX_PAGE: u64 = 2_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["--serve", provider, count] => serve(provider, count),
        ["--client", provider, count] => client(provider, count),
        [] => both(&ITEMS.to_string()),
        [count] => both(count),
        _ => Err("usage: listing [ITEMS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("listing: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Each provider in a process of its own.
fn both(count: &str) -> Result<(), Failed> {
    println!("| provider | items | seconds | items/s | calls | least | over | client peak MB | journal MB |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut failed = false;
    for provider in Provider::ALL {
        let status = Command::new(std::env::current_exe()?).args(["--client", provider.name(), count]).status()?;
        failed |= !status.success();
    }
    if failed { Err("a row failed".into()) } else { Ok(()) }
}

// --- the tenant's process ---

/// Serves a made-up tenant; each line that comes in is answered by the number of listing calls so far.
fn serve(provider: &str, count: &str) -> Result<(), Failed> {
    let fill = Fill { made_up: count.parse()?, ..Fill::default() };
    let clock = Clock::machine();
    let (clouds, keys): (Clouds, Vec<String>) = if provider == Provider::Box.name() {
        let tenant = Arc::new(boxcom::Tenant::new(1, clock.clone(), &fill));
        tenant.set_odd_pages(0);
        let doors = [Door::BoxApi, Door::BoxUpload, Door::BoxDownload];
        (doors.map(|door| (door, Arc::clone(&tenant) as Arc<dyn emulator::Cloud>)).to_vec(), Vec::new())
    } else {
        let tenant = Arc::new(dropbox::Tenant::new(1, clock.clone(), &fill));
        tenant.set_odd_pages(false);
        let keys = tenant.keys();
        let doors = [Door::DropboxApi, Door::DropboxContent, Door::DropboxNotify];
        let keys = vec![keys.app_key, keys.app_secret, keys.refresh_token];
        (doors.map(|door| (door, Arc::clone(&tenant) as Arc<dyn emulator::Cloud>)).to_vec(), keys)
    };
    let running = emulator::start(emulator::Options { clock, clouds, ..emulator::Options::default() })?;
    let addresses = running.doors().iter().map(|(_, address)| address.clone());
    println!("{}", addresses.chain(keys).collect::<Vec<_>>().join(" "));
    for line in io::stdin().lines() {
        line?;
        println!("{}", listing_calls(&running));
    }
    Ok(())
}

fn listing_calls(running: &Running) -> u64 {
    let lists = |kind: &str| kind.ends_with("/items") || kind.contains("files/list_folder");
    running.record().calls().iter().filter(|(kind, _)| lists(kind)).map(|(_, calls)| calls).sum()
}

/// The running tenant's process; killed when dropped.
struct Served {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Served {
    fn start(provider: &str, count: &str) -> Result<(Self, Vec<String>), Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", provider, count])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut served = Self { child, said };
        let told = served.line()?;
        Ok((served, told.split_whitespace().map(str::to_owned).collect()))
    }

    fn line(&mut self) -> Result<String, Failed> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn calls(&mut self) -> Result<u64, Failed> {
        self.child.stdin.as_mut().ok_or("no input")?.write_all(b"calls\n")?;
        Ok(self.line()?.parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// --- the client's process ---

/// Entries of each walk, to know how many pages they need.
#[derive(Default)]
struct Entries {
    of: HashMap<Arc<str>, u64>,
}

impl Watch for Entries {
    fn page(&mut self, walk: &Walk, page: &Page) {
        *self.of.entry(Arc::clone(&walk.id)).or_default() += u64::try_from(page.items.len()).unwrap_or(0);
    }
}

fn client(provider: &str, count: &str) -> Result<(), Failed> {
    let items: u64 = count.parse()?;
    http::install_tls();
    let (mut served, told) = Served::start(provider, count)?;
    let folder = tempfile::tempdir()?;
    let is_box = provider == Provider::Box.name();
    let settings = if is_box { box_settings(&told)? } else { dropbox_settings(&told, folder.path())? };
    let (clock, stop) = (Clock::machine(), Arc::<AtomicBool>::default());
    let http = Http::of(&settings, http::Options::new(clock.clone(), Arc::clone(&stop)))?;
    let source = registry::open(&settings, http)?;
    let mut journal = Journal::open(&folder.path().join("journal"), "main", Sync::Pages(64))?;
    let (options, progress) = (Options::new(clock.clone(), stop), Progress::default());
    let mut entries = Entries::default();

    let begun = clock.elapsed();
    let people = listing::people(&*source, &settings.internal_domains, &progress)?;
    let done = listing::list(&*source, &people, &mut journal, &options, &progress, &mut entries)?;
    let seconds = (clock.elapsed() - begun).as_secs_f64();

    let page = if is_box { BOX_PAGE } else { DROPBOX_PAGE };
    // A deleted path of Dropbox is asked about by another call.
    let listed = entries.of.iter().filter(|(walk, _)| is_box || walk.starts_with("ns:"));
    let least: u64 = listed.map(|(_, entries)| entries.max(&1).div_ceil(page)).sum();
    let (calls, peak) = (served.calls()?, peak_bytes()?);
    let bytes = std::fs::metadata(folder.path().join("journal"))?.len();
    let found = done.tally.items();
    println!(
        "| {provider} | {found} | {seconds:.1} | {:.0} | {calls} | {least} | {:.2} % | {:.0} | {:.0} |",
        as_float(found) / seconds,
        (as_float(calls) / as_float(least) - 1.0) * 100.0,
        as_float(peak) / 1e6,
        as_float(bytes) / 1e6,
    );
    let wanted = items + made_up::folders(items);
    check(done.ended == Ended::Complete, "the listing did not come to its end")?;
    check(found >= wanted, &format!("{found} items of {wanted}"))?;
    check(calls * 100 <= least * 101, "more calls than 1 % above the least")?;
    check(peak < CLIENT_BYTES_MAX, "the client took 300 MB or more")
}

fn check(holds: bool, otherwise: &str) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52, for a table")]
fn as_float(count: u64) -> f64 {
    count as f64
}

/// The largest resident set of this process so far.
fn peak_bytes() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

fn settings(cloud: Cloud) -> Result<Settings, Failed> {
    Ok(Settings {
        name: "main".parse()?,
        cloud,
        internal_domains: vec!["example.com".into()],
        // The tenant sets no limit here: what is measured is the client.
        limits: Limits { rate_per_principal: 100_000.0, ..Limits::default() },
        proxy: None,
        authority: None,
        history_days: 7,
        trash: true,
        holds: true,
        patience: Default::default(),
    })
}

fn at(told: &[String], place: usize, path: &str) -> Result<Url, Failed> {
    Ok(Url::parse(&format!("{}{path}", told.get(place).ok_or("the tenant did not start")?))?)
}

fn box_settings(told: &[String]) -> Result<Settings, Failed> {
    let download = at(told, 2, "/")?;
    settings(Cloud::Box(BoxSettings {
        api: at(told, 0, "/2.0/")?,
        upload: at(told, 1, "/api/2.0/")?,
        token: at(told, 0, "/oauth2/token")?,
        authorize: at(told, 0, "/api/oauth2/authorize")?,
        download_hosts: vec![format!("127.0.0.1:{}", download.port().ok_or("no port")?)],
        auth: BoxAuth::ClientCredentials {
            client_id: boxcom::CLIENT_ID.into(),
            client_secret: Secret::new(boxcom::CLIENT_SECRET),
            subject: BoxSubject::Enterprise(boxcom::ENTERPRISE_ID.into()),
        },
        hook_keys: HookKeys::default(),
    }))
}

fn dropbox_settings(told: &[String], folder: &Path) -> Result<Settings, Failed> {
    let [_, _, _, app_key, app_secret, refresh_token] = told else { return Err("the tenant did not start".into()) };
    let settings = settings(Cloud::Dropbox(DropboxSettings {
        api: at(told, 0, "/2/")?,
        content: at(told, 1, "/2/")?,
        notify: at(told, 2, "/2/")?,
        token: at(told, 0, "/oauth2/token")?,
        authorize: at(told, 0, "/oauth2/authorize")?,
        app_key: app_key.clone(),
        app_secret: Some(Secret::new(app_secret)),
        vault: folder.join("vault"),
        admin: None,
    }))?;
    if let Cloud::Dropbox(cloud) = &settings.cloud {
        let kept = Kept { refresh_token: Secret::new(refresh_token), details: BTreeMap::new() };
        auth::vault(&settings, cloud).put(&kept)?;
    }
    Ok(settings)
}
