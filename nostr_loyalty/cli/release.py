"""`nostr-loyalty release ORDER`: book the points of an order that the guard holds, or settle a flag."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.commands.command import Release


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """ORDER; --program, --as, --id, --json, --config."""
    parser.add_argument("order", metavar="ORDER", help="the order's id, as the order system gave it")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Release(args.order))
