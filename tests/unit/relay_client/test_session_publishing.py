"""relay_client.session: events on their way, deadlines, pace, reconnects."""

import pytest

from tests.unit.relay_client.stage import ORDERS, Stage


def post(stage: Stage, *ids: str) -> None:
    """Queue events with these ids."""
    for event_id in ids:
        assert stage.session.post(event_id, f'{{"id":"{event_id}"}}')
    stage.wait(0.01)


def test_every_post_gets_the_verdict_of_its_ok() -> None:
    """Accepted, duplicate (bug 77) and refused: one outcome each, in whatever order the relay answers."""
    stage = Stage().open()
    post(stage, "a", "b", "c", "d")
    assert [each[1]["id"] for each in stage.said("EVENT")] == ["a", "b", "c", "d"]
    stage.relay(
        ["OK", "d", False, "duplicate: have it"],
        ["OK", "c", False, "invalid: no"],
        ["OK", "a", True, ""],
        ["OK", "b", False, "error: disk"],
    )
    assert stage.verdicts() == {"a": "accepted", "b": "retry_later", "c": "never", "d": "duplicate"}
    assert stage.session.waiting_posts == 0


def test_a_missing_ok_ends_by_its_deadline() -> None:
    """Bug 76: an OK with an empty id answers nothing: its event ends with retry_later, and others are not held up."""
    stage = Stage().open()
    post(stage, "a", "b")
    stage.relay(["OK", "", False, "invalid: whatever"], ["OK", "b", True, ""])
    assert stage.verdicts() == {"b": "accepted"}
    stage.wait(29)
    assert stage.verdicts() == {"b": "accepted"}
    stage.wait(2)
    assert stage.verdicts() == {"a": "retry_later", "b": "accepted"}
    stage.relay(["OK", "a", True, ""])
    assert len(stage.outcomes) == 2


def test_deadlines_stand_still_while_we_do_not_read() -> None:
    """An OK may wait behind events that nobody takes: no deadline passes and nobody is called dead meanwhile."""
    stage = Stage(ORDERS).open()
    post(stage, "a")
    stage.session.paused(stage.now)
    stage.wait(500)
    assert stage.outcomes == []
    assert stage.said("CLOSE") == []
    assert not stage.session.liveness.is_dead(stage.now)
    stage.session.resumed(stage.now)
    stage.relay(["OK", "a", True, ""])
    assert stage.verdicts() == {"a": "accepted"}


def test_a_lost_connection_ends_what_was_under_way() -> None:
    """Queued, sent or held: everything gets retry_later, once; without a connection nothing is taken."""
    stage = Stage(in_flight_max=2).open()
    post(stage, "a", "b", "c")
    stage.relay(["OK", "b", False, "auth-required: who are you"])
    stage.lose()
    assert stage.verdicts() == {"a": "retry_later", "b": "retry_later", "c": "retry_later"}
    assert not stage.session.post("d", "{}")
    assert stage.session.room == 0
    stage.open()
    assert stage.said("EVENT")[2:] == []
    post(stage, "a")


def test_the_queue_is_bounded() -> None:
    """By number and by characters; room says how much; the same event twice is not taken."""
    stage = Stage(posts_max=3, posts_bytes_max=100).open()
    post(stage, "a", "b")
    assert stage.session.room == 1
    assert not stage.session.post("a", "{}")
    post(stage, "c")
    assert not stage.session.post("d", "{}")
    stage.relay(["OK", "a", True, ""])
    assert stage.session.room == 1
    assert stage.session.post("d", '{"content":"' + "x" * 100 + '"}')
    stage.relay(["OK", "b", True, ""])
    assert stage.session.room == 0


def test_no_more_than_so_many_events_wait_for_an_ok() -> None:
    """The window moves on with every OK."""
    stage = Stage(in_flight_max=2).open()
    post(stage, "a", "b", "c", "d")
    assert len(stage.said("EVENT")) == 2
    stage.relay(["OK", "a", True, ""])
    assert [each[1]["id"] for each in stage.said("EVENT")] == ["c"]


