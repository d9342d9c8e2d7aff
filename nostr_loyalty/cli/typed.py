"""What people type as arguments, as values; argparse says what is wrong with the rest and exits 2."""

import argparse
import re
import sys
from typing import Final

from kinds.keys import bech32_decode, nevent_decode, read_public_key
from kinds.tags import is_hex64
from ledger.units import Money
from nostr_loyalty.commands import words
from nostr_loyalty.commands.command import POINTS_MAX
from nostr_loyalty.commands.words import Unclear, Word
from nostr_loyalty.config import rule_values
from nostr_loyalty.config.values import relay_url

WHO: Final = "npub, nprofile or 64 hex digits"
_WHOLE = re.compile(r"[+-]?[0-9]{1,13}", re.ASCII)


def public_key(text: str) -> str:
    """A key in hex, from npub, nprofile or hex; a secret key is refused and not repeated."""
    try:
        return read_public_key(text)
    except ValueError as fault:
        raise _refused(text, fault) from None


def add_relays(parser: argparse.ArgumentParser, help_: str, *, required: bool = False) -> None:
    """--relay, any number of times."""
    parser.add_argument(
        "--relay", action="append", default=[], required=required, type=relay, metavar="URL", help=help_
    )  # fmt: skip


def relay(text: str) -> str:
    """A relay's URL, in its normal form."""
    try:
        return relay_url(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text[:80]!r}: {fault}") from None


def warn(text: str) -> None:
    """Say something on stderr that does not end the command."""
    print(f"nostr-loyalty: {text}", file=sys.stderr)


def entry_id(text: str) -> str:
    """An event id in hex, from note, nevent or hex."""
    bare = text.strip().removeprefix("nostr:")
    try:
        if bare.startswith("nevent1"):
            return nevent_decode(bare).id
        found = bech32_decode("note", bare).hex() if bare.startswith("note1") else bare
    except ValueError as fault:
        raise _refused(text, fault) from None
    if not is_hex64(found):
        raise _refused(text, ValueError("neither a note, nor an nevent, nor 64 lower-case hex digits"))
    return found


def ref(text: str) -> str:
    """64 hex digits that make a command happen once."""
    if not is_hex64(text):
        raise argparse.ArgumentTypeError("not 64 lower-case hex digits; make one with: openssl rand -hex 32")
    return text


def points(text: str) -> int:
    """A whole number; whether it may be 0 or less is for the desk."""
    if _WHOLE.fullmatch(text) is None or abs(int(text)) > POINTS_MAX:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number up to {POINTS_MAX}")
    return int(text)


def money(text: str) -> Money:
    """An amount with its unit, as messages have it too: "8.50 EUR", "1000sat"."""
    try:
        return words.amount([Word(part, 0) for part in text.split()])
    except Unclear:
        says = f'{text[:40]!r} is no amount; write it like "8.50 EUR" or "500 sat"'
        raise argparse.ArgumentTypeError(says) from None


def some_money(text: str) -> Money:
    """The same, but not 0."""
    amount = money(text)
    if not amount.minor:
        raise argparse.ArgumentTypeError(f'{text[:40]!r} is nothing; name a part like "5 EUR", or leave it out for all')
    return amount


def days(text: str) -> int:
    """A span in whole days."""
    try:
        return rule_values.some_days(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {fault}") from None


def _refused(text: str, fault: ValueError) -> argparse.ArgumentTypeError:
    if text.strip().removeprefix("nostr:").lower().startswith(("nsec1", "ncryptsec1")):
        return argparse.ArgumentTypeError("this is a SECRET key; give the npub instead")
    return argparse.ArgumentTypeError(f"{text!r}: {fault}")
