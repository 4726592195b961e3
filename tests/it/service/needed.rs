//! What no policy could need is not fetched, by the providers' own record.

use super::house::{House, Ways, work_off};
use sluicebox::engine::core::{Core, Options};
use sluicebox::engine::facts::Asker;
use sluicebox::engine::judge::Governing;
use sluicebox::model::{Coverage, ItemKind, Reason};
use sluicebox::policy::file::load_text;
use sluicebox::policy::{Answer, Filter, Policies, Tags};
use sluicebox::store::{Known, Scope};

const UNREAD: Option<Coverage> = Some(Coverage::Skipped(Reason::NotNeeded));

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
