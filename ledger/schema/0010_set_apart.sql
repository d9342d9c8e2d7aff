-- Which orders of a customer the guard held: those that were dropped count for no tier.
CREATE INDEX flag_held_of ON flag (standing_id) WHERE held = 1;
