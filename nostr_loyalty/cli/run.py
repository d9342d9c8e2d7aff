"""`nostr-loyalty run`: serve the programs of a configuration until SIGTERM or SIGINT."""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from ledger.errors import LedgerError
from nostr_loyalty import errors, logs
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load
from nostr_loyalty.config.settings import Config
from nostr_loyalty.daemon import Daemon
from nostr_loyalty.errors import LoyaltyError
from nostr_loyalty.readiness import Readiness

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--config, --ready-file."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")
    parser.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="written, with the process id, when everything serves"
    )


def run(args: argparse.Namespace) -> int:
    """Exit 0 after a clean stop; what could not be sent by then is sent after the next start."""
    config = load(args.config)
    logs.configure(config.daemon.log_level)
    readiness = Readiness(args.ready_file)
    run_to_the_end(lambda: _serve(config, readiness))
    return errors.EXIT_OK


SWITCH_S = 0.0001
"""How long a thread may keep the interpreter while the database's thread waits for it (Python's default: 5 ms)."""
YOUNG_OBJECTS = 20_000
"""New objects between two looks for cycles (Python's default: 700): nearly everything here is freed by its count."""


def run_to_the_end(main: Callable[[], Coroutine[None, None, T]]) -> T:
    """Run a coroutine on the fastest loop at hand; of several exceptions at once the first of ours is raised."""
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(main())
    except BaseExceptionGroup as group:
        ours, _ = group.split((LoyaltyError, LedgerError))
        raise _first(ours if ours is not None else group) from group


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it can be had; None for asyncio's own."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(config: Config, readiness: Readiness) -> None:
    daemon = Daemon(config, SystemClock(), readiness=readiness)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stop)
    await daemon.run()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
