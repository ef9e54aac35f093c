-- Counts the changes of a user: what its ETag shows.
ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
