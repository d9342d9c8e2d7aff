"""From the first order sent to the last entry received by a subscriber, and on until everything promised is sent.

One connection sends orders as fast as the relay takes them (at most `UNCONFIRMED_MAX` without its OK), another one
receives entries and only counts them. What was received is opened, verified and counted afterwards (`reading_back`),
so that the reader's own cryptography does not compete for the cores.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench.load import Load, subscription
from bench.relay_socket import RelaySocket, message
from bench.subject import Subject, machine_s, process_s
from ledger import outbox
from ledger.database import Database
from tests.relays.real import ChildRelay
from tests.venue import Venue

UNCONFIRMED_MAX = 1_000
CHUNK = 50
LOOK_S = 0.02
SILENCE_S_MAX = 20.0
FLUSH_S_MAX = 30.0


@dataclass(slots=True)
class Run:
    """What one run showed. Times in seconds from the first order.

    `entries` are the EVENT messages as they came; `others` is the share of all cores that went to processes other than
    the subject, the relay and the load generator: where it is large, the machine was not ours and rates say little.
    """

    orders: int
    seconds: float = 0.0
    seconds_all: float = 0.0
    sent_s: float = 0.0
    cpu_s: float = 0.0
    cpu_all_s: float = 0.0
    rss_peak_mb: float = 0.0
    rss_mb: float = 0.0
    answers: int = 0
    others: float = 0.0
    entries: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Orders per second, to the last entry."""
        return self.orders / self.seconds

    @property
    def rate_all(self) -> float:
        """Orders per second, to the last answer and card."""
        return self.orders / self.seconds_all if self.seconds_all else 0.0

    @property
    def cpu_us(self) -> float:
        """Microseconds of the subject's CPU per order, answers and cards included where they were waited for."""
        return 1e6 * (self.cpu_all_s or self.cpu_s) / self.orders


class Till:
    """Sends the orders. At most so many are without the relay's OK."""

    def __init__(self) -> None:
        self.confirmed = 0
        self.refused: list[bytes] = []
        self.counts: asyncio.Queue[int] = asyncio.Queue()
        self._progress = asyncio.Event()
        self._socket: RelaySocket | None = None

    async def connect(self, url: str) -> None:
        """To the relay."""
        self._socket = await RelaySocket.connect(url, self._hear)

    async def send(self, load: Load, guest: Guest, outstanding_max: int | None) -> None:
        """All of it. `outstanding_max`: how many orders may be without an entry, for subjects that lose events."""
        assert self._socket is not None
        sent = 0
        while sent < len(load):
            chunk = load.frames[sent : sent + CHUNK]
            self._socket.write(b"".join(chunk))
            sent += len(chunk)
            await self._socket.room()
            while sent - self.confirmed > UNCONFIRMED_MAX and not self._socket.lost:
                self._progress.clear()
                await self._progress.wait()
            while outstanding_max is not None and sent - len(guest.entries) > outstanding_max:
                await guest.progress()
            if self._socket.lost:
                raise ConnectionError("the relay has closed the till's connection")
            await asyncio.sleep(0)

    async def count(self, filter_: dict[str, object]) -> int:
        """How many events of a kind the relay holds (NIP-45)."""
        assert self._socket is not None
        self._socket.write(message("COUNT", "count", filter_))
        return await asyncio.wait_for(self.counts.get(), 60)

    def close(self) -> None:
        """End it."""
        if self._socket is not None:
            self._socket.close()

    def _hear(self, text: bytes) -> None:
        if text.startswith(b'["OK"'):
            self.confirmed += 1
            self._progress.set()
            if not text.startswith(b"true", 73):
                self.refused.append(text)
        elif text.startswith(b'["COUNT"'):
            self.counts.put_nowait(orjson.loads(text)[2]["count"])


class Guest:
    """Receives entries, and keeps them as they came."""

    def __init__(self, expected: int) -> None:
        self.entries: list[bytes] = []
        self.last_at = 0.0
        self.complete = asyncio.Event()
        self._expected = expected
        self._progress = asyncio.Event()
        self._eoses = 0
        self._open = asyncio.Event()
        self._socket: RelaySocket | None = None

    async def subscribe(self, url: str, requests: list[bytes]) -> None:
        """Returns when the relay has said EOSE to all of them; entries from before do not count."""
        self._socket = await RelaySocket.connect(url, self._hear)
        self._socket.write(b"".join(requests))
        while self._eoses < len(requests):
            self._open.clear()
            await asyncio.wait_for(self._open.wait(), 30)
        self.entries.clear()

    async def progress(self) -> None:
        """Until something has come."""
        self._progress.clear()
        await self._progress.wait()

    def close(self) -> None:
        """End it."""
        if self._socket is not None:
            self._socket.close()

    def _hear(self, text: bytes) -> None:
        if text.startswith(b'["EVENT"'):
            self.entries.append(text)
            self._progress.set()
            if len(self.entries) == self._expected:
                self.last_at = time.perf_counter()
                self.complete.set()
        elif text.startswith(b'["EOSE"'):
            self._eoses += 1
            self._open.set()


