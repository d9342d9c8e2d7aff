-- When a customer got a stamp for a visit: the payment of each order that got one and was not taken back in whole. Until
-- now only the latest was kept, which an order that came late, or one that was canceled, made useless.
CREATE TABLE stamp (
    standing_id INTEGER NOT NULL REFERENCES standing (id),
    paid_at     INTEGER NOT NULL,
    order_id    INTEGER NOT NULL REFERENCES paid_order (id),
    PRIMARY KEY (standing_id, paid_at, order_id)
) STRICT, WITHOUT ROWID;

INSERT INTO stamp (standing_id, paid_at, order_id)
SELECT standing.id, paid_order.paid_at, paid_order.id FROM paid_order JOIN standing ON standing.id = paid_order.standing_id
WHERE paid_order.paid_at = standing.stamped_at AND paid_order.status = 'paid';

ALTER TABLE standing DROP COLUMN stamped_at;
