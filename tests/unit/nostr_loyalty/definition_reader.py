"""A stranger who holds a definition and knows docs/protocol.md: the rules that it says, read back from its tags."""

from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

from kinds import earn
from kinds.program import Program
from kinds.reward import Reward as SaidReward
from ledger.units import parse_money
from nostr_loyalty.rules import program as rules
from nostr_loyalty.rules.calendar import start_of_day
from nostr_loyalty.rules.program import Cost, Factor
from nostr_loyalty.rules.schedule import parse_schedule

SECONDS = {"min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def rules_said(said: Program) -> rules.ProgramRules:
    """What the definition lets a stranger decide; what it does not say has the defaults of the protocol."""
    tz = ZoneInfo(said.tz)
    found: dict[str, Any] = {"items": (), "payments": (), "spend": ()}
    for each in said.earn:
        match each:
            case earn.SpendEarn(points, per, unit):
                found["spend"] += (rules.SpendRule(points, *cost(per, unit)),)
            case earn.VisitEarn(points, minimum, gap):
                least = cost(*minimum) if minimum and minimum[0] != "0" else None
                found["visit"] = rules.VisitRule(points, least, seconds(gap or "0d"))
            case earn.ItemEarn(points, item):
                found["items"] += (rules.ItemRule(points, item),)
            case earn.PaymentEarn(points, method):
                found["payments"] += (rules.PaymentRule(points, method),)
            case earn.OccasionEarn(occasion, points):
                found[occasion] = points
            case earn.ReferralEarn(referrer, friend, vest, cap):
                found["referral"] = rules.ReferralRule(referrer, friend, seconds(vest or "0d"), cap)
    if said.tier_basis is not None:
        basis, window, grace, currency = said.tier_basis
        found["tier_basis"] = rules.TierBasis(cast(Any, basis), days(window) if window else None, days(grace), currency)
    if said.vest is not None:
        found |= {"vest_s": seconds(said.vest.span), "vest_delivery_only": said.vest.orders == "delivery"}
    if said.ttl is not None:
        found |= {"ttl_days": days(said.ttl), "expiry_warning_days": days(said.expiry_warning or "14d") or None}
    return rules.ProgramRules(
        rounding=said.rounding,
        tz=tz,
        status=said.status,
        excludes=frozenset(said.excludes),
        multipliers=tuple(
            rules.Multiplier(each.name, factor(each.factor), parse_schedule(each.schedule)) for each in said.multipliers
        ),
        caps=tuple(rules.Cap(cap.points, cast(Any, cap.period)) for cap in said.caps),
        tiers=tuple(rules.Tier(*tier) for tier in said.tiers),
        perks=tuple(perk(*each) for each in said.perks),
        rewards=tuple(reward(each, tz) for each in said.rewards),
        deficit=said.deficit,
        claims=rules.ClaimRules(seconds(said.claim_valid or "30d")),
        **found,
    )


def perk(tier: str, type_: Any, value: str) -> rules.Perk:
    """What a tier is good for."""
    return rules.Perk(tier, type_, value, factor(value) if type_ == "multiplier" else rules.ONE)


def reward(said: SaidReward, tz: ZoneInfo) -> rules.Reward:
    """A reward with its terms: the first day from its midnight on, the last one to its end."""
    percent = factor(said.value) if said.type == "discount_percent" else None
    return rules.Reward(
        said.id, said.title, said.cost, cast(Any, said.type), said.value,
        off=cost(*said.value.split(" ")) if said.type == "discount_amount" else None,
        percent=None if percent is None else Factor(percent.numerator, percent.denominator * 100),
        min_tier=said.min_tier, stock=said.stock, limit=said.limit,
        limit_period=cast(Any, said.limit_period),
        valid_from=None if said.valid_from is None else midnight(said.valid_from, 0, tz),
        valid_until=None if said.valid_until is None else midnight(said.valid_until, 1, tz),
        hold_s=seconds(said.hold or "30d"),
    )  # fmt: skip


def midnight(day: str, later: int, tz: ZoneInfo) -> int:
    """The beginning of a local day, or of one that comes so many days later."""
    return start_of_day(date.fromisoformat(day).toordinal() + later, tz)


def cost(decimal: str, unit: str) -> Cost:
    """An amount in the smallest unit."""
    money = parse_money(decimal, unit)
    return Cost(money.minor, money.currency)


def factor(decimal: str) -> Factor:
    """A decimal as a fraction of a power of ten."""
    whole, _, fraction = decimal.partition(".")
    return Factor(int(whole + fraction), 10 ** len(fraction))


def seconds(span: str) -> int:
    """A span in seconds."""
    digits = span.rstrip("minhdw")
    return int(digits) * SECONDS[span.removeprefix(digits)]


def days(span: str) -> int:
    """A span in days."""
    return seconds(span) // SECONDS["d"]
