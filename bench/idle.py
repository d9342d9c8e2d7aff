"""(d) One order at a time, with nothing else to do: from the order sent to the entry received."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import dataclass

from bench.load import Load, subscription
from bench.relay_socket import RelaySocket
from bench.subject import Subject
from tests.venue import Venue

WARM_UP = 20
PAUSE_S = 0.04
"""Between an entry and the next order; the answer and the card of the last one are on their way by then."""
ANSWER_S_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Latency:
    """In milliseconds."""

    p50: float
    p99: float
    worst: float


async def measure(subject: Subject, url: str, venue: Venue, load: Load) -> Latency:
    """One sample per order of the load, the first `WARM_UP` left out."""
    heard = asyncio.Event()
    at = 0.0

    def hear(text: bytes) -> None:
        nonlocal at
        if text.startswith((b'["EVENT"', b'["EOSE"')):
            at = time.perf_counter()
            heard.set()

    guest = await RelaySocket.connect(url, hear)
    till = await RelaySocket.connect(url, lambda text: None)
    requests = subscription(venue, load, "entries")
    assert len(requests) == 1, "one EOSE is waited for"
    guest.write(requests[0])
    await asyncio.wait_for(heard.wait(), ANSWER_S_MAX)
    samples = []
    gc.collect()
    gc.disable()
    try:
        for frame in load.frames:
            await asyncio.sleep(PAUSE_S)
            heard.clear()
            sent = time.perf_counter()
            till.write(frame)
            await asyncio.wait_for(heard.wait(), ANSWER_S_MAX)
            samples.append(at - sent)
    finally:
        gc.enable()
        guest.close()
        till.close()
    ordered = sorted(1e3 * sample for sample in samples[WARM_UP:])
    return Latency(ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])
