//! What no policy could need is not fetched, and what one comes to need is fetched then, by the providers' own record.

use super::house::{House, Ways, start_whole, until, until_or, work_off};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::{Core, Options};
use sluicebox::engine::facts::Asker;
use sluicebox::engine::judge::Governing;
use sluicebox::engine::service::Running;
use sluicebox::model::{Coverage, ItemKind, Provider, Reason};
use sluicebox::policy::file::load_text;
use sluicebox::policy::{Answer, Filter, Policies, Tags};
use sluicebox::store::{Depth, Known, Scope};

const UNREAD: Option<Coverage> = Some(Coverage::Skipped(Reason::NotNeeded));
/// Bodies above this are left out: nothing here is about large contents.
const BODY_BYTES_MAX: usize = 1 << 20;

fn only_needed(usual: Ways) -> Ways {
    Ways { options: Options { only_needed: true, ..usual.options }, ..usual }
}

/// Policies that only watch, with these filters.
fn govern(core: &Core, filters: &[&str]) {
    if filters.is_empty() {
        return core.govern(Governing::default());
    }
    let policy = |(number, filter): (usize, &&str)| {
        format!(
            "[[policy]]\nname = \"p{number}\"\ntitle = \"P\"\nmode = \"watch\"\nseverity = \"low\"\nwhere = \"{filter}\"\n"
        )
    };
    let text: String = filters.iter().enumerate().map(policy).collect();
    let loaded = load_text("t.toml", &format!("schema = 1\n{text}"), &sluicebox::policy::Known::default());
    let all = loaded.unwrap_or_else(|errors| panic!("{errors:#?}")).policies;
    core.govern(Governing::new(Policies::new(all, Vec::new()), Vec::new()));
}

fn files(core: &Core) -> Vec<Known> {
    core.store.items(&Scope { kind: Some(ItemKind::File), ..Scope::default() }, None, 10_000).unwrap()
}

#[test]
fn what_no_policy_could_match_is_never_fetched() {
    // A filter, whether it leaves anything out, whether it leaves anything in.
    let rows = [
        (vec!["access = public and finding"], true, true),
        (vec!["owner = grace@example.com and finding"], true, true),
        (vec!["access = public", "owner = grace@example.com and type = document"], true, true),
        (vec!["size > 1TB and finding"], true, false),
        // No policy asks about contents: an inventory of all that lies there.
        (vec!["access = public"], false, true),
        (vec!["finding"], false, true),
        (vec![], false, true),
    ];
    for (texts, leaves_out, leaves_in) in rows {
        let house = House::new(2);
        let core = house.site.core(only_needed(Ways::default()));
        house.site.list_all(&core);
        let filters: Vec<Filter> = texts.iter().map(|text| Filter::parse(text).unwrap()).collect();
        govern(&core, &texts);
        work_off(&core);
        let read = house.running.record().downloads();
        let mut asker = Asker::new(&*core.store, Tags::default(), core.clock.now(), None).unwrap();
        let (mut out, mut not_out) = (0, 0);
        for known in files(&core) {
            if known.coverage != UNREAD {
                not_out += u64::from(known.reading.is_some());
                continue;
            }
            out += 1;
            let version = known.item.version.as_deref().unwrap_or_default();
            assert!(!read.contains_key(version), "{texts:?}: {} was downloaded", known.item.id);
            for filter in &filters {
                assert_eq!(asker.answer(filter, &known).unwrap(), Answer::No, "{texts:?}: {}", known.item.id);
            }
        }
        assert_eq!((out > 0, not_out > 0), (leaves_out, leaves_in), "{texts:?}: {out} left out, {not_out} read");
    }
}

fn quiet(core: &Core, running: &Running) {
    let busy = |depth: &Depth| depth.ready + depth.delayed + depth.leased > 0;
    until("nothing waits", running, || running.status().in_hand == 0 && !core.store.depth().unwrap().iter().any(busy));
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn link(by: &'static str, path: &str) -> Edit {
    Edit::Link { by, path: steps(path), audience: Some("public") }
}

#[test]
fn what_a_policy_comes_to_need_is_fetched_then() {
    const FILE: &str = "erin/Payroll/Badges.txt";
    const BELOW: &str = "heidi/Site/later.txt";
    let mut fill = Fill::small();
    fill.files.retain(|file| file.body.len() <= BODY_BYTES_MAX);
    let house = House::with(Clock::machine(), 4, fill, Faults::default(), Pace::default());
    for (by, path) in [("erin", FILE), ("heidi", BELOW)] {
        let body = format!("BDG-123456 of {by}");
        house.tenants.play(&Edit::Write { by, path: steps(path), body: body.into_bytes().into() }).unwrap();
    }
    let mut ways = only_needed(Ways::quick());
    ways.options.backlog = true;
    let core = house.site.core(ways);
    govern(&core, &["access = public and finding"]);
    let running = start_whole(&core);
    // Of both tenants.
    let coverage = |path: &str| -> Vec<Option<Coverage>> {
        let ids = [house.tenants.boxcom.id_at(&path.split('/').collect::<Vec<_>>()), house.tenants.dropbox.id_at(path)];
        let found = core.tenants.iter().map(|tenant| {
            let id = &ids[usize::from(tenant.provider == Provider::Dropbox)];
            let known = core.store.find(tenant.number, ItemKind::File, id.as_deref()?).unwrap()?;
            known.coverage
        });
        found.collect()
    };
    let is_read = |path: &str| coverage(path).iter().all(|one| one.is_some() && *one != UNREAD);
    let is_unread = |path: &str| coverage(path).iter().all(|one| *one == UNREAD);
    let is_judged = || is_unread(FILE) && is_unread(BELOW);
    until_or("all is judged", &running, is_judged, || format!("{:?} {:?}", coverage(FILE), coverage(BELOW)));
    quiet(&core, &running);
    let before = house.running.record().downloads().len();
    house.tenants.play(&link("erin", FILE)).unwrap();
    until_or("the shared file is read", &running, || is_read(FILE), || format!("{:?}", coverage(FILE)));
    assert!(is_unread(BELOW));
    house.tenants.play(&link("heidi", "heidi/Site")).unwrap();
    let below = || format!("{:?}", coverage(BELOW));
    until_or("what lies below the shared folder is read", &running, || is_read(BELOW), below);
    quiet(&core, &running);
    assert!(house.running.record().downloads().len() > before);
    // Another policy needs more; without any, all is needed.
    let unread = || files(&core).into_iter().filter(|known| known.coverage == UNREAD).collect::<Vec<_>>();
    let before = unread().len();
    let more = "access >= internal and finding";
    let filter = Filter::parse(more).unwrap();
    govern(&core, &[more]);
    until("what is needed now is read", &running, || {
        let mut asker = Asker::new(&*core.store, Tags::default(), core.clock.now(), None).unwrap();
        unread().iter().all(|known| asker.answer(&filter, known).unwrap() == Answer::No)
    });
    quiet(&core, &running);
    let rest = unread().len();
    assert!(0 < rest && rest < before, "{rest} of {before} are unread");
    govern(&core, &[]);
    until_or("everything is read", &running, || unread().is_empty(), || format!("{} are unread", unread().len()));
    running.stop().unwrap();
}
