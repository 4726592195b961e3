-- Matches, alerts, exceptions, messages.
--
-- Moments are milliseconds since 1970, levels are -1 while not known. What people wrote and what messages say is sealed.

-- Policies by name, and each text of theirs by its hash, so that a match carries two small numbers. Few; kept for ever.
CREATE TABLE policy_name (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE policy_version (
  number INTEGER PRIMARY KEY,
  policy INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  UNIQUE (policy, hash)
) STRICT;

-- Matches that hold. All of an item's lie together: a ruling looks them up at once.
CREATE TABLE matching (
  item      INTEGER NOT NULL,
  policy    INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  connector INTEGER NOT NULL,
  since     INTEGER NOT NULL,
  level     INTEGER NOT NULL,         -- the least since then
  asked     INTEGER NOT NULL,
  PRIMARY KEY (item, policy)
) STRICT, WITHOUT ROWID;

CREATE INDEX matching_policy ON matching (policy, item);

-- How many there are, by delta with every change of `matching`.
CREATE TABLE match_count (
  policy    INTEGER NOT NULL,
  connector INTEGER NOT NULL,
  items     INTEGER NOT NULL,
  PRIMARY KEY (policy, connector)
) STRICT, WITHOUT ROWID;

-- A roll-up has connector 0, which is none, and no owner and folder. `items` counts all matches, `kept` those with a row.
CREATE TABLE alert (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  policy    INTEGER NOT NULL,
  severity  TEXT NOT NULL,
  connector INTEGER NOT NULL,
  owner     TEXT NOT NULL,
  folder    TEXT NOT NULL,
  opened    INTEGER NOT NULL,
  last      INTEGER NOT NULL,
  items     INTEGER NOT NULL,
  kept      INTEGER NOT NULL,
  told      INTEGER,
  closed    INTEGER,
  closed_by TEXT,
  reason    BLOB
) STRICT;

-- One open alert for each key.
CREATE UNIQUE INDEX alert_open ON alert (policy, severity, connector, owner, folder) WHERE closed IS NULL;
CREATE INDEX alert_untold ON alert (number) WHERE closed IS NULL AND told IS NULL;
CREATE INDEX alert_closed ON alert (closed) WHERE closed IS NOT NULL;

CREATE TABLE alert_item (
  alert INTEGER NOT NULL,
  item  INTEGER NOT NULL,
  PRIMARY KEY (alert, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE exception (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  kind      TEXT NOT NULL,
  what      TEXT NOT NULL,
  connector INTEGER,                  -- NULL: everywhere
  policy    TEXT,                     -- NULL: every policy
  content   BLOB,
  excused   TEXT NOT NULL,            -- JSON: pairs of detector and different values
  reason    BLOB NOT NULL,
  made_by   TEXT NOT NULL,
  until     INTEGER NOT NULL,
  made      INTEGER NOT NULL,
  ended     INTEGER
) STRICT;

CREATE INDEX exception_until ON exception (until) WHERE ended IS NULL;

-- What leaves. `in_hand` is 1 while this run is sending it: a message that was being sent when the program ended is taken
-- again, and still says that it may have left.
CREATE TABLE message (
  sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT NOT NULL UNIQUE,
  channel    TEXT NOT NULL,           -- mail, webhook
  receiver   TEXT NOT NULL,           -- address, or the webhook's name
  body       BLOB NOT NULL,
  digest_at  INTEGER,
  made       INTEGER NOT NULL,
  changed    INTEGER NOT NULL,
  state      TEXT NOT NULL,
  in_hand    INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  said       TEXT NOT NULL
) STRICT;

CREATE INDEX message_due ON message (sequence)
  WHERE digest_at IS NULL AND in_hand = 0 AND state IN ('waits', 'sending');
CREATE INDEX message_in_hand ON message (sequence) WHERE in_hand = 1;
CREATE INDEX message_digest ON message (digest_at, channel, receiver) WHERE digest_at IS NOT NULL AND state = 'waits';
CREATE INDEX message_parked ON message (sequence) WHERE state = 'parked';
CREATE INDEX message_past ON message (changed) WHERE state IN ('sent', 'digested');
