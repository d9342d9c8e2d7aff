"""What `kinds.card` promises: the same facts in clear or encrypted, and nothing else in clear when private."""

import orjson
import pytest

from kinds.card import Card, parse, parse_private, private_template, private_text, public_template
from kinds.errors import Unreadable
from kinds.event import Template, sign, to_json
from tests.unit.kinds.samples import CARD, CUSTOMER, ISSUER, NOW, PROGRAM, SOURCE

EMPTY = Card(program=PROGRAM, customer=CUSTOMER.public, points=0, lifetime=0, visits_month=0, seq=0, head=None)
TAGS = public_template(CARD, NOW).tags


@pytest.mark.parametrize("card", [CARD, EMPTY, CARD._replace(tier_progress=None, next_expiry=None)])
def test_a_card_survives_both_ways(card: Card) -> None:
    """In tags and as the JSON that is encrypted."""
    assert parse(sign(public_template(card, NOW), ISSUER)) == card
    assert parse_private(private_text(card), ISSUER.public) == card


def test_a_public_card_can_be_asked_for() -> None:
    """`d` is slug and customer, `p` the customer, `e` the last entry: protocol section 7."""
    assert ("d", f"cafe-sol:{CUSTOMER.public}") in TAGS
    assert ("p", CUSTOMER.public) in TAGS
    assert ("e", CARD.head) in TAGS


def test_a_private_card_says_nothing_in_clear() -> None:
    """Bug 61: no customer, no program, no tier and no points outside the encrypted content."""
    event = sign(private_template("5f" * 16, "encrypted", NOW), ISSUER)
    assert event.tags == (("d", "5f" * 16),)
    text = to_json(event)
    for secret in (CUSTOMER.public, "cafe-sol", "gold", "points"):
        assert secret not in text


@pytest.mark.parametrize(
    "instead",
    [
        ("a", "x"),
        ("p", "x"),
        ("points", "+3"),
        ("points",),
        ("lifetime", "-1"),
        ("visits_month", "x"),
        ("seq", "0"),
        ("e", "x"),
        ("tier_progress", "1", "2"),
        ("tier_progress", "x", "2", "gold"),
        ("next_expiry", "1"),
    ],
)
def test_a_malformed_card_is_refused(instead: tuple[str, ...]) -> None:
    """Broken tags are named, not raised as something else."""
    tags = (*(tag for tag in TAGS if tag[0] != instead[0]), instead)
    with pytest.raises(Unreadable) as unreadable:
        parse(sign(Template(37412, NOW, tags, ""), ISSUER))
    assert unreadable.value.code == "card-malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"program": 5},
        {"program": "x"},
        {"customer": None},
        {"points": "3"},
        {"points": True},
        {"points": 2**60},
        {"lifetime": -1},
        {"seq": 0},
        {"head": "x"},
        {"head": None},
        {"tier": 5},
        {"tier_progress": [1, 2]},
        {"tier_progress": [1, 2, 3]},
        {"tier_progress": "abc"},
        {"next_expiry": {"points": 1}},
        {"next_expiry": [1, None]},
    ],
)
def test_a_malformed_private_card_is_refused(changes: dict[str, object]) -> None:
    """What the encrypted content holds is read as strictly as tags."""
    fields = orjson.loads(private_text(CARD)) | changes
    with pytest.raises(Unreadable) as unreadable:
        parse_private(orjson.dumps(fields).decode(), ISSUER.public)
    assert unreadable.value.code == "card-malformed"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}"])
def test_what_is_no_card_is_refused(text: str) -> None:
    """Any text is read or named."""
    with pytest.raises(Unreadable):
        parse_private(text, ISSUER.public)


def test_a_card_by_anybody_else_is_nothing() -> None:
    """Only the program's issuer says where a customer stands."""
    with pytest.raises(Unreadable):
        parse(sign(public_template(CARD, NOW), SOURCE))
    with pytest.raises(Unreadable):
        parse_private(private_text(CARD), SOURCE.public)


def test_another_kind_is_no_card() -> None:
    """The kind is checked first."""
    with pytest.raises(Unreadable):
        parse(sign(Template(37411, NOW, TAGS, ""), ISSUER))
