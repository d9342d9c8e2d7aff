"""`nostr-loyalty grant WHO POINTS`: give points by hand."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, points, public_key
from nostr_loyalty.commands.command import Grant


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, POINTS, --reason; --program, --as, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=public_key, help=f"the customer: {WHO}")
    parser.add_argument("points", metavar="POINTS", type=points, help="how many")
    parser.add_argument("--reason", metavar="TEXT", default="", help="told to the customer, and kept in the entry")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Grant(args.who, args.points, args.reason))
