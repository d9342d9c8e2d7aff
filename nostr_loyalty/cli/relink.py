"""`nostr-loyalty relink OLD NEW`: everything of a lost key moves to a new one."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, public_key
from nostr_loyalty.commands.command import Relink


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OLD, NEW; --program, --as, --id, --json, --config."""
    parser.add_argument("old", metavar="OLD", type=public_key, help=f"the key that was lost: {WHO}")
    parser.add_argument("new", metavar="NEW", type=public_key, help=f"the customer's new key: {WHO}")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Relink(args.old, args.new))
