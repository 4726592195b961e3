-- Intents and their journal, breakers, plans, approvals, quarantine.

DROP TABLE outbox;

-- What is to be done at a provider. `wanted` seals target, owner and what is wanted; `thing` and `owner` are keyed hashes of the
-- item or person it is done to and of the owner, by which equal ones are found. `line` says where it waits for its turn: 0 nowhere (in
-- hand, held, parked, over), 1 begun and to go on, 2 ready, 3 ready at `due`; so the indexes of turns hold only what has one.
CREATE TABLE intent (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connector INTEGER NOT NULL,
    item INTEGER,
    thing INTEGER NOT NULL,
    owner INTEGER NOT NULL,             -- 0: nobody is known
    cause INTEGER NOT NULL,             -- 0 restore, 1 undo, 2 plan, 3 policy: whose turn is first
    rules INTEGER,
    plan INTEGER,
    undoes INTEGER,
    name TEXT NOT NULL,
    actor TEXT NOT NULL,
    wanted BLOB NOT NULL,
    state INTEGER NOT NULL,             -- 0 waits, 1 held, 2 begun, 3 ended, 4 parked, 5 cancelled
    in_hand INTEGER NOT NULL,
    line INTEGER NOT NULL,
    due INTEGER,
    made INTEGER NOT NULL,
    begun INTEGER,
    ended INTEGER,
    attempts INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX intent_goes_on ON intent (connector, cause, number) WHERE line = 1;
CREATE INDEX intent_ready ON intent (connector, cause, number) WHERE line = 2;
CREATE INDEX intent_delayed ON intent (due) WHERE line = 3;
CREATE INDEX intent_in_hand ON intent (number) WHERE in_hand = 1;
CREATE INDEX intent_busy ON intent (thing) WHERE in_hand = 1 OR state = 2;
CREATE INDEX intent_state ON intent (state, number);
CREATE INDEX intent_item ON intent (item, number) WHERE item IS NOT NULL;
CREATE INDEX intent_plan ON intent (plan, number) WHERE plan IS NOT NULL;
CREATE INDEX intent_undoes ON intent (undoes, number) WHERE undoes IS NOT NULL;

-- The policies that want it.
CREATE TABLE intent_voter (
    intent INTEGER NOT NULL,
    policy TEXT NOT NULL,
    hash BLOB NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (intent, policy)
) STRICT, WITHOUT ROWID;
CREATE INDEX intent_voter_policy ON intent_voter (policy, intent);

-- The journal: what an intent became, what was found, each step before and after its call. All sealed.
CREATE TABLE intent_order (
    intent INTEGER NOT NULL,
    place INTEGER NOT NULL,
    id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    found BLOB,                         -- the state before its first step
    receipt BLOB,
    is_open INTEGER NOT NULL,           -- 0: its receipt is its end
    PRIMARY KEY (intent, place)
) STRICT;
CREATE UNIQUE INDEX intent_order_id ON intent_order (intent, id);

CREATE TABLE intent_step (
    intent INTEGER NOT NULL,
    place INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    step BLOB NOT NULL,
    did BLOB,                           -- NULL: its call may or may not have been made
    PRIMARY KEY (intent, place, nth)
) STRICT;

-- Breakers that tripped, and those whose release has not yet freed all that they held.
CREATE TABLE breaker (
    policy TEXT PRIMARY KEY,
    tripped INTEGER,                    -- when; NULL: it was released
    cap TEXT NOT NULL,                  -- items, share, owner
    touched INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE breaker_held (
    policy TEXT NOT NULL,
    intent INTEGER NOT NULL,
    PRIMARY KEY (policy, intent)
) STRICT, WITHOUT ROWID;
CREATE INDEX breaker_held_intent ON breaker_held (intent);

-- What a policy touched last when: different items are counted, and those of the last day only.
CREATE TABLE touched (
    policy TEXT NOT NULL,
    thing INTEGER NOT NULL,
    connector INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (policy, thing)
) STRICT, WITHOUT ROWID;
CREATE INDEX touched_day ON touched (policy, at);
CREATE INDEX touched_connector ON touched (policy, connector, at);
CREATE INDEX touched_owner ON touched (policy, owner, at);

CREATE TABLE plan (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL,                 -- sealed
    made_by TEXT NOT NULL,
    kind TEXT NOT NULL,
    items INTEGER NOT NULL,
    approvals INTEGER NOT NULL,         -- how many it needs
    made INTEGER NOT NULL,
    applied INTEGER,
    applied_by TEXT
) STRICT;

CREATE TABLE plan_policy (
    plan INTEGER NOT NULL,
    place INTEGER NOT NULL,
    policy TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (plan, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_approval (
    plan INTEGER NOT NULL,
    place INTEGER NOT NULL,
    approved_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (plan, place)
) STRICT, WITHOUT ROWID;

-- The one form of a policy that may be enforced.
CREATE TABLE policy_approval (
    policy TEXT PRIMARY KEY,
    hash BLOB NOT NULL,
    plan INTEGER NOT NULL,
    approved_by TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What lies, or lay, in quarantine. `sealed`: owner, order and the state before.
CREATE TABLE quarantine (
    id TEXT PRIMARY KEY,
    connector INTEGER NOT NULL,
    item INTEGER,
    item_kind INTEGER,                  -- as `item.kind`; with `item_id` the item by the provider's id
    item_id TEXT,
    intent INTEGER,
    policies TEXT NOT NULL,             -- JSON
    whose INTEGER NOT NULL,             -- 0 the owner's, 1 the company's
    person TEXT,
    note TEXT,                          -- the provider's id of the note that was left
    receipt TEXT,
    content BLOB,
    found TEXT NOT NULL,                -- JSON
    sealed BLOB NOT NULL,
    since INTEGER NOT NULL,
    released INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_item ON quarantine (item) WHERE released IS NULL AND item IS NOT NULL;
CREATE INDEX quarantine_id ON quarantine (connector, item_kind, item_id) WHERE released IS NULL AND item_id IS NOT NULL;
CREATE INDEX quarantine_note ON quarantine (connector, note) WHERE released IS NULL AND note IS NOT NULL;
