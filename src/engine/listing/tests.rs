//! The driver and its journal against a source that plays pages from memory: every cut, every reset, every second pass.

use super::journal::Sync;
use super::*;
use crate::model::{ItemKind, Person, Principal, Provider, Role, Sharing, Side, Status};
use crate::provider::{
    Body, Capability, Changes, FeedCursor, FoundLink, GonePath, History, Onward, PeoplePage, Shared, Taken, Walks,
    Wanted, WhyUnwalked,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Duration;

type Answer = Result<Page, Next>;

/// Plays for each walk and cursor the answers in turn; the last one for ever.
#[derive(Debug, Default)]
struct Played {
    walks: Vec<Walk>,
    holes: Vec<Unwalked>,
    pages: BTreeMap<(String, String), Vec<Answer>>,
    asked: Mutex<BTreeMap<(String, String), usize>>,
    /// A Dropbox team in which the links of this person are refused.
    keeps_links_of: Option<&'static str>,
}

impl Played {
    fn page(mut self, walk: &str, cursor: &str, answer: Answer) -> Self {
        self.pages.entry((walk.into(), cursor.into())).or_default().push(answer);
        self
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().values().sum()
    }
}

impl Source for Played {
    fn provider(&self) -> Provider {
        if self.keeps_links_of.is_some() { Provider::Dropbox } else { Provider::Box }
    }
    fn probe(&self) -> Vec<Capability> {
        Vec::new()
    }
    fn people(&self, _: &mut dyn FnMut(PeoplePage) -> Result<(), provider::Error>) -> Result<(), provider::Error> {
        Ok(())
    }
    fn feed_now(&self) -> Result<Vec<FeedCursor>, provider::Error> {
        Ok(vec![FeedCursor { feed: "events".into(), read_as: Principal::Tenant, position: "17".into() }])
    }
    fn walks(&self, _: &Directory) -> Result<Walks, provider::Error> {
        Ok(Walks { walks: self.walks.clone(), holes: self.holes.clone(), used_bytes: Some(9) })
    }
    fn page(&self, walk: &Walk, _: &Directory) -> Result<Page, provider::Error> {
        let at = (walk.id.to_string(), walk.cursor.as_deref().unwrap_or_default().to_owned());
        let answers = self.pages.get(&at).unwrap_or_else(|| panic!("nobody foresaw {at:?}"));
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(at).or_default();
        *times += 1;
        let answer = &answers[(*times - 1).min(answers.len() - 1)];
        answer.clone().map_err(|next| provider::Error::new(next, "play", "as written"))
    }
    fn members(&self, of: &[Shared], _: &Directory) -> Result<Vec<Sharing>, provider::Error> {
        Ok(vec![Sharing::default(); of.len()])
    }
    fn links(
        &self,
        of: &Person,
        _: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), provider::Error>,
    ) -> Result<(), provider::Error> {
        let refused = self.keeps_links_of == Some(&*of.id);
        if refused { Err(provider::Error::new(Next::Forbidden, "list links", "as written")) } else { Ok(()) }
    }
    fn open(&self, _: &Wanted) -> Result<Body, provider::Error> {
        Err(provider::Error::new(Next::Gone, "play", "no contents"))
    }
    fn changes(&self, _: &FeedCursor, _: Duration) -> Result<Changes, provider::Error> {
        Err(provider::Error::new(Next::Gone, "play", "no feed"))
    }
    fn history(
        &self,
        _: crate::clock::Moment,
        _: crate::clock::Moment,
        _: Option<&str>,
    ) -> Result<History, provider::Error> {
        Err(provider::Error::new(Next::Gone, "play", "no log"))
    }
    fn look(&self, _: &provider::Glance, _: &Directory) -> Result<Item, provider::Error> {
        Err(provider::Error::new(Next::Gone, "play", "no items"))
    }
    fn watch(&self, _: &[FeedCursor], _: Duration) -> Vec<provider::Watched> {
        Vec::new()
    }
    fn delivery(&self, _: &provider::Delivery<'_>) -> provider::Delivered {
        provider::Delivered::Repeat
    }
    fn repair_hooks(&self, _: &Directory, _: &url::Url) -> Result<u64, provider::Error> {
        Ok(0)
    }
    fn hosts(&self) -> Vec<String> {
        Vec::new()
    }
}

