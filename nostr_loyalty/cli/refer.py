"""`nostr-loyalty refer WHO FRIEND`: a customer brings a friend."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, public_key
from nostr_loyalty.commands.command import Refer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, FRIEND; --program, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=public_key, help=f"the customer: {WHO}")
    parser.add_argument("friend", metavar="FRIEND", type=public_key, help=f"who is new: {WHO}")
    add_acting(parser, operator=False)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Refer(args.friend), customer=args.who)
