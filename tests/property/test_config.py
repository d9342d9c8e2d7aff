"""A property of the configuration: whatever a file says, its mistakes are told, and nothing else happens."""

import copy
import tomllib
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nostr_loyalty.config.agreement import disagreements
from nostr_loyalty.config.mistakes import from_pydantic, in_order
from nostr_loyalty.config.model import ConfigFile
from nostr_loyalty.config.program_rules import rules_of
from nostr_loyalty.config.sections import TABLES
from nostr_loyalty.publishing.describing import decimal_text, span_text
from tests.unit.nostr_loyalty.config_files import EVERY_RULE

PUBLIC = """
[[program.operator]]
key = "4523be58d395b1b196a9b8c82b038b6895cb02b683d0c253a955068dba1facd0"
role = "staff"
count = 3
[daemon.profile]
name = "Café Sol"
nip05 = "cafe@example.com"
[[list]]
name = "town"
title = "The town"
programs = ["37411:4523be58d395b1b196a9b8c82b038b6895cb02b683d0c253a955068dba1facd0:bar"]
follow_set = false
"""
RAW = tomllib.loads(EVERY_RULE + PUBLIC)
KEYS = sorted({key for table in TABLES.values() for key in table.keys})
WORDS = st.sampled_from(
    ["", "gold", "EUR", "5 EUR", "1000 sat", "1.5", "30d", "2h", "2026-12-31", "spend", "visits", "item", "x" * 300]
)
SCALARS = WORDS | st.integers(-5, 2**60) | st.booleans() | st.just(1.5) | st.dates(date(1, 1, 1)) | st.text(max_size=9)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
)


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a file at which something stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, each in inner for place in [(*above, step), *places(each, (*above, step))]]


PLACES = places(RAW)


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES | st.none(), st.none() | st.sampled_from(KEYS)), max_size=4))
def test_any_file_is_accepted_or_told_what_is_wrong(changes: list[tuple[tuple[Any, ...], Any, str | None]]) -> None:
    """With keys removed, renamed and set to anything, a file has rules, or mistakes of which each is one line."""
    raw = copy.deepcopy(RAW)
    for place, value, name in changes:
        change(raw, place, value, name)
    found = list(disagreements(raw))
    try:
        file = ConfigFile.model_validate(raw)
    except ValidationError as error:
        found += from_pydantic(error.errors(include_url=False))
        assert all(is_one_line(str(mistake)) for mistake in in_order(found))
        return
    assert all(is_one_line(str(mistake)) for mistake in in_order(found))
    if not found:
        for section in file.program:
            rules = rules_of(section)
            assert all(span_text(span) for span in (rules.vest_s, rules.claims.valid_s, rules.hand.undo_s))
            assert all(decimal_text(each.factor) for each in rules.multipliers)


def change(raw: Any, place: tuple[Any, ...], value: Any, name: str | None) -> None:
    """Set what stands at a place, under this name if it is a key's, or remove it (None); if the place is there."""
    for step in place[:-1]:
        if not isinstance(raw, dict | list) or (step not in raw if isinstance(raw, dict) else not is_index(step, raw)):
            return
        raw = raw[step]
    last = place[-1]
    if isinstance(raw, dict) and isinstance(last, str):
        raw.pop(last, None)
        if value is not None:
            raw[name or last] = value
    elif isinstance(raw, list) and is_index(last, raw) and value is not None:
        raw[last] = value


def is_index(step: Any, items: list[Any]) -> bool:
    """Whether a step leads to one of the items."""
    return isinstance(step, int) and step < len(items)


def is_one_line(text: str) -> bool:
    """Whether an operator reads it as one line that says where and what."""
    return "\n" not in text and ": " in text
