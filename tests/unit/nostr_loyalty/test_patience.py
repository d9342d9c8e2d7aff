"""Patience: so many answers for each key, each message counted once, whatever is tried again."""

from nostr_loyalty.intake.patience import TOLD_EVERY_S, Bucket, Patience


def test_a_key_gets_so_many_answers_and_then_some_an_hour() -> None:
    """Three at once, then one every twenty minutes; another key has its own."""
    patience = Bucket(at_once=3, per_hour=3)
    assert [patience.allows("a", 0, f"m{number}") for number in range(4)] == [True, True, True, False]
    assert patience.allows("b", 0, "n")
    assert not patience.allows("a", 1_199, "m5")
    assert patience.allows("a", 1_200, "m6")


def test_a_message_that_is_tried_again_costs_nothing_more() -> None:
    """A transaction that fails thirty times asks thirty times: the answer stays, and the bucket loses one."""
    patience = Bucket(at_once=2, per_hour=1)
    assert all(patience.allows("a", 0, "first") for _ in range(30))
    assert patience.allows("a", 0, "second")
    assert not any(patience.allows("a", 0, "third") for _ in range(30))


def test_when_there_is_the_next_one() -> None:
    """At once while there is one; then when the bucket holds one again, to the second; and not earlier."""
    bucket = Bucket(at_once=2, per_hour=7)
    assert bucket.next_at("a", 100) == 100
    assert bucket.allows("a", 100, "m1")
    assert bucket.next_at("a", 100) == 100
    assert bucket.allows("a", 100, "m2")
    at = bucket.next_at("a", 100)
    assert not bucket.allows("a", at - 1, "m3")
    assert bucket.next_at("a", at - 1) == at
    assert bucket.allows("a", at, "m4")


def test_what_is_asked_takes_nothing_from_what_is_done() -> None:
    """The buckets are two: whoever has asked enough still cancels, two hundred times."""
    patience = Patience()
    asked = [patience.allows("a", 0, f"q{number}", deed=False) for number in range(30)]
    assert asked == [True] * 20 + [False] * 10
    done = [patience.allows("a", 0, f"d{number}", deed=True) for number in range(210)]
    assert done == [True] * 200 + [False] * 10


def test_a_key_is_told_once_in_a_while() -> None:
    """By one message, however often that is tried; another key has its own."""
    patience = Patience()
    assert all(patience.is_to_be_told("a", 1_000, "m") for _ in range(3))
    assert not patience.is_to_be_told("a", 1_000, "n")
    assert patience.is_to_be_told("b", 1_000, "n")
    assert not patience.is_to_be_told("a", 999 + TOLD_EVERY_S, "o")
    assert patience.is_to_be_told("a", 1_000 + TOLD_EVERY_S, "p")
