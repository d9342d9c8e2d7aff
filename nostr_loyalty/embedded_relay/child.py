"""The child process: the Rust relay of `nostr_sdk`, on disk (LMDB), until told to stop.

Rules:
- It ends at SIGTERM or SIGINT, and within `PARENT_POLL_S` of the death of the process that started it.
- It leaves by `os._exit`: with LMDB, an orderly end of the interpreter crashed in 2 of 23 tries, after its work.
- The database is synced at every commit: what was answered with OK survives kill -9.

Limits of this relay (nostr_sdk 0.45), which no option changes: a client that sends more than 6,000 messages within a
minute is cut off without a word; a filter has at most 500 events, an event at most 64 KiB; a subscriber that falls
behind loses live events silently and finds them by asking again. The limit of 60 events a minute per client is an
option, and lifted: at a venue's own relay the daemon itself is the client that publishes most.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from nostr_loyalty.embedded_relay.report import failed, ready, split_listen

PARENT_POLL_S: Final = 0.5
EVENTS_PER_MINUTE_MAX: Final = 1_000_000  # per connection; the relay's own default is 60
SUBSCRIPTIONS_MAX: Final = 500  # per connection


class _CannotStart(Exception):
    """The text says what is the matter and what to do."""


def main() -> None:
    """Serve; never returns. Exit status 0 after an orderly end, 1 when it could not start: the report says why."""
    parser = argparse.ArgumentParser(prog="python -m nostr_loyalty.embedded_relay")
    parser.add_argument("--listen", required=True, help="address and port, for example 127.0.0.1:7777")
    parser.add_argument("--data", required=True, type=Path, help="the folder of the database")
    parser.add_argument("--parent-pid", type=int, default=os.getppid(), help="end when this is no longer the parent")
    asked = parser.parse_args()
    status = 1
    try:
        asked.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        asyncio.run(_serve(asked.listen, asked.data, asked.parent_pid))
        status = 0
    except _CannotStart as fault:
        print(failed(str(fault)), flush=True)
    except BaseException as surprise:  # noqa: BLE001  the process ends here; whatever it is, the parent must hear of it
        print(failed(f"{type(surprise).__name__}: {surprise}"), flush=True)
    finally:
        sys.stderr.flush()
        os._exit(status)


async def _serve(listen: str, data: Path, parent_pid: int) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    host, port = split_listen(listen)
    try:
        import nostr_sdk.nostr_sdk as bindings
        from nostr_sdk import LocalRelayBuilder, NostrLmdb, RateLimit
    except ImportError as fault:
        raise _CannotStart(
            f"the embedded relay needs nostr_sdk ({fault}): pip install 'nostr-loyalty[relay]', or remove [relay]"
        ) from fault
    bindings.uniffi_set_event_loop(loop)  # without it, the first event hangs
    limit = RateLimit(max_reqs=SUBSCRIPTIONS_MAX, notes_per_minute=EVENTS_PER_MINUTE_MAX)
    builder = LocalRelayBuilder().addr(host).port(port).rate_limit(limit).database(await NostrLmdb.open(str(data)))
    relay = builder.build()
    try:
        await relay.run()
    except Exception as fault:
        raise _CannotStart(_start_fault(host, port, str(fault))) from fault
    print(ready(str(await relay.url())), flush=True)
    while not done.is_set() and os.getppid() == parent_pid:
        try:
            await asyncio.wait_for(done.wait(), PARENT_POLL_S)
        except TimeoutError:
            pass
    relay.shutdown()


def _start_fault(host: str, port: int, text: str) -> str:
    if "in use" in text:
        return f"port {port} of {host} is in use by another program: change [relay] listen, or stop that program"
    return f"cannot listen on {host}:{port}: {text}"