fn walk(id: &str) -> Walk {
    let place = id.split_once(':').map_or(id, |(_, place)| place);
    Walk {
        id: id.into(),
        place: place.into(),
        kind: "folder".into(),
        read_as: Principal::Person("7".into()),
        path: "".into(),
        cursor: None,
    }
}

/// `id=version`, or `id` with version 1. Ids that begin with `d` are folders; a path makes it an item of a namespace.
fn item(told: &str, parent: Option<&str>, path: Option<&str>) -> Item {
    let (id, version) = told.split_once('=').unwrap_or((told, "1"));
    let folder = id.starts_with('d');
    Item {
        parent: parent.map(Into::into),
        path: path.map(Into::into),
        place: "7".into(),
        read_as: Principal::Person("7".into()),
        size_bytes: if folder { 0 } else { 10 },
        version: (!folder).then(|| version.into()),
        etag: Some("0".into()),
        ..Item::bare(if folder { ItemKind::Folder } else { ItemKind::File }, id, "Name That Nobody May Find")
    }
}

fn page(items: Vec<Item>, found: &[&str], onward: Onward) -> Page {
    let found = found.iter().map(|id| walk(id)).collect();
    Page { items, gone: Vec::new(), found, holes: Vec::new(), onward }
}

fn more(cursor: &str) -> Onward {
    Onward::More(cursor.into())
}

fn end() -> Onward {
    Onward::End(None)
}

/// A user's root in two pages, two folders, one of them met twice.
fn tree() -> Played {
    let in_root = |told: &str| item(told, Some("0"), None);
    let shared = item("f9", Some("d1"), None);
    Played { walks: vec![walk("root:7"), walk("trash:7")], ..Played::default() }
        .page("root:7", "", Ok(page(vec![in_root("f1"), in_root("d1")], &["folder:d1"], more("b"))))
        .page(
            "root:7",
            "b",
            Ok(page(vec![in_root("f2"), in_root("d2"), in_root("d1")], &["folder:d2", "folder:d1"], end())),
        )
        .page("folder:d1", "", Ok(page(vec![item("f3", Some("d1"), None), shared.clone()], &[], end())))
        .page("folder:d2", "", Ok(page(vec![shared, item("f4", Some("d2"), None)], &[], end())))
        .page("trash:7", "", Ok(page(Vec::new(), &[], end())))
}

struct Bench {
    folder: tempfile::TempDir,
    options: Options,
}

impl Bench {
    fn new() -> Self {
        let options = Options { threads: 1, ..Options::new(Clock::movable(), Arc::default()) };
        Self { folder: tempfile::tempdir().unwrap(), options }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("journal")
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.path(), "main", Sync::Pages(64)).unwrap()
    }

    fn list(&self, source: &Played) -> Listing {
        let mut journal = self.journal();
        let people = Directory::default();
        list(source, &people, &mut journal, &self.options, &Progress::default(), &mut ()).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        ids(&mut self.journal())
    }
}

fn ids(journal: &mut Journal) -> Vec<String> {
    let mut ids = Vec::new();
    journal
        .items(&mut |item| {
            ids.push(item.id.to_string());
            ControlFlow::Continue(())
        })
        .unwrap();
    ids.sort();
    ids
}

const ALL: [&str; 7] = ["d1", "d2", "f1", "f2", "f3", "f4", "f9"];

