"""The rules of a program as plain values, and the lines of TOML that say the same to the product."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

MINOR = {"EUR": 100, "USD": 100, "JPY": 1, "KWD": 1_000, "msat": 1_000}
"""How many of the smallest part make one: a euro, a yen, a dinar, a sat."""
Money = tuple[int, str]
"""(smallest units, currency)."""


@dataclass(frozen=True)
class Happy:
    """A multiplier: `fits` says the same as `schedule`, of what the clock on the wall shows."""

    name: str
    factor: Fraction
    schedule: str
    fits: Callable[[datetime], bool] = field(compare=False)


@dataclass(frozen=True)
class Visit:
    """A stamp."""

    points: int
    minimum: Money | None = None
    gap: int = 0


@dataclass(frozen=True)
class Referral:
    """What bringing a friend is worth."""

    referrer: int
    friend: int
    vest: int = 0
    cap: int | None = None


@dataclass(frozen=True)
class Reward:
    """What points buy; `days` are the first and last local day on which it is given, `hold` in seconds."""

    cost: int
    type: str = "item"
    off: Money | None = None
    min_tier: str | None = None
    stock: int | None = None
    limit: int | None = None
    period: str | None = None
    days: tuple[int | None, int | None] = (None, None)
    hold: int = 30 * 86_400


@dataclass(frozen=True)
class Rules:
    """Everything that a venue may settle; times in seconds unless they are called days."""

    tz: str = "Europe/Madrid"
    rounding: str = "floor"
    status: str = "active"
    spend: dict[str, tuple[int, int]] = field(default_factory=dict)
    visit: Visit | None = None
    items: dict[str, int] = field(default_factory=dict)
    payments: dict[str, int] = field(default_factory=dict)
    welcome: int = 0
    feedback: int = 0
    referral: Referral | None = None
    exclude: tuple[str, ...] = ()
    multipliers: tuple[Happy, ...] = ()
    caps: dict[str, int] = field(default_factory=dict)
    tiers: tuple[tuple[str, int], ...] = ()
    tier_by: str = "points"
    tier_window: int | None = None
    tier_grace: int = 0
    tier_currency: str | None = None
    tier_factors: dict[str, Fraction] = field(default_factory=dict)
    rewards: dict[str, Reward] = field(default_factory=dict)
    ttl: int | None = None
    vest: int = 0
    vest_all: bool = False
    deficit: str = "allow"
    claim_valid: int = 30 * 86_400
    claim_attempts: int = 5
    claim_attempts_all: int = 100
    guard_customer: int | None = None
    guard_source: int | None = None
    guard_holds: bool = False
    hand_count: int | None = None
    hand_points: int | None = None
    undo: int = 3_600
    retention: int = 90 * 86_400

    @property
    def spend_currency(self) -> str | None:
        """In what a guest's spend is counted for the tiers."""
        return self.tier_currency or next(iter(self.spend), None)

    def rank(self, tier: str | None) -> int:
        """1 for the lowest tier, 0 for none (and for one that is no longer there)."""
        return next((place for place, (name, _) in enumerate(self.tiers, 1) if name == tier), 0)


def price(money: Money) -> str:
    """ "8.50 EUR"; sats are counted in thousandths."""
    minor, currency = money
    one = MINOR[currency]
    whole, rest = divmod(minor, one)
    unit = "sat" if currency == "msat" else currency
    if currency == "msat" and rest:
        return f"{minor} msat"
    return f"{whole}.{rest:0{len(str(one)) - 1}} {unit}" if one > 1 and currency != "msat" else f"{whole} {unit}"


def decimal(factor: Fraction) -> str:
    """A factor of at most two decimals, as it is written."""
    hundredths = factor * 100
    assert hundredths.denominator == 1
    text = f"{int(hundredths) // 100}.{int(hundredths) % 100:02}".rstrip("0")
    return text.rstrip(".")


