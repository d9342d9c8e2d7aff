"""What became of a request: done, done before, or refused with a code; and what can be said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nostr_loyalty.rules.refusal import Refusal

Fact = str | int | bool | None | list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` is "done", "duplicate" or a refusal's; `text` is for people; `facts` for programs.

    Facts by name, where they apply: customer, points (signed, what moved), balance, entries (event ids), voucher (the
    code, told once), reward, order, tier. `refusal`: the rule's no, for whoever says it in another language.
    """

    result: Literal["done", "duplicate", "refused"]
    code: str
    text: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    refusal: Refusal | None = None


def done(text: str, **facts: Fact) -> Outcome:
    """It happened now."""
    return Outcome("done", "done", text, facts)


def duplicate(text: str, **facts: Fact) -> Outcome:
    """It had happened before, by the same request."""
    return Outcome("duplicate", "duplicate", text, facts)


def refused(refusal: Refusal) -> Outcome:
    """A rule says no; nothing moved."""
    return Outcome("refused", refusal.code, refusal.sentence, refusal=refusal)
