"""The door: what is worth a signature check."""

from kinds.event import Claimed
from nostr_loyalty.intake.admission import Door
from tests.venue import new_key

ISSUER, TILL = new_key().public, new_key().public


def claimed(kind: int = 7412, author: str = TILL, receiver: str = ISSUER) -> Claimed:
    """What somebody says is an event."""
    return Claimed("00" * 32, author, 1, kind, (("t", "x"), ("p", receiver)), "", "00" * 64)


def test_a_listed_source_is_always_admitted() -> None:
    """Orders by a listed source spend nothing of the strangers' allowance."""
    door = Door([ISSUER], [TILL], strangers_per_minute=1)
    assert all(door.admit(claimed(), 0.0) for _ in range(1_000))
    assert not door.dropped


def test_what_was_not_asked_for_is_dropped() -> None:
    """Another kind, and an event for somebody else, are dropped and counted."""
    door = Door([ISSUER], [TILL])
    assert not door.admit(claimed(kind=1), 0.0)
    assert not door.admit(claimed(receiver=TILL), 0.0)
    assert not door.admit(claimed()._replace(tags=(("p",),)), 0.0)
    assert door.dropped == {"unexpected-kind": 1, "not-for-us": 2}


def test_strangers_have_an_allowance() -> None:
    """So many orders by strangers a minute are read and answered, more are dropped unread; it refills evenly and never
    beyond its size.
    """
    door = Door([ISSUER], [TILL], strangers_per_minute=60)
    stranger = claimed(author=new_key().public)
    assert [door.admit(stranger, 100.0) for _ in range(61)] == [True] * 60 + [False]
    assert not door.admit(stranger, 100.9)
    assert door.admit(stranger, 101.1)
    assert [door.admit(stranger, 10_000.0) for _ in range(61)] == [True] * 60 + [False]
    assert door.dropped["too-many-strangers"] == 3


def test_a_wrap_hides_who_wrote_it() -> None:
    """A gift wrap's author is a key that is used once, so every wrap is opened; strangers' letters have an allowance
    for each relay, and orders in clear take nothing from it.
    """
    door = Door([ISSUER], [TILL], strangers_per_minute=2)
    assert all(door.admit(claimed(kind=1059, author=new_key().public), 0.0) for _ in range(100))
    assert [door.admit(claimed(author=new_key().public), 0.0) for _ in range(3)] == [True, True, False]
    assert [door.hears("wss://a.example", 0.0) for _ in range(3)] == [True, True, False]
    assert door.hears("wss://b.example", 0.0)
    assert [door.hears("wss://a.example", 30.0) for _ in range(2)] == [True, False]


def test_requests_to_vanish_cost_strangers_nothing() -> None:
    """Kind 62 names nobody: it takes no allowance from orders and letters, however many there are."""
    door = Door([ISSUER], [TILL], strangers_per_minute=1, kinds=(7412, 1059, 62))
    assert all(door.admit(claimed(kind=62, author=new_key().public), 0.0) for _ in range(100))
    assert door.admit(claimed(author=new_key().public), 0.0)
    assert door.hears("wss://a.example", 0.0)
