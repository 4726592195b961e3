-- Connectors, people who read, items, walks and passes, sharing, the queue, counters.
--
-- INTEGER is 64 bits wide (PostgreSQL: BIGINT), moments are milliseconds since 1970, AUTOINCREMENT is an identity column
-- (numbers are never given twice), STRICT and WITHOUT ROWID have no counterpart and can be left out. Partial indexes,
-- ON CONFLICT and RETURNING mean the same in both. Hot tables name other tables' rows without REFERENCES: each look-up
-- would be paid on every listed item, and rows go away only in the one place that deletes items.

CREATE TABLE connector (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL,
  provider INTEGER NOT NULL,          -- 0 Box, 1 Dropbox
  state    INTEGER NOT NULL,          -- 0 enabled, 1 disabled, 2 broken, 3 removed
  since    INTEGER NOT NULL,
  tenant   TEXT,
  granted  TEXT
) STRICT;
-- A removed connector keeps its row, so that its name can be given anew and its number cannot.
CREATE UNIQUE INDEX connector_name ON connector (name) WHERE state <> 3;

CREATE TABLE fact (
  connector INTEGER NOT NULL,         -- 0: about none
  name      TEXT NOT NULL,
  value     TEXT NOT NULL,
  PRIMARY KEY (connector, name)
) STRICT, WITHOUT ROWID;

-- Kept by delta in the transaction that causes the change; nothing on a hot path counts rows.
CREATE TABLE counter (
  connector INTEGER NOT NULL,
  what      INTEGER NOT NULL,
  value     INTEGER NOT NULL,
  PRIMARY KEY (connector, what)
) STRICT, WITHOUT ROWID;

-- Who reads: the key of fairness, and of providers' limits.
CREATE TABLE principal (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  connector INTEGER NOT NULL,
  kind      INTEGER NOT NULL,         -- 0 tenant, 1 person, 2 admin
  id        TEXT NOT NULL,            -- '' for the tenant
  UNIQUE (connector, kind, id)
) STRICT;

-- Positions of feeds; the end of a walk (`ns:`) is one of them.
CREATE TABLE feed_cursor (
  connector INTEGER NOT NULL,
  feed      TEXT NOT NULL,
  principal INTEGER NOT NULL,
  position  TEXT NOT NULL,
  PRIMARY KEY (connector, feed)
) STRICT, WITHOUT ROWID;

CREATE TABLE pass (
  connector  INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  began      INTEGER NOT NULL,
  listed     INTEGER,                 -- NULL while its listing goes on
  new        INTEGER NOT NULL DEFAULT 0,
  changed    INTEGER NOT NULL DEFAULT 0,
  unchanged  INTEGER NOT NULL DEFAULT 0,
  repeated   INTEGER NOT NULL DEFAULT 0,
  gone       INTEGER NOT NULL DEFAULT 0,
  pages      INTEGER NOT NULL DEFAULT 0,
  walks      INTEGER NOT NULL DEFAULT 0,
  walks_left INTEGER NOT NULL DEFAULT 0,
  used_bytes INTEGER,
  began_mark INTEGER NOT NULL,        -- marks count beginnings: of passes, and of walks that began again
  PRIMARY KEY (connector, number)
) STRICT, WITHOUT ROWID;

-- A walk's id and path can hold a name (`trash:456:/reports/a.txt`), so both are sealed and a keyed hash finds them.
CREATE TABLE walk (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  connector INTEGER NOT NULL,
  id_key    INTEGER NOT NULL,
  sealed    BLOB NOT NULL,
  place     TEXT NOT NULL,
  kind      TEXT NOT NULL,
  principal INTEGER NOT NULL,
  cursor    TEXT,
  base      TEXT,                     -- the kept cursor it went on from
  pass      INTEGER NOT NULL,         -- the last pass that walks it
  from_mark INTEGER NOT NULL,         -- from the beginning, at this mark; 0 when it goes on from a kept cursor
  finder    INTEGER,                  -- the walk that found it
  waits     INTEGER NOT NULL,
  UNIQUE (connector, id_key)
) STRICT;
CREATE INDEX walk_waits ON walk (connector, number) WHERE waits = 1;

CREATE TABLE hole (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  connector INTEGER NOT NULL,
  what      TEXT NOT NULL,
  name      TEXT NOT NULL,            -- covered by whoever tells it
  why       INTEGER NOT NULL,
  pass      INTEGER NOT NULL,         -- the last pass that met it
  since     INTEGER NOT NULL,
  until     INTEGER                   -- NULL while it is one
) STRICT;
CREATE UNIQUE INDEX hole_open ON hole (connector, what, why) WHERE until IS NULL;

