"""What the commands about a ledger have in common: WHO, --program, --config, list and retry, a ledger to read."""

import argparse
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from kinds.program import address
from ledger import programs as ledger_programs
from ledger.database import Database, Read
from nostr_loyalty.cli import typed
from nostr_loyalty.config.load import load
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.errors import ConfigInvalid

IN_USE: Final = "ledger-in-use"
"""The ledger's code for a daemon that is running."""


def add_who(parser: argparse.ArgumentParser) -> None:
    """WHO, --program, --json, --config."""
    parser.add_argument("who", metavar="WHO", type=typed.public_key, help=f"the customer: {typed.WHO}")
    add_program(parser)


def add_program(parser: argparse.ArgumentParser) -> None:
    """--program, --json, --config."""
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


async def ledger_ids(r: Read, programs: Sequence[ProgramSettings]) -> list[tuple[ProgramSettings, int]]:
    """These programs with their ids in the ledger; those that no daemon has served yet are left out."""
    ids = {row.address: row.id for row in await ledger_programs.programs(r)}
    named = ((program, ids.get(address_of(program))) for program in programs)
    return [(program, id_) for program, id_ in named if id_ is not None]


def address_of(program: ProgramSettings) -> str:
    """The program's address, as it stands in entries."""
    return address(program.key.public, program.slug)


def amount_of(program: ProgramSettings, points: int) -> str:
    """Points in the program's own words: "1 point", "12 points"."""
    return f"{points} {program.unit[0] if abs(points) == 1 else program.unit[1]}"


def local_time(program: ProgramSettings, unix: int) -> str:
    """A moment by the venue's clock on the wall."""
    return datetime.fromtimestamp(unix, program.rules().tz).strftime("%Y-%m-%d %H:%M")


def print_rows(rows: Sequence[dict[str, Any]], lines: Sequence[str], *, as_json: bool, none: str) -> None:
    """A list as one JSON array, or as lines; `none` is said where there are none."""
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    print("\n".join(lines) if lines else none)
