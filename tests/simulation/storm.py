"""One seed, one storm: orders come, relays misbehave, the daemon is killed at any await; then calm, and an audit.

The ledger is a real file, whose driver works in threads: the dice, the orders and the faults of a storm follow from its
seed, the exact turn of the event loop at which something happens does not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ledger import audit, inbox, outbox
from ledger.database import Database
from nostr_loyalty.config.load import load
from nostr_loyalty.config.settings import Config
from nostr_loyalty.daemon import keys_of, relays_of, serve_programs
from nostr_loyalty.event_path import EventPath
from nostr_loyalty.intake import subscriptions
from nostr_loyalty.publishing.outbox_worker import OutboxWorker
from nostr_loyalty.publishing.sealing import Sealer
from tests.clock import FakeClock
from tests.faults.flow import Flow
from tests.faults.witness import assert_all_is_there
from tests.simulation.storm_pool import StormPool, StormRelay

STEPS = 120
CALM_STEPS_MAX = 400
TURN_S = 0.001
"""Real time given to the ledger's threads at each step."""
URLS = ("ws://127.0.0.1:1", "ws://127.0.0.1:2", "ws://127.0.0.1:3")


class Storm:
    """`await Storm(folder, seed).run()`; AssertionError when something was lost, doubled, forged or changed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._rng = random.Random(seed)
        self._clock = FakeClock()
        self._flow = Flow(folder, list(URLS), seed=seed, guests=6)
        self._config: Config = load(self._flow.write_config())
        self._relays = [StormRelay(url, never=url == URLS[0]) for url in URLS]
        self._witness = self._flow.witness()
        self.kills = 0

    async def run(self) -> None:
        """The storm, the calm, the audit."""
        left = STEPS
        while left > 0:
            life = min(left, self._rng.randrange(1, 50))
            left -= life
            async with self._daemon(wild=self._rng.choice((0.05, 0.2, 0.4))) as pool:
                for _ in range(life):
                    self._order()
                    await self._step(pool, self._rng.choice((0.01, 0.5, 3.0, 40.0)))
            self.kills += 1
        await self._calm()
        assert_all_is_there(self._witness, self._flow.expected)

    async def _calm(self) -> None:
        """Good weather: everything promised is delivered within a day."""
        async with self._daemon(wild=0.0) as pool:
            for _ in range(CALM_STEPS_MAX):
                await self._step(pool, 200.0)
                if not await self._promised() and self._witness.answers.keys() >= self._flow.expected.messages:
                    break
        assert await self._promised() == {}
        database = await Database.open(self._config.daemon.database, read_only=True)
        async with database.read() as r:
            report = await audit.check(r)
        await database.close()
        assert report.is_clean, report.findings

    @asynccontextmanager
    async def _daemon(self, *, wild: float) -> AsyncIterator[StormPool]:
        """The parts of a daemon on the ledger file; torn down in the middle of whatever they do."""
        database = await Database.open(self._config.daemon.database)
        try:
            programs = await serve_programs(self._config, database, self._clock.now())
            async with database.read() as r:
                cursors = await inbox.cursors(r)
            keys = keys_of(self._config)
            (issuer,) = keys
            reads = {url: subscriptions.reads(issuer, url, relays_of(self._config, issuer), URLS) for url in URLS}
            pool = StormPool(self._relays, reads, self._clock, self._rng, cursors, wild=wild)
            wake = asyncio.Event()
            path = EventPath(
                pool=pool, database=database, programs=programs, keys=keys, clock=self._clock,  # type: ignore[arg-type] # it passes for one
                dice=self._rng.randbytes, batch_max=self._rng.choice((1, 7, 64)), promised=wake.set,
            )  # fmt: skip
            worker = OutboxWorker(
                database, pool, Sealer(keys), self._clock, self._rng, keys, wake=wake,  # type: ignore[arg-type] # it passes for one
            )  # fmt: skip
            tasks = [asyncio.create_task(path.run()), asyncio.create_task(worker.run())]
            try:
                yield pool
                assert not any(task.done() for task in tasks), "a part of the daemon has ended"
            finally:
                for task in tasks:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
                self._witness.see_all(pool.sent)
            assert all(isinstance(result, asyncio.CancelledError) for result in results), results
        finally:
            await database.close()

    async def _step(self, pool: StormPool, seconds: float) -> None:
        await pool.step()
        await asyncio.sleep(self._rng.choice((0.0, TURN_S)))
        await self._clock.advance(seconds)
        if self._rng.random() < 0.02:
            self._clock.step(self._rng.choice((-300, 300)))
        self._witness.see_all(pool.sent)
        pool.sent.clear()

    def _order(self) -> None:
        """One or two messages, each to some of the relays, at least one."""
        for _ in range(self._rng.randrange(0, 3)):
            event = self._flow.next(self._clock.now())
            for relay in self._rng.sample(self._relays, self._rng.randrange(1, 4)):
                relay.publish(event)

    async def _promised(self) -> dict[tuple[str, int, str], int]:
        database = await Database.open(self._config.daemon.database, read_only=True, readers=1)
        try:
            async with database.read() as r:
                return await outbox.counts(r)
        finally:
            await database.close()
