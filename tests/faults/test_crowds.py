"""Many orders at once, and one order many times."""

import asyncio
import contextlib
import os
import sqlite3
import time
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import psutil
import pytest

from kinds.answer import parse_answer
from kinds.event import parse_event, sign, verify
from kinds.gift_wrap import unwrap
from kinds.tags import value
from tests.faults.daemon_process import DaemonProcess, command_line
from tests.faults.flow import as_object, published
from tests.relays.scripted import ScriptedRelay
from tests.venue import Venue, new_key

WAITING = int(os.environ.get("NOSTR_LOYALTY_TEST_WAITING", "30000"))
"""Orders at the relay when the daemon starts; the promise is about 100,000."""
RSS_BYTES_MAX = 150 * 1024 * 1024


@pytest.mark.timeout(60 + WAITING // 200)
async def test_memory_with_a_crowd_waiting(tmp_path: Path) -> None:
    """With tens of thousands of orders waiting at the relay the daemon stays below 150 MB, and books them all."""
    async with ScriptedRelay(verify=False, journal_size=0) as relay:
        venue = Venue(tmp_path, [relay.url], "public")
        guests = [new_key().public for _ in range(1_000)]
        for number in range(WAITING):
            at = int(time.time()) - number // 20  # no second holds more than a page of the relay
            event = venue.order(f"order-{number}", guests[number % len(guests)], ("1000", "sat"), at=at)
            relay.accept(as_object(event))
        async with DaemonProcess(venue.write_config()) as daemon:
            daemon.start()
            process = psutil.Process(daemon.pid)
            peak = 0

            def all_are_booked() -> bool:
                nonlocal peak
                peak = max(peak, process.memory_info().rss)
                return _entries(tmp_path / "loyalty.db") >= WAITING

            await daemon.until(all_are_booked, 20 + WAITING / 400)
            await daemon.until(lambda: not all_are_booked() or len(relay.store) > 2 * WAITING, 20 + WAITING / 400)
            print(f"{WAITING} orders waiting: at most {peak / 1024 / 1024:.0f} MB")
            assert peak < RSS_BYTES_MAX
            await daemon.stopped()
        code, output = await command_line("check", "--json", "--config", daemon.config)
        assert code == 0, output
        assert orjson.loads(output)["counted"]["entry"] == WAITING


async def test_one_order_through_three_relays_and_two_retries(tmp_path: Path) -> None:
    """Bug 1, 2, 9: the same order under two event ids, each through three relays, makes one entry; each message has
    its answer, one of them "accepted" and the other "duplicate".
    """
    async with AsyncExitStack() as stack:
        relays = [await stack.enter_async_context(ScriptedRelay()) for _ in range(3)]
        venue = Venue(tmp_path, [relay.url for relay in relays], "public")
        guest = new_key().public
        template = venue.template("order-1", guest)
        events = [sign(template._replace(created_at=template.created_at - age), venue.till) for age in (3, 0)]
        daemon = await stack.enter_async_context(DaemonProcess(venue.write_config()))
        await daemon.started()
        for event in events:
            for relay in relays:
                relay.accept(as_object(event))
        till = f'["p","{venue.till.public}"]'
        await daemon.until(lambda: all(_wraps_for(relay, till) == 2 for relay in relays), 20.0)
        await asyncio.sleep(0.3)
        assert await daemon.stopped() == 0
        for relay in relays:
            texts = dict.fromkeys(published(relay))
            wraps = [verify(parse_event(text)) for text in texts if till in text]
            answers = [parse_answer(unwrap(wrap, venue.till)) for wrap in wraps]
            assert {answer.to_event for answer in answers} == {event.id for event in events}
            assert sorted(answer.result for answer in answers) == ["accepted", "duplicate"]
            entries = {event.id for text in texts if (event := parse_event(text)).kind == 7411}
            assert len(entries) == 1
            assert {value(parse_event(text).tags, "points") for text in texts if '"kind":7411' in text} == {"+12"}


def _entries(path: Path) -> int:
    """How many entries the ledger holds; 0 while there is none."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            ((highest,),) = ledger.execute("SELECT coalesce(max(id), 0) FROM entry").fetchall()
    except sqlite3.OperationalError:
        return 0
    return int(highest)


def _wraps_for(relay: ScriptedRelay, needle: str) -> int:
    return len({text for text in published(relay) if needle in text})
