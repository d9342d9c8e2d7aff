"""`nostr-loyalty history WHO`: a customer's signed entries, oldest first."""

import argparse
import sys

from kinds.event import Event, rumor_from_canonical, sign, to_json
from kinds.keys import SecretKey
from ledger.entry import Entry
from ledger.statement import history, standings_of
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import add_who, address_of, ledger_of, local_time, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.config.settings import Config, ProgramSettings

ENTRIES_MAX = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, --program, --json, --config."""
    add_who(parser)


def run(args: argparse.Namespace) -> int:
    """Print the entries of one program or of all, by their time; with --json as the signed events in one array."""
    config = read_config(args)
    programs = meant(config, args.program)
    found = run_to_the_end(lambda: _read(config, programs, args.who))
    found.sort(key=lambda each: each[1].recorded_at)
    if args.json:
        sys.stdout.write("[" + ",\n".join(to_json(_signed(entry, program.key)) for program, entry in found) + "]\n")
        return errors.EXIT_OK
    for program, entry in found:
        when = local_time(program, entry.recorded_at)
        print(f"{when}  {program.title}  {entry.type:<8} {entry.points:+6d}  balance {entry.balance:>6}  #{entry.seq}")
    if not found:
        print("no entries")
    return errors.EXIT_OK


async def _read(
    config: Config, programs: tuple[ProgramSettings, ...], customer: str
) -> list[tuple[ProgramSettings, Entry]]:
    by_address = {address_of(program): program for program in programs}
    async with ledger_of(config) as r:
        return [
            (by_address[standing.program], entry)
            for standing in await standings_of(r, customer)
            if standing.program in by_address
            for entry in await history(r, standing.standing_id, limit=ENTRIES_MAX)
        ]


def _signed(entry: Entry, key: SecretKey) -> Event:
    """The entry's event: signing is deterministic, so these are the bytes that were published."""
    return sign(rumor_from_canonical(entry.document), key)
