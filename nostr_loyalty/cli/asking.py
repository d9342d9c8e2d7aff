"""What the commands about a ledger have in common: WHO, --program, --config, list and retry, a ledger to read."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from kinds.keys import read_public_key
from ledger.database import Database, Read
from nostr_loyalty.config.load import load
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.errors import ConfigInvalid

IN_USE: Final = "ledger-in-use"
"""The ledger's code for a daemon that is running."""


def add_who(parser: argparse.ArgumentParser) -> None:
    """WHO, --program, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=_who, help="the customer: npub, nprofile or 64 hex digits")
    parser.add_argument("--program", metavar="SLUG", help="one program only (default: all of the configuration)")
    add_config(parser)


def add_config(parser: argparse.ArgumentParser) -> None:
    """--json, --config."""
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")


def add_list_and_retry(parser: argparse.ArgumentParser, *, lists: str, retries: str) -> None:
    """The actions `list` and `retry`, each with --json and --config; `lists` and `retries` say what they do."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_config(actions.add_parser("list", help=lists))
    add_config(actions.add_parser("retry", help=f"{retries}; the daemon must not be running"))


def meant(config: Config, slug: str | None) -> tuple[ProgramSettings, ...]:
    """The program of this slug, or all. ConfigInvalid: there is none of this slug; it names those there are."""
    found = tuple(program for program in config.programs if slug in (None, program.slug))
    if not found:
        slugs = ", ".join(program.slug for program in config.programs)
        raise ConfigInvalid([f'--program: "{slug}": no such program; there are: {slugs}'], source=str(config.path))
    return found


def read_config(args: argparse.Namespace) -> Config:
    """The configuration of --config."""
    path: Path = args.config
    return load(path)


@asynccontextmanager
async def ledger_of(config: Config) -> AsyncIterator[Read]:
    """A snapshot of the configuration's ledger, beside a running daemon or without one."""
    database = await Database.open(config.daemon.database, readers=1, read_only=True)
    try:
        async with database.read() as r:
            yield r
    finally:
        await database.close()


def _who(text: str) -> str:
    try:
        return read_public_key(text)
    except ValueError as fault:
        if text.strip().lower().startswith(("nsec1", "ncryptsec1")):
            raise argparse.ArgumentTypeError("this is a SECRET key; give the npub instead") from None
        raise argparse.ArgumentTypeError(f"{text!r}: {fault}") from None
