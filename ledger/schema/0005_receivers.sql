-- Who a promise is for, where it is for one person: it then goes to where that person reads messages (table address).
ALTER TABLE outbox ADD COLUMN receiver BLOB CHECK (length(receiver) = 32);
