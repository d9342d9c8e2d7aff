"""The self-test after a start: a relay that loses private messages is found, and the venue is told what to do."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import structlog

from kinds.gift_wrap import BACKDATED_S_MAX
from kinds.keys import npub_encode
from kinds.registry import GIFT_WRAP
from ledger import inbox, outbox
from ledger.database import Database
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.dice import SystemDice
from nostr_loyalty.upkeep import self_test
from nostr_loyalty.upkeep.self_test import Outcome, try_protected, try_relay
from tests.observer import Observer, messages
from tests.relays.faults import Faults
from tests.relays.real import RustRelay, free_port, unavailable
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.venue import Venue, new_key

TWO_HOURS = 7_200
LOGIN_GRACE_S = 1.0
"""So long the daemon waits for a relay's challenge before it asks for wraps."""
needs_rust = pytest.mark.skipif(unavailable("rust") is not None, reason=str(unavailable("rust")))


async def tried(url: str, *, last: bool = False) -> Outcome | None:
    """What comes of a relay."""
    return await try_relay(url, new_key(), SystemClock(), SystemDice(), last=last)


@pytest.mark.parametrize("auth", ["off", "writes", "reads", "wraps"])
async def test_a_relay_that_keeps_wraps_is_no_fault(auth: str) -> None:
    """Also one that demands a login, for writing or reading, and one that gives wraps to their receiver only."""
    async with ScriptedRelay(auth=auth) as relay:
        assert await tried(relay.url) == Outcome(None)
        (wrap,) = relay.events
        assert wrap["kind"] == GIFT_WRAP
        assert time.time() - 5 < wrap["created_at"] + BACKDATED_S_MAX <= time.time()
        ((_, until),) = [tag for tag in wrap["tags"] if tag[0] == "expiration"]
        assert 0 < int(until) - time.time() <= 3_600


@needs_rust
@pytest.mark.parametrize("auth", ["off", "both", "wraps"])
async def test_a_relay_in_use_is_no_fault(auth: str) -> None:
    """The same at a relay that others wrote."""
    async with RustRelay("--auth", auth) as relay:
        assert await tried(relay.url) == Outcome(None)


async def test_a_challenge_that_comes_only_with_a_refusal_is_answered() -> None:
    """A relay that says nothing of a login before it refuses is logged in to all the same."""
    async with ScriptedRelay(auth="wraps", challenge_at_connect=False) as relay:
        assert await tried(relay.url) == Outcome(None)


FAULTS = [
    ({"past_s_max": TWO_HOURS}, Outcome("refuses-old-wraps", "invalid: created_at too early")),
    ({"refuse_nth": {1: "event too old"}}, None),
    ({"refuse_nth": {1: "error: database is locked"}}, None),
    ({"refuse_with": "blocked: only for members"}, Outcome("refuses-wraps", "blocked: only for members")),
    ({"shadow_reject": True}, Outcome("hides-wraps")),
    ({"refuse_with": "rate-limited: slow down"}, None),
    ({"refuse_with": "error: the disk is full"}, None),
]


@pytest.mark.parametrize(("faults", "outcome"), FAULTS)
async def test_a_fault_is_told_from_what_may_pass(faults: dict[str, Any], outcome: Outcome | None) -> None:
    """It is the date if the same is taken with another date; what a relay may change its mind about is no result."""
    async with ScriptedRelay(faults=Faults(**faults)) as relay:
        assert await tried(relay.url) == outcome


async def test_what_may_pass_and_does_not_is_a_fault_in_the_end() -> None:
    """A relay that has taken no old wrap by the last try, and says why in words of its own, takes none."""
    async with ScriptedRelay(faults=Faults(refuse_nth={1: "event too old"})) as relay:
        assert await tried(relay.url, last=True) == Outcome("refuses-old-wraps", "event too old")
    async with ScriptedRelay(faults=Faults(refuse_nth={1: "rate-limited: slow down"})) as relay:
        assert await tried(relay.url, last=True) is None


