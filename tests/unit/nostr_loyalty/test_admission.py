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
    """A gift wrap's author is a key that is used once: only what is inside tells whether a stranger wrote it."""
    door = Door([ISSUER], [TILL], strangers_per_minute=2)
    assert all(door.admit(claimed(kind=1059, author=new_key().public), 0.0) for _ in range(100))
    envelope = ("00" * 32, 1)
    assert all(door.hears(TILL, envelope, 0.0) for _ in range(100))
    assert [door.hears(new_key().public, envelope, 0.0) for _ in range(3)] == [True, True, False]
    assert door.hears(new_key().public, None, 0.0)  # in clear it was counted before its signature was checked
    assert door.dropped == {"too-many-strangers": 1}
