"""`nostr-loyalty revoke WHO POINTS` or `revoke --entry ID`: take points by hand, or take one entry back."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.cli.typed import WHO, entry_id, points, public_key
from nostr_loyalty.commands.command import Revoke, RevokeEntry
from nostr_loyalty.errors import UsageWrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO and POINTS, or --entry; --reason; --program, --as, --id, --json, --config."""
    parser.add_argument("who", metavar="WHO", nargs="?", type=public_key, help=f"the customer: {WHO}")
    parser.add_argument("points", metavar="POINTS", nargs="?", type=points, help="how many")
    parser.add_argument(
        "--entry", metavar="ID", type=entry_id,
        help="instead of WHO and POINTS: what is left of this entry (note, nevent or 64 hex digits)",
    )  # fmt: skip
    parser.add_argument("--reason", metavar="TEXT", default="", help="told to the customer, and kept in the entry")
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    if args.entry is not None:
        if args.who is not None:
            raise UsageWrong("--entry: the entry says who and how many; leave WHO and POINTS out")
        return act(args, RevokeEntry(args.entry, args.reason))
    if args.points is None:
        raise UsageWrong("give WHO and POINTS, or --entry ID")
    return act(args, Revoke(args.who, args.points, args.reason))
