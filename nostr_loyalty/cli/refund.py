"""`nostr-loyalty refund ORDER`: an order was paid back, in whole or in part."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import some_money
from nostr_loyalty.commands.command import Refund


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """ORDER, --amount; --program, --as, --id, --json, --config."""
    parser.add_argument("order", metavar="ORDER", help="the order's id, as the order system gave it")
    parser.add_argument(
        "--amount", metavar="AMOUNT", type=some_money, help='the part, like "5 EUR" (default: all of it)'
    )
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Refund(args.order, args.amount))