@pytest.mark.parametrize("last", [False, True])
async def test_a_connection_that_ends_is_no_fault(last: bool) -> None:
    """The relay went away before it had answered the old wrap, came back, and took the other: it refused nothing."""
    async with ScriptedRelay(faults=Faults(ok_delay_s=5.0)) as relay:
        trying = asyncio.create_task(tried(relay.url, last=last))
        while not relay.received("EVENT"):  # noqa: ASYNC110 - a relay's journal says nothing by itself
            await asyncio.sleep(0.01)
        relay.faults.ok_delay_s = 0.0
        relay.cut_all()
        assert await trying is None


async def test_no_answer_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that is down, one that is silent, and one that does not end its answer are at no fault yet; the last one
    is on the last try.
    """
    monkeypatch.setattr("nostr_loyalty.guest.client.ANSWER_S_MAX", 0.5)
    monkeypatch.setattr(self_test, "LOOK_AGAIN_S", 0.0)
    assert await tried(f"ws://127.0.0.1:{free_port()}") is None
    async with ScriptedRelay(faults=Faults(no_ok=True)) as relay:
        assert await tried(relay.url) is None
    async with ScriptedRelay(faults=Faults(no_eose=True, shadow_reject=True)) as relay:
        assert await tried(relay.url) is None
        assert await tried(relay.url, last=True) == Outcome("hides-wraps")


PROTECTED = [
    ("writes", {}, Outcome(None, of="protected")),
    ("wraps", {}, Outcome(None, of="protected")),
    ("off", {}, Outcome("refuses-protected", "blocked: it is protected, and nobody can log in here", "protected")),
    ("off", {"refuse_with": "blocked: only for members"}, Outcome(None, of="protected")),
    ("off", {"refuse_with": "rate-limited: slow down"}, None),
]


@pytest.mark.parametrize(("auth", "faults", "outcome"), PROTECTED)
async def test_a_relay_without_logins_takes_nothing_protected(
    auth: str, faults: dict[str, Any], outcome: Outcome | None
) -> None:
    """It is the protection if the same is taken without it; nothing of the test is left there."""
    async with ScriptedRelay(auth=auth, faults=Faults(**faults)) as relay:
        assert await try_protected(relay.url, new_key(), SystemClock(), SystemDice()) == outcome
        assert relay.events == []


@needs_rust
async def test_a_relay_in_use_takes_what_is_protected() -> None:
    """From its author, who logs in for it."""
    async with RustRelay() as relay:
        assert await try_protected(relay.url, new_key(), SystemClock(), SystemDice()) == Outcome(None, of="protected")


# -- with a daemon ----------------------------------------------------------------------------------------------------


def seen(captured: list[Any], event: str) -> list[Any]:
    """The log's lines of this name."""
    return [line for line in captured if line["event"] == event]


async def until(captured: list[Any], event: str, number: int = 1) -> list[Any]:
    """The same, once there are so many."""
    deadline = time.monotonic() + 15
    while len(found := seen(captured, event)) < number:
        assert time.monotonic() < deadline, captured
        await asyncio.sleep(0.05)
    return found


