"""`nostr-loyalty undo`: take the last command of the same operator back."""

import argparse

from nostr_loyalty.cli.acting import act, add_acting
from nostr_loyalty.commands.command import Undo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--program, --as, --id, --json, --config."""
    add_acting(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it is done, or was before; 1 when a rule says no."""
    return act(args, Undo())
