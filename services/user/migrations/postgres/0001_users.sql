-- Ids are UUIDv7 as text; instants are milliseconds since 1970, UTC.

CREATE TABLE users (
    -- The list is in the order of the ids: by their bytes, whatever the server's language.
    id            TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    email         TEXT   NOT NULL,
    -- The e-mail as it compares: lower case. Its unique constraint is what makes two registrations
    -- at once end in one.
    email_key     TEXT   NOT NULL UNIQUE,
    name          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    scope         TEXT   NOT NULL DEFAULT '',
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

-- A login and every refresh token that descends from it.
CREATE TABLE refresh_families (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX refresh_families_user ON refresh_families (user_id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token: whoever reads this table cannot log in.
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    family_id  TEXT   NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE signing_keys (
    kid         TEXT   NOT NULL PRIMARY KEY,
    -- PKCS #8, which holds the public key too.
    private_key BYTEA  NOT NULL,
    public_key  BYTEA  NOT NULL,
    -- From when on it signs; until the next key's.
    signs_from  BIGINT NOT NULL UNIQUE,
    -- The longest life, in seconds, of a token that it may have signed: how long it stays published
    -- after its last signature.
    token_ttl   BIGINT NOT NULL
);
