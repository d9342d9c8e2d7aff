"""relay_client.queries in a session: what a relay is asked beside what is read from it."""

from typing import Any

from relay_client.filter import Filter
from relay_client.queries import Answered
from tests.unit.relay_client.stage import ORDERS, Stage, event

THEIRS = Filter(kinds=(10050,), authors=("cd" * 32,), limit=1)


def ask(stage: Stage, within_s: float = 5.0) -> int | None:
    """Ask the stage's session."""
    return stage.session.queries.ask(THEIRS, stage.now + within_s)


def asked(stage: Stage) -> list[str]:
    """The subscription ids of the questions that were sent since the last look; the clock is moved by a tick."""
    stage.wait(0.2, 0.2)
    return [req[1] for req in stage.said("REQ") if req[2]["kinds"] == [10050]]


def ids(answered: Answered) -> list[str]:
    """Which events an answer holds."""
    return [each.id for each in answered.events]


def listed(**changed: object) -> dict[str, Any]:
    """A relay list in shape."""
    return event(kind=10050, **changed)  # type: ignore[arg-type] # what the test changes


def test_a_question_is_answered_and_closed() -> None:
    """The REQ holds the filter; with EOSE it is closed and the answer is there, once, with what came in its order."""
    stage = Stage().open()
    number = ask(stage)
    stage.wait(0.2, 0.2)
    ((_, subscription, wanted),) = stage.said("REQ")
    assert wanted == {"kinds": [10050], "authors": ["cd" * 32], "limit": 1}
    first, second = listed(), listed()
    stage.relay(["EVENT", subscription, first], ["EVENT", subscription, second])
    assert stage.session.queries.answered() == []
    stage.relay(["EOSE", subscription])
    assert stage.said("CLOSE") == [["CLOSE", subscription]]
    (answer,) = stage.session.queries.answered()
    assert (answer.question, ids(answer), answer.complete) == (number, [first["id"], second["id"]], True)
    assert stage.session.queries.answered() == []
    assert len(stage.session.queries) == 0


def test_questions_do_not_mix_with_readings() -> None:
    """A question beside a subscription: each gets its own events and its own EOSE, and a late one is counted only."""
    stage = Stage(ORDERS).open()
    stage.answer_pages([])
    ask(stage)
    (subscription,) = asked(stage)
    order, address = event(), listed()
    stage.relay(["EVENT", "0:1", order], ["EVENT", subscription, address], ["EOSE", subscription])
    assert stage.arrived() == [order["id"]]
    (answer,) = stage.session.queries.answered()
    assert ids(answer) == [address["id"]]
    stage.relay(["EVENT", subscription, listed()], ["EOSE", subscription], ["CLOSED", subscription, "auth-required: x"])
    assert stage.session.counts["relay-event-stale"] == 1
    assert stage.session.queries.answered() == []
    assert stage.said("AUTH") == []


def test_a_silent_relay_is_left_at_the_deadline() -> None:
    """Bug 68: without EOSE the answer comes when its time is over, with what came until then, and says that it is not
    all.
    """
    stage = Stage().open()
    ask(stage, within_s=5.0)
    (subscription,) = asked(stage)
    address = listed()
    stage.relay(["EVENT", subscription, address])
    stage.wait(4.6)
    assert stage.session.queries.answered() == []
    stage.wait(0.4)
    (answer,) = stage.session.queries.answered()
    assert (ids(answer), answer.complete) == ([address["id"]], False)
    assert stage.said("CLOSE") == [["CLOSE", subscription]]


def test_a_question_waits_for_the_socket() -> None:
    """Asked before the socket stands, it is sent when it does; if none comes about, the answer is nothing."""
    stage = Stage()
    ask(stage)
    stage.open()
    (subscription,) = asked(stage)
    stage.relay(["EOSE", subscription])
    assert [each.complete for each in stage.session.queries.answered()] == [True]
    stage.lose()
    ask(stage)
    stage.session.unreachable("no", answers=False)
    assert [each.complete for each in stage.session.queries.answered()] == [False]