#[test]
fn every_item_is_counted_once_and_the_feed_is_kept_first() {
    let bench = Bench::new();
    let listing = bench.list(&tree());
    assert_eq!((listing.ended, listing.resumed, listing.pass), (Ended::Complete, false, 1));
    let Tally { files, folders, bytes, taken, pages, walks, .. } = listing.tally;
    assert_eq!((files, folders, bytes, pages, walks), (5, 2, 50, 5, 4));
    assert_eq!(taken, Taken { new: 7, changed: 0, unchanged: 0, repeated: 2 });
    assert_eq!(bench.ids(), ALL);
    let journal = bench.journal();
    assert_eq!((journal.feeds()[0].position.as_ref(), journal.used_bytes()), ("17", Some(9)));
    assert!(!journal.is_open());
}

#[test]
fn a_journal_cut_at_any_byte_goes_on_without_loss_or_doubling() {
    let whole = Bench::new();
    whole.list(&tree());
    let bytes = std::fs::read(whole.path()).unwrap();
    for cut in 0..=bytes.len() {
        let bench = Bench::new();
        std::fs::write(bench.path(), &bytes[..cut]).unwrap();
        let before = bench.journal();
        let (was_open, passes) = (before.is_open(), before.pass());
        drop(before);
        let source = tree();
        let listing = bench.list(&source);
        assert_eq!(listing.resumed, was_open, "cut at {cut}");
        assert_eq!(listing.ended, Ended::Complete, "cut at {cut}");
        let second = passes == 1 && !was_open;
        assert_eq!((listing.pass, listing.tally.gone), (if second { 2 } else { 1 }, 0), "cut at {cut}");
        let sum =
            Taken { unchanged: if second { 7 } else { 0 }, new: if second { 0 } else { 7 }, changed: 0, repeated: 2 };
        assert_eq!(listing.tally.taken, sum, "cut at {cut}");
        assert_eq!(bench.ids(), ALL, "cut at {cut}");
        assert!(source.calls() <= 5, "cut at {cut}");
    }
}

#[test]
fn a_torn_end_is_told_and_a_strange_file_is_left_alone() {
    let bench = Bench::new();
    bench.list(&tree());
    let bytes = std::fs::read(bench.path()).unwrap();
    std::fs::write(bench.path(), &bytes[..bytes.len() - 1]).unwrap();
    assert!(bench.journal().message().is_some_and(|told| told.contains("cut off")));
    assert!(bench.journal().message().is_none());
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(bench.path(), &flipped).unwrap();
    assert!(bench.journal().message().is_some());

    assert!(Journal::open(&bench.path(), "other", Sync::EachPage).unwrap_err().to_string().contains("connector main"));
    for strange in ["My thesis, not a journal.", "x"] {
        std::fs::write(bench.path(), strange).unwrap();
        let opened = Journal::open(&bench.path(), "main", Sync::EachPage);
        assert_eq!(opened.is_err(), strange.len() > 8, "{strange}");
        let left = std::fs::read(bench.path()).unwrap();
        assert_eq!(left == strange.as_bytes(), strange.len() > 8, "{strange}");
    }
}

