"""What `kinds.entry` promises: lines that explain themselves and a chain that anybody can replay."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from kinds.entry import Entry, idempotency_key, parse, template, verify_chain
from kinds.errors import ChainBroken, Unreadable
from kinds.event import Event, Template, author, sign
from kinds.program import address
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, PROGRAM, SOURCE, chain, entry

FIRST = entry("earned", 12, 12, 1, None)
FULL = entry("redeemed", -100, 42, 17, "ab" * 32)._replace(
    tier="gold",
    expires_at=NOW + 60,
    revokes="cd" * 32,
    lot="ef" * 32,
    reward="coffee",
    voucher="01" * 32,
    by=SOURCE.public,
    private=True,
)
TAGS = template(FIRST, NOW).tags


def changed(event: Event, created_at: int | None = None, **changes: Any) -> Event:
    """The same entry with other values, signed by the issuer again."""
    line = parse(event)._replace(**changes)
    return sign(template(line, event.created_at if created_at is None else created_at), ISSUER)


def broken(events: list[Event]) -> tuple[str, int]:
    """Code and place at which a chain is refused."""
    with pytest.raises(ChainBroken) as fault:
        verify_chain(events)
    return fault.value.code, fault.value.at


@pytest.mark.parametrize("line", [FIRST, FULL, entry("revoked", 5, -3, 2, "ab" * 32), entry("earned", 0, 0, 1, None)])
def test_an_entry_survives_the_wire(line: Entry) -> None:
    """All fields, a debit, a reversal in both directions, a deficit, nothing earned."""
    assert parse(sign(template(line, NOW), ISSUER)) == line
    assert parse(author(template(line, NOW), ISSUER.public)) == line


def test_a_private_entry_is_protected() -> None:
    """NIP-70: a private entry carries ["-"], a public one does not."""
    assert ("-",) in template(FULL, NOW).tags
    assert ("-",) not in TAGS


def test_an_entry_tells_no_money_and_no_order() -> None:
    """Bug 61: neither the amount nor the order id stands in clear; the idempotency key is a hash."""
    assert {tag[0] for tag in TAGS} == {"a", "p", "L", "l", "points", "balance", "seq", "rev", "x"}
    assert idempotency_key(PROGRAM, "nostr", SOURCE.public, "o|1") == (
        hashlib.sha256(f"{PROGRAM}|nostr|{SOURCE.public}|o|1".encode()).hexdigest()
    )


@pytest.mark.parametrize(
    "instead",
    [
        ("a",),
        ("a", "37411:x:y"),
        ("p",),
        ("p", "AB" * 32),
        ("l", "earned"),
        ("l", "stolen", "loyalty"),
        ("l", "redeemed", "loyalty"),
        ("points", "12"),
        ("points", "-12"),
        ("balance", "+12"),
        ("balance",),
        ("seq", "0"),
        ("seq", "2"),
        ("prev", "ab" * 32),
        ("rev", "x"),
        ("x", "x"),
        ("expires_at", "soon"),
        ("voucher", "x"),
        ("by", "x"),
        ("e", "x", "", "lot"),
    ],
)
def test_a_malformed_entry_is_refused(instead: tuple[str, ...]) -> None:
    """Wrong forms, a credit that takes points, a first entry with a prev, a later one without."""
    tags = (*(tag for tag in TAGS if tag[0] != instead[0]), instead)
    with pytest.raises(Unreadable) as unreadable:
        parse(sign(Template(7411, NOW, tags, ""), ISSUER))
    assert unreadable.value.code == "entry-malformed"


@pytest.mark.parametrize("name", ["a", "p", "l", "points", "balance", "seq", "rev", "x"])
def test_a_missing_or_doubled_tag_is_refused(name: str) -> None:
    """Every required tag is there exactly once."""
    tag = next(tag for tag in TAGS if tag[0] == name)
    for tags in ([other for other in TAGS if other != tag], [*TAGS, tag]):
        with pytest.raises(Unreadable) as unreadable:
            parse(sign(Template(7411, NOW, tuple(tags), ""), ISSUER))
        assert unreadable.value.code == "entry-malformed"


def test_an_entry_by_anybody_else_is_nothing() -> None:
    """Only the program's issuer writes its ledger."""
    with pytest.raises(Unreadable) as unreadable:
        parse(sign(template(FIRST, NOW), SOURCE))
    assert unreadable.value.code == "entry-wrong-issuer"


