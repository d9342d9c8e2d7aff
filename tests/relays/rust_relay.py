"""The Rust relay of `nostr-sdk` as a process of its own, for the tests: `python -m tests.relays.rust_relay --port N`.

In memory, or on disk with --data. It leaves by `os._exit`: with LMDB an orderly end of the interpreter crashes now and
then. (The product's own way to run it, supervised, is `nostr_loyalty/embedded_relay`.)
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal

import nostr_sdk.nostr_sdk as bindings
from nostr_sdk import (
    LocalRelayBuilder,
    LocalRelayBuilderNip42,
    LocalRelayBuilderNip42Mode,
    NostrLmdb,
    RateLimit,
)


async def _serve(asked: argparse.Namespace) -> None:
    loop, done, parent = asyncio.get_running_loop(), asyncio.Event(), os.getppid()
    bindings.uniffi_set_event_loop(loop)
    limit = RateLimit(max_reqs=500, notes_per_minute=asked.notes_per_minute)
    builder = LocalRelayBuilder().addr("127.0.0.1").port(asked.port).rate_limit(limit)
    if asked.data:
        builder = builder.database(await NostrLmdb.open(asked.data))
    if asked.auth == "wraps":
        builder = builder.auth_dm(True)
    elif asked.auth != "off":
        mode = {"reads": "READ", "writes": "WRITE", "both": "BOTH"}[asked.auth]
        builder = builder.nip42(LocalRelayBuilderNip42(mode=LocalRelayBuilderNip42Mode[mode]))
    relay = builder.build()
    await relay.run()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    print(f"READY ws://127.0.0.1:{asked.port}", flush=True)
    ends_at = loop.time() + asked.lifetime
    while not done.is_set() and loop.time() < ends_at and os.getppid() == parent:
        try:
            await asyncio.wait_for(done.wait(), 1.0)
        except TimeoutError:
            pass
    relay.shutdown()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.relays.rust_relay", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", help="a directory for LMDB; without it, memory")
    parser.add_argument("--auth", choices=("off", "reads", "writes", "both", "wraps"), default="off")
    parser.add_argument("--notes-per-minute", type=int, default=100_000_000)
    parser.add_argument("--lifetime", type=float, default=600.0)
    asked = parser.parse_args()
    status = 1
    try:
        asyncio.run(_serve(asked))
        status = 0
    except Exception as error:
        print(f"FAILED {error}", flush=True)
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
