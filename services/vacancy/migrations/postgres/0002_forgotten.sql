-- Reservations whose ids were chosen before this instant and that are not stored are forgotten: what they held
-- is sold for good, and no longer in the total.
ALTER TABLE stock ADD COLUMN forgotten_before BIGINT NOT NULL DEFAULT 0;
