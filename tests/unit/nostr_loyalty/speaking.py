"""A program that speaks, for the tests of texts."""

from dataclasses import replace
from typing import Any

from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.program import Reward, Tier
from tests.unit.nostr_loyalty import rule_sets
from tests.venue import new_key

ISSUER = new_key().public
GOLD = Tier("gold", "Gold", 5)
SILVER = Tier("silver", "Silver", 2)
COFFEE = Reward("coffee", "Free coffee", 100, "item", "a coffee")
_CAFE = ServedProgram(
    ledger_id=1, address=f"37411:{ISSUER}:sol", slug="sol", title="Café Sol", issuer=ISSUER,
    rules=rule_sets.program(tiers=(SILVER, GOLD), rewards=(COFFEE,)), visibility="private", sources=frozenset(),
    relays=("wss://relay.example.com",), dm_relays=("wss://relay.example.com",), acks=1, unit=("point", "points"),
    revision="ab" * 32, revision_id=1,
)  # fmt: skip


def cafe(language: str = "en", *, unit: tuple[str, str] = ("point", "points"), **rules: Any) -> ServedProgram:
    """Café Sol, which speaks this language; `rules` are settings of its rules that are others."""
    return replace(_CAFE, language=language, unit=unit, rules=replace(_CAFE.rules, **rules))
