"""A command as plain fields, as the command line hands it to a running daemon: {"verb": "grant", "who": …, "points":
5}.

Reading is strict: an unknown verb or field, a wrong type, a key that is none, are a ValueError with a sentence.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from kinds.keys import is_public_key
from kinds.tags import is_hex64
from ledger.errors import AmountInvalid
from ledger.units import Money, format_money, parse_money
from nostr_loyalty.commands.command import FEEDBACK_MAX, POINTS_MAX, REASON_MAX, VERBS, Command, verb_of

_KEYS = frozenset({"who", "old", "new", "friend"})
_MONEY = frozenset({"amount", "bill"})
_TEXT_MAX = {"reason": REASON_MAX, "text": FEEDBACK_MAX}
_WORD_MAX = 128


def to_fields(command: Command) -> dict[str, Any]:
    """The command's verb and fields, ready for JSON."""
    fields: dict[str, Any] = {"verb": verb_of(command)}
    for one in dataclasses.fields(command):
        value = getattr(command, one.name)
        if value is not None:
            fields[one.name] = " ".join(format_money(value)) if isinstance(value, Money) else value
    return fields


def from_fields(fields: Mapping[str, Any]) -> Command:
    """The command that these fields mean. Raises ValueError."""
    rest = dict(fields)
    verb = rest.pop("verb", None)
    kind = VERBS.get(verb) if isinstance(verb, str) else None
    if kind is None:
        raise ValueError(f"no such command: {str(verb)[:32]!r}; there are {', '.join(VERBS)}")
    known = {one.name: one for one in dataclasses.fields(kind)}
    if unknown := rest.keys() - known.keys():
        raise ValueError(f"{verb}: unknown {', '.join(sorted(unknown))}")
    missing = [name for name, one in known.items() if one.default is dataclasses.MISSING and rest.get(name) is None]
    if missing:
        raise ValueError(f"{verb}: {', '.join(missing)} is missing")
    return kind(**{name: _value(name, value) for name, value in rest.items() if value is not None})


def read_money(text: str) -> Money:
    """ "8.50 EUR" as money. Raises ValueError."""
    decimal, _, unit = text.strip().partition(" ")
    try:
        return parse_money(decimal, unit.strip())
    except AmountInvalid as invalid:
        raise ValueError(f'{text[:40]!r} is not an amount ({invalid.detail}); write it like "8.50 EUR"') from None


def _value(name: str, value: Any) -> Any:
    if name in ("points", "expires_at"):
        if type(value) is not int or abs(value) > POINTS_MAX:
            raise ValueError(f"{name}: {str(value)[:32]!r} is not a whole number up to {POINTS_MAX}")
        return value
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{name}: not a text")
    if name in _MONEY:
        return read_money(value)
    if name in _KEYS and not is_public_key(value):
        raise ValueError(f"{name}: not a public key of 64 hex digits")
    if name == "entry" and not is_hex64(value):
        raise ValueError("entry: not an event id of 64 hex digits")
    if len(value) > _TEXT_MAX.get(name, _WORD_MAX):
        raise ValueError(f"{name}: longer than {_TEXT_MAX.get(name, _WORD_MAX)} characters")
    return value
