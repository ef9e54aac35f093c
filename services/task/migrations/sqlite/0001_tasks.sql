-- Ids are UUIDv7 as text; instants are milliseconds since 1970, UTC.

CREATE TABLE categories (
    id       TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL,
    name     TEXT NOT NULL,
    -- Also what makes two that are made at once end in one.
    CONSTRAINT categories_name_key UNIQUE (owner_id, name)
) STRICT;
CREATE INDEX categories_owner ON categories (owner_id, id);

CREATE TABLE tasks (
    id           TEXT    NOT NULL PRIMARY KEY,
    owner_id     TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    category_id  TEXT    REFERENCES categories (id),
    -- NULL while it is to be done.
    completed_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    -- 1, and one more with each change.
    version      INTEGER NOT NULL
) STRICT;
CREATE INDEX tasks_owner ON tasks (owner_id, id);
-- What most lists ask for, and what stays few while the completed ones gather.
CREATE INDEX tasks_open ON tasks (owner_id, id) WHERE completed_at IS NULL;
CREATE INDEX tasks_category ON tasks (category_id, id);
