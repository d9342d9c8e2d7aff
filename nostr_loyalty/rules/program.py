"""The rules of one program, ready to be evaluated (protocol §3).

A value of this module is made from the configuration once at start; the definition published as 37411 is made from the
same configuration, so that what is published is what is applied. Money is in the smallest unit of its currency (msat,
cents), spans of time are in seconds or in local days, factors are exact fractions. Nothing here is a float.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from nostr_loyalty.rules.schedule import Schedule

Rounding = Literal["floor", "half_up", "ceil"]
Status = Literal["active", "paused", "ended"]
Period = Literal["day", "week", "month"]
RewardType = Literal["item", "discount_percent", "discount_amount", "coupon", "donation", "sats"]
PerkType = Literal["multiplier", "discount_percent", "item", "note"]
DAY_S = 86_400


class Cost(NamedTuple):
    """An amount of money: `minor` (0 or more) in the smallest unit of `currency` ("msat" or an ISO 4217 code)."""

    minor: int
    currency: str


class Factor(NamedTuple):
    """A positive decimal as a fraction: 1.5 is 15/10."""

    numerator: int
    denominator: int


ONE = Factor(1, 1)


@dataclass(frozen=True, slots=True)
class SpendRule:
    """`points` (above 0) for every full `per_minor` (above 0) of `currency`, in its smallest unit (msat, cents)."""

    points: int
    per_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class VisitRule:
    """`points` for an order whose basis is at least `minimum` (None: any), and that was paid at least `gap_s` after (or
    before) the customer's latest order that got them.
    """

    points: int
    minimum: Cost | None = None
    gap_s: int = 0


@dataclass(frozen=True, slots=True)
class ItemRule:
    """`points` for each of an item (by the id that the order system gives it)."""

    points: int
    item: str


@dataclass(frozen=True, slots=True)
class PaymentRule:
    """`points` more for an order paid by this method ("lightning", "cash", "card", "internal", "ecash")."""

    points: int
    method: str


@dataclass(frozen=True, slots=True)
class ReferralRule:
    """Points for the referrer and for the friend, `vest_s` after the friend's first paid order if that was not taken
    back in whole by then; at most `cap` friends of one referrer count (None: any number).
    """

    referrer_points: int
    friend_points: int
    vest_s: int = 0
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Multiplier:
    """A time when the base points of an order count `factor` times; of several that fit the best one applies."""

    name: str
    factor: Factor
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many points earned by one customer in a local day, ISO week or month."""

    points: int
    period: Period


@dataclass(frozen=True, slots=True)
class Tier:
    """A level, reached at `threshold` (above 0) of what the tier basis counts."""

    id: str
    title: str
    threshold: int


@dataclass(frozen=True, slots=True)
class TierBasis:
    """What tiers count. "spend" counts whole smallest units of `currency`. `window_days` None: the whole life; else the
    last so many local days, today included. A downgrade waits `grace_days` first, and for each further step again.
    """

    basis: Literal["points", "spend", "visits"] = "points"
    window_days: int | None = None
    grace_days: int = 0
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Perk:
    """What a tier is good for; `factor` for type "multiplier", `value` is what people and tills are told."""

    tier: str
    type: PerkType
    value: str
    factor: Factor = ONE


@dataclass(frozen=True, slots=True)
class Reward:
    """What points buy.

    `value` is the text that is told. `off` is set for type "discount_amount" only, `percent` (a factor of 1: 15 % is
    15/100) for "discount_percent" only. `stock` in all, `limit` for one customer per `limit_period` (None: for ever);
    `valid_from`, `valid_until` in unix seconds; a voucher that is not used within `hold_s` (where that
    is whole days: to the end of the last one) gives its points back.
    """

    id: str
    title: str
    cost: int
    type: RewardType
    value: str
    off: Cost | None = None
    percent: Factor | None = None
    min_tier: str | None = None
    stock: int | None = None
    limit: int | None = None
    limit_period: Period | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    hold_s: int = 30 * DAY_S

    @property
    def is_limited(self) -> bool:
        """Whether more than points decides who gets it."""
        bounds = (self.min_tier, self.stock, self.limit, self.valid_from, self.valid_until)
        return bounds != (None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """How long a claim code is good for, and how many wrong codes are heard in an hour: by one key, by all together."""

    valid_s: int = 30 * DAY_S
    attempts_key: int = 5
    attempts_all: int = 100


@dataclass(frozen=True, slots=True)
class Guard:
    """More orders than this on one local day by one customer, or from one source for one customer, are looked at.

    None: not looked at. `holds`: the points of such an order wait until an operator releases them.
    """

    customer_orders: int | None = None
    source_orders: int | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class HandRules:
    """What one operator may do on one local day: so many grants, revocations and rewards for
    guests, of so many points in all (None: any); and for how many seconds the last command can be undone.
    """

    count: int | None = None
    points: int | None = None
    undo_s: int = 3_600


@dataclass(frozen=True, slots=True)
class ProgramRules:
    """What the deciding code needs to know of a program: at most one spend rule for each currency.

    `excludes`: line types ("tip", "gift_card", "service", "delivery") and "item:<id>" that no rule counts. `tiers` by
    ascending threshold. `ttl_days`: earned points live up to the end of the local day so many days later. `vest_s`:
    points of an order (with `vest_delivery_only`: of one with a delivery line) can be spent only so much later.
    """

    spend: tuple[SpendRule, ...]
    rounding: Rounding
    tz: ZoneInfo
    status: Status = "active"
    visit: VisitRule | None = None
    items: tuple[ItemRule, ...] = ()
    payments: tuple[PaymentRule, ...] = ()
    welcome: int = 0
    feedback: int = 0
    referral: ReferralRule | None = None
    excludes: frozenset[str] = frozenset()
    multipliers: tuple[Multiplier, ...] = ()
    caps: tuple[Cap, ...] = ()
    tiers: tuple[Tier, ...] = ()
    tier_basis: TierBasis = TierBasis()
    perks: tuple[Perk, ...] = ()
    rewards: tuple[Reward, ...] = ()
    ttl_days: int | None = None
    expiry_warning_days: int | None = None
    vest_s: int = 0
    vest_delivery_only: bool = True
    deficit: Literal["allow", "clamp"] = "allow"
    claims: ClaimRules = ClaimRules()
    guard: Guard = Guard()
    hand: HandRules = HandRules()
    refund_retention_s: int = 90 * DAY_S

    def spend_rule(self, currency: str) -> SpendRule | None:
        """The rule for a currency ("msat" or an ISO 4217 code), or None where the program has none."""
        return next((rule for rule in self.spend if rule.currency == currency), None)

    def tier(self, tier_id: str | None) -> Tier | None:
        """The tier of this id, or None (also for one that is no longer in the program)."""
        return next((tier for tier in self.tiers if tier.id == tier_id), None)

    def reward(self, reward_id: str) -> Reward | None:
        """The reward of this id, or None."""
        return next((reward for reward in self.rewards if reward.id == reward_id), None)

    @property
    def counted_currency(self) -> str | None:
        """The currency in which a customer's spend is counted: the tier basis's own, else the first spend rule's."""
        return self.tier_basis.currency or (self.spend[0].currency if self.spend else None)


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """A quotient of two integers, numerator >= 0 and denominator > 0, rounded once; no float is involved."""
    assert numerator >= 0, numerator
    assert denominator > 0, denominator
    quotient, remainder = divmod(numerator, denominator)
    match rounding:
        case "floor":
            return quotient
        case "half_up":
            return quotient + (2 * remainder >= denominator)
        case "ceil":
            return quotient + (remainder > 0)