-- Wide, and written only when an item changes. What is known of its content is in `standing`.
CREATE TABLE item (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  connector     INTEGER NOT NULL,
  kind          INTEGER NOT NULL,     -- 0 file, 1 folder, 2 bookmark, 3 the top of a tree or namespace (its id is the place)
  id            TEXT NOT NULL,
  parent        INTEGER,              -- NULL: a top, or a stub whose place nothing has told
  place         TEXT NOT NULL,
  principal     INTEGER NOT NULL,
  name          TEXT NOT NULL,        -- '' when it may not be shown as it is: then it is sealed
  sealed        BLOB,
  shown         TEXT,
  name_key      INTEGER NOT NULL,     -- keyed hash of the name in lower case; 0 for none
  stub          INTEGER NOT NULL,     -- never told itself: 1 named by an event, 2 only by what lies below it; else 0
  size_bytes    INTEGER NOT NULL,
  version       TEXT,
  etag          TEXT,
  hash          BLOB,
  created       INTEGER,
  modified      INTEGER,
  owner_account TEXT,
  owner_login   TEXT,
  outside_owner INTEGER NOT NULL,
  has_members   INTEGER NOT NULL,
  has_link      INTEGER NOT NULL,     -- 1: the listing told a link (`link`, teller '')
  label         TEXT,
  locked        INTEGER NOT NULL,
  trashed       INTEGER,
  download      TEXT,                 -- '' as it is, else the format of export; NULL not at all
  facts         INTEGER NOT NULL,     -- keyed hash over all that a listing tells: equal means unchanged
  first_seen    INTEGER NOT NULL,
  changed       INTEGER NOT NULL,
  gone          INTEGER,
  UNIQUE (connector, kind, id)
) STRICT;
-- The item at a path, step by step from the top, and the children of a folder.
CREATE INDEX item_child ON item (parent, name_key) WHERE gone IS NULL;

-- When each item was last listed: the only thing that a pass writes of what has not changed.
CREATE TABLE listed (
  item INTEGER PRIMARY KEY,
  walk INTEGER NOT NULL,              -- 0: by none, only looked at
  mark INTEGER NOT NULL
) STRICT;

-- Members as last asked for.
CREATE TABLE sharing (
  item          INTEGER PRIMARY KEY,
  state         INTEGER NOT NULL,     -- 0 none, 1 known, 2 hidden
  members       TEXT,                 -- JSON
  outside_owner INTEGER NOT NULL,
  whole_company INTEGER NOT NULL,
  told          INTEGER NOT NULL
) STRICT;

-- Links. An address is a key to the content, so it is sealed.
CREATE TABLE link (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  connector INTEGER NOT NULL,
  item      INTEGER,                  -- NULL: leads to nothing that is known yet
  item_id   TEXT NOT NULL,
  teller    TEXT NOT NULL,            -- '' the listing, '?' asked for with the members, else the person who sees it
  audience  INTEGER NOT NULL,
  password  INTEGER NOT NULL,
  expires   INTEGER,
  download  INTEGER,
  url       BLOB,
  facts     INTEGER NOT NULL          -- keyed hash over all of it: tells equal links
) STRICT;
CREATE INDEX link_item ON link (item) WHERE item IS NOT NULL;
CREATE INDEX link_teller ON link (connector, teller);
CREATE INDEX link_unplaced ON link (connector, item_id) WHERE item IS NULL;

-- Narrow, one row for each item that has something to be done; done means deleted. `epoch` comes from one counter for all
-- jobs, so that a lease of a job that was deleted and made anew can never be taken for the new one's.
CREATE TABLE work (
  item          INTEGER PRIMARY KEY,
  connector     INTEGER NOT NULL,
  principal     INTEGER NOT NULL,
  lane          INTEGER NOT NULL,
  priority      INTEGER NOT NULL,
  since         INTEGER NOT NULL,     -- its place in the line: asking again does not move it back
  state         INTEGER NOT NULL,     -- 0 ready, 1 delayed, 2 leased, 3 parked
  todo          INTEGER NOT NULL,
  attempts      INTEGER NOT NULL,
  epoch         INTEGER NOT NULL,
  wanted_rev    INTEGER NOT NULL,
  leased_rev    INTEGER NOT NULL,
  asked         INTEGER NOT NULL,
  not_before    INTEGER,
  offered       INTEGER,
  happened      INTEGER,
  more_todo     INTEGER,              -- what was asked for while it was leased: the next turn's todo, lane and moments
  more_lane     INTEGER,
  more_offered  INTEGER,
  more_happened INTEGER
) STRICT;
-- One principal's jobs of a lane in order. A lease takes the entry out, so the index holds only what can be leased.
CREATE INDEX work_ready ON work (lane, principal, priority DESC, since, item) WHERE state = 0;
CREATE INDEX work_delayed ON work (not_before) WHERE state = 1;
CREATE INDEX work_parked ON work (item) WHERE state = 3;

CREATE TABLE parked (
  item   INTEGER PRIMARY KEY,
  reason TEXT NOT NULL,
  said   TEXT NOT NULL,
  since  INTEGER NOT NULL
) STRICT;

-- Whose turn it is: start-time fair queueing. Each leased job moves its principal one turn on; who comes anew starts at the
-- present turn, so that nobody saves turns up and nobody waits behind a longer line.
CREATE TABLE turn (
  principal INTEGER NOT NULL,
  lane      INTEGER NOT NULL,
  connector INTEGER NOT NULL,
  ready     INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (principal, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_next ON turn (lane, connector, at, principal) WHERE ready > 0;
