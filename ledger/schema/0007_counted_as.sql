-- In what the program's customers were counted last: the currency of their spend and the clock of their days; and the
-- tiers that they were measured by. NULL: in no way that is known, so that they are counted anew at the next start.
ALTER TABLE program ADD COLUMN counted_as TEXT;
ALTER TABLE program ADD COLUMN tiers_as TEXT;
