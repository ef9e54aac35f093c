-- Instants are milliseconds since 1970, UTC.

-- One row: the places that are left.
CREATE TABLE stock (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    available INTEGER NOT NULL CHECK (available BETWEEN 0 AND total),
    -- What there was at first and what was restocked: left and reserved together.
    total     INTEGER NOT NULL
) STRICT;

-- What was answered to a reservation id, which is answered again. A release that came before its
-- reservation is here too, as released with no places: the reservation is then refused.
CREATE TABLE reservations (
    id         TEXT    NOT NULL PRIMARY KEY,
    qty        INTEGER NOT NULL CHECK (qty >= 0),
    state      TEXT    NOT NULL CHECK (state IN ('held', 'refused', 'released')),
    -- The stock right after it.
    remaining  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
