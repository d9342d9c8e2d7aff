"""Reading tags: the first, the only, all of a name; and the numbers that our protocol writes in them.

Tags keep the order in which they were signed; a tag that nobody asks for is left alone, not lost. Numbers are decimal
strings without leading zeros, a points delta always carries its sign (`+12`, `-100`): protocol sections 2 and 3.
"""

import re
from collections.abc import Iterable
from typing import Final

from kinds.errors import Unreadable

Tags = tuple[tuple[str, ...], ...]

NUMBER_MAX: Final = 2**53 - 1
"""The largest number we read from a tag: the largest that every JSON reader keeps exactly."""

_HEX64 = re.compile(r"[0-9a-f]{64}")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,15}")
_SIGNED = re.compile(r"\+0|[+-][1-9][0-9]{0,15}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_SPAN = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:min|h|d|w)")
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,8})?")


def first(tags: Iterable[tuple[str, ...]], name: str) -> tuple[str, ...] | None:
    """The first tag called `name`, whole, or None."""
    for tag in tags:
        if tag[0] == name:
            return tag
    return None


def value(tags: Iterable[tuple[str, ...]], name: str) -> str | None:
    """The second string of the first tag called `name`; None if there is no such tag or it has no second string."""
    tag = first(tags, name)
    return tag[1] if tag is not None and len(tag) > 1 else None


def all_of(tags: Iterable[tuple[str, ...]], name: str) -> list[tuple[str, ...]]:
    """Every tag called `name`, in the order they were signed."""
    return [tag for tag in tags if tag[0] == name]


def by_name(tags: Iterable[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    """Name to all tags of that name, in the order they were signed: for whoever asks for many names."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for tag in tags:
        found.setdefault(tag[0], []).append(tag)
    return found


def sole(tags: Iterable[tuple[str, ...]], name: str, code: str) -> tuple[str, ...] | None:
    """The only tag called `name`, or None. Two of them raise Unreadable(code): "the first wins" invites forgery."""
    found = all_of(tags, name)
    if len(found) > 1:
        raise Unreadable(code, f"{len(found)} tags {name}")
    return found[0] if found else None


def sole_value(tags: Iterable[tuple[str, ...]], name: str, code: str) -> str | None:
    """The second string of the only tag called `name`; None without such a tag or without such a string. As `sole`."""
    tag = sole(tags, name, code)
    return tag[1] if tag is not None and len(tag) > 1 else None


def required_value(tags: Iterable[tuple[str, ...]], name: str, code: str) -> str:
    """The same of a tag that must be there: Unreadable(code) otherwise."""
    found = sole_value(tags, name, code)
    if found is None:
        raise Unreadable(code, f"{name} is missing")
    return found


def is_hex64(text: object) -> bool:
    """Whether `text` is a str of exactly 64 lower-case hex digits: the form of ids and public keys."""
    return isinstance(text, str) and _HEX64.fullmatch(text) is not None


def whole_number(text: str) -> int:
    """A number 0..NUMBER_MAX without sign or leading zeros; ValueError otherwise."""
    return _number(_WHOLE, text, "a whole number")


def signed_points(text: str) -> int:
    """A points delta with its sign, `+12` or `-100` (`+0` for nothing); ValueError otherwise."""
    return _number(_SIGNED, text, "points with their sign")


def integer(text: str) -> int:
    """A number that may be below zero, such as a balance: `142`, `0`, `-3`; ValueError otherwise."""
    return _number(_INTEGER, text, "an integer")


def points_text(points: int) -> str:
    """How a points delta is written: always with its sign."""
    return f"{points:+d}"


def is_decimal(text: str) -> bool:
    """Whether `text` is an amount that we read: up to 16 digits, no sign, no leading zero, up to 8 decimals."""
    return _DECIMAL.fullmatch(text) is not None


def decimal(text: str) -> str:
    """The same text if it is an amount that we read; ValueError otherwise."""
    return _fitting(_DECIMAL, text, "a decimal number")


def span(text: str) -> str:
    """The same text if it is a span of time: a whole number and min, h, d or w; ValueError otherwise."""
    return _fitting(_SPAN, text, "a span of time")


def calendar_date(text: str) -> str:
    """The same text if it has the form of a day, year-month-day; ValueError otherwise."""
    return _fitting(_DATE, text, "a date")


def _fitting(grammar: re.Pattern[str], text: str, what: str) -> str:
    if grammar.fullmatch(text) is None:
        raise ValueError(f"{text[:32]!r} is not {what}")
    return text


def _number(grammar: re.Pattern[str], text: str, what: str) -> int:
    number = int(_fitting(grammar, text, what))
    if abs(number) > NUMBER_MAX:
        raise ValueError(f"{text} is beyond {NUMBER_MAX}")
    return number