#[test]
fn a_second_process_is_kept_out_and_the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let _held = bench.journal();
    assert_eq!(std::fs::metadata(bench.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let second = Journal::open(&bench.path(), "main", Sync::EachPage);
    assert!(second.unwrap_err().to_string().contains("in use"));
}

#[test]
fn no_name_is_in_the_file() {
    let bench = Bench::new();
    bench.list(&tree());
    let bytes = std::fs::read(bench.path()).unwrap();
    assert!(!bytes.windows(6).any(|six| six == b"Nobody"));
}

#[test]
fn a_second_pass_tells_new_changed_unchanged_and_gone() {
    let bench = Bench::new();
    bench.list(&tree());
    let in_root = |told: &str| item(told, Some("0"), None);
    let mut moved = item("f3", Some("0"), None);
    moved.etag = Some("1".into());
    let second = Played { walks: vec![walk("root:7")], ..Played::default() }
        .page("root:7", "", Ok(page(vec![in_root("f1=2"), in_root("d2"), in_root("f5"), moved], &["folder:d2"], end())))
        .page("folder:d2", "", Ok(page(vec![item("f4", Some("d2"), None)], &[], end())));
    let listing = bench.list(&second);
    assert_eq!(listing.pass, 2);
    assert_eq!(listing.tally.taken, Taken { new: 1, changed: 1, unchanged: 3, repeated: 0 });
    assert_eq!(listing.tally.gone, 3, "d1, f2, f9");
    assert_eq!(bench.ids(), ["d2", "f1", "f3", "f4", "f5"]);
}

#[test]
fn what_lies_below_a_hole_is_not_gone() {
    let in_root = |told: &str| item(told, Some("0"), None);
    let refused = |next| {
        Played { walks: vec![walk("root:7")], ..Played::default() }
            .page("root:7", "", Ok(page(vec![in_root("d1"), in_root("d2")], &["folder:d1", "folder:d2"], end())))
            .page("folder:d1", "", Err(next))
            .page("folder:d2", "", Ok(page(Vec::new(), &[], end())))
    };
    for (next, why, left) in [
        (Next::Forbidden, WhyUnwalked::Refused, &["d1", "d2", "f3"][..]),
        (Next::Transient, WhyUnwalked::Failing, &["d1", "d2", "f3"]),
        (Next::Gone, WhyUnwalked::Gone, &["d1", "d2"]),
    ] {
        let bench = Bench::new();
        bench.list(&tree());
        let listing = bench.list(&refused(next));
        assert_eq!(listing.holes.iter().map(|hole| (&*hole.what, hole.why)).collect::<Vec<_>>(), [("d1", why)]);
        // f9 lies in d1 too, but was listed last in d2.
        let mut ids = bench.ids();
        ids.retain(|id| id != "f9");
        assert_eq!(ids, left, "{next:?}");
    }
    let bench = Bench::new();
    bench.list(&tree());
    let hole = Unwalked { what: "7".into(), name: "".into(), why: WhyUnwalked::InactiveOwner };
    let listing = bench.list(&Played { holes: vec![hole], ..Played::default() });
    assert_eq!((listing.tally.gone, bench.ids().len()), (0, ALL.len()));
}

/// A namespace: `(path, told)` pairs as items.
fn namespace(entries: &[(&str, &str)], onward: Onward) -> Page {
    page(entries.iter().map(|(path, told)| item(told, None, Some(path))).collect(), &[], onward)
}

fn gone(mut page: Page, paths: &[&str]) -> Page {
    page.gone = paths.iter().map(|path| GonePath { place: "7".into(), path_lower: (*path).into() }).collect();
    page
}

#[test]
fn changes_go_on_from_the_cursor_and_one_deletion_takes_a_subtree() {
    let bench = Bench::new();
    let listed = [("/A", "d1"), ("/A/B/c.txt", "f1"), ("/A/x.txt", "f2"), ("/AB.txt", "f3"), ("/n.txt", "f4")];
    let source = Played { walks: vec![walk("ns:7")], ..Played::default() }
        .page("ns:7", "", Ok(namespace(&listed, Onward::End(Some("c1".into())))))
        .page("ns:7", "c1", Ok(gone(namespace(&[("/n.txt", "f4=2"), ("/m.txt", "f6")], more("c2")), &["/a"])))
        .page("ns:7", "c2", Ok(gone(namespace(&[], Onward::End(Some("c3".into()))), &["/nothing", "/m.txt"])))
        .page("ns:7", "c3", Ok(namespace(&[], Onward::End(Some("c3".into())))));
    bench.list(&source);
    let second = bench.list(&source);
    assert_eq!(second.tally.taken, Taken { new: 1, changed: 1, unchanged: 0, repeated: 0 });
    assert_eq!((second.tally.gone, bench.ids()), (4, vec!["f3".to_owned(), "f4".to_owned()]));
    let third = bench.list(&source);
    assert_eq!((third.tally.taken, third.tally.gone, third.tally.items()), (Taken::default(), 0, 2));
}

#[test]
fn what_a_page_takes_away_and_tells_anew_is_no_new_item() {
    let bench = Bench::new();
    let source = Played { walks: vec![walk("ns:7")], ..Played::default() }
        .page(
            "ns:7",
            "",
            Ok(namespace(&[("/A", "d1"), ("/A/b.txt", "f1"), ("/c.txt", "f2")], Onward::End(Some("c1".into())))),
        )
        .page(
            "ns:7",
            "c1",
            Ok(gone(namespace(&[("/A", "d1"), ("/d.txt", "f2")], Onward::End(None)), &["/a", "/c.txt"])),
        );
    bench.list(&source);
    let tally = bench.list(&source).tally;
    assert_eq!((tally.taken, tally.gone), (Taken { unchanged: 2, ..Taken::default() }, 1));
    assert_eq!(bench.ids(), ["d1", "f2"]);
}

#[test]
fn a_reset_lists_again_without_calling_the_unchanged_changed() {
    let bench = Bench::new();
    let listed = [("/a.txt", "f1"), ("/b.txt", "f2"), ("/c.txt", "f3")];
    let again = [("/a.txt", "f1"), ("/b.txt", "f2=2"), ("/d.txt", "f4")];
    let source = Played { walks: vec![walk("ns:7")], ..Played::default() }
        .page("ns:7", "", Ok(namespace(&listed, Onward::End(Some("c1".into())))))
        .page("ns:7", "", Ok(namespace(&again, Onward::End(Some("c2".into())))))
        .page("ns:7", "c1", Err(Next::Reset(None)));
    bench.list(&source);
    let second = bench.list(&source);
    assert_eq!(second.tally.taken, Taken { new: 1, changed: 1, unchanged: 1, repeated: 0 });
    assert_eq!((second.tally.gone, bench.ids()), (1, vec!["f1".to_owned(), "f2".to_owned(), "f4".to_owned()]));

    let within = Played { walks: vec![walk("ns:7")], ..Played::default() }
        .page("ns:7", "", Ok(namespace(&listed, more("c1"))))
        .page("ns:7", "c1", Err(Next::Reset(None)))
        .page("ns:7", "c1", Ok(namespace(&[("/e.txt", "f5")], Onward::End(None))));
    let bench = Bench::new();
    let listing = bench.list(&within);
    assert_eq!(listing.tally.taken, Taken { new: 4, changed: 0, unchanged: 3, repeated: 0 });
    assert_eq!((listing.tally.items(), listing.tally.gone), (4, 0));

    let endless = Played { walks: vec![walk("ns:7")], ..Played::default() }.page("ns:7", "", Err(Next::Reset(None)));
    assert_eq!(Bench::new().list(&endless).holes[0].why, WhyUnwalked::Failing);
}

#[test]
fn what_a_found_walk_brought_stays_when_its_finder_goes_on_from_a_cursor() {
    let bench = Bench::new();
    let mut first = namespace(&[("/a.txt", "f1")], Onward::End(Some("c1".into())));
    first.found = vec![walk("trash:7:/b.txt")];
    let mut trashed = item("f2", None, Some("/b.txt"));
    trashed.trashed = Some(crate::clock::Moment::from_millis(5));
    let source = Played { walks: vec![walk("ns:7")], ..Played::default() }
        .page("ns:7", "", Ok(first))
        .page("trash:7:/b.txt", "", Ok(page(vec![trashed], &[], end())))
        .page("ns:7", "c1", Ok(namespace(&[], Onward::End(Some("c1".into())))));
    for pass in 1..=4 {
        let tally = bench.list(&source).tally;
        assert_eq!((tally.items(), tally.trashed, tally.gone), (2, 1, 0), "pass {pass}");
        bench.journal().clear_now();
    }
}

#[test]
fn clearing_keeps_everything_and_shrinks_the_file() {
    let bench = Bench::new();
    for pass in 0..20 {
        let told: Vec<String> = (0..10).map(|id| format!("f{id}={pass}")).collect();
        let items = told.iter().map(|told| item(told, Some("0"), None)).collect();
        bench.list(&Played { walks: vec![walk("root:7")], ..Played::default() }.page(
            "root:7",
            "",
            Ok(page(items, &[], end())),
        ));
    }
    let (before, ids_before) = (std::fs::metadata(bench.path()).unwrap().len(), bench.ids());
    let tally = bench.journal().tally();
    bench.journal().clear_now();
    assert!(std::fs::metadata(bench.path()).unwrap().len() < before / 5);
    let mut journal = bench.journal();
    assert_eq!((ids(&mut journal), journal.tally(), journal.pass()), (ids_before, tally, 20));
    assert_eq!(journal.feeds().len(), 1);
    drop(journal);
    assert_eq!(
        bench
            .list(&Played { walks: vec![walk("root:7")], ..Played::default() }.page(
                "root:7",
                "",
                Ok(page(vec![item("f1=19", Some("0"), None)], &[], end()))
            ))
            .tally
            .taken
            .unchanged,
        1
    );
}

/// Raises the stop flag at the n-th page.
struct StopAt<'a>(usize, &'a AtomicBool);

