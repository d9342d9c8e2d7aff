-- notify: NULL where the customer has chosen nothing: what it is told then depends on who may see its entries. Whoever
-- had "all" may never have chosen it, and is taken so: who sees its entries in public asks for all again.

ALTER TABLE standing RENAME COLUMN notify TO notify_before;
ALTER TABLE standing ADD COLUMN notify TEXT CHECK (notify IN ('all', 'important', 'off'));
UPDATE standing SET notify = notify_before WHERE notify_before <> 'all';
ALTER TABLE standing DROP COLUMN notify_before;

ALTER TABLE newcomer RENAME COLUMN notify TO notify_before;
ALTER TABLE newcomer ADD COLUMN notify TEXT CHECK (notify IN ('all', 'important', 'off'));
UPDATE newcomer SET notify = notify_before WHERE notify_before <> 'all';
ALTER TABLE newcomer DROP COLUMN notify_before;
