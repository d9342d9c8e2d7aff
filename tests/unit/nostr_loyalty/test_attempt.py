"""What becomes of a promise after an attempt, without any relay."""

import random
from typing import Final

import pytest

from ledger.outbox import Promised
from nostr_loyalty.publishing.attempt import SHOWN_S, Attempt, settlement
from nostr_loyalty.reaching.routes import Route
from relay_client.verdict import Answer, Verdict

A, B = "wss://a.example", "wss://b.example"
NOW: Final = 1_760_000_000
LOGIN: Final = Verdict(Answer.NEEDS_AUTH, "auth-required: log in")


def promised(label: str, age_s: int, accepted: tuple[str, ...] = ()) -> Promised:
    """A promise to two relays that has waited for so long."""
    return Promised(1, 3, label, "ab" * 32, b"", b"", (A, B), 1, 9, accepted, (), (), 0, NOW - age_s)


@pytest.mark.parametrize(
    ("label", "age_s", "accepted", "state"),
    [
        ("shown", SHOWN_S, (), "waiting"),
        ("shown", SHOWN_S + 1, (), "abandoned"),
        ("shown", SHOWN_S + 1, (B,), "done"),
        ("entry", SHOWN_S + 1, (), "waiting"),
    ],
)
def test_what_no_relay_takes_from_us_is_not_offered_for_ever(
    label: str, age_s: int, accepted: tuple[str, ...], state: str
) -> None:
    """A relay that asks for a login again and again says no for good to nothing. What a guest waits to see public is
    given up after a week, so that the guest can be told; what everybody's points depend on never is.
    """
    one = promised(label, age_s, accepted)
    attempt = Attempt(one, Route(one.relays, 1), {A})
    attempt.hear(A, LOGIN)
    settled = settlement(attempt, attempt.route, NOW, random.Random(1), can_be_sealed=True)
    assert settled.state == state