def test_a_lost_socket_ends_its_questions() -> None:
    """What was asked on a socket that ended is not asked again on the next one: others are asked instead."""
    stage = Stage().open()
    ask(stage)
    assert len(asked(stage)) == 1
    stage.lose()
    assert [each.complete for each in stage.session.queries.answered()] == [False]
    stage.open()
    assert asked(stage) == []


def test_a_refusal_is_an_answer() -> None:
    """CLOSED ends the question at once."""
    stage = Stage().open()
    ask(stage)
    (subscription,) = asked(stage)
    stage.relay(["CLOSED", subscription, "restricted: members only"])
    assert [each.complete for each in stage.session.queries.answered()] == [False]
    stage.wait(10)
    assert stage.said("REQ") == []


def test_a_relay_that_wants_to_know_us_is_told_and_asked_again() -> None:
    """NIP-42: refused for want of authentication, the question is asked once more after the relay's OK, and then not
    again.
    """
    stage = Stage().open()
    ask(stage)
    (first,) = asked(stage)
    stage.relay(["CLOSED", first, "auth-required: who are you"], ["AUTH", "c"])
    (auth,) = stage.said("AUTH")
    stage.relay(["OK", auth[1]["id"], True, ""])
    (again,) = asked(stage)
    stage.relay(["CLOSED", again, "auth-required: still"])
    assert [each.complete for each in stage.session.queries.answered()] == [False]


def test_authentication_that_cannot_be_ends_the_question() -> None:
    """A connection without a key that is asked for one gets no answer, and nothing waits for it."""
    stage = Stage(key=None).open()
    ask(stage)
    (subscription,) = asked(stage)
    stage.relay(["CLOSED", subscription, "auth-required: who are you"])
    assert [each.complete for each in stage.session.queries.answered()] == [False]


def test_what_was_not_asked_for_is_left_out() -> None:
    """Events of another kind or author, and what is no event, are no part of the answer."""
    stage = Stage().open()
    ask(stage)
    (subscription,) = asked(stage)
    right = listed()
    for sent in (listed(pubkey="ab" * 32), event(kind=1), {"id": 7}, right):
        stage.relay(["EVENT", subscription, sent])
    stage.relay(["EOSE", subscription])
    assert [ids(each) for each in stage.session.queries.answered()] == [[right["id"]]]


def test_an_answer_is_bounded() -> None:
    """A relay that never stops sending is cut off at the bytes that an answer may have, and so is the number of
    questions at once.
    """
    stage = Stage(answer_bytes_max=2_000, questions_max=2).open()
    ask(stage)
    (subscription,) = asked(stage)
    for _ in range(10):
        stage.relay(["EVENT", subscription, listed(content="x" * 500)])
    (answer,) = stage.session.queries.answered()
    assert not answer.complete
    assert 1 <= len(answer.events) <= 3
    assert ask(stage) is not None
    assert ask(stage) is not None
    assert ask(stage) is None


def test_who_we_are_is_told_only_to_a_relay_that_insists() -> None:
    """Where we do not come at once, a challenge at connect stays without an answer until something is refused."""
    stage = Stage(auth_at_once=False).open()
    stage.relay(["AUTH", "c"])
    assert stage.said("AUTH") == []
    stage.session.post("11" * 32, "{}")
    stage.wait(0.2, 0.2)
    stage.relay(["OK", "11" * 32, False, "auth-required: who are you"])
    (auth,) = stage.said("AUTH")
    stage.relay(["OK", auth[1]["id"], True, ""])
    stage.relay(["OK", "11" * 32, True, ""])
    assert stage.verdicts() == {"11" * 32: "accepted"}


def test_a_connection_that_reads_nothing_is_never_caught_up() -> None:
    """Without subscriptions nothing is told to be read to its end: that a venue is ready must not hang on it."""
    stage = Stage().open()
    stage.wait(5)
    assert stage.happened("relay-caught-up") == []
