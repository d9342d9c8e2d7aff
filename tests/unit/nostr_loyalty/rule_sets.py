"""Small programs and moments for the tests of rules."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nostr_loyalty.rules.earning import ANYBODY, CustomerFacts, Earned, OrderFacts, earn
from nostr_loyalty.rules.program import Factor, Multiplier, ProgramRules, SpendRule
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.schedule import parse_schedule

MADRID = ZoneInfo("Europe/Madrid")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
PER_EURO = SpendRule(1, 100, "EUR")
PER_1000_SAT = SpendRule(1, 1_000_000, "msat")


def program(*spend: SpendRule, **settings: Any) -> ProgramRules:
    """A café in Madrid, by default with one point for a euro, changed by these settings."""
    return replace(ProgramRules(spend or (PER_EURO,), "floor", MADRID), **settings)


def moment(text: str, tz: ZoneInfo = MADRID) -> int:
    """Unix seconds of a time on the wall, as "2026-11-03 15:00"; of an hour that comes twice the first one."""
    return int(datetime.fromisoformat(text).replace(tzinfo=tz).timestamp())


NOON = moment("2026-11-03 12:00")
"""A Tuesday."""


def paid(minor: int = 1_000, currency: str = "EUR", paid_at: int = NOON, **more: Any) -> OrderFacts:
    """An order, by default of 10 EUR on a Tuesday at noon."""
    return OrderFacts(minor, currency, paid_at, **more)


def times(factor: str, schedule: str, name: str = "Happy hour") -> Multiplier:
    """A multiplier; `factor` is a decimal."""
    whole, _, fraction = factor.partition(".")
    return Multiplier(name, Factor(int(whole + fraction), 10 ** len(fraction)), parse_schedule(schedule))


def points(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts = ANYBODY) -> int:
    """The points of an order that is not refused."""
    return earned(rules, order, customer).points


def earned(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts = ANYBODY) -> Earned:
    """What an order earns that is not refused."""
    decided = earn(rules, order, customer)
    assert not isinstance(decided, Refusal), decided
    return decided
