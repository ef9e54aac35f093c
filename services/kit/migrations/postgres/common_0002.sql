-- What else the answer to a creation tells, and tells again: where the thing is, and its version.
ALTER TABLE idempotency_keys ADD COLUMN location TEXT;
ALTER TABLE idempotency_keys ADD COLUMN version BIGINT;
