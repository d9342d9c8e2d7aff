-- A promise that supersedes takes the place of one that was given up, too: these are few, and found by their name.

CREATE INDEX outbox_given_up ON outbox (supersedes) WHERE state = 'abandoned' AND supersedes IS NOT NULL;
