"""The clock is set back, and the daemon sleeps through a weekend."""

import asyncio
import random
from pathlib import Path

from ledger import audit
from ledger.database import Database
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import Daemon
from nostr_loyalty.readiness import Readiness
from tests.faults.flow import Flow, as_object, published
from tests.faults.witness import assert_all_is_there
from tests.relays.scripted import ScriptedRelay

DAY_S = 86_400


class SetClock(SystemClock):
    """The machine's clock, whose date an administrator sets."""

    def __init__(self, offset_s: int = 0) -> None:
        self.offset_s = offset_s

    def now(self) -> int:
        """Unix seconds as set."""
        return super().now() + self.offset_s


async def _serve_until_answered(flow: Flow, relay: ScriptedRelay, config: Path, clock: SetClock, *steps_s: int) -> None:
    """Run a daemon until all is answered; at each step the clock is moved and twenty more messages come."""
    daemon = Daemon(load(config), clock, readiness=Readiness(None), rng=random.Random(7))
    running = asyncio.create_task(daemon.run())
    try:
        for step_s in (0, *steps_s):
            clock.offset_s += step_s
            for _ in range(20 if steps_s else 0):
                relay.accept(as_object(flow.next()))
            async with asyncio.timeout(30):
                while not _all_answered(flow, relay):
                    assert not running.done(), running.exception()
                    await asyncio.sleep(0.05)
    finally:
        daemon.stop()
        await asyncio.wait_for(running, 20)


def _all_answered(flow: Flow, relay: ScriptedRelay) -> bool:
    witness = flow.witness()
    witness.see_all(published(relay))
    return witness.answers.keys() >= flow.expected.messages


async def _assert_clean(folder: Path) -> None:
    database = await Database.open(folder / "loyalty.db", read_only=True)
    try:
        async with database.read() as r:
            report = await audit.check(r)
    finally:
        await database.close()
    assert report.is_clean, report.findings


async def test_clock_set_back_and_forth(tmp_path: Path) -> None:
    """Bug 69: the clock is set back by ten minutes, and again, and forward: every chain's times still never decrease,
    every card's strictly increase, and nothing is taken twice or missed.
    """
    async with ScriptedRelay(journal_size=100_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=11, guests=3)
        await _serve_until_answered(flow, relay, flow.write_config(), SetClock(), -600, -200, 900)
        witness = flow.witness()
        witness.see_all(published(relay))
        assert_all_is_there(witness, flow.expected)
        stamps = [(event.tags[0], event.created_at) for event in witness.cards.values()]
        assert len(stamps) == len(set(stamps))
        await _assert_clean(tmp_path)


async def test_down_for_three_days(tmp_path: Path) -> None:
    """Bug 51, 64, 65: orders came on each of three days while the daemon was down, in clear and in wraps stamped up
    to two days earlier; all are taken up at the next start, whose window begins at the old cursor.
    """
    async with ScriptedRelay(journal_size=100_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=12)
        config = flow.write_config()
        clock = SetClock(-3 * DAY_S)
        for _ in range(10):
            relay.accept(as_object(flow.next(clock.now())))
        await _serve_until_answered(flow, relay, config, clock)
        for hour in range(71, 0, -1):
            for _ in range(3):
                relay.accept(as_object(flow.next(SystemClock().now() - hour * 3_600)))
        await _serve_until_answered(flow, relay, config, SetClock())
        since = [message[2]["since"] for message in relay.received("REQ") if "since" in message[2]]
        assert any(at < SystemClock().now() - 5 * DAY_S for at in since)
        witness = flow.witness()
        witness.see_all(published(relay))
        assert_all_is_there(witness, flow.expected)
        await _assert_clean(tmp_path)
