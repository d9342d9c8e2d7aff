"""Patience: so many answers for each key, each message counted once, whatever is tried again."""

from nostr_loyalty.intake.patience import Patience


def test_a_key_gets_so_many_answers_and_then_some_an_hour() -> None:
    """Three at once, then one every twenty minutes; another key has its own."""
    patience = Patience(at_once=3, per_hour=3)
    assert [patience.allows("a", 0, f"m{number}") for number in range(4)] == [True, True, True, False]
    assert patience.allows("b", 0, "n")
    assert not patience.allows("a", 1_199, "m5")
    assert patience.allows("a", 1_200, "m6")


def test_a_message_that_is_tried_again_costs_nothing_more() -> None:
    """A transaction that fails thirty times asks thirty times: the answer stays, and the bucket loses one."""
    patience = Patience(at_once=2, per_hour=1)
    assert all(patience.allows("a", 0, "first") for _ in range(30))
    assert patience.allows("a", 0, "second")
    assert not any(patience.allows("a", 0, "third") for _ in range(30))


def test_the_welcome_is_given_by_the_message_that_got_it_first() -> None:
    """Tried again it is still the first; with the next message it is not."""
    patience = Patience()
    assert [patience.is_first_welcome("a", "p", "m") for _ in range(3)] == [True] * 3
    assert not patience.is_first_welcome("a", "p", "n")
    assert patience.is_first_welcome("a", "q", "n")


def test_who_has_had_enough_is_told_once_an_hour_for_how_long() -> None:
    """With the first message in vain, however often that is tried; until there is an answer again."""
    patience = Patience(at_once=1, per_hour=3)
    assert patience.allows("a", 0, "m")
    assert not patience.allows("a", 200, "n")
    assert [patience.tells("a", 200, "n") for _ in range(2)] == [1_000, 1_000]
    assert not patience.allows("a", 1_199, "o")
    assert patience.tells("a", 1_199, "o") is None
    assert patience.tells("b", 1_199, "p") is not None
    assert patience.allows("a", 1_200, "q")
    assert not patience.allows("a", 3_800 - 1_500, "r")
    assert patience.tells("a", 3_800 - 1_500, "r") is None
    assert patience.tells("a", 3_800, "r") is not None
