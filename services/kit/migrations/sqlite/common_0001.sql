-- What every service has. Instants are milliseconds since 1970, UTC.

-- Messages that are committed and not yet published, in the order of their commits.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    topic      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    value      BLOB    NOT NULL,
    -- A JSON object of strings.
    headers    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Events that were applied: each has its effect once.
CREATE TABLE inbox (
    event_id   TEXT    NOT NULL PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_age ON inbox (applied_at);

-- Answers to requests that had an Idempotency-Key.
CREATE TABLE idempotency_keys (
    -- Caller, route and key, hashed.
    id          TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the key and the request's body.
    fingerprint TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
