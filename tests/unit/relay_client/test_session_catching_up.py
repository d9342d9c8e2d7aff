"""relay_client.session: when a catch-up runs, where it begins, and what it leaves out."""

from typing import Any

from tests.unit.relay_client.stage import ORDERS, WALL, WRAPS, Stage, event


def test_catch_ups_begin_at_the_confirmed_cursor() -> None:
    """Until the owner says that a CaughtUp is handled, the next catch-up begins where the last one did."""
    stage = Stage(ORDERS, cursors={"orders": WALL - 1_000}).open()
    stage.answer_pages([])
    stage.wait(400)
    assert stage.said("REQ")[0][2]["since"] == WALL - 1_600
    stage = Stage(ORDERS, cursors={"orders": WALL - 1_000}).open()
    stage.answer_pages([])
    stage.session.cursor_saved("orders", WALL)
    stage.session.cursor_saved("somebody else's", WALL + 99)
    stage.wait(400)
    assert stage.said("REQ")[0][2]["since"] == WALL - 600


def test_a_scheduled_catch_up_finds_what_the_live_subscription_lost() -> None:
    """Bug 74: an event that was never sent live is delivered by the catch-up a few minutes later."""
    stage = Stage(ORDERS).open()
    stage.answer_pages([])
    stage.session.cursor_saved("orders", WALL)
    lost = event(created_at=WALL + 60)
    stage.wait(340)
    stage.answer_pages([lost])
    assert set(stage.arrived()) == {lost["id"]}


def _after_a_burst() -> tuple[Stage, list[dict[str, Any]]]:
    """A session that was caught up, and of 300 live events was given every other one; all of them."""
    stage = Stage(ORDERS, burst_events=100).open()
    live = stage.said("REQ")[0][1]
    stage.relay(["EOSE", "0:2"])
    stage.session.cursor_saved("orders", WALL)
    burst = [event() for _ in range(300)]
    stage.relay(*(["EVENT", live, each] for each in burst[::2]))
    return stage, burst


def test_a_burst_is_followed_by_a_catch_up() -> None:
    """Bug 74: after many live events in a second the relay is asked, once things are quiet, what it dropped."""
    stage, burst = _after_a_burst()
    assert stage.said("REQ") == []
    stage.wait(6)
    stage.answer_pages(burst)
    assert set(stage.arrived()) == {each["id"] for each in burst}
    stage.session.cursor_saved("orders", stage.caught_up()[-1].asked_at)
    stage.wait(60)
    assert stage.said("REQ") == []


def test_what_follows_a_burst_waits_until_the_owner_has_done_with_it() -> None:
    """Reading a burst again while its orders are still being decided would only make them later."""
    stage, burst = _after_a_burst()
    stage.busy = True
    stage.wait(60)
    assert stage.said("REQ") == []
    stage.busy = False
    stage.wait(6)
    stage.answer_pages(burst)
    assert set(stage.arrived()) == {each["id"] for each in burst}


def test_a_pause_in_reading_is_followed_by_a_catch_up() -> None:
    """Bug 74: a relay whose socket we did not read may have dropped live events: one catch-up follows, only one."""
    stage = Stage(ORDERS).open()
    stage.answer_pages([])
    stage.session.cursor_saved("orders", WALL)
    stage.session.paused(stage.now)
    stage.session.resumed(stage.now)
    stage.wait(6)
    assert len(stage.said("REQ")) == 1
    stage.session.paused(stage.now)
    stage.session.resumed(stage.now)
    stage.relay(["EOSE", "0:3"])
    stage.session.cursor_saved("orders", stage.caught_up()[-1].asked_at)
    stage.wait(60)
    assert stage.said("REQ") == []


def test_a_daily_sweep_looks_back_over_its_window() -> None:
    """Bug 51: ten minutes after the start and then once a day, thirty days are read; other catch-ups stay short."""
    stage = Stage(WRAPS, key=None, cursors={"wraps": WALL}).open()
    windows = []
    for _ in range(300):
        stage.wait(10, step=10.0)
        for req in stage.said("REQ"):
            if "since" in req[2]:
                windows.append(stage.wall - req[2]["since"])
                stage.relay(["EOSE", req[1]])
                stage.session.cursor_saved("wraps", stage.caught_up()[-1].asked_at)
    assert sum(window > 29 * 86_400 for window in windows) == 1
    assert len(windows) > 5


def test_a_cursor_from_a_clock_that_was_wrong() -> None:
    """Bug 64: the cursor was taken a year ahead, and the clock is right again: the next catch-up is a sweep, and those
    after it begin at the right clock's cursor.
    """
    stage = Stage(WRAPS, key=None, cursors={"wraps": WALL + 365 * 86_400}).open()
    windows = []
    for _ in range(40):
        stage.wait(10, step=10.0)
        for req in stage.said("REQ"):
            if "since" in req[2]:
                windows.append((stage.wall - req[2]["since"]) // 86_400)
                stage.relay(["EOSE", req[1]])
                stage.session.cursor_saved("wraps", stage.caught_up()[-1].asked_at)
    assert windows == [30, 2]


def test_what_is_confirmed_is_not_delivered_again() -> None:
    """Bug 66: the same bytes are left out once the owner confirmed them; a forged copy before them hides nothing."""
    stage = Stage(ORDERS).open()
    live, page = (req[1] for req in stage.said("REQ"))
    genuine = event()
    forged = genuine | {"content": "forged"}
    stage.relay(["EVENT", page, forged], ["EOSE", page])
    stage.answer_pages([])
    stage.session.cursor_saved("orders", stage.caught_up()[-1].asked_at)
    stage.relay(["EVENT", live, forged], ["EVENT", live, genuine])
    assert len(stage.arrived()) == 2
    stage.wait(340)
    stage.answer_pages([genuine])
    delivered = len(stage.arrived())
    assert delivered > 2
    stage.session.cursor_saved("orders", stage.caught_up()[-1].asked_at)
    stage.wait(340)
    assert stage.answer_pages([genuine]) >= 3
    assert len(stage.arrived()) == delivered
    assert len(stage.caught_up()) == 3
