"""`nostr-loyalty demo`: two venues, their guests and a real relay on this machine, and a stranger who checks it all."""

import argparse
import asyncio
import importlib.util
import signal

from rich.console import Console

from nostr_loyalty import errors
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.demo.play import Performance
from nostr_loyalty.demo.screen import Screen
from nostr_loyalty.errors import Unavailable

ORDERS = 24
ORDERS_MAX = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--once, --orders."""
    parser.add_argument("--once", action="store_true", help="end after the check; else go on until Ctrl-C")
    parser.add_argument(
        "--orders",
        type=_orders,
        default=ORDERS,
        metavar="N",
        help="orders before everything is read back (%(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Exit 0 when what a stranger reads back is what the tills sent; 1, and what differs, otherwise."""
    if importlib.util.find_spec("nostr_sdk") is None:
        raise Unavailable(
            "embedded-relay-unavailable", "the demo runs a relay of its own: pip install 'nostr-loyalty[relay]'"
        )
    return run_to_the_end(lambda: _perform(args.orders, once=args.once))


async def _perform(orders: int, *, once: bool) -> int:
    performance = Performance(Screen(Console(highlight=False)), SystemClock(), orders=orders, once=once)
    playing = asyncio.ensure_future(performance.run())
    asked = False

    def end() -> None:
        """The first signal ends the performance in order, a second one at once."""
        nonlocal asked
        if asked:
            playing.cancel()
        asked = True
        performance.stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        status = await playing
    except asyncio.CancelledError:
        return errors.EXIT_INTERRUPTED
    return errors.EXIT_INTERRUPTED if asked and once and status == errors.EXIT_OK else status


def _orders(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= ORDERS_MAX):
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 1 to {ORDERS_MAX}")
    return int(text)