def test_a_rate_limit_slows_us_down() -> None:
    """ "rate-limited:" is retry_later for its event and halves the pace of all, with a happening; the queue stays."""
    stage = Stage().open()
    ids = [f"{number}" for number in range(400)]
    post(stage, *ids)
    stage.relay(*(["OK", each, False, "rate-limited: slow down"] for each in ids[:300]))
    assert set(stage.verdicts().values()) == {"retry_later"}
    assert [each.number for each in stage.happened("relay-rate-limited")] == [200.0]
    stage.said()
    post(stage, "x")
    assert stage.said("EVENT") == []
    stage.wait(65)
    assert len(stage.said("EVENT")) == 1


def test_a_cut_teaches_a_pace_that_is_kept_and_told() -> None:
    """Bug 75: cut twice after 1,000 messages: the pace is told to be remembered, and no minute sees more than it."""
    stage = Stage(in_flight_max=5_000).open()
    for time in ("first", "second"):
        assert stage.happened("relay-pace-learned") == []
        ids = [f"{time}{number}" for number in range(1_000)]
        post(stage, *ids)
        stage.relay(*(["OK", each, True, ""] for each in ids))
        stage.lose(cut=True)
        stage.wait(1)
        stage.open()
    assert [each.number for each in stage.happened("relay-pace-learned")] == [900.0]
    stage.said()
    post(stage, *(f"again{number}" for number in range(1_000)))
    sent = []
    for _ in range(150):
        stage.wait(1)
        answered = [each[1]["id"] for each in stage.said("EVENT")]
        sent.append(len(answered))
        stage.relay(*(["OK", each, True, ""] for each in answered))
    assert sum(sent) == 1_000
    assert max(sum(sent[start : start + 60]) for start in range(91)) <= 900


def test_a_remembered_pace_holds_from_the_first_message() -> None:
    """Bug 75: given back at construction, the pace needs no second lesson."""
    stage = Stage(pace=120.0).open()
    post(stage, *(f"{number}" for number in range(500)))
    assert len(stage.said("EVENT")) == 120


def test_an_orderly_close_teaches_nothing() -> None:
    """A relay that shuts down with a close frame, busy or not, has no limit to be learned."""
    stage = Stage().open()
    post(stage, *(f"{number}" for number in range(500)))
    stage.lose(cut=False)
    stage.open()
    assert stage.happened("relay-pace-learned") == []


def test_waits_grow_and_health_resets_them() -> None:
    """Bug 67: refused again and again the waits grow up to five minutes; a minute of health makes them short again."""
    stage = Stage()
    waits = [stage.session.unreachable("refused", answers=False) for _ in range(40)]
    assert max(waits[:3]) <= 4.0
    assert 60.0 < max(waits) <= 300.0
    stage.open()
    stage.wait(61)
    assert stage.lose() <= 1.0


def test_a_connection_that_ends_at_once_does_not_reset_the_wait() -> None:
    """Bug 67: a relay that accepts and hangs up is not met with a reconnect storm."""
    stage = Stage()
    waits = []
    for _ in range(30):
        stage.open()
        stage.wait(1)
        waits.append(stage.lose())
    assert sum(waits) > 600


@pytest.mark.parametrize("key", [None, "ab" * 32])
def test_events_flow_without_any_subscription(key: str | None) -> None:
    """A connection that only publishes is a connection too, and says no "caught up" that means nothing."""
    stage = Stage(key=key).open()
    post(stage, "a")
    stage.relay(["OK", "a", True, ""])
    assert stage.verdicts() == {"a": "accepted"}


def test_a_notice_is_told() -> None:
    """A NOTICE is for people: told, cut short, without effect."""
    stage = Stage().open()
    stage.relay(["NOTICE", "x" * 1_000])
    assert [len(each.detail) for each in stage.happened("relay-notice")] == [300]
