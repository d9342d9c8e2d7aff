"""relay_client.backoff, backlog, known, liveness and relay_information."""

import random

import orjson

from kinds.event import claim
from relay_client.backlog import Backlog
from relay_client.backoff import DELAY_S_MIN, Backoff
from relay_client.deliveries import Arrived, CaughtUp
from relay_client.known import Known
from relay_client.liveness import Liveness
from relay_client.relay_information import max_limit
from tests.unit.relay_client.stage import event


def test_backoff_has_full_jitter_under_a_ceiling() -> None:
    """Bug 67: waits are spread evenly below a ceiling that doubles up to five minutes, and none is zero."""
    waits = []
    for seed in range(400):
        backoff = Backoff(1.0, 300.0, random.Random(seed))
        waits.append([backoff.failed() for _ in range(30)])
    assert all(DELAY_S_MIN <= each <= 300.0 for row in waits for each in row)
    assert all(row[0] <= 1.0 and row[3] <= 8.0 for row in waits)
    late = [row[20] for row in waits]
    assert min(late) < 30.0
    assert max(late) > 270.0


def test_backoff_starts_afresh_after_health() -> None:
    """Bug 67: a connection that held makes the next failure a first one."""
    backoff = Backoff(1.0, 300.0, random.Random(1))
    for _ in range(20):
        backoff.failed()
    backoff.healthy()
    assert backoff.failed() <= 1.0


def test_a_backlog_is_full_by_number_or_by_bytes() -> None:
    """Either bound makes it full; half of both makes it low again; order is kept."""
    arrived = Arrived("r", "s", claim(event()), 100)
    by_number = Backlog(4, 1_000_000)
    by_number.extend([arrived] * 3 + [CaughtUp("r", "s", 1)])
    assert by_number.full
    assert by_number.take(2) == [arrived, arrived]
    assert by_number.low
    assert by_number.take(9) == [arrived, CaughtUp("r", "s", 1)]
    by_bytes = Backlog(1_000, 250)
    by_bytes.extend([arrived] * 3)
    assert by_bytes.full
    by_bytes.take(1)
    assert not by_bytes.full
    assert not by_bytes.low
    by_bytes.take(2)
    assert by_bytes.low


def test_only_what_the_owner_confirmed_is_known() -> None:
    """Bug 66: an event is left out only after the owner handled it, and then by its bytes, not by its id."""
    known = Known(100)
    known.delivered(1, 50, paged=False)
    assert known.created_at(1) is None
    known.caught_up(1_000)
    known.delivered(2, 60, paged=False)
    known.confirm(999)
    assert known.created_at(1) is None
    known.confirm(1_000)
    assert known.created_at(1) == 50
    assert known.created_at(2) is None


def test_the_page_before_is_known_while_its_catch_up_lasts() -> None:
    """A page repeats the last second of the one before it; that is not delivered twice, until the catch-up is over."""
    known = Known(100)
    known.delivered(1, 50, paged=True)
    assert known.created_at(1) is None
    known.page_ended(last=False)
    assert known.created_at(1) == 50
    known.page_ended(last=True)
    assert known.created_at(1) is None


def test_the_memory_is_bounded() -> None:
    """The oldest entries go first."""
    known = Known(10)
    for number in range(50):
        known.delivered(number, number, paged=True)
        known.caught_up(number)
        known.confirm(number)
    assert [number for number in range(50) if known.created_at(number) is not None] == list(range(40, 50))
    for number in range(100, 200):
        known.delivered(number, 0, paged=False)
    known.caught_up(200)
    known.confirm(200)
    assert sum(known.created_at(number) is not None for number in range(200)) == 10


def test_a_half_open_connection_is_noticed() -> None:
    """Bug 67: silence is pinged once after 20 s and is dead 15 s later; any byte ends it."""
    ear = Liveness(20.0, 15.0)
    ear.opened(100.0)
    assert not ear.ping_due(119.0)
    assert ear.ping_due(120.0)
    assert not ear.ping_due(121.0)
    assert not ear.is_dead(134.0)
    assert ear.is_dead(135.0)
    ear.heard(135.0)
    assert not ear.is_dead(150.0)


def test_silence_does_not_count_while_we_do_not_listen() -> None:
    """A socket that we do not read cannot be blamed for its silence."""
    ear = Liveness(20.0, 15.0)
    ear.opened(0.0)
    ear.paused(10.0)
    assert not ear.is_dead(1_000.0)
    ear.resumed(1_000.0)
    assert ear.listened(1_000.0) == 10.0
    assert ear.ping_due(1_010.0)


def test_the_announced_limit_is_read() -> None:
    """NIP-11: max_limit out of a response, chunked or not."""
    document = orjson.dumps({"name": "x", "limitation": {"max_limit": 250}})
    assert max_limit(b"HTTP/1.1 200 OK\r\nContent-Type: application/nostr+json\r\n\r\n" + document) == 250
    chunked = b"5\r\n" + document[:5] + b"\r\n%x\r\n" % len(document[5:]) + document[5:] + b"\r\n0\r\n\r\n"
    assert max_limit(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked) == 250


def test_anything_else_announces_nothing() -> None:
    """An error page, nonsense, a wrong type or a number below 1 is no limit."""
    ok = b"HTTP/1.1 200 OK\r\n\r\n"
    for response in (
        b"",
        b"\xff\xff",
        b"HTTP/1.1 404 Not Found\r\n\r\n{}",
        ok + b"<html>",
        ok + b"[]",
        ok + b'{"limitation":7}',
        ok + b'{"limitation":{"max_limit":"500"}}',
        ok + b'{"limitation":{"max_limit":true}}',
        ok + b'{"limitation":{"max_limit":0}}',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        assert max_limit(response) is None
