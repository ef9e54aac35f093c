-- What came to nothing and has nothing left to do, by its age: it is deleted in time.
CREATE INDEX purchases_unsold ON purchases (updated_at) WHERE open = 0 AND status IN ('rejected', 'cancelled');
