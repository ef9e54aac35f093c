-- Ids are UUIDs as text; instants are milliseconds since 1970, UTC.

CREATE TABLE notifications (
    id             TEXT NOT NULL PRIMARY KEY,
    owner_id       TEXT NOT NULL,
    -- email, webhook or log.
    channel        TEXT NOT NULL,
    recipient      TEXT NOT NULL,
    subject        TEXT NOT NULL,
    message        TEXT NOT NULL,
    -- pending, sent or failed.
    status         TEXT NOT NULL,
    attempts       INTEGER NOT NULL,
    -- Why the last attempt failed.
    error          TEXT,
    -- When a pending one is tried next. While one is being tried: when that is given up for lost.
    due_at         INTEGER NOT NULL,
    -- Who is trying it.
    lease          TEXT,
    created_at     INTEGER NOT NULL,
    sent_at        INTEGER,
    -- The request that began what led to it, and its trace.
    correlation_id TEXT NOT NULL,
    traceparent    TEXT
) STRICT;
CREATE INDEX notifications_owner ON notifications (owner_id, id);
CREATE INDEX notifications_due ON notifications (due_at) WHERE status = 'pending';

-- Where users are reached, as the user service last told.
CREATE TABLE recipients (
    user_id TEXT NOT NULL PRIMARY KEY,
    email   TEXT NOT NULL,
    -- When it was so: an older event that comes later changes nothing.
    as_of   INTEGER NOT NULL
) STRICT;
