-- Ids are UUIDv7 as text, ordered by their bytes; instants are milliseconds since 1970, UTC.

CREATE TABLE categories (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    -- Also what makes two that are made at once end in one.
    CONSTRAINT categories_name_key UNIQUE (owner_id, name)
);
CREATE INDEX categories_owner ON categories (owner_id, id);

CREATE TABLE tasks (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id     TEXT COLLATE "C" NOT NULL,
    title        TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    category_id  TEXT COLLATE "C" REFERENCES categories (id),
    -- NULL while it is to be done.
    completed_at BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    -- 1, and one more with each change.
    version      BIGINT NOT NULL
);
CREATE INDEX tasks_owner ON tasks (owner_id, id);
-- What most lists ask for, and what stays few while the completed ones gather.
CREATE INDEX tasks_open ON tasks (owner_id, id) WHERE completed_at IS NULL;
CREATE INDEX tasks_category ON tasks (category_id, id);