async def measure(
    subject: Subject, relay: ChildRelay, venue: Venue, load: Load, *, ledger: Path | None,
    outstanding_max: int | None = None,
) -> Run:  # fmt: skip
    """One run against a subject that is ready. `ledger`: wait until its outbox is empty, too.

    RuntimeError when entries are missing after a time in which the slowest bot would have written them.
    """
    guest, till = Guest(len(load)), Till()
    await guest.subscribe(relay.url, subscription(venue, load, "entries"))
    await till.connect(relay.url)
    return await _watched(subject, relay, venue, load, guest, till, ledger, outstanding_max)


async def measure_waiting(
    stack: AsyncExitStack, subject: Subject, relay: ChildRelay, venue: Venue, load: Load, ledger: Path
) -> Run:
    """The same for orders that wait at the relay before the subject is started, here and into `stack`.

    Seconds run from its start, so that they include what an interpreter needs to begin.
    """
    guest, till = Guest(len(load)), Till()
    await guest.subscribe(relay.url, subscription(venue, load, "entries"))
    await till.connect(relay.url)
    await till.send(load, guest, None)
    began = time.perf_counter()
    await stack.enter_async_context(subject)
    await _wait_for_all(guest, len(load), subject)
    run = Run(len(load), seconds=guest.last_at - began, cpu_s=subject.cpu_s(), entries=guest.entries)
    await until_outbox_is_empty(ledger, time.perf_counter() + run.seconds + FLUSH_S_MAX)
    run.seconds_all, run.cpu_all_s = time.perf_counter() - began, subject.cpu_s()
    run.answers = await till.count({"kinds": [1059], "#p": [venue.till.public]})
    run.rss_peak_mb, run.rss_mb = subject.rss_peak_mb(), subject.rss_mb()
    guest.close()
    till.close()
    return run


async def _watched(
    subject: Subject, relay: ChildRelay, venue: Venue, load: Load, guest: Guest, till: Till, ledger: Path | None,
    outstanding_max: int | None,
) -> Run:  # fmt: skip
    run = Run(len(load))
    gc.collect()
    gc.disable()
    try:
        processes = (subject.pid, relay.pid, os.getpid())
        machine, ours = machine_s(), sum(map(process_s, processes))
        cpu_before, began = subject.cpu_s(), time.perf_counter()
        sending = asyncio.ensure_future(till.send(load, guest, outstanding_max))
        try:
            await _wait_for_all(guest, len(load), subject)
        finally:
            sending.cancel()
        run.seconds, run.cpu_s = guest.last_at - began, subject.cpu_s() - cpu_before
        if ledger is not None:
            await until_outbox_is_empty(ledger, time.perf_counter() + 3 * run.seconds + FLUSH_S_MAX)
            run.seconds_all, run.cpu_all_s = time.perf_counter() - began, subject.cpu_s() - cpu_before
        spent = machine_s() - machine - (sum(map(process_s, processes)) - ours)
        run.others = max(0.0, spent / ((time.perf_counter() - began) * (os.cpu_count() or 1)))
        if ledger is not None:
            run.answers = await till.count({"kinds": [1059], "#p": [venue.till.public]})
        run.rss_peak_mb, run.rss_mb, run.entries = subject.rss_peak_mb(), subject.rss_mb(), guest.entries
        if till.refused:
            raise RuntimeError(f"the relay refused {len(till.refused)} orders: {till.refused[0]!r}")
    finally:
        gc.enable()
        guest.close()
        till.close()
    return run


async def _wait_for_all(guest: Guest, expected: int, subject: Subject) -> None:
    """Until every entry has come, as long as now and then one comes."""
    seen = -1
    while not guest.complete.is_set():
        try:
            await asyncio.wait_for(guest.complete.wait(), SILENCE_S_MAX)
        except TimeoutError:
            if len(guest.entries) == seen or not subject.runs:
                missing = f"{expected - len(guest.entries)} of {expected} entries have not come"
                raise RuntimeError(f"{subject.name}: {missing}\n{subject.output()[-3000:]}") from None
            seen = len(guest.entries)


async def until_outbox_is_empty(ledger: Path, deadline: float) -> None:
    """Looks into the running daemon's ledger as `nostr-loyalty balance` does: read only, and briefly."""
    database = await Database.open(ledger, read_only=True, readers=1)
    try:
        while time.perf_counter() < deadline:
            async with database.read() as r:
                if await outbox.next_due_at(r) is None:
                    return
            await asyncio.sleep(LOOK_S)
        async with database.read() as r:
            raise RuntimeError(f"the outbox is not empty after all this time: {await outbox.counts(r)}")
    finally:
        await database.close()
