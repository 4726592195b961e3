-- Rule sets, readings, findings, how each item stands and stood, people, activities, audit, outbox.
--
-- Moments are milliseconds since the Unix epoch. Words of closed lists are kept as they print. WITHOUT ROWID and STRICT
-- are SQLite's own table options and change no answer: a translation leaves them out. Tables that every verdict writes name
-- other tables' rows without REFERENCES: each look-up would be paid for every finding.

-- Detectors by name, so that counts and findings carry a small number.
CREATE TABLE detector (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- A detector as it was at some time: its hash, and what must be known of it to judge a stored finding again.
CREATE TABLE detector_version (
    number INTEGER PRIMARY KEY,
    detector INTEGER NOT NULL REFERENCES detector (number),
    hash BLOB NOT NULL,
    profile TEXT NOT NULL,
    UNIQUE (detector, hash)
) STRICT;

-- A rule set is the set of its detectors' versions; `fingerprint` is a hash over them in order of their names, so that the
-- same set is found whatever order it is told in.
CREATE TABLE rule_set (
    number INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE rule_set_detector (
    rules INTEGER NOT NULL REFERENCES rule_set (number),
    version INTEGER NOT NULL REFERENCES detector_version (number),
    PRIMARY KEY (rules, version)
) STRICT, WITHOUT ROWID;

-- Which rule set was in force since when; the last row counts.
CREATE TABLE rules_in_force (
    number INTEGER PRIMARY KEY,
    rules INTEGER NOT NULL REFERENCES rule_set (number),
    since INTEGER NOT NULL
) STRICT;

-- How contents are read: a hash over extractor version and limits. Few, so readings carry a number.
CREATE TABLE extraction (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE
) STRICT;

-- One content read one way. `findings` counts those that hold now and `holders` the items there that have it: both are kept
-- by delta wherever they change, and never counted. `unheld` is since when nobody has it.
CREATE TABLE reading (
    number INTEGER PRIMARY KEY,
    content BLOB NOT NULL,
    extraction INTEGER NOT NULL,
    rules INTEGER NOT NULL,
    coverage TEXT NOT NULL,
    sniffed TEXT NOT NULL,
    mismatch INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    text_bytes INTEGER NOT NULL,
    holes TEXT,
    holes_total INTEGER NOT NULL,
    at INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    holders INTEGER NOT NULL,
    unheld INTEGER,
    UNIQUE (content, extraction)
) STRICT;

CREATE INDEX reading_unheld ON reading (unheld) WHERE unheld IS NOT NULL;

-- What a price is asked by, with all that it adds up: it is told from this index alone, without touching the wide rows.
CREATE INDEX reading_price ON reading (rules, sniffed, holders, bytes);

-- The provider's hash of a content and the reading that was made of it last.
CREATE TABLE reading_hash (
    provider TEXT NOT NULL,
    hash BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    reading INTEGER NOT NULL,
    PRIMARY KEY (provider, hash, bytes)
) STRICT, WITHOUT ROWID;

CREATE INDEX reading_hash_reading ON reading_hash (reading);

-- Counts of the detectors whose shape occurred in a content; most of the others have no row.
CREATE TABLE counted (
    reading INTEGER NOT NULL,
    detector INTEGER NOT NULL,
    candidates INTEGER NOT NULL,
    total INTEGER NOT NULL,
    different INTEGER NOT NULL,
    different_at_least INTEGER NOT NULL,
    shadowed INTEGER NOT NULL,
    PRIMARY KEY (reading, detector)
) STRICT, WITHOUT ROWID;

-- Contents with candidates of a detector, in order of their readings.
CREATE INDEX counted_detector ON counted (detector, reading);

-- Findings of a content, covered: mask, token, excerpt, and the distances of what supported them. A row is closed by
-- `until`, never changed; a finding judged anew is closed and followed by another row. `place` keeps the order in the file.
CREATE TABLE finding (
    number INTEGER PRIMARY KEY,
    reading INTEGER NOT NULL,
    place INTEGER NOT NULL,
    detector INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    tier TEXT NOT NULL,
    part TEXT NOT NULL,
    location TEXT NOT NULL,
    first_char INTEGER NOT NULL,
    past_char INTEGER NOT NULL,
    first_byte INTEGER,
    past_byte INTEGER,
    line INTEGER,
    text_column INTEGER,
    mask TEXT NOT NULL,
    token TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    evidence TEXT NOT NULL,
    grounds BLOB,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT;

CREATE INDEX finding_reading ON finding (reading, place, number);
CREATE INDEX finding_token ON finding (token, number) WHERE until IS NULL;
CREATE INDEX finding_ended ON finding (until) WHERE until IS NOT NULL;

-- How many findings of a detector at a confidence hold in a reading now. It answers "by detector" without touching the
-- findings, which are many and wide.
CREATE TABLE found (
    detector INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    reading INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    PRIMARY KEY (detector, confidence, reading)
) STRICT, WITHOUT ROWID;

-- How each item stands now, and since when. One row for each item but tops; narrow, since every verdict changes it. A file
-- whose `coverage` is NULL waits for its verdict. `label` is what reports sort it under: the sniffed type of its reading, else
-- `extension`. `level` is -1 until it is told (a number, not NULL, since databases differ in where NULL sorts).
CREATE TABLE standing (
    item INTEGER PRIMARY KEY,
    connector INTEGER NOT NULL,
    kind TEXT NOT NULL,
    extension TEXT NOT NULL,
    label TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    version TEXT,
    coverage TEXT,
    reading INTEGER,
    reused INTEGER NOT NULL,
    judged_version TEXT,
    level INTEGER NOT NULL,
    level_known INTEGER NOT NULL,
    level_until INTEGER,
    gone INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT;

-- Who holds a content, most exposed first: asked for each content that is looked at again.
CREATE INDEX standing_reading ON standing (reading, gone, level, item) WHERE reading IS NOT NULL;
CREATE INDEX standing_level_until ON standing (level_until) WHERE level_until IS NOT NULL AND gone = 0;

-- How items stood before: the row of `standing` as it was from `since` until `until`. Never changed once written.
CREATE TABLE past (
    item INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    connector INTEGER NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    coverage TEXT,
    reading INTEGER,
    level INTEGER NOT NULL,
    level_known INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (item, since)
) STRICT, WITHOUT ROWID;

CREATE INDEX past_ended ON past (until);

-- Items that are there, counted by all that reports ask: `coverage` is '' for what waits, so that the key has no NULL.
-- Kept by delta with every change of `standing`. (Several writing nodes would want a row for each node.)
CREATE TABLE tally (
    connector INTEGER NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    coverage TEXT NOT NULL,
    level INTEGER NOT NULL,
    level_known INTEGER NOT NULL,
    with_findings INTEGER NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (connector, kind, label, coverage, level, level_known, with_findings)
) STRICT, WITHOUT ROWID;

-- Contents read since the connector was made.
CREATE TABLE progress (
    connector INTEGER PRIMARY KEY,
    read_files INTEGER NOT NULL,
    read_bytes INTEGER NOT NULL
) STRICT;

-- When a connector's list of people was last kept.
CREATE TABLE people_list (
    connector INTEGER PRIMARY KEY,
    kept INTEGER NOT NULL
) STRICT;

-- People as last listed; who left stays, with status `removed`. `place` keeps the provider's order.
CREATE TABLE person (
    connector INTEGER NOT NULL,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    side TEXT NOT NULL,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    place INTEGER NOT NULL,
    links_wanted INTEGER NOT NULL,
    PRIMARY KEY (connector, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX person_links ON person (connector, account)
    WHERE links_wanted = 1 AND side = 'internal' AND status = 'active';

-- Groups; `readable` is 0 when the members could not be listed, which is not the same as none.
CREATE TABLE people_group (
    connector INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    readable INTEGER NOT NULL,
    PRIMARY KEY (connector, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE people_group_member (
    connector INTEGER NOT NULL,
    people_group TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (connector, people_group, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE people_domain (
    connector INTEGER NOT NULL,
    domain TEXT NOT NULL,
    PRIMARY KEY (connector, domain)
) STRICT, WITHOUT ROWID;

-- What items' own sharing rests on: `on_kind` is account, login, group or domain.
CREATE TABLE rests_on (
    connector INTEGER NOT NULL,
    on_kind TEXT NOT NULL,
    on_what TEXT NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (connector, on_kind, on_what, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX rests_on_item ON rests_on (item);

-- Events of the providers' logs. `person` is the login in lower case, for being asked by in any case.
CREATE TABLE activity (
    number INTEGER PRIMARY KEY,
    connector INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER,
    actor TEXT NOT NULL,
    account TEXT,
    login TEXT,
    person TEXT,
    kind TEXT NOT NULL,
    raw TEXT NOT NULL,
    address TEXT,
    taken INTEGER NOT NULL,
    UNIQUE (connector, id)
) STRICT;

CREATE INDEX activity_at ON activity (connector, at);
CREATE INDEX activity_account ON activity (account, number) WHERE account IS NOT NULL;
CREATE INDEX activity_person ON activity (person, number) WHERE person IS NOT NULL;
CREATE INDEX activity_taken ON activity (taken);

-- What an event is about, by the provider's id and not by our number: an item may become known after the event. Names are
-- covered.
CREATE TABLE subject (
    activity INTEGER NOT NULL,
    place INTEGER NOT NULL,
    connector INTEGER NOT NULL,
    id TEXT,
    kind TEXT,
    name TEXT,
    lies_in TEXT,
    version TEXT,
    owner TEXT,
    PRIMARY KEY (activity, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX subject_id ON subject (connector, id, activity) WHERE id IS NOT NULL;

-- The audit chain. `hash` is over the hash before it and all that stands here in the clear; of the details only
-- `commitment`, a hash over salt and details, goes into it, so that both can be destroyed and the chain still verifies.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    about TEXT NOT NULL,
    commitment BLOB NOT NULL,
    salt BLOB,
    details TEXT,
    hash BLOB NOT NULL
) STRICT;

CREATE INDEX audit_details ON audit (at) WHERE details IS NOT NULL;

-- Actions that wait.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    intent TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_waiting ON outbox (number) WHERE state = 'waiting';
