"""relay_client.pace."""

from relay_client.pace import UNLIMITED, Pace


def send_all(pace: Pace, now: float, wanted: int) -> int:
    """Send as much of `wanted` as is allowed."""
    messages = min(wanted, pace.allowed(now))
    pace.sent(messages, now)
    return messages


def test_without_a_lesson_there_is_no_limit() -> None:
    """A pace that nobody taught allows everything."""
    pace = Pace(None)
    pace.sent(1_000_000, 0.0)
    assert pace.allowed(0.0) == UNLIMITED


def cut_after(pace: Pace, messages: int, now: float, unanswered: int = 0) -> float | None:
    """A burst, a cut, and the relay there again at once: what it taught."""
    pace.sent(messages, now)
    pace.cut(now + 0.5, unanswered=unanswered)
    return pace.reopened()


def test_two_cuts_teach_a_pace() -> None:
    """Bug 75: cut after 6,000 messages in a minute, twice, reconnected at once: from now on 5,400 in any minute."""
    pace = Pace(None)
    assert cut_after(pace, 6_000, 10.0) is None
    assert cut_after(pace, 6_100, 11.0) == 5_400.0
    assert pace.allowed(12.0) == 0
    sent = [send_all(pace, 75.0 + second, 10_000) for second in range(180)]
    assert max(sum(sent[start : start + 60]) for start in range(121)) <= 5_400
    assert sum(sent) >= 2 * 5_400


def test_what_the_relay_never_answered_is_no_part_of_the_lesson() -> None:
    """Bug 75: 900 messages were on the way when the socket was cut: the relay bore 6,000, not 6,900."""
    pace = Pace(None)
    cut_after(pace, 6_900, 10.0, unanswered=900)
    assert cut_after(pace, 6_900, 11.0, unanswered=900) == 5_400.0


def test_cuts_that_are_not_alike_teach_nothing() -> None:
    """A bad network cuts after any number of messages; so does one whose cuts are hours apart."""
    pace = Pace(None)
    assert [cut_after(pace, messages, 10.0 * at) for at, messages in enumerate((300, 900, 200, 5_000))] == [None] * 4
    assert cut_after(pace, 5_000, 10_000.0) is None


def test_what_the_relay_has_borne_is_not_its_limit() -> None:
    """A connection that sent 60 messages a second for minutes, and is cut twice by the network, learns nothing."""
    pace = Pace(None)
    for start in (0, 1_000):
        for second in range(180):
            pace.sent(60, float(start + second))
        pace.cut(start + 180.0, unanswered=0)
        assert pace.reopened() is None


def test_an_outage_teaches_nothing() -> None:
    """The relay is not there after the cut: it was restarted, not annoyed."""
    pace = Pace(None)
    pace.sent(6_000, 10.0)
    pace.cut(10.5, unanswered=0)
    pace.unreachable()
    assert pace.reopened() is None
    assert pace.per_minute is None


def test_a_quiet_connection_that_ends_teaches_nothing() -> None:
    """Fewer than a hundred messages in the last minute: the network, not a limit."""
    pace = Pace(None)
    pace.sent(10_000, 10.0)
    pace.sent(99, 100.0)
    pace.cut(101.0, unanswered=0)
    assert pace.reopened() is None


def test_only_what_this_connection_sent_counts() -> None:
    """Three sockets in a minute, each cut after a few messages, are a bad network, not a relay's limit on a socket."""
    pace = Pace(None)
    for second in (10.0, 20.0, 30.0):
        pace.sent(60, second)
        pace.cut(second + 1, unanswered=0)
        assert pace.reopened() is None


def test_a_remembered_pace_is_kept_from_the_start() -> None:
    """The owner gives back what was learned before a restart."""
    pace = Pace(120.0)
    assert send_all(pace, 0.0, 1_000) == 120
    assert pace.allowed(30.0) == 0
    assert pace.allowed(61.0) == 120


def test_a_rate_limit_halves_once_and_wears_off() -> None:
    """Many complaints about one burst halve the pace once; a quiet hour makes it unlimited again."""
    pace = Pace(None)
    pace.sent(1_000, 0.0)
    assert pace.rate_limited(1.0)
    assert not pace.rate_limited(1.1)
    assert pace.per_minute == 500.0
    assert pace.rate_limited(12.0)
    assert pace.per_minute == 250.0
    for minute in range(60):
        pace.recover(120.0 + 60.0 * minute)
    assert pace.per_minute is None


def test_a_wrong_lesson_wears_off_slowly() -> None:
    """A limit felt for ten minutes without a cut is raised by a quarter, then after twenty: no reconnect storm."""
    pace = Pace(1_000.0)
    raised = []
    for second in range(0, 7_200, 5):
        send_all(pace, float(second), 10_000)
        if pace.recover(float(second)) is not None:
            raised.append(second)
    assert 2 <= len(raised) <= 4
    assert raised[1] - raised[0] > raised[0]


def test_a_limit_that_is_not_felt_is_not_touched() -> None:
    """Whoever sends little keeps the limit for when it is needed."""
    pace = Pace(1_000.0)
    for second in range(0, 7_200, 5):
        send_all(pace, float(second), 1)
        assert pace.recover(float(second)) is None
    assert pace.per_minute == 1_000.0