def section(rules: Rules) -> str:
    """The lines of a [[program]] section, its tables last."""
    lines = [f'{name} = "{text}"' for name, text in _words(rules)]
    lines += [f"{name} = {number}" for name, number in _numbers(rules)]
    lines.append(f"exclude = [{', '.join(map(json.dumps, rules.exclude))}]")
    if rules.tiers:
        basis = {"by": rules.tier_by, "window": _days(rules.tier_window), "grace": _days(rules.tier_grace or None)}
        lines += _table("[program.tier_basis]", basis | {"currency": rules.tier_currency})
    guard = {"customer_orders": rules.guard_customer, "source_orders": rules.guard_source}
    if any(guard.values()):
        lines += _table("[program.guard]", guard | {"action": "hold" if rules.guard_holds else "flag"})
    hand = {"count": rules.hand_count, "points": rules.hand_points, "undo": _span(rules.undo)}
    lines += _table("[program.hand]", hand)
    for title, fields in _lists(rules):
        lines += _table(f"[[program.{title}]]", fields)
    return "\n".join(lines)


def _words(rules: Rules) -> Iterator[tuple[str, str]]:
    yield from (("rounding", rules.rounding), ("status", rules.status), ("tz", rules.tz), ("deficit", rules.deficit))
    if rules.ttl is not None:
        yield from (("ttl", f"{rules.ttl}d"), ("expiry_warning", f"{rules.ttl // 3}d"))
    if rules.vest:
        yield from (("vest", _span(rules.vest)), ("vest_orders", "all" if rules.vest_all else "delivery"))
    yield from (("claim_valid", _span(rules.claim_valid)), ("refund_retention", _span(rules.retention)))


def _numbers(rules: Rules) -> Iterator[tuple[str, int]]:
    yield from (("claim_attempts", rules.claim_attempts), ("claim_attempts_all", rules.claim_attempts_all))


def _lists(rules: Rules) -> Iterator[tuple[str, dict[str, Any]]]:
    for currency, (points, per) in rules.spend.items():
        yield "earn", {"type": "spend", "points": points, "per": price((per, currency))}
    if rules.visit:
        least = price(rules.visit.minimum) if rules.visit.minimum else None
        gap = _span(rules.visit.gap) if rules.visit.gap else None
        yield "earn", {"type": "visit", "points": rules.visit.points, "minimum": least, "gap": gap}
    for item, points in rules.items.items():
        yield "earn", {"type": "item", "points": points, "item": item}
    for method, points in rules.payments.items():
        yield "earn", {"type": "payment", "points": points, "method": method}
    for occasion, points in (("welcome", rules.welcome), ("feedback", rules.feedback)):
        if points:
            yield "earn", {"type": occasion, "points": points}
    if brings := rules.referral:
        points = {"points": brings.referrer, "friend_points": brings.friend}
        yield "earn", {"type": "referral", **points, "vest": _span(brings.vest), "cap": brings.cap}
    for happy in rules.multipliers:
        yield "multiplier", {"name": happy.name, "factor": decimal(happy.factor), "schedule": happy.schedule}
    for period, points in rules.caps.items():
        yield "cap", {"points": points, "period": period}
    for tier, least in rules.tiers:
        threshold = price((least, str(rules.spend_currency))) if rules.tier_by == "spend" else least
        yield "tier", {"id": tier, "title": tier.title(), "threshold": threshold}
    for tier, factor in rules.tier_factors.items():
        yield "perk", {"tier": tier, "type": "multiplier", "value": decimal(factor)}
    for name, reward in rules.rewards.items():
        yield "reward", _reward(name, reward)


def _reward(name: str, reward: Reward) -> dict[str, Any]:
    plain = "15" if reward.type == "discount_percent" else "something"
    first, last = (None if day is None else datetime.fromordinal(day).date().isoformat() for day in reward.days)
    return {
        "id": name, "title": name.title(), "cost": reward.cost, "type": reward.type,
        "value": price(reward.off) if reward.off else plain, "min_tier": reward.min_tier, "stock": reward.stock,
        "limit": reward.limit, "limit_period": reward.period, "valid_from": first, "valid_until": last,
        "hold": _span(reward.hold),
    }  # fmt: skip


def _table(title: str, fields: dict[str, Any]) -> list[str]:
    said = [(name, value) for name, value in fields.items() if value is not None]
    return [title, *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said)]


def _days(days: int | None) -> str | None:
    return None if days is None else f"{days}d"


def _span(seconds: int) -> str:
    assert seconds % 60 == 0
    return f"{seconds // 86_400}d" if seconds % 86_400 == 0 else f"{seconds // 60}min"
