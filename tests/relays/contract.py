"""The relay contract's relays, their quirks, and the fixtures that hand them to its tests.

The scripted relay passes the same tests as the relays that others wrote, so that what is shown against it holds. Where
a relay in use cannot do a thing, `QUIRKS` says so, and the test then demands that it still cannot: a quirk that has
gone is a failure too. Every line of that table is something the daemon has to live with.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.relays.real import ChildRelay, NpmRelay, PythonRelay, RustRelay, ScriptedProcess, unavailable
from tests.relays.signing import Author

RELAYS: dict[str, Callable[[], ChildRelay]] = {
    "scripted": ScriptedProcess,
    "rust": RustRelay,
    "rust-lmdb": lambda: RustRelay(lmdb=True),
    "python": PythonRelay,
    "npm": NpmRelay,
}
GUARDED: dict[str, Callable[[], ChildRelay]] = {
    "scripted": lambda: ScriptedProcess("--auth", "wraps"),
    "rust": lambda: RustRelay("--auth", "wraps"),
}

CACHED_VERDICT = "the verdict on an id is remembered for 10 minutes: a forgery shuts the genuine event out (bug 66)"

# (relay, test, or test with its further parameters) -> what the relay does instead
QUIRKS: dict[tuple[str, str], str] = {
    (
        "rust",
        "test_a_req_stays_open_until_it_is_closed",
    ): "once all of its ids are found, CLOSED with no text follows EOSE",
    ("rust-lmdb", "test_a_req_stays_open_until_it_is_closed"): "as in memory",
    ("rust", "test_guarded_wraps_are_left_out_among_others"): "such a REQ is CLOSED with auth-required as a whole",
    ("python", "test_since_and_until_include_their_seconds"): "until is exclusive",
    ("python", "test_ties_at_the_edge_of_a_page_are_found_with_an_inclusive_until"): "until is exclusive",
    ("python", "test_the_newest_of_an_addressable_event_wins"): "an older one that comes later is kept and served too",
    ("python", "test_of_one_second_the_lowest_id_wins"): "both are kept and served",
    ("python", "test_an_ephemeral_event_is_delivered_and_not_kept"): "kind 21059 is kept like any other",
    (
        "python",
        "test_a_refusal_names_the_event",
    ): "its OK has an empty id, and the connection is then slowed down (bug 76)",
    ("npm", "test_a_tag_filter_holds_for_live_events_too"): "tag conditions are not applied to live events",
    ("npm", "test_a_question_asked_again_gets_a_fresh_answer"): "what a filter found is served again for a second",
    ("npm", "test_a_forged_event_is_neither_kept_nor_a_shadow[with_other_content]"): CACHED_VERDICT,
    ("npm", "test_a_forged_event_is_neither_kept_nor_a_shadow[with_other_signature]"): CACHED_VERDICT,
}

_limits = itertools.count(100)


@pytest.fixture(scope="session", params=list(RELAYS))
def running_relay(request: pytest.FixtureRequest) -> Iterator[ChildRelay]:
    """Each relay once for all tests; every test brings keys of its own."""
    yield from _running(request.param, RELAYS[request.param])


@pytest.fixture(scope="session", params=list(GUARDED))
def running_guarded(request: pytest.FixtureRequest) -> Iterator[ChildRelay]:
    """Relays that show a gift wrap only to whom it is for."""
    yield from _running(request.param, GUARDED[request.param])


@pytest.fixture
def relay(running_relay: ChildRelay, request: pytest.FixtureRequest) -> ChildRelay:
    """One of all relays; where it is known to fail the claim, failing is what is expected."""
    _expect_quirk(request, "running_relay")
    return running_relay


@pytest.fixture
def guarded(running_guarded: ChildRelay, request: pytest.FixtureRequest) -> ChildRelay:
    """One of those that guard gift wraps; the same about its quirks."""
    _expect_quirk(request, "running_guarded")
    return running_guarded


def _running(name: str, make: Callable[[], ChildRelay]) -> Iterator[ChildRelay]:
    """The relay, started and stopped again, or a skip that says what is missing."""
    missing = unavailable(name.partition("-")[0])
    if missing is not None:
        pytest.skip(missing)
    child = make()
    asyncio.run(child.start())
    try:
        yield child
    finally:
        asyncio.run(child.stop())


def _expect_quirk(request: pytest.FixtureRequest, fixture: str) -> None:
    where, test = request.node.callspec, request.node.originalname
    name = where.params[fixture]
    others = "-".join(each for each in where.id.split("-") if each not in name.split("-"))
    reason = QUIRKS.get((name, test)) or QUIRKS.get((name, f"{test}[{others}]"))
    if reason is not None:
        request.node.add_marker(pytest.mark.xfail(reason=f"{name}: {reason}", strict=True))


def now() -> int:
    """Unix seconds: real relays look at the real clock."""
    return int(time.time())


def order(author: Author, to: str, number: int = 1, *, created_at: int | None = None) -> dict[str, Any]:
    """An event of the shape that the daemon reads."""
    tags = [["p", to], ["order", str(number)], ["amount", "12000", "sat"]]
    return author.event(7412, f"order {number}", tags, created_at=now() if created_at is None else created_at)


def anew(**filter_: Any) -> dict[str, Any]:
    """The filter with a limit that no other has, for who would answer the same question from memory."""
    return {**filter_, "limit": next(_limits)}


def taken(answer: list[Any]) -> bool:
    """Whether an OK means that the relay has the event."""
    return answer[2] is True or str(answer[3]).startswith("duplicate:")


def ids(events: list[dict[str, Any]]) -> list[str]:
    """Their ids, in the order given."""
    return [event["id"] for event in events]
