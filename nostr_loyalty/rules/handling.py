"""What one operator may do by hand on one local day, counted and summed; and until when.

It is about grants, revocations (by points or by entry), and rewards that an operator redeems for a guest. Refunds by
hand and held orders that are released have no limit: what they move is what the order earned.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from nostr_loyalty.rules.earning import POINTS_MAX
from nostr_loyalty.rules.program import HandRules
from nostr_loyalty.rules.refusal import Points, Refusal


def limit(hand: HandRules, count_today: int, points_today: int, points: int) -> Refusal | None:
    """Why an operator may not grant, revoke or redeem `points` now, or None: it may.

    `count_today`, `points_today`: what it did so of the day and was not undone, without this one.
    """
    if points > POINTS_MAX:
        return Refusal.saying("points-beyond-limit", "{points}", points=Points(points))
    if points <= 0:
        return Refusal.saying("points-not-positive", "{points}", points=Points(points))
    if hand.count is not None and count_today >= hand.count:
        return Refusal.saying("hand-limit-count", "{used} of {limit} today", used=count_today, limit=hand.count)
    if hand.points is not None and points_today + points > hand.points:
        return Refusal.saying("hand-limit-points", "{used} of {limit} today", used=points_today, limit=hand.points)
    return None


def end(expires_at: int, now: int, tz: ZoneInfo) -> Refusal | None:
    """Why points cannot be given up to this moment (exclusive, unix seconds), or None: they can."""
    if expires_at > now:
        return None
    local = datetime.fromtimestamp(expires_at, tz).isoformat(" ", "minutes")
    return Refusal.saying("end-in-the-past", "up to {end}", end=local)
