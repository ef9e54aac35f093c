-- Instants are milliseconds since 1970, UTC.

-- One row: the places that are left.
CREATE TABLE stock (
    id        BIGINT PRIMARY KEY CHECK (id = 1),
    available BIGINT NOT NULL CHECK (available BETWEEN 0 AND total),
    -- What there was at first and what was restocked: left and reserved together.
    total     BIGINT NOT NULL
);

-- What was answered to a reservation id, which is answered again. A release that came before its
-- reservation is here too, as released with no places: the reservation is then refused.
CREATE TABLE reservations (
    id         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    qty        BIGINT NOT NULL CHECK (qty >= 0),
    state      TEXT   NOT NULL CHECK (state IN ('held', 'refused', 'released')),
    -- The stock right after it.
    remaining  BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
