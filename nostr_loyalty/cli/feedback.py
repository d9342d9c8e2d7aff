"""`nostr-loyalty feedback WHO TEXT`: a customer's word about an order."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, public_key
from nostr_loyalty.commands.command import Feedback


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, TEXT, --order; --program, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=public_key, help=f"the customer: {WHO}")
    parser.add_argument("text", metavar="TEXT", help="what was said")
    parser.add_argument("--order", metavar="ORDER", help="the order it is about (default: the customer's latest)")
    add_acting(parser, operator=False)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Feedback(args.text, args.order), customer=args.who)