async def test_the_owners_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log says it at each start, the owners hear it once, and again from another version, or when it had been
    mended; staff do not hear it. What comes back to the daemon is known as its own: no work is asked of it (NIP-13),
    and nothing is done about it.
    """
    monkeypatch.setattr(self_test, "ROUNDS_AFTER_S", (0.1, 0.2))
    owner, staff = new_key(), new_key()
    people = "\n".join(
        f'[[program.operator]]\nkey = "{npub_encode(key.public)}"\nrole = "{role}"'
        for key, role in ((owner, "owner"), (staff, "staff"))
    )
    unaware = (ScriptedRelay(faults=Faults(ignores_protection=True)) for _ in range(2))
    async with next(unaware) as good, next(unaware) as bad, Observer(good.url) as observer:
        bad.faults.past_s_max = TWO_HOURS
        venue = Venue(tmp_path, [good.url, bad.url], extra=f"first_contact_work = 16\n{people}")
        config = venue.write_config()

        counts: list[Any] = []

        async def start(pause_s: float = 0.0) -> list[Any]:
            with structlog.testing.capture_logs() as captured:
                async with serving(config) as daemon:
                    await until(captured, "relay keeps private messages", 1 if bad.faults.past_s_max else 2)
                    if bad.faults.past_s_max:
                        await until(captured, "relay loses private messages")
                    await until(captured, "relay takes protected events", 2)  # what came before is written down
                    assert daemon is not None
                    await asyncio.sleep(pause_s)
            counts.extend(seen(captured, "counts"))
            return seen(captured, "relay loses private messages")

        async def heard(number: int) -> list[str]:
            texts = await observer.until(
                lambda events: found if len(found := messages(events, owner)) >= number else None
            )
            return [rumor.content for rumor in texts]

        (line,) = await start()
        assert (line["relay"], line["fault"], line["log_level"]) == (bad.url, "refuses-old-wraps", "warning")
        (text,) = await heard(1)
        assert text == line["remedy"]
        assert text.startswith(f"{bad.url} refuses gift wraps that are dated back")
        for part in ("“invalid: created_at too early”", "another relay", "rejectEventsOlderThanSeconds"):
            assert part in text
        assert messages(await observer.events(), staff) == []

        assert len(await start()) == 1
        assert len(await heard(1)) == 1
        monkeypatch.setattr(self_test, "version", lambda _: "99.0")
        assert len(await start()) == 1
        assert len(await heard(2)) == 2
        bad.faults.past_s_max = None
        assert await start() == []
        bad.faults.past_s_max = TWO_HOURS
        assert len(await start(LOGIN_GRACE_S + 1)) == 1
        assert len(await heard(3)) == 3
    assert [line["dropped"] for line in counts] == [{}] * 5
    assert counts[-1]["taken"].keys() == {"message-by-a-daemon"}
    await nothing_was_done(config.parent / "loyalty.db")


async def test_owners_hear_where_nothing_protected_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the relay's words and the remedy, in the log and as a message."""
    monkeypatch.setattr(self_test, "ROUNDS_AFTER_S", (0.1, 0.2))
    owner = new_key()
    async with ScriptedRelay() as relay, Observer(relay.url) as observer:
        extra = f'[[program.operator]]\nkey = "{npub_encode(owner.public)}"\nrole = "owner"'
        with structlog.testing.capture_logs() as captured:
            async with serving(Venue(tmp_path, [relay.url], extra=extra).write_config()):
                (line,) = await until(captured, "relay refuses protected events")
                (text,) = await observer.until(lambda events: messages(events, owner) or None)
    assert (line["relay"], line["fault"], line["remedy"]) == (relay.url, "refuses-protected", text.content)
    for part in ("“blocked: it is protected, and nobody can log in here”", "“share public”", "NIP-42"):
        assert part in text.content


async def nothing_was_done(path: Path) -> None:
    """Nothing is set aside, and nothing was answered but the owners' messages."""
    database = await Database.open(path, read_only=True)
    try:
        async with database.read() as r:
            assert await inbox.set_aside_list(r) == []
            delivered = await outbox.delivered(r)
    finally:
        await database.close()
    assert delivered["word"] == 3
    assert "letter" not in delivered


async def test_a_silent_relay_delays_no_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one relay is being tried and says nothing, an order at another one is answered; a relay that could not be
    tried in any round is told, and the rounds end.
    """
    monkeypatch.setattr(self_test, "ROUNDS_AFTER_S", (0.0, 0.1))
    monkeypatch.setattr("nostr_loyalty.guest.client.ANSWER_S_MAX", 1.5)
    async with ScriptedRelay() as good, ScriptedRelay() as silent, Observer(good.url) as observer:
        silent.pause()
        venue = Venue(tmp_path, [silent.url, good.url])
        with structlog.testing.capture_logs() as captured:
            async with serving(venue.write_config()):
                order = venue.order("A-1", new_key().public)
                await observer.send(order)
                (reply,) = await observer.replies(venue.till, order.id)
                assert reply.answer.result == "accepted"
                assert seen(captured, "relay keeps private messages") == []
                (line,) = await until(captured, "relays could not be tried")
        assert line["relays"] == [silent.url]
        assert len(seen(captured, "relay keeps private messages")) == 1
