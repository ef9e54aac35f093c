-- What every service has. Instants are milliseconds since 1970, UTC.

-- Messages that are committed and not yet published, in the order of their writing.
CREATE TABLE outbox (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    value      BYTEA  NOT NULL,
    -- A JSON object of strings.
    headers    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- Events that were applied: each has its effect once.
CREATE TABLE inbox (
    event_id   TEXT   NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
);
CREATE INDEX inbox_age ON inbox (applied_at);

-- Answers to requests that had an Idempotency-Key.
CREATE TABLE idempotency_keys (
    -- Caller, route and key, hashed.
    id          TEXT   NOT NULL PRIMARY KEY,
    -- SHA-256 of the key and the request's body.
    fingerprint TEXT   NOT NULL,
    status      BIGINT NOT NULL,
    body        BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
