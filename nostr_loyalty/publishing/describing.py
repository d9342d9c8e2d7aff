"""A program as its definition says it: the rules that decisions depend on, written as the tags of protocol section 3.

Made from the rules themselves, so that what is published is what is applied, in one form whatever was typed: "52w" is
said as "364d". What has the protocol's default is left out. Not said at all is what lies between the venue and its own
people: `guard` (whoever knew the limits would stay below them), `hand`, the limits of wrong claim codes, and how long a
refund waits for its order.
"""

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from kinds import program as wire
from kinds.earn import Earn, ItemEarn, OccasionEarn, PaymentEarn, ReferralEarn, SpendEarn, VisitEarn
from kinds.order import LINE_TYPES
from kinds.reward import Reward
from ledger.units import Money, format_money
from nostr_loyalty.config.settings import DaemonSettings, ProgramSettings
from nostr_loyalty.rules import program as rules_of_program
from nostr_loyalty.rules.calendar import day_of
from nostr_loyalty.rules.program import DAY_S, Cost, Factor, ProgramRules, TierBasis, VisitRule

EXPIRY_WARNING_DAYS: Final = 14
"""The protocol's default: said only where it is another."""
HOLD_S: Final = 30 * DAY_S
"""The same for vouchers."""
CLAIM_VALID_S: Final = 30 * DAY_S
"""The same for claim codes."""
_NO_MINIMUM: Final = ("0", "sat")
_VESTED: Final = {True: "delivery", False: "all"}


def definition(settings: ProgramSettings, daemon: DaemonSettings) -> wire.Program:
    """The program as it is published."""
    rules = settings.rules()
    warning = rules.expiry_warning_days or 0
    return wire.Program(
        issuer=settings.key.public,
        slug=settings.slug,
        title=settings.title,
        summary=settings.summary,
        image=settings.image,
        sources=settings.sources,
        operators=settings.operators,
        relays=settings.relays,
        staff_relay=next((url for url in daemon.staff_relays if url != settings.relays[0]), None),
        unit=settings.unit,
        earn=_earn(rules),
        excludes=_excludes(rules),
        multipliers=tuple(
            wire.Multiplier(each.name, decimal_text(each.factor), each.schedule.text) for each in rules.multipliers
        ),
        caps=tuple(wire.Cap(cap.points, cap.period) for cap in rules.caps),
        rounding=rules.rounding,
        tiers=tuple(wire.Tier(tier.id, tier.title, tier.threshold) for tier in rules.tiers),
        tier_basis=_tier_basis(rules.tier_basis) if rules.tiers else None,
        perks=tuple(wire.Perk(perk.tier, perk.type, perk.value) for perk in rules.perks),
        rewards=tuple(_reward(reward, rules.tz) for reward in rules.rewards),
        ttl=None if rules.ttl_days is None else f"{rules.ttl_days}d",
        expiry_warning=None if rules.ttl_days is None or warning == EXPIRY_WARNING_DAYS else f"{warning}d",
        vest=wire.Vest(span_text(rules.vest_s), _VESTED[rules.vest_delivery_only]) if rules.vest_s else None,
        deficit=rules.deficit,
        claim_valid=None if rules.claims.valid_s == CLAIM_VALID_S else span_text(rules.claims.valid_s),
        tz=rules.tz.key,
        visibility=settings.visibility,
        status=rules.status,
        terms=settings.terms,
    )


def span_text(seconds: int) -> str:
    """A span in the largest unit that it is whole in: 604800 as "7d", 5400 as "90min"; whole minutes only."""
    for unit, length in (("d", DAY_S), ("h", 3_600)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    assert seconds % 60 == 0, seconds
    return f"{seconds // 60}min"


def decimal_text(factor: Factor) -> str:
    """A factor over a power of ten as a plain decimal: 15/10 as "1.5"."""
    digits = str(factor.numerator)
    places = len(str(factor.denominator)) - 1
    assert factor.denominator == 10**places, factor
    if places == 0:
        return digits
    digits = digits.rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def _earn(rules: ProgramRules) -> tuple[Earn, ...]:
    earn: list[Earn] = [SpendEarn(rule.points, *_money(Cost(rule.per_minor, rule.currency))) for rule in rules.spend]
    if rules.visit is not None:
        earn.append(_visit(rules.visit))
    earn += [ItemEarn(rule.points, rule.item) for rule in rules.items]
    earn += [PaymentEarn(rule.points, rule.method) for rule in rules.payments]
    earn += [OccasionEarn("welcome", rules.welcome)] if rules.welcome else []
    earn += [OccasionEarn("feedback", rules.feedback)] if rules.feedback else []
    if (referral := rules.referral) is not None:
        vest = span_text(referral.vest_s)
        earn.append(ReferralEarn(referral.referrer_points, referral.friend_points, vest, referral.cap))
    return tuple(earn)


def _visit(rule: VisitRule) -> VisitEarn:
    minimum = None if rule.minimum is None else _money(rule.minimum)
    if not rule.gap_s:
        return VisitEarn(rule.points, minimum)
    return VisitEarn(rule.points, minimum or _NO_MINIMUM, span_text(rule.gap_s))


def _excludes(rules: ProgramRules) -> tuple[str, ...]:
    """Types of lines in the protocol's order, then items by their ids: the same set always gives the same tags."""
    types = [each for each in LINE_TYPES if each in rules.excludes]
    return (*types, *sorted(rules.excludes.difference(types)))


def _tier_basis(basis: TierBasis) -> wire.TierBasis:
    window = "" if basis.window_days is None else f"{basis.window_days}d"
    return wire.TierBasis(basis.basis, window, f"{basis.grace_days}d", basis.currency)


def _reward(reward: rules_of_program.Reward, tz: ZoneInfo) -> Reward:
    """`valid_until` is the first moment after the last day in the rules, and that day on the wire."""
    return Reward(
        id=reward.id,
        title=reward.title,
        cost=reward.cost,
        type=reward.type,
        value=reward.value,
        min_tier=reward.min_tier,
        stock=reward.stock,
        limit=reward.limit,
        limit_period=reward.limit_period,
        valid_from=None if reward.valid_from is None else _date_of(reward.valid_from, tz),
        valid_until=None if reward.valid_until is None else _date_of(reward.valid_until - 1, tz),
        hold=None if reward.hold_s == HOLD_S else span_text(reward.hold_s),
    )


def _date_of(unix: int, tz: ZoneInfo) -> str:
    return date.fromordinal(day_of(unix, tz)).isoformat()


def _money(amount: Cost) -> tuple[str, str]:
    return format_money(Money(amount.minor, amount.currency))
