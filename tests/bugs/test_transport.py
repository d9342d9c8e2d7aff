"""Bugs of Nostr daemons and clients that need the whole daemon to show, and no process of its own."""

import asyncio
import random
from pathlib import Path

import orjson
import pytest

from kinds.errors import NotAdmitted
from kinds.event import parse_event, to_json
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import Daemon
from nostr_loyalty.readiness import Readiness
from tests.faults.flow import Flow, as_object, published
from tests.faults.witness import assert_all_is_there
from tests.relays.faults import Faults
from tests.relays.scripted import ScriptedRelay
from tests.unit.nostr_loyalty.served import Served


async def _serve(flow: Flow, relays: list[ScriptedRelay], messages: int, *, each_to: int) -> None:
    """Run a daemon among these relays until every message is answered at one of them; then add everything up."""
    daemon = Daemon(load(flow.write_config()), SystemClock(), readiness=Readiness(None), rng=random.Random(1))
    running = asyncio.create_task(daemon.run())
    try:
        await asyncio.sleep(0.5)
        for number in range(messages):
            event = as_object(flow.next())
            for relay in relays[-each_to:]:
                relay.accept(event)
            if number % 10 == 0:
                await asyncio.sleep(0.01)
        witness = flow.witness()
        async with asyncio.timeout(40):
            while not witness.answers.keys() >= flow.expected.messages:
                assert not running.done(), running.exception()
                await asyncio.sleep(0.1)
                for relay in relays:
                    witness.see_all(published(relay))
    finally:
        daemon.stop()
        await asyncio.wait_for(running, 30)
    for relay in relays:
        witness.see_all(published(relay))
    assert_all_is_there(witness, flow.expected)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(forge_first=0.5, corrupt=0.2, repeat=0.3, reorder=0.3),
        Faults(drop_live=0.5, delay_s=0.2),
        Faults(ok_delay_s=0.3, duplicate_is_false=True, garbage_every=3, notice_every=5),
    ],
    ids=["lies", "loses", "mumbles"],
)
async def test_a_relay_with_a_fault(tmp_path: Path, faults: Faults) -> None:
    """Bug 66, 74, 77, 79: one relay that lies, loses or mumbles, and nothing is lost, doubled or changed."""
    async with ScriptedRelay(faults=faults, journal_size=100_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=21, daemon_extra="catch_up_interval_s = 5")
        await _serve(flow, [relay], 120, each_to=1)


async def test_silent_relays_block_nobody(tmp_path: Path) -> None:
    """Bug 68, 76: one relay never answers a REQ or an EVENT, another refuses everything with an empty id, a third is
    frozen: the daemon starts, and everything goes its way through the fourth.
    """
    silent = ScriptedRelay(faults=Faults(no_eose=True, no_ok=True))
    grumpy = ScriptedRelay(faults=Faults(refuse_with="error: not today", refused_ok_empty_id=True))
    frozen = ScriptedRelay()
    async with silent, grumpy, frozen, ScriptedRelay(journal_size=100_000) as sound:
        frozen.pause()
        relays = [silent, grumpy, frozen, sound]
        flow = Flow(tmp_path, [relay.url for relay in relays], seed=22)
        await _serve(flow, relays, 100, each_to=1)


async def test_wraps_behind_authentication(tmp_path: Path) -> None:
    """Bug 72: a relay that gives wraps to their receiver only is logged in to; orders in wraps arrive."""
    async with ScriptedRelay(auth="wraps", journal_size=100_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=23)
        await _serve(flow, [relay], 60, each_to=1)


async def test_a_message_that_is_a_text_of_a_message(tmp_path: Path) -> None:
    """Bug 80: JSON inside a JSON string is no event; the event itself, delivered twice, counts once."""
    async with Served(tmp_path) as served:
        order = served.order("order-1")
        with pytest.raises(NotAdmitted) as refusal:
            parse_event(orjson.dumps(to_json(order)))
        assert refusal.value.code == "event-malformed"
        await served.deliver(order)
        await served.deliver(order)
        assert await served.moved() == [12]
