"""What the audit asks the database: any row that answers a question is a finding of that code (see `ledger.audit`).

Each answer is the id of where. A standing that was relinked keeps its orders and gives its tallies away: there, figures
are compared at the end of the way, `followed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# id -> last: where those that were relinked have arrived.
_FOLLOWED: Final = """
        WITH RECURSIVE step (id, at) AS (
            SELECT id, relinked_to FROM standing WHERE relinked_to IS NOT NULL
            UNION SELECT step.id, standing.relinked_to FROM step CROSS JOIN standing ON standing.id = step.at
            WHERE standing.relinked_to IS NOT NULL),
        followed (id, last) AS (
            SELECT step.id, step.at FROM step CROSS JOIN standing ON standing.id = step.at
            WHERE standing.relinked_to IS NULL)"""

_OF_LOTS: Final[Mapping[str, str]] = {
    "lots-differ": """
        SELECT standing.id FROM standing
        LEFT JOIN (SELECT standing_id, sum(remaining) AS held FROM lot WHERE remaining > 0 GROUP BY standing_id) AS lots
          ON lots.standing_id = standing.id
        WHERE standing.balance <> coalesce(lots.held, 0) - standing.deficit""",
    "credit-without-lot": """
        SELECT entry.id FROM entry WHERE type IN ('earned', 'granted')
        AND NOT EXISTS (SELECT 1 FROM lot WHERE lot.entry_id = entry.id)""",
    "lot-differs": """
        SELECT lot.entry_id FROM lot
        LEFT JOIN (SELECT lot_id, sum(points) AS drawn FROM draw GROUP BY lot_id) AS draws
          ON draws.lot_id = lot.entry_id
        WHERE lot.remaining <> lot.points - lot.filled - coalesce(draws.drawn, 0)""",
    "lot-expired-differs": """
        SELECT lot.entry_id FROM lot
        LEFT JOIN (SELECT lot_id, sum(draw.points) AS drawn FROM draw CROSS JOIN entry ON entry.id = draw.entry_id
                   WHERE entry.type = 'expired' GROUP BY lot_id) AS draws ON draws.lot_id = lot.entry_id
        WHERE lot.expired <> coalesce(draws.drawn, 0)""",
    "lot-reversed-differs": """
        SELECT lot.entry_id FROM lot
        LEFT JOIN (SELECT reverses, -sum(points) AS taken FROM entry WHERE reverses IS NOT NULL AND points < 0
                   GROUP BY reverses) AS reversals ON reversals.reverses = lot.entry_id
        WHERE lot.reversed <> coalesce(reversals.taken, 0)""",
    # A reversal may take from a deficit, or fill one, what no lot covers.
    "draws-differ": """
        SELECT entry.id FROM entry
        LEFT JOIN (SELECT entry_id, -sum(points) AS moved FROM draw GROUP BY entry_id) AS draws
          ON draws.entry_id = entry.id
        WHERE CASE WHEN type IN ('redeemed', 'expired') THEN coalesce(moved, 0) <> points
                   WHEN type = 'revoked' THEN abs(coalesce(moved, 0)) > abs(points) OR coalesce(moved, 0) * points < 0
                   ELSE moved IS NOT NULL END""",
    "key-twice": "SELECT max(id) FROM entry GROUP BY key HAVING count(*) > 1",
    "over-reversed": """
        SELECT entry.id FROM (SELECT reverses, sum(points) AS points FROM entry WHERE reverses IS NOT NULL
                              GROUP BY reverses) AS reversals CROSS JOIN entry ON entry.id = reversals.reverses
        WHERE abs(reversals.points) > abs(entry.points) OR (reversals.points > 0) = (entry.points > 0)""",
    "reversal-elsewhere": """
        SELECT entry.id FROM entry JOIN entry AS reversed ON reversed.id = entry.reverses
        WHERE reversed.standing_id <> entry.standing_id""",
    # A credit may leave out lots whose time had passed; a cached end may have passed before its lot was written off.
    "next-expiry-differs": """
        SELECT standing.id FROM standing
        LEFT JOIN (SELECT standing_id, expires_at, sum(remaining) AS points FROM lot
                   WHERE expires_at IS NOT NULL AND remaining > 0 GROUP BY standing_id, expires_at) AS ending
          ON ending.standing_id = standing.id AND ending.expires_at = standing.next_expiry_at
        WHERE standing.next_expiry_points <> coalesce(ending.points, 0)
           OR (standing.next_expiry_at IS NOT NULL AND ending.points IS NULL)
        UNION ALL
        SELECT standing.id FROM lot CROSS JOIN standing ON standing.id = lot.standing_id
        WHERE lot.expires_at IS NOT NULL AND lot.remaining > 0 AND lot.expires_at > standing.last_at
          AND (standing.next_expiry_at IS NULL OR lot.expires_at < standing.next_expiry_at)""",
    # Points that were put back live for a day at least, and in a lot that was empty at the change as long as before.
    "lot-outlives-policy": """
        SELECT lot.entry_id FROM lot
        WHERE lot.remaining > 0
          AND EXISTS (SELECT 1 FROM expiry_policy AS policy
                      WHERE policy.program_id = lot.program_id AND policy.limit_at IS NOT NULL
                        AND lot.opened_at < policy.changed_at
                        AND (lot.expires_at IS NULL OR lot.expires_at > policy.limit_at))
          AND NOT EXISTS (SELECT 1 FROM draw WHERE draw.lot_id = lot.entry_id AND draw.points < 0)""",
}  # fmt: skip

# Something ran out, or was taken back by its entry, on the key that an order's customer goes on with.
_RAN_OUT_LATER: Final = """EXISTS (
    SELECT 1 FROM lot AS later WHERE later.expired + later.reversed > 0 AND later.standing_id IN (
        WITH RECURSIVE heir (id) AS (
            SELECT standing.relinked_to UNION SELECT next.relinked_to FROM heir CROSS JOIN standing AS next USING (id)
        ) SELECT id FROM heir))"""

_OF_ORDERS: Final[Mapping[str, str]] = {
    "order-entry-differs": """
        SELECT paid_order.id FROM paid_order LEFT JOIN entry ON entry.id = paid_order.entry_id
        WHERE CASE WHEN paid_order.entry_id IS NULL
                   THEN paid_order.earned <> paid_order.unbooked AND paid_order.standing_id IS NOT NULL
                        AND paid_order.pending_until IS NULL
                   ELSE entry.type <> 'earned' OR entry.points <> paid_order.earned - paid_order.unbooked
                        OR entry.order_id IS NOT paid_order.id OR entry.standing_id IS NOT paid_order.standing_id
                        OR entry.program_id <> paid_order.program_id END
        UNION ALL
        SELECT entry.order_id FROM entry LEFT JOIN paid_order ON paid_order.id = entry.order_id
        WHERE entry.order_id IS NOT NULL AND (paid_order.id IS NULL
              OR (entry.type = 'earned' AND paid_order.entry_id IS NOT entry.id))""",
    "order-pending-differs": """
        SELECT id FROM paid_order WHERE (pending_until IS NOT NULL AND (entry_id IS NOT NULL OR standing_id IS NULL))
                                     OR (held = 1 AND pending_until IS NULL)""",
    # What had expired is not taken again: there an order may count more than its entries took. (Of a key that was
    # replaced it may have expired on the new one.)
    "order-reversed-differs": f"""
        SELECT paid_order.id FROM paid_order
        LEFT JOIN (SELECT order_id, -sum(points) AS taken FROM entry WHERE type = 'revoked' AND order_id IS NOT NULL
                   GROUP BY order_id) AS reversals ON reversals.order_id = paid_order.id
        LEFT JOIN lot ON lot.entry_id = paid_order.entry_id
        LEFT JOIN standing ON standing.id = paid_order.standing_id
        WHERE coalesce(reversals.taken, 0) + paid_order.unbooked + paid_order.clamped <> paid_order.reversed
          AND (coalesce(reversals.taken, 0) + paid_order.unbooked + paid_order.clamped > paid_order.reversed
               OR (coalesce(lot.expired, 0) = 0 AND NOT {_RAN_OUT_LATER}))""",
    "order-refunds-differ": f"""
        SELECT paid_order.id FROM paid_order
        LEFT JOIN (SELECT order_id, sum(points) AS taken, sum(amount_minor) AS amount FROM refund GROUP BY order_id)
          AS refunds ON refunds.order_id = paid_order.id
        LEFT JOIN lot ON lot.entry_id = paid_order.entry_id
        LEFT JOIN standing ON standing.id = paid_order.standing_id
        WHERE (paid_order.reversed - paid_order.clamped <> coalesce(refunds.taken, 0)
               AND (paid_order.reversed - paid_order.clamped < coalesce(refunds.taken, 0)
                    OR (coalesce(lot.expired, 0) = 0 AND NOT {_RAN_OUT_LATER})))
           OR paid_order.refunded_minor <> CASE paid_order.status WHEN 'paid' THEN coalesce(refunds.amount, 0)
                                                                  ELSE paid_order.amount_minor END""",
    # Where visits were carried along, those of the month may be among them.
    "visits-differ": """
        SELECT standing.id FROM standing
        LEFT JOIN (SELECT paid_order.standing_id, count(*) AS visits, max(paid_order.month) AS month,
                          sum(paid_order.month = standing.month) AS visits_month
                   FROM paid_order CROSS JOIN standing ON standing.id = paid_order.standing_id
                   WHERE paid_order.status = 'paid' GROUP BY paid_order.standing_id) AS orders
          ON orders.standing_id = standing.id
        WHERE standing.visits <> coalesce(orders.visits, 0) + standing.carried_visits
           OR standing.month < coalesce(orders.month, 0)
           OR (standing.relinked_to IS NULL
               AND standing.visits_month - coalesce(orders.visits_month, 0)
                   NOT BETWEEN 0 AND standing.carried_visits)""",
    "carried-visits-differ": "SELECT program_id FROM standing GROUP BY program_id HAVING sum(carried_visits) <> 0",
    "sums-differ": """
        SELECT standing.id FROM standing
        LEFT JOIN (SELECT standing_id, sum(points) AS points, sum(visits) AS visits, sum(spent_minor) AS spent
                   FROM tally GROUP BY standing_id) AS sums ON sums.standing_id = standing.id
        WHERE standing.earned_points <> coalesce(sums.points, 0) OR standing.visits <> coalesce(sums.visits, 0)
           OR standing.spent_minor <> coalesce(sums.spent, 0)""",
    "tallies-differ": f"""{_FOLLOWED}
        SELECT DISTINCT coalesce(followed.last, each.standing_id)
        FROM (SELECT standing_id, day, source, 1 AS orders, status = 'paid' AS visits, earned - reversed AS points,
                     counted_minor AS spent FROM paid_order WHERE standing_id IS NOT NULL
              UNION ALL
              SELECT standing_id, day, source, -orders, -visits, -points, -spent_minor
              FROM tally WHERE source <> zeroblob(32)) AS each
        LEFT JOIN followed ON followed.id = each.standing_id
        GROUP BY coalesce(followed.last, each.standing_id), each.day, each.source
        HAVING sum(each.orders) <> 0 OR sum(each.visits) <> 0 OR sum(each.points) <> 0 OR sum(each.spent) <> 0""",
    "last-order-differs": f"""{_FOLLOWED}
        SELECT standing.id FROM standing LEFT JOIN paid_order ON paid_order.id = standing.last_order_id
        LEFT JOIN followed AS here ON here.id = standing.id LEFT JOIN followed AS there
          ON there.id = paid_order.standing_id
        WHERE standing.last_order_id IS NOT NULL
          AND coalesce(there.last, paid_order.standing_id) IS NOT coalesce(here.last, standing.id)""",
    "relink-differs": """
        SELECT standing.id FROM standing LEFT JOIN standing AS after ON after.id = standing.relinked_to
        WHERE standing.relinked_to IS NOT NULL AND after.program_id IS NOT standing.program_id
        UNION ALL
        SELECT id FROM (
            WITH RECURSIVE step (id, at) AS (
                SELECT id, relinked_to FROM standing WHERE relinked_to IS NOT NULL
                UNION SELECT step.id, standing.relinked_to FROM step CROSS JOIN standing ON standing.id = step.at
                WHERE standing.relinked_to IS NOT NULL)
            SELECT id FROM step WHERE at = id)""",
}  # fmt: skip

_OF_THE_HAND: Final[Mapping[str, str]] = {
    "voucher-entry-differs": """
        SELECT voucher.id FROM voucher LEFT JOIN entry ON entry.id = voucher.entry_id
        WHERE entry.type IS NOT 'redeemed' OR entry.points <> -voucher.cost
           OR entry.program_id <> voucher.program_id""",
    # Where the customer was relinked, points may have been given back as a credit of the new key.
    "voucher-charge-differs": """
        SELECT voucher.id FROM voucher JOIN entry ON entry.id = voucher.entry_id
        LEFT JOIN (SELECT reverses, sum(points) AS back FROM entry WHERE reverses IS NOT NULL GROUP BY reverses)
          AS reversals ON reversals.reverses = voucher.entry_id
        WHERE voucher.charged <> voucher.cost - coalesce(reversals.back, 0)
          AND (entry.standing_id = voucher.standing_id
               OR voucher.charged > voucher.cost - coalesce(reversals.back, 0))""",
    "stock-differs": """
        SELECT reward FROM (SELECT program_id, reward, taken AS pieces FROM stock UNION ALL
                            SELECT program_id, reward, -1 FROM voucher WHERE status IN ('issued', 'used'))
        GROUP BY program_id, reward HAVING sum(pieces) <> 0""",
    "action-differs": """
        SELECT action.id FROM action LEFT JOIN action AS undo ON undo.id = action.undone_by
        WHERE action.undone_by IS NOT NULL AND (undo.id IS NULL OR undo.id <= action.id
                                                OR undo.program_id <> action.program_id)""",
    "referral-differs": """
        SELECT referral.id FROM referral LEFT JOIN paid_order ON paid_order.id = referral.order_id
        LEFT JOIN entry AS one ON one.id = referral.referrer_entry LEFT JOIN entry AS other
          ON other.id = referral.friend_entry
        WHERE CASE referral.status
                  WHEN 'waiting' THEN referral.order_id IS NOT NULL OR referral.vest_at IS NOT NULL
                  WHEN 'vesting' THEN paid_order.program_id IS NOT referral.program_id OR referral.vest_at IS NULL
                  ELSE paid_order.program_id IS NOT referral.program_id END
           OR (referral.status <> 'paid' AND (referral.referrer_entry IS NOT NULL OR referral.friend_entry IS NOT NULL))
           OR one.type <> 'earned' OR other.type <> 'earned' OR one.program_id <> referral.program_id
           OR other.program_id <> referral.program_id""",
    "brought-by-differs": f"""{_FOLLOWED}
        SELECT standing.id FROM standing LEFT JOIN referral ON referral.id = standing.referral_id
        LEFT JOIN followed AS here ON here.id = standing.id LEFT JOIN followed AS there ON there.id = referral.friend_id
        WHERE standing.referral_id IS NOT NULL
          AND coalesce(there.last, referral.friend_id) IS NOT coalesce(here.last, standing.id)""",
    "feedback-differs": """
        SELECT feedback.order_id FROM feedback LEFT JOIN paid_order ON paid_order.id = feedback.order_id
        LEFT JOIN entry ON entry.id = feedback.entry_id
        WHERE paid_order.program_id IS NOT feedback.program_id OR paid_order.standing_id IS NULL
           OR entry.type <> 'earned' OR entry.program_id <> feedback.program_id""",
    "flag-differs": """
        SELECT flag.id FROM flag LEFT JOIN paid_order ON paid_order.id = flag.order_id
        WHERE paid_order.program_id IS NOT flag.program_id OR paid_order.standing_id IS NULL""",
}  # fmt: skip

_OF_THE_FILE: Final[Mapping[str, str]] = {
    "foreign-key": "SELECT \"table\" FROM pragma_foreign_key_check",
    "file-damaged": "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
}  # fmt: skip

QUESTIONS: Final[Mapping[str, str]] = {**_OF_LOTS, **_OF_ORDERS, **_OF_THE_HAND, **_OF_THE_FILE}
"""Code -> the question, without its LIMIT."""
