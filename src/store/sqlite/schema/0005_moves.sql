-- Intents that move something are handed out one at a time for each connector: they share the right to move.
ALTER TABLE intent ADD COLUMN moves INTEGER NOT NULL DEFAULT 0;
UPDATE intent SET moves = 1 WHERE name IN ('user_quarantine', 'admin_quarantine', 'release', 'move', 'copy');
DROP INDEX intent_goes_on;
DROP INDEX intent_ready;
CREATE INDEX intent_goes_on ON intent (connector, cause, moves, number) WHERE line = 1;
CREATE INDEX intent_ready ON intent (connector, cause, moves, number) WHERE line = 2;
CREATE INDEX intent_moving ON intent (connector) WHERE moves = 1 AND in_hand = 1;
