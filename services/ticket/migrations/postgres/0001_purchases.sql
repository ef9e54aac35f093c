-- Ids are UUIDv7 as text; instants are milliseconds since 1970, UTC.

-- A purchase is a ticket once it is confirmed.
CREATE TABLE purchases (
    id              TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    buyer_id        TEXT   NOT NULL,
    qty             BIGINT NOT NULL CHECK (qty > 0),
    status          TEXT   NOT NULL CHECK (status IN ('pending', 'confirmed', 'rejected', 'cancelled')),
    -- 1 while something is left to do: it is pending, or cancelled and its places are not yet released.
    open            BIGINT NOT NULL,
    -- The Idempotency-Key under which it was begun, and its body, both hashed.
    key_id          TEXT,
    key_fingerprint TEXT,
    -- From when on a pending one counts as given up by the process that began it.
    expires_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX purchases_open ON purchases (id) WHERE open = 1;
CREATE UNIQUE INDEX purchases_pending_key ON purchases (key_id) WHERE status = 'pending' AND key_id IS NOT NULL;
