"""Bytes become rules and times: Hypothesis draws a handful of bytes, and the same bytes are the same venue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, TypeVar

from tests.model.days import DAY, HOUR, day_of, start_of
from tests.model.rules import Happy, Referral, Reward, Rules, Visit

T = TypeVar("T")

SEASON = (date(2026, 12, 1).toordinal(), date(2027, 6, 30).toordinal())
ZONES = ("Europe/Madrid", "UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Santiago")


def _autumn(there: datetime) -> bool:
    return (10, 20) <= (there.month, there.day) <= (11, 5) or there.weekday() == 0


HAPPY = (
    Happy("Happy hour", Fraction(2), "tue,wed 15:00-18:00", lambda t: t.weekday() in (1, 2) and 15 <= t.hour < 18),
    Happy("Weekend", Fraction(3, 2), "sat-sun", lambda t: t.weekday() >= 5),
    Happy("Night", Fraction(5, 4), "22:00-02:00", lambda t: t.hour >= 22 or t.hour < 2),
    Happy("Spring", Fraction(3), "03-20..04-10", lambda t: (3, 20) <= (t.month, t.day) <= (4, 10)),
    Happy("Autumn", Fraction(7, 4), "10-20..11-05; mon 00:00-24:00", _autumn),
)  # fmt: skip
WAITS = (0, 1, 600, HOUR, 2 * HOUR, 5 * HOUR, DAY, 2 * DAY, 3 * DAY, 8 * DAY, 11 * DAY, 41 * DAY)


class Chance:
    """Reads choices from bytes; zeros, and nothing left, are always the first choice."""

    def __init__(self, data: bytes) -> None:
        """`data`: what was drawn."""
        self._data = data
        self._at = 0

    def number(self, below: int) -> int:
        """One of 0 … below - 1."""
        self._at += 1
        return (self._data[self._at - 1] if self._at <= len(self._data) else 0) % below

    def one(self, of: Sequence[T]) -> T:
        """One of these."""
        return of[self.number(len(of))]

    def some(self, of: Sequence[T]) -> tuple[T, ...]:
        """Any of these, in their order; none for a zero."""
        mask = self.number(256)
        return tuple(each for place, each in enumerate(of) if mask >> (place % 8) & 1)


def rules(data: bytes) -> Rules:
    """A venue's rules."""
    chance = Chance(data)
    spend = {
        "EUR": chance.one([(1, 100), (3, 700), (10, 100), (1, 50)]), "msat": (1, 1_000_000), "JPY": (2, 300),
    }  # fmt: skip
    currencies = chance.one([("EUR",), ("EUR", "msat", "JPY"), (), ("msat", "EUR")])
    visit = chance.one([None, Visit(1), Visit(2, (300, "EUR")), Visit(1, None, 2 * HOUR), Visit(3, (500, "EUR"), DAY)])
    items = chance.one([{}, {"coffee": 2}, {"coffee": 2, "cake": 5}])
    basis = chance.one(["points", "visits", "spend"])
    tiers = chance.one([(), _tiers(basis, chance.number(3))])
    made = Rules(
        tz=chance.one(ZONES), rounding=chance.one(["floor", "half_up", "ceil"]),
        spend={currency: spend[currency] for currency in currencies},
        visit=visit if currencies else visit or Visit(1),
        items=items, payments=chance.one([{}, {"lightning": 3}]), welcome=chance.one([0, 5]),
        feedback=chance.one([0, 2]), referral=_referral(chance),
        exclude=chance.some(["tip", "gift_card", "service", "delivery", "item:cake"]),
        multipliers=chance.some(HAPPY), caps=dict(chance.some([("day", 30), ("week", 60), ("month", 100)])),
        tiers=tiers, tier_by=basis, tier_window=chance.one([None, 7, 30]), tier_grace=chance.one([0, 2, 5]),
        tier_currency="EUR" if basis == "spend" and tiers else None,
        tier_factors=dict(chance.some([(tier, Fraction(5 + place, 4)) for place, (tier, _) in enumerate(tiers)])),
    )  # fmt: skip
    return replace(made, rewards=_rewards(chance, tiers), **_habits(chance))


