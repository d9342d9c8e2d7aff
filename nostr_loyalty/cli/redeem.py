"""`nostr-loyalty redeem WHO REWARD`: take a reward's points and give a voucher code."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, public_key
from nostr_loyalty.commands.command import Redeem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, REWARD; --program, --as, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=public_key, help=f"the customer: {WHO}")
    parser.add_argument("reward", metavar="REWARD", help="the reward's id; `nostr-loyalty rewards` lists them")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no. The code is said once."""
    return act(args, Redeem(args.reward, args.who))
