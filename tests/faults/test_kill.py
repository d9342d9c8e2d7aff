"""kill -9 at any moment: nothing lost, nothing twice, and what was said stays as it was said."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from ledger import outbox
from ledger.database import Database
from tests.faults.daemon_process import DaemonProcess, command_line
from tests.faults.flow import Flow, pour, published
from tests.faults.witness import assert_all_is_there
from tests.relays.scripted import ScriptedRelay

KILLS = int(os.environ.get("NOSTR_LOYALTY_TEST_KILLS", "100"))
ORDERS_PER_S = 40.0
LIFE_S_MAX = 0.4
"""After the daemon has connected: long enough for whole batches, short enough to hit every stage of the first."""


@pytest.mark.timeout(300)
async def test_kill_at_any_moment(tmp_path: Path) -> None:
    """Bug 63, 71: killed 100 times among flowing orders, every order has one entry, published and in the ledger, with
    one answer for each message and the same bytes for each id.
    """
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    async with ScriptedRelay(journal_size=1_000_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=seed)
        daemon = DaemonProcess(flow.write_config())
        async with daemon:
            over = asyncio.Event()
            pouring = asyncio.create_task(pour(flow, relay, ORDERS_PER_S, over.is_set))
            for _ in range(KILLS):
                await _one_life(daemon, relay, rng)
            over.set()
            await pouring
            witness = flow.witness()
            await daemon.started()
            await daemon.until(lambda: _answered(relay, flow), 60.0)
            assert await daemon.stopped() == 0
        witness.see_all(published(relay))
        assert_all_is_there(witness, flow.expected)
        code, output = await command_line("check", "--config", daemon.config)
        assert code == 0, output
        assert await _still_promised(tmp_path / "loyalty.db") == {}


async def _one_life(daemon: DaemonProcess, relay: ScriptedRelay, rng: random.Random) -> None:
    """Start the daemon, and kill it: now and then while it starts, mostly soon after it has connected."""
    connections = relay.connections_seen
    daemon.start()
    if rng.random() < 0.1:
        await asyncio.sleep(rng.uniform(0.0, 0.6))
    else:
        await daemon.until(lambda: relay.connections_seen > connections, 20.0)
        await asyncio.sleep(rng.uniform(0.0, LIFE_S_MAX))
    daemon.kill()


def _answered(relay: ScriptedRelay, flow: Flow) -> bool:
    """Whether as many events for the till are at the relay as there were messages: cheap, exact enough to wait for."""
    till = flow.venue.till.public
    needle = f'["p","{till}"]'
    return len({line.text for line in relay.journal if not line.sent and needle in line.text[:400]}) >= len(
        flow.expected.messages
    )


async def _still_promised(path: Path) -> dict[tuple[str, int, str], int]:
    database = await Database.open(path, read_only=True)
    try:
        async with database.read() as r:
            return await outbox.counts(r)
    finally:
        await database.close()
