"""`nostr-loyalty balance WHO`: what a customer has, in one program or in each."""

import argparse
import json

from kinds.program import address
from ledger.statement import StandingView, standings_of
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import add_who, ledger_of, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.config.settings import Config, ProgramSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, --program, --json, --config."""
    add_who(parser)


def run(args: argparse.Namespace) -> int:
    """Print the balance; a customer that the program has never seen has none, which is 0."""
    config = read_config(args)
    programs = meant(config, args.program)
    standings = run_to_the_end(lambda: _read(config, args.who))
    rows = [_row(program, args.who, standings) for program in programs]
    if args.json:
        print(json.dumps(rows if len(rows) > 1 else rows[0]))
        return errors.EXIT_OK
    for program, row in zip(programs, rows, strict=True):
        points = row["points"]
        unit = program.unit[0] if points in (1, -1) else program.unit[1]
        print(f"{program.title}: {points} {unit} (earned in all: {row['lifetime']}, entries: {row['seq']})")
    return errors.EXIT_OK


async def _read(config: Config, customer: str) -> dict[str, StandingView]:
    async with ledger_of(config) as r:
        return {standing.program: standing for standing in await standings_of(r, customer)}


def _row(program: ProgramSettings, customer: str, standings: dict[str, StandingView]) -> dict[str, object]:
    """The answer to one program, in the form that scripts rely on."""
    name = address(program.key.public, program.slug)
    standing = standings.get(name)
    return {
        "program": name,
        "customer": customer,
        "points": standing.balance if standing else 0,
        "tier": None,
        "lifetime": standing.lifetime if standing else 0,
        "seq": standing.seq if standing else 0,
        "head": standing.head if standing else None,
    }
