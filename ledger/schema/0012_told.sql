-- The points that the first answer to a refund said it moved (0 or fewer), so that its repetition says the same. 0 also
-- where it came before its order: the answer to the order then had what was left. NULL: it was recorded before this was.
ALTER TABLE refund ADD COLUMN told INTEGER CHECK (told <= 0);
