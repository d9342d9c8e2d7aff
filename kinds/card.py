"""Kind 37412: a customer's standing in one program, as a snapshot that is replaced. Protocol section 7.

A public card says everything in tags, under the `d` tag "<slug>:<customer>". A private one has a random `d`, no tag
that names the customer or the program, and the same facts as JSON, encrypted to the customer. A card is a cache: what
counts are the entries, whose last one it names (`head`).
"""

from typing import Any, Final, NamedTuple

import orjson

from kinds import program as programs
from kinds import tags
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import CARD
from kinds.tags import NUMBER_MAX, Tags


class TierProgress(NamedTuple):
    """`reached` of the `needed` for `next_tier`, in the unit of the program's tier basis."""

    reached: int
    needed: int
    next_tier: str


class NextExpiry(NamedTuple):
    """So many points lapse at this time (unix seconds), unless they are spent before."""

    points: int
    at: int


class Card(NamedTuple):
    """Where a customer stands after entry `seq`, whose event id is `head` (None: no entry yet).

    `points` is the balance (it may be below zero), `lifetime` all points ever earned, `visits_month` the visits in the
    venue's current month.
    """

    program: str
    customer: str
    points: int
    lifetime: int
    visits_month: int
    seq: int
    head: str | None
    tier: str | None = None
    tier_progress: TierProgress | None = None
    next_expiry: NextExpiry | None = None


_NUMBERS: Final = ("points", "lifetime", "visits_month", "seq")


def public_template(card: Card, created_at: int) -> Template:
    """The card in clear. `created_at` must be above that of the card before it (ties go to the lowest id)."""
    _, slug = programs.parse_address(card.program)
    written: list[tuple[str, ...]] = [
        ("d", f"{slug}:{card.customer}"),
        ("a", card.program),
        ("p", card.customer),
        *((name, str(getattr(card, name))) for name in _NUMBERS),
    ]
    if card.tier is not None:
        written.append(("tier", card.tier))
    if card.tier_progress is not None:
        progress = card.tier_progress
        written.append(("tier_progress", str(progress.reached), str(progress.needed), progress.next_tier))
    if card.next_expiry is not None:
        written.append(("next_expiry", str(card.next_expiry.points), str(card.next_expiry.at)))
    if card.head is not None:
        written.append(("e", card.head))
    return Template(CARD, created_at, tuple(written), "")


def private_template(name: str, encrypted: str, created_at: int) -> Template:
    """The card for its customer's eyes. `name`: its random `d`; `encrypted`: `private_text` under NIP-44."""
    return Template(CARD, created_at, (("d", name),), encrypted)


def private_text(card: Card) -> str:
    """What a private card says, as JSON, before it is encrypted."""
    fields: dict[str, object] = {"program": card.program, "customer": card.customer}
    fields |= {name: getattr(card, name) for name in _NUMBERS}
    fields |= {"head": card.head, "tier": card.tier}
    # orjson does not take named tuples for arrays.
    fields["tier_progress"] = None if card.tier_progress is None else tuple(card.tier_progress)
    fields["next_expiry"] = None if card.next_expiry is None else tuple(card.next_expiry)
    return orjson.dumps({name: value for name, value in fields.items() if value is not None}).decode()


def parse(event: Event) -> Card:
    """Read a public card. Raises Unreadable "card-malformed"; a private card is one that has no clear tags."""
    if event.kind != CARD:
        raise Unreadable("card-malformed", f"kind {event.kind}")
    written = event.tags
    progress, expiry = tags.first(written, "tier_progress"), tags.first(written, "next_expiry")
    try:
        card = Card(
            program=_text(written, "a"),
            customer=_text(written, "p"),
            points=tags.integer(_text(written, "points")),
            lifetime=tags.whole_number(_text(written, "lifetime")),
            visits_month=tags.whole_number(_text(written, "visits_month")),
            seq=tags.whole_number(_text(written, "seq")),
            head=None if _sole(written, "e") is None else _text(written, "e"),
            tier=tags.value(written, "tier"),
            tier_progress=None if progress is None else _progress([*map(_number_or_text, progress[1:])]),
            next_expiry=None if expiry is None else _expiry([*map(_number_or_text, expiry[1:])]),
        )
        return _checked(card, event.pubkey)
    except ValueError as fault:
        raise Unreadable("card-malformed", str(fault)) from None


def parse_private(text: str, issuer: str) -> Card:
    """Read the decrypted content of a private card; `issuer` is its event's author. Raises Unreadable."""
    try:
        fields = orjson.loads(text)
        if type(fields) is not dict:
            raise ValueError("not a JSON object")
        numbers = {name: _number(fields.get(name), name) for name in _NUMBERS}
        texts = {name: fields.get(name) for name in ("program", "customer", "head", "tier")}
        if not all(value is None or isinstance(value, str) for value in texts.values()):
            raise ValueError("program, customer, head or tier is no text")
        progress, expiry = fields.get("tier_progress"), fields.get("next_expiry")
        card = Card(
            program=texts["program"] or "",
            customer=texts["customer"] or "",
            head=texts["head"],
            tier=texts["tier"],
            tier_progress=None if progress is None else _progress(progress),
            next_expiry=None if expiry is None else _expiry(expiry),
            **numbers,
        )
        return _checked(card, issuer)
    except ValueError as fault:  # orjson's decode error is one
        raise Unreadable("card-malformed", str(fault)) from None


def _checked(card: Card, author: str) -> Card:
    issuer, _ = programs.parse_address(card.program)
    if author != issuer:
        raise ValueError(f"signed by {author}, who is not the program's issuer")
    if not tags.is_hex64(card.customer):
        raise ValueError("customer is not 64 lower-case hex digits")
    if (card.head is None) != (card.seq == 0) or (card.head is not None and not tags.is_hex64(card.head)):
        raise ValueError("head is the event id of entry seq")
    if min(card.lifetime, card.visits_month, card.seq) < 0:
        raise ValueError("lifetime, visits_month or seq is below zero")
    return card


def _sole(written: Tags, name: str) -> tuple[str, ...] | None:
    return tags.sole(written, name, "card-malformed")


def _text(written: Tags, name: str) -> str:
    tag = _sole(written, name)
    if tag is None or len(tag) < 2:
        raise ValueError(f"{name} is missing")
    return tag[1]


def _number_or_text(text: str) -> int | str:
    try:
        return tags.whole_number(text)
    except ValueError:
        return text


def _number(value: Any, name: str) -> int:
    if type(value) is not int or abs(value) > NUMBER_MAX:
        raise ValueError(f"{name} is not a number")
    return value


def _progress(parts: Any) -> TierProgress:
    match parts:
        case [reached, needed, str(next_tier)]:
            return TierProgress(_number(reached, "tier_progress"), _number(needed, "tier_progress"), next_tier)
    raise ValueError("tier_progress takes three values")


def _expiry(parts: Any) -> NextExpiry:
    match parts:
        case [points, at]:
            return NextExpiry(_number(points, "next_expiry"), _number(at, "next_expiry"))
    raise ValueError("next_expiry takes two values")
