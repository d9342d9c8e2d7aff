"""relay_client.session: subscriptions, catch-ups, cursors."""

from dataclasses import replace

import pytest

from relay_client.deliveries import Arrived, CaughtUp, Rejected
from tests.unit.relay_client.stage import ORDERS, URL, WALL, WRAPS, Stage, event


def test_the_live_subscription_comes_first() -> None:
    """Nothing falls between: the live REQ, without `since`, is sent before the first page of the catch-up."""
    live, first_page = Stage(ORDERS, cursors={"orders": WALL - 5_000}).open().said("REQ")
    assert "since" not in live[2]
    assert live[2]["limit"] == 1
    assert first_page[2]["since"] == WALL - 5_600
    assert "until" not in first_page[2]
    assert live[2]["kinds"] == first_page[2]["kinds"] == [7412]


def test_a_caught_up_comes_behind_its_events() -> None:
    """Bug 70: 1,200 events behind a cap of 500 are delivered, then the CaughtUp, with the time when we asked."""
    stage = Stage(ORDERS).open()
    stored = [event(created_at=WALL - number // 7) for number in range(1_200)]
    stage.answer_pages(stored)
    assert set(stage.arrived()) == {each["id"] for each in stored}
    assert stage.deliveries[-1] == CaughtUp(URL, "orders", WALL)
    assert all(isinstance(each, Arrived) for each in stage.deliveries[:-1])


def test_the_cursor_is_the_time_of_asking() -> None:
    """Bug 64: neither an event's time nor the time of the EOSE is the cursor; our clock at the first REQ is."""
    stage = Stage(ORDERS).open()
    _, page = stage.said("REQ")
    stage.wait(20)
    stage.relay(["EVENT", page[1], event(created_at=WALL + 10_000)])
    stage.wait(5)
    stage.relay(["EOSE", page[1]])
    stage.answer_pages([])
    assert [each.asked_at for each in stage.caught_up()] == [WALL]


def test_wraps_from_two_days_back_are_asked_for() -> None:
    """Bug 51: after an absence the window begins two days and two hours before the time when we last asked."""
    stage = Stage(replace(WRAPS, rewind_s=2 * 86_400 + 7_200), cursors={"wraps": WALL - 3 * 86_400}).open()
    stage.wait(2)
    live, page = stage.said("REQ")
    assert page[2]["since"] == WALL - 5 * 86_400 - 7_200
    assert "since" not in live[2]


def test_wraps_have_a_req_of_their_own() -> None:
    """Bug 72: kind 1059 is never asked for together with another kind, and always with our `#p`."""
    stage = Stage(ORDERS, WRAPS).open()
    stage.wait(2)
    for _, _, wanted in stage.said("REQ"):
        assert len(wanted["kinds"]) == 1
        assert "#p" in wanted


def test_a_relay_that_never_says_eose_is_asked_again_and_given_up() -> None:
    """Bug 68: the deadline is this relay's own; live events go on, the cursor stays, a later catch-up tries again."""
    stage = Stage(ORDERS).open()
    live = stage.said("REQ")[0][1]
    stage.wait(200)
    assert len(stage.happened("relay-catch-up-failed")) == 1
    assert len(stage.said("REQ")) == 4
    assert stage.caught_up() == []
    stage.relay(["EVENT", live, event()])
    assert len(stage.arrived()) == 1
    while not stage.answer_pages([]):
        stage.wait(10)
    assert len(stage.caught_up()) == 1


def test_events_in_the_page_extend_its_deadline() -> None:
    """Bug 68: a slow relay that keeps sending is not given up; the deadline runs from its last event."""
    stage = Stage(ORDERS).open()
    page = stage.said("REQ")[1][1]
    for _ in range(10):
        stage.wait(25)
        stage.relay(["EVENT", page, event()])
    assert stage.said("CLOSE") == []
    stage.relay(["EOSE", page])
    assert stage.said("CLOSE") == [["CLOSE", page]]


def test_everything_is_asked_for_again_after_a_reconnect() -> None:
    """Bug 67: a new socket knows no REQ; the live one and a catch-up are sent again."""
    stage = Stage(ORDERS).open()
    first = stage.said("REQ")
    stage.answer_pages([])
    stage.lose()
    stage.wait(5)
    assert stage.said() == []
    again = stage.open().said("REQ")
    assert [req[2].get("limit") for req in again] == [req[2].get("limit") for req in first]
    assert {req[1] for req in again}.isdisjoint(req[1] for req in first)


def test_a_catch_up_survives_a_reconnect() -> None:
    """Bug 70: cut in the middle of a catch-up, reading goes on at its page; then comes one for the time in between."""
    stage = Stage(ORDERS).open()
    stored = [event(created_at=WALL - number) for number in range(800)]
    page = stage.said("REQ")[1][1]
    stage.relay(*(["EVENT", page, each] for each in stored[:500]), ["EOSE", page])
    stage.lose(cut=True)
    stage.wait(30)
    meanwhile = event(created_at=WALL + 10)
    stage.said()
    _, resumed = stage.open().said("REQ")
    assert resumed[2]["until"] == WALL - 498
    stage.relay(*(["EVENT", resumed[1], each] for each in stored[499:]), ["EOSE", resumed[1]])
    stage.answer_pages([*stored, meanwhile])
    assert [each.asked_at for each in stage.caught_up()] == [WALL]
    stage.session.cursor_saved("orders", WALL)
    stage.wait(2)
    stage.answer_pages([*stored, meanwhile])
    assert meanwhile["id"] in stage.arrived()
    assert len(stage.caught_up()) == 2


@pytest.mark.parametrize("text", ["error: shutting down", "", "rate-limited: too many REQs"])
def test_a_closed_subscription_is_opened_again(text: str) -> None:
    """CLOSED with a reason that may pass: the live REQ comes back after a while, and a catch-up with it."""
    stage = Stage(ORDERS).open()
    live, page = (req[1] for req in stage.said("REQ"))
    stage.relay(["EOSE", page], ["CLOSED", live, text])
    stage.session.cursor_saved("orders", WALL)
    assert stage.said("REQ") == []
    stage.wait(90)
    assert [req[2]["limit"] for req in stage.said("REQ")][:2] == [1, 500]


def test_a_refused_subscription_is_tried_again_after_an_hour() -> None:
    """CLOSED for good: it is told, the relay is left alone for an hour, and other subscriptions go on."""
    stage = Stage(ORDERS).open()
    for req in stage.said("REQ"):
        stage.relay(["CLOSED", req[1], "restricted: members only"])
    stage.wait(3_000, step=5.0)
    assert stage.said("REQ") == []
    assert len(stage.happened("relay-subscription-refused")) == 1
    stage.wait(1_200, step=5.0)
    assert len(stage.said("REQ")) >= 1


def test_what_was_not_asked_for_is_rejected() -> None:
    """A relay that sends other kinds, other people's events or another window is not believed; nothing raises."""
    stage = Stage(ORDERS, cursors={"orders": WALL}).open()
    live, page = (req[1] for req in stage.said("REQ"))
    stage.relay(
        ["EVENT", live, event(kind=1)],
        ["EVENT", live, event(tags=[])],
        ["EVENT", page, event(created_at=5)],
        ["EVENT", live, {"id": 7}],
        ["EVENT", live, None],
        ["EVENT", "nobody's", event()],
        ["EVENT", "9:9", event()],
        ["EOSE", "nobody's"],
        ["CLOSED", "nobody's", ""],
        b"\xff",
    )
    codes = [each.code for each in stage.deliveries if isinstance(each, Rejected)]
    assert codes[:3] == ["relay-event-unasked"] * 3
    assert len(codes) == 5
    assert stage.arrived() == []
    assert stage.session.counts["relay-event-stale"] == 2
    assert stage.session.counts["relay-text-not-json"] == 1


def test_a_huge_event_is_rejected_and_passed() -> None:
    """An event above our size is not delivered, and does not hide what lies behind it from the paging."""
    stage = Stage(ORDERS).open()
    huge, older = event(content="x" * 300_000), event(created_at=WALL - 10)
    stage.relay(["EVENT", "0:2", huge], ["EOSE", "0:2"])
    stage.answer_pages([huge, older])
    assert set(stage.arrived()) == {older["id"]}


def test_the_announced_page_size_is_used() -> None:
    """NIP-11: max_limit is the limit of the pages, within our own bound."""
    stage = Stage(ORDERS)
    stage.session.announced(100)
    assert stage.open().said("REQ")[1][2]["limit"] == 100
    stage.session.announced(1_000_000)
    stage.lose()
    assert stage.open().said("REQ")[1][2]["limit"] == stage.settings.page_limit_max


def test_a_crowded_second_is_told() -> None:
    """Bug 70: 700 events of one second behind a cap of 500 cannot all be paged; older ones are read, and it is said."""
    stage = Stage(ORDERS).open()
    older = event(created_at=WALL - 100)
    stage.answer_pages([event(created_at=WALL - 5) for _ in range(700)] + [older])
    assert older["id"] in stage.arrived()
    assert [each.number for each in stage.happened("relay-second-crowded")] == [WALL - 5]


def test_caught_up_is_told_once() -> None:
    """The happening comes when every subscription was read to the end, and never again."""
    stage = Stage(ORDERS, replace(WRAPS, protected=False)).open()
    stage.relay(["EOSE", "0:2"])
    assert stage.happened("relay-caught-up") == []
    stage.relay(["EOSE", "1:2"])
    assert len(stage.happened("relay-caught-up")) == 1
    stage.wait(700)
    stage.answer_pages([])
    assert len(stage.happened("relay-caught-up")) == 1


def test_a_farewell_closes_what_is_open() -> None:
    """Before the socket is closed on purpose, every REQ that stands is closed."""
    stage = Stage(ORDERS).open()
    open_ids = [req[1] for req in stage.said("REQ")]
    stage.session.farewell()
    stage.wait(0.1)
    assert [each[1] for each in stage.said("CLOSE")] == open_ids