def test_another_kind_is_no_entry() -> None:
    """The kind is checked first."""
    with pytest.raises(Unreadable):
        parse(sign(Template(7412, NOW, TAGS, ""), ISSUER))


def test_a_valid_chain_is_accepted() -> None:
    """All five types, a deficit and its filling, two entries in one second."""
    verify_chain(
        chain(("earned", 12), ("granted", 5), ("redeemed", -10), ("revoked", -12), ("earned", 20), ("expired", -15))
    )
    events = chain(("earned", 1), ("earned", 1))
    verify_chain([events[0], changed(events[1], created_at=events[0].created_at)])


def test_no_entries_are_no_chain() -> None:
    """Nothing proves nothing."""
    assert broken([]) == ("chain-empty", 0)


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda c: c[1:], ("chain-gap", 0)),
        (lambda c: [c[0], *c[2:]], ("chain-gap", 1)),
        (lambda c: [c[0], c[2], c[1], c[3]], ("chain-gap", 1)),
        (lambda c: [c[0], c[0], *c[1:]], ("chain-gap", 1)),
        (lambda c: [changed(c[0], balance=13), *c[1:]], ("chain-wrong-balance", 0)),
        (lambda c: [*c[:3], changed(c[3], points=1)], ("chain-wrong-balance", 3)),
        (lambda c: [*c[:3], changed(c[3], prev="0" * 64)], ("chain-wrong-prev", 3)),
        (lambda c: [changed(c[0], text="other"), *c[1:]], ("chain-wrong-prev", 1)),
        (lambda c: [*c[:3], changed(c[3], created_at=c[2].created_at - 1)], ("chain-time-reversed", 3)),
        (lambda c: [*c[:3], changed(c[3], customer=SOURCE.public)], ("chain-other-customer", 3)),
        (lambda c: [*c[:3], changed(c[3], program=address(ISSUER.public, "bar"))], ("chain-other-program", 3)),
        (lambda c: [*c[:3], changed(c[3], key=parse(c[0]).key)], ("chain-duplicate-key", 3)),
        (lambda c: [*c[:3], sign(Template(1, NOW, (), ""), ISSUER)], ("entry-malformed", 3)),
        (lambda c: [*c[:3], sign(Template(7411, NOW, c[3].tags, ""), CUSTOMER)], ("entry-wrong-issuer", 3)),
    ],
)
def test_a_damaged_chain_is_refused_where_it_breaks(
    damage: Callable[[list[Event]], list[Event]], fault: tuple[str, int]
) -> None:
    """Dropped, swapped, repeated and altered entries are found, with their place, even when the issuer signed them."""
    events = chain(("earned", 12), ("granted", 5), ("redeemed", -10), ("earned", 3))
    verify_chain(events)
    assert broken(damage(events)) == fault


def test_a_chain_with_a_private_beginning_is_verified_from_there_on() -> None:
    """Only where that is asked for; nothing that follows may be missing, and a first entry has nothing before it."""
    events = chain(("earned", 12), ("granted", 5), ("redeemed", -10), ("earned", 3))
    for start in range(4):
        verify_chain(events[start:], whole=False)
    for piece, fault in (
        ([events[1], events[3]], ("chain-gap", 1)),
        ([events[1], changed(events[2], balance=8)], ("chain-wrong-balance", 1)),
        ([events[1], changed(events[2], prev="0" * 64)], ("chain-wrong-prev", 1)),
        ([changed(events[0], balance=13)], ("chain-wrong-balance", 0)),
        ([], ("chain-empty", 0)),
    ):
        with pytest.raises(ChainBroken) as found:
            verify_chain(piece, whole=False)
        assert (found.value.code, found.value.at) == fault
