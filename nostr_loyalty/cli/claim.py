"""`nostr-loyalty claim WHO CODE`: the points of a receipt, for a customer who brings its code."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, public_key
from nostr_loyalty.commands.command import Claim


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, CODE; --program, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=public_key, help=f"the customer: {WHO}")
    parser.add_argument("code", metavar="CODE", help="the receipt's code; capitals, hyphens and blanks do not matter")
    add_acting(parser, operator=False)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Claim(args.code), customer=args.who)
