"""The scripted relay in a process of its own: `python -m tests.relays.scripted --port 0 --port-file FILE`.

Rules: it ends by itself after its lifetime, at SIGTERM, and when the process that started it is gone. The port file
appears whole, once the relay listens.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
from pathlib import Path

from tests.relays.faults import Faults
from tests.relays.scripted import ScriptedRelay

PARENT_POLL_S = 1.0


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.relays.scripted", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--port-file", type=Path, help="written when the relay listens; holds the port")
    parser.add_argument("--lifetime", type=float, default=600.0, help="seconds; then it ends (default 600)")
    parser.add_argument("--no-verify", action="store_true", help="take events without checking id and signature")
    parser.add_argument("--auth", choices=("off", "writes", "reads", "wraps"), default="off")
    parser.add_argument("--cap", type=int, default=500, help="the most events one filter brings (default 500)")
    parser.add_argument("--journal", type=int, default=0, help="texts remembered (default 0: no bench wants them)")
    parser.add_argument(
        "--cut-after-per-minute", type=int, help="messages of one client in a minute; then the socket is cut"
    )
    parser.add_argument("--drop-live", type=float, default=0.0, help="share of live events lost")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    try:
        import uvloop

        loop_factory = uvloop.new_event_loop
    except ImportError:
        loop_factory = None
    gc.disable()  # nothing here is a cycle, and scanning a heap full of events costs a third of the time
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(asked))


async def _serve(asked: argparse.Namespace) -> None:
    faults = Faults(cut_after_per_minute=asked.cut_after_per_minute, drop_live=asked.drop_live)
    relay = ScriptedRelay(
        port=asked.port,
        verify=not asked.no_verify,
        auth=asked.auth,
        cap=asked.cap,
        journal_size=asked.journal,
        seed=asked.seed,
        faults=faults,
    )
    loop, done, parent = asyncio.get_running_loop(), asyncio.Event(), os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    async with relay:
        if asked.port_file:
            unfinished = asked.port_file.with_suffix(".unfinished")
            unfinished.write_text(f"{relay.port}\n")
            unfinished.replace(asked.port_file)
        print(relay.url, flush=True)
        ends_at = loop.time() + asked.lifetime
        while not done.is_set() and loop.time() < ends_at and os.getppid() == parent:
            try:
                await asyncio.wait_for(done.wait(), PARENT_POLL_S)
            except TimeoutError:
                pass
