"""`nostr-loyalty freeze WHO`: the customer earns, but spends nothing."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, public_key
from nostr_loyalty.commands.command import Freeze


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO; --program, --as, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=public_key, help=f"the customer: {WHO}")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Freeze(args.who))
