"""From a program's section of the file to the rules that decisions depend on.

The definition is made from the same value (`publishing.describing`), so that what is published is what is applied. All
of this holds for a section whose keys agree (`program_agreement`).
"""

from collections.abc import Iterator
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from nostr_loyalty.config import program_model as model
from nostr_loyalty.config import rule_values
from nostr_loyalty.config.model import ProgramSection
from nostr_loyalty.config.values import Price, price
from nostr_loyalty.rules.calendar import start_of_day
from nostr_loyalty.rules.program import (
    ONE,
    Cap,
    ClaimRules,
    Cost,
    Guard,
    HandRules,
    ItemRule,
    Multiplier,
    PaymentRule,
    Perk,
    ProgramRules,
    ReferralRule,
    Reward,
    SpendRule,
    Tier,
    TierBasis,
    VisitRule,
)

Rule = TypeVar("Rule")


def rules_of(section: ProgramSection) -> ProgramRules:
    """Everything that the section decides."""
    return ProgramRules(
        spend=tuple(
            SpendRule(rule.points, rule.per.money.minor, rule.per.money.currency)
            for rule in _earn(section, model.SpendSection)
        ),
        rounding=section.rounding,
        tz=section.tz,
        status=section.status,
        visit=next(map(_visit, _earn(section, model.VisitSection)), None),
        items=tuple(ItemRule(rule.points, rule.item) for rule in _earn(section, model.ItemSection)),
        payments=tuple(PaymentRule(rule.points, rule.method) for rule in _earn(section, model.PaymentSection)),
        welcome=sum(rule.points for rule in _earn(section, model.WelcomeSection)),
        feedback=sum(rule.points for rule in _earn(section, model.FeedbackSection)),
        referral=next(map(_referral, _earn(section, model.ReferralSection)), None),
        excludes=frozenset(section.exclude),
        multipliers=tuple(Multiplier(each.name, each.factor, each.schedule) for each in section.multiplier),
        caps=tuple(Cap(each.points, each.period) for each in section.cap),
        tiers=_tiers(section),
        tier_basis=_tier_basis(section.tier_basis),
        perks=tuple(map(_perk, section.perk)),
        rewards=tuple(_reward(each, section.tz) for each in section.reward),
        ttl_days=section.ttl,
        expiry_warning_days=(section.expiry_warning or None) if section.ttl is not None else None,
        vest_s=section.vest,
        vest_delivery_only=section.vest_orders == "delivery",
        deficit=section.deficit,
        claims=ClaimRules(section.claim_valid, section.claim_attempts, section.claim_attempts_all),
        guard=Guard(section.guard.customer_orders, section.guard.source_orders, section.guard.action == "hold"),
        hand=HandRules(section.hand.count, section.hand.points, section.hand.undo),
        refund_retention_s=section.refund_retention,
    )


def _earn(section: ProgramSection, kind: type[Rule]) -> Iterator[Rule]:
    return (rule for rule in section.earn if isinstance(rule, kind))


def _visit(rule: model.VisitSection) -> VisitRule:
    return VisitRule(rule.points, None if rule.minimum is None else _cost(rule.minimum), rule.gap)


def _referral(rule: model.ReferralSection) -> ReferralRule:
    return ReferralRule(rule.points, rule.friend_points, rule.vest, rule.cap)


def _tiers(section: ProgramSection) -> tuple[Tier, ...]:
    tiers = (
        Tier(each.id, each.title, each.threshold if isinstance(each.threshold, int) else each.threshold.money.minor)
        for each in section.tier
    )
    return tuple(sorted(tiers, key=lambda tier: tier.threshold))


def _tier_basis(section: model.TierBasisSection | None) -> TierBasis:
    return TierBasis() if section is None else TierBasis(section.by, section.window, section.grace, section.currency)


def _perk(section: model.PerkSection) -> Perk:
    factor = rule_values.factor(section.value) if section.type == "multiplier" else ONE
    return Perk(section.tier, section.type, section.value, factor)


def _reward(section: model.RewardSection, tz: ZoneInfo) -> Reward:
    return Reward(
        id=section.id,
        title=section.title,
        cost=section.cost,
        type=section.type,
        value=section.value,
        off=_cost(price(section.value)) if section.type == "discount_amount" else None,
        percent=rule_values.percent(section.value) if section.type == "discount_percent" else None,
        min_tier=section.min_tier,
        stock=section.stock,
        limit=section.limit,
        limit_period=section.limit_period,
        valid_from=None if section.valid_from is None else _midnight(section.valid_from, 0, tz),
        valid_until=None if section.valid_until is None else _midnight(section.valid_until, 1, tz),
        hold_s=section.hold,
    )


def _midnight(day: date, days_later: int, tz: ZoneInfo) -> int:
    return start_of_day(day.toordinal() + days_later, tz)


def _cost(amount: Price) -> Cost:
    return Cost(amount.money.minor, amount.money.currency)
