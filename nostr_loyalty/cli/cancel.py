"""`nostr-loyalty cancel CODE`: give a voucher's points back."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.commands.command import Cancel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CODE; --program, --as, --id, --json, --config."""
    parser.add_argument("code", metavar="CODE", help="the voucher's code; capitals, hyphens and blanks do not matter")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Cancel(args.code))
