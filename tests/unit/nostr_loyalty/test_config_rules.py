"""What the rules in a configuration mean: every key, through to the value that decisions are made with."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.units import Money
from nostr_loyalty.config.load import load_rules
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.config.settings import ProgramSettings, ProposedRules
from nostr_loyalty.errors import ConfigInvalid
from nostr_loyalty.rules.program import (
    DAY_S,
    Cap,
    ClaimRules,
    Cost,
    Factor,
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
from nostr_loyalty.rules.schedule import parse_schedule
from tests.unit.nostr_loyalty.config_files import EVERY_RULE, MINIMAL, accepted

MADRID = ZoneInfo("Europe/Madrid")

EVERY = ProgramRules(
    spend=(SpendRule(1, 1_000_000, "msat"), SpendRule(2, 150, "EUR")),
    rounding="half_up",
    tz=MADRID,
    status="paused",
    visit=VisitRule(3, Cost(500, "EUR"), 90 * 60),
    items=(ItemRule(4, "croissant"), ItemRule(5, "té verde")),
    payments=(PaymentRule(6, "lightning"),),
    welcome=7,
    feedback=8,
    referral=ReferralRule(9, 10, 5 * DAY_S, 11),
    excludes=frozenset({"tip", "item:espresso"}),
    multipliers=(
        Multiplier("Happy hour", Factor(15, 10), parse_schedule("tue,wed 15:00-18:00")),
        Multiplier("Advent", Factor(2, 1), parse_schedule("12-01..12-24")),
    ),
    caps=(Cap(100, "day"), Cap(500, "week")),
    tiers=(Tier("silver", "Silver", 10_000), Tier("gold", "Gold", 50_000)),
    tier_basis=TierBasis("spend", 84, 30, "EUR"),
    perks=(Perk("gold", "multiplier", "1.25", Factor(125, 100)), Perk("gold", "discount_percent", "5")),
    rewards=(
        Reward(
            "off", "Five off", 50, "discount_amount", "5 EUR", off=Cost(500, "EUR"), min_tier="silver", stock=20,
            limit=1, limit_period="month", valid_from=1_792_879_200, valid_until=1_798_758_000, hold_s=7 * DAY_S,
        ),
        Reward("percent", "12.5 % off", 60, "discount_percent", "12.5", percent=Factor(125, 1000)),
        Reward("sats", "Sats", 70, "sats", "1000 sat", limit=3),
        Reward("tea", "A tea", 80, "item", "tea"),
    ),
    ttl_days=364,
    expiry_warning_days=7,
    vest_s=3 * DAY_S,
    vest_delivery_only=False,
    deficit="clamp",
    claims=ClaimRules(7_200, 3, 30),
    guard=Guard(12, 13, holds=True),
    hand=HandRules(14, 15, 1_800),
    refund_retention_s=30 * DAY_S,
)  # fmt: skip


def program(folder: Path, text: str) -> ProgramSettings:
    """The first program of a configuration."""
    return accepted(folder, text).programs[0]


def test_every_rule_comes_through(tmp_path: Path) -> None:
    """Bug 57: each key of each rule is set to something, and is exactly that where decisions are made."""
    settings = program(tmp_path, EVERY_RULE)
    assert settings.rules() == EVERY
    assert settings.point_value == PointValue(Factor(500, 1000), "EUR")
    assert settings.claim_url == "https://cafe.example/claim"


def test_rules_are_tried_out_without_keys(tmp_path: Path) -> None:
    """A copy of the configuration says its rules also where no key lies beside it, and its mistakes."""
    copy = tmp_path / "elsewhere" / "new.toml"
    copy.parent.mkdir()
    copy.write_text(EVERY_RULE, encoding="utf-8")
    assert load_rules(copy) == {"cafe-sol": ProposedRules(EVERY, PointValue(Factor(500, 1000), "EUR"))}
    copy.write_text(EVERY_RULE.replace("half_up", "up").replace("Five off", ""), encoding="utf-8")
    with pytest.raises(ConfigInvalid) as refused:
        load_rules(copy)
    assert [line.partition(":")[0] for line in refused.value.mistakes] == [
        "program[0].rounding", "program[0].reward[0].title",
    ]  # fmt: skip


def test_what_every_rule_sets_is_no_default() -> None:
    """The test above is about every field: none of them has there what it would have anyway."""
    plain = ProgramRules((), "floor", ZoneInfo("UTC"))
    assert [name for name in ProgramRules.__dataclass_fields__ if getattr(EVERY, name) == getattr(plain, name)] == []


@pytest.mark.parametrize(
    ("extra", "changed"),
    [
        ("", {}),
        ("claim_attempts = 6", {"claims": ClaimRules(attempts_key=6)}),
        ("claim_attempts_all = 7", {"claims": ClaimRules(attempts_all=7)}),
        ('claim_valid = "1h"', {"claims": ClaimRules(valid_s=3_600)}),
        ('refund_retention = "1w"', {"refund_retention_s": 7 * DAY_S}),
        ('vest = "90min"', {"vest_s": 5_400}),
        ('ttl = "15d"', {"ttl_days": 15, "expiry_warning_days": 14}),
        ('ttl = "4w"\nexpiry_warning = "0d"', {"ttl_days": 28}),
        ("[program.guard]\ncustomer_orders = 2", {"guard": Guard(customer_orders=2)}),
        ("[program.guard]\nsource_orders = 2", {"guard": Guard(source_orders=2)}),
        ("[program.hand]\ncount = 0", {"hand": HandRules(count=0)}),
        ("[program.hand]\npoints = 0", {"hand": HandRules(points=0)}),
        ('[program.hand]\nundo = "0h"', {"hand": HandRules(undo_s=0)}),
    ],
)
def test_one_key_changes_one_thing(tmp_path: Path, extra: str, changed: dict[str, object]) -> None:
    """What is not written keeps its default; expiry has a warning only where points expire and one is wanted."""
    before = program(tmp_path, MINIMAL).rules()
    text = MINIMAL.replace("[[program.earn]]", f"{extra}\n[[program.earn]]")
    assert program(tmp_path, text).rules() == replace(before, **changed)  # type: ignore[arg-type] # names are fields


def test_tiers_are_ordered_by_what_they_take(tmp_path: Path) -> None:
    """The order of the file does not matter; without a section they count points of the whole life."""
    text = MINIMAL + "".join(
        f'[[program.tier]]\nid = "{name}"\ntitle = "{name}"\nthreshold = {threshold}\n'
        for name, threshold in (("gold", 300), ("bronze", 50), ("silver", 100))
    )
    rules = program(tmp_path, text).rules()
    assert [tier.id for tier in rules.tiers] == ["bronze", "silver", "gold"]
    assert rules.tier_basis == TierBasis("points", None, 0, None)


def test_the_days_of_a_reward_are_the_venue_s(tmp_path: Path) -> None:
    """The last day counts to its end, also the one on which the clocks change."""
    reward = '[[program.reward]]\nid="r"\ntitle="R"\ncost=1\ntype="item"\nvalue="r"\nvalid_from="2026-10-25"\n'
    text = MINIMAL.replace("[[program.earn]]", 'tz = "Europe/Madrid"\n[[program.earn]]') + reward
    (found,) = program(tmp_path, text + 'valid_until="2026-10-25"\n').rules().rewards
    assert found.valid_from is not None
    assert found.valid_until is not None
    assert found.valid_until - found.valid_from == 25 * 3_600


@pytest.mark.parametrize(
    ("text", "points", "worth"),
    [
        ("0.01 EUR", 150, Money(150, "EUR")),
        ("0.005 EUR", 1, Money(1, "EUR")),
        ("0.005 EUR", 3, Money(2, "EUR")),
        ("0.0049 EUR", 1, Money(0, "EUR")),
        ("1 JPY", 7, Money(7, "JPY")),
        ("0.5 sat", 3, Money(1_500, "msat")),
        ("2 EUR", 0, Money(0, "EUR")),
    ],
)
def test_what_points_are_worth(tmp_path: Path, text: str, points: int, worth: Money) -> None:
    """A point may be worth less than a cent; the sum is rounded once, half up."""
    settings = program(tmp_path, MINIMAL.replace("[[program.earn]]", f'point_value = "{text}"\n[[program.earn]]'))
    assert settings.point_value is not None
    assert settings.point_value.worth(points) == worth