impl Watch for StopAt<'_> {
    fn page(&mut self, _: &Walk, _: &Page) {
        self.0 -= 1;
        if self.0 == 0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_stop_after_any_page_is_gone_on_from() {
    for pages in 1..5 {
        let bench = Bench::new();
        let source = tree();
        let mut journal = bench.journal();
        let people = Directory::default();
        let stopped = list(
            &source,
            &people,
            &mut journal,
            &bench.options,
            &Progress::default(),
            &mut StopAt(pages, &bench.options.stop),
        );
        assert_eq!(stopped.unwrap().ended, Ended::Stopped, "{pages}");
        drop(journal);
        bench.options.stop.store(false, Ordering::Relaxed);
        let listing = bench.list(&source);
        assert_eq!((listing.ended, listing.resumed), (Ended::Complete, true), "{pages}");
        assert_eq!((bench.ids().len(), source.calls()), (ALL.len(), 5), "{pages}");
    }
}

#[test]
fn each_error_of_a_page_has_its_own_consequence() {
    let one = |answers: &[Next]| {
        let mut source = Played { walks: vec![walk("root:7")], ..Played::default() };
        for next in answers {
            source = source.page("root:7", "", Err(*next));
        }
        source.page("root:7", "", Ok(page(vec![item("f1", Some("0"), None)], &[], end())))
    };
    let until = crate::clock::Moment::from_millis(90_000);
    for (answers, ended, items, holes) in [
        (&[Next::Transient, Next::Locked, Next::Transient][..], Ended::Complete, 1, 0),
        (&[Next::Transient; 4], Ended::Complete, 0, 1),
        (&[Next::Throttled(until)], Ended::Complete, 1, 0),
        (&[Next::Throttled(until); 20], Ended::Complete, 1, 0),
        (&[Next::Locked; 20], Ended::Complete, 1, 0),
        (&[Next::Refused], Ended::Complete, 0, 1),
        (&[Next::Moved], Ended::Complete, 0, 1),
        (&[Next::Budget(until)], Ended::Budget(until), 0, 0),
        (&[Next::Stopped], Ended::Stopped, 0, 0),
    ] {
        let bench = Bench::new();
        let listing = bench.list(&one(answers));
        assert_eq!((listing.ended, listing.tally.items(), listing.holes.len()), (ended, items, holes), "{answers:?}");
        if answers == [Next::Throttled(until)] {
            assert!(bench.options.clock.now() >= until);
        }
    }
    let bench = Bench::new();
    let mut journal = bench.journal();
    let people = Directory::default();
    let source = one(&[Next::Credentials]);
    let failed = list(&source, &people, &mut journal, &bench.options, &Progress::default(), &mut ());
    assert_eq!(failed.unwrap_err().next(), Some(Next::Credentials));
    assert!(journal.is_open());
}

#[test]
fn what_somebody_may_have_linked_is_unknown_while_the_links_are() {
    let person = |id: &str| Person {
        id: id.into(),
        account: id.into(),
        login: format!("{id}@example.com").into(),
        name: "".into(),
        side: Side::Internal,
        role: Role::Member,
        status: Status::Active,
    };
    let read_as = |id: &str, read_as| Item { read_as, ..item(id, None, Some(&format!("/{id}"))) };
    let listed = vec![
        read_as("f7", Principal::Person("7".into())),
        read_as("f8", Principal::Person("8".into())),
        read_as("team", Principal::Admin("1".into())),
    ];
    for (refused, unknown) in [("7", vec!["f7", "team"]), ("8", vec!["f8", "team"]), ("nobody", vec![])] {
        let source = Played { walks: vec![walk("ns:7")], keeps_links_of: Some(refused), ..Played::default() };
        let source = source.page("ns:7", "", Ok(page(listed.clone(), &[], end())));
        let bench = Bench::new();
        bench.list(&source);
        let mut people = Directory::default();
        ["7", "8"].into_iter().for_each(|id| people.add(person(id)));
        let (mut journal, progress, mut judged) = (bench.journal(), Progress::default(), Judged::default());
        let levels = exposures(&source, &people, &mut journal, &bench.options, &progress, &mut judged).unwrap();
        assert_eq!(judged.0, unknown, "{refused}");
        assert_eq!(levels.failures.len(), usize::from(!unknown.is_empty()));
    }
}

/// The ids of items whose exposure is not wholly known, in order.
#[derive(Default)]
struct Judged(Vec<String>);

impl Watch for Judged {
    fn exposure(&mut self, item: &Item, told: &Exposure) {
        if !told.is_known() {
            self.0.push(item.id.to_string());
            self.0.sort();
        }
    }
}

#[test]
fn a_walk_that_goes_round_is_a_hole_and_what_it_brought_is_kept() {
    let source = Played { walks: vec![walk("folder:1"), walk("folder:2")], ..Played::default() }
        .page("folder:1", "", Ok(page(vec![item("a", Some("1"), None)], &["folder:1"], more("m1"))))
        .page("folder:1", "m1", Ok(page(vec![item("b", Some("1"), None)], &[], more("m2"))))
        .page("folder:1", "m2", Ok(page(vec![item("c", Some("1"), None)], &[], more("m1"))))
        .page("folder:2", "", Ok(page(vec![item("d2", Some("2"), None)], &["folder:2"], end())));
    let bench = Bench::new();
    let listing = bench.list(&source);
    assert_eq!(listing.ended, Ended::Complete);
    let holes: Vec<_> = listing.holes.iter().map(|hole| (&*hole.what, hole.why)).collect();
    assert_eq!(holes, [("1", WhyUnwalked::Failing)]);
    assert_eq!(bench.ids().len(), 4);
    assert!(source.calls() < 10, "{}", source.calls());
}

#[test]
fn a_page_that_panics_is_a_hole() {
    let source = Played { walks: vec![walk("root:7")], ..Played::default() };
    let listing = Bench::new().list(&source);
    assert_eq!((listing.ended, listing.holes[0].why), (Ended::Complete, WhyUnwalked::Refused));
}

#[test]
fn a_full_disk_is_an_error_at_once() {
    let opened = Journal::open(std::path::Path::new("/dev/full"), "main", Sync::EachPage);
    assert!(opened.is_err());
}

#[test]
fn many_threads_bring_the_same() {
    let mut bench = Bench::new();
    bench.options.threads = 8;
    bench.list(&tree());
    let seen: BTreeSet<String> = bench.ids().into_iter().collect();
    assert_eq!(seen.len(), ALL.len());
}
