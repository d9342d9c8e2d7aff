"""`nostr-loyalty use CODE`: a voucher is used at the till."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import money
from nostr_loyalty.commands.command import Use


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CODE, --bill, --order; --program, --as, --id, --json, --config."""
    parser.add_argument("code", metavar="CODE", help="the voucher's code; capitals, hyphens and blanks do not matter")
    parser.add_argument("--bill", metavar="AMOUNT", type=money, help='the bill it is used on, like "8 EUR"')
    parser.add_argument(
        "--order", metavar="ORDER", help="the order it is used on; a refund of it gives the points back"
    )
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Use(args.code, args.bill, args.order))