def _tiers(basis: str, size: int) -> tuple[tuple[str, int], ...]:
    """Thresholds that are reached."""
    by = {"points": (10, 25, 60), "visits": (2, 4, 7), "spend": (1_000, 3_000, 8_000)}[basis]
    return tuple(zip(("bronze", "silver", "gold"), by, strict=True))[: size + 1]


def _referral(chance: Chance) -> Referral | None:
    return chance.one(
        [None, Referral(10, 4), Referral(6, 0, DAY, 1), Referral(0, 7, 7 * DAY), Referral(3, 3, 2 * DAY, 2)]
    )


def _rewards(chance: Chance, tiers: tuple[tuple[str, int], ...]) -> dict[str, Reward]:
    hold = chance.one([30 * DAY, DAY, 5 * DAY, 3 * HOUR])
    cost = chance.one([3, 7, 13])
    least = tiers[chance.number(len(tiers))][0] if tiers else None
    pool = [
        ("coffee", Reward(cost, hold=hold)),
        ("five-off", Reward(17, "discount_amount", (500, "EUR"), hold=hold)),
        ("rare", Reward(cost, "coupon", stock=chance.one([1, 2, 4]), hold=hold)),
        ("weekly", Reward(2, limit=chance.one([1, 2]), period=chance.one(["week", "day", "month"]), hold=hold)),
        ("once", Reward(5, "donation", limit=1, hold=hold)),
        ("noble", Reward(4, "discount_percent", min_tier=least, hold=hold)),
        ("seasonal", Reward(6, days=chance.one([SEASON, (None, SEASON[1]), (SEASON[0], None)]), hold=hold)),
    ]
    return dict(pool[: 2 + chance.number(6)])


def _habits(chance: Chance) -> dict[str, Any]:
    return {
        "ttl": chance.one([None, 3, 10, 40]), "vest": chance.one([0, DAY, 3 * DAY]),
        "vest_all": chance.one([False, False, True]), "deficit": chance.one(["allow", "clamp"]),
        "claim_valid": chance.one([30 * DAY, 2 * DAY]), "claim_attempts": chance.one([5, 2]),
        "claim_attempts_all": chance.one([100, 5]), "guard_customer": chance.one([None, None, 2]),
        "guard_source": chance.one([None, None, 1]), "guard_holds": chance.one([False, True]),
        "hand_count": chance.one([None, None, 2]), "hand_points": chance.one([None, None, 15]),
        "status": chance.one(["active"] * 6 + ["paused", "ended"]),
        "undo": chance.one([3_600, 600]), "retention": chance.one([90 * DAY, 2 * DAY]),
    }  # fmt: skip


def changed(before: Rules, data: bytes) -> Rules:
    """Other rules: some of the things that belong together are settled anew; the time zone stays."""
    chance = Chance(data)
    other = rules(data[1:])
    groups = [
        ("ttl",), ("multipliers", "caps", "rounding"), ("deficit", "vest", "vest_all"),
        ("welcome", "feedback", "referral"),
        ("tiers", "tier_by", "tier_window", "tier_grace", "tier_currency", "tier_factors", "rewards"),
        ("spend", "visit", "items", "payments", "exclude"), ("guard_customer", "guard_source", "guard_holds"),
        ("status",),
        ("claim_valid", "claim_attempts", "claim_attempts_all", "undo", "hand_count", "hand_points", "retention"),
    ]  # fmt: skip
    names = [name for group in chance.some(groups) or groups[:1] for name in group]
    return replace(before, **{name: getattr(other, name) for name in names})


def moment_after(now: int, tz: str, data: bytes) -> int:
    """Some time later: a while, or the last second of a day, or the first of the next."""
    chance = Chance(data)
    wait = now + chance.one(WAITS)
    midnight = start_of(day_of(wait, tz) + 1, tz)
    return chance.one([wait, wait, midnight, midnight - 1])
